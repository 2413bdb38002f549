"""`xunzhen doctor`: says what is wrong with an installation, and how to mend it."""

import asyncio
import json
import sys
from dataclasses import asdict
from typing import Annotated, Final

import typer
from rich.console import Console
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.cli.app import CommandError
from service.cli.database import addresses
from service.cli.doctoring import contents, database, machine, work
from service.cli.doctoring.finding import Finding, Level, broken
from service.core.db.engine import make_engine
from service.core.settings import Settings, get_settings

app = typer.Typer(add_completion=False, help="检查这套安装")

_MARKS: Final = {Level.sound: "[green]✔[/green]", Level.notice: "[yellow]![/yellow]", Level.broken: "[red]✘[/red]"}


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="每项一行 JSON，供监控读取")] = False) -> None:
    """检查这套安装：目录、密钥、数据库、作业、加密内容；有坏的退出码为 1，每一项都说怎么修。

    Raises:
        CommandError: nothing; what is wrong is a finding.
    """
    settings = get_settings()
    found = list(machine.look(settings))
    if settings.data_dir.is_dir() or not settings.embedded:
        try:
            with addresses(settings) as known:
                found += asyncio.run(_look(settings, known.app_url, known.owner_url))
        except CommandError as unavailable:
            mend = "按上面说的改正后再试；也可用 XUNZHEN_DATABASE_URL 指向别的 PostgreSQL"
            found.append(broken("server", str(unavailable), mend))
    _tell(found, as_json=as_json)
    if any(each.level is Level.broken for each in found):
        sys.exit(1)


async def _look(settings: Settings, app_url: str, owner_url: str) -> list[Finding]:
    found: list[Finding] = []
    app = make_engine(app_url)
    owner = make_engine(owner_url) if owner_url else None
    try:
        await _look_inside(found, settings, app, owner)
    except (DBAPIError, OSError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        mend = "检查 XUNZHEN_DATABASE_URL、XUNZHEN_OWNER_URL 与 PostgreSQL 是否在运行；表不全时运行 xunzhen migrate"
        found.append(broken("database", f"数据库查不下去：{type(cause).__name__}", mend))
    finally:
        for engine in filter(None, (app, owner)):
            await engine.dispose()
    return found


async def _look_inside(found: list[Finding], settings: Settings, app: AsyncEngine, owner: AsyncEngine | None) -> None:
    async with app.connect() as as_app:
        as_owner = await owner.connect() if owner is not None else None
        try:
            found += [each async for each in database.look(as_app, as_owner)]
            if any(each.code == "schema" and each.level is Level.broken for each in found):
                return  # the tables that the rest asks are not there, or not these
            found += [each async for each in work.look(settings, as_app, as_owner)]
            if as_owner is not None:
                found += [each async for each in contents.look(settings, as_owner)]
        finally:
            if as_owner is not None:
                await as_owner.close()


def _tell(found: list[Finding], *, as_json: bool) -> None:
    if as_json:
        for each in found:
            sys.stdout.write(json.dumps(asdict(each), ensure_ascii=False) + "\n")
        return
    console = Console(soft_wrap=True, highlight=False)
    for each in found:
        console.print(f"{_MARKS[each.level]} {each.what}")
        if each.mend:
            console.print(f"    怎么修：{each.mend}")
    worst = sum(each.level is Level.broken for each in found)
    console.print(f"{worst} 处需要修。" if worst else "没有发现要修的。")
