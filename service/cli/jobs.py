"""`xunzhen jobs …`: the jobs that were given up are listed, and handed to the workers again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from service.cli.app import CommandError
from service.cli.database import addresses
from service.core.clock import LOCAL
from service.core.db.engine import make_engine, make_sessions
from service.core.jobs import attempts
from service.core.jobs.attempts import ParkedJob
from service.core.settings import get_settings

_Answer = TypeVar("_Answer")

app = typer.Typer(add_completion=False, help="作业：列出已搁置的，重新排队", no_args_is_help=True)


@app.command("list")
def list_jobs() -> None:
    """列出已搁置的作业：屡次失败，等人处理。

    Raises:
        CommandError: no database.
    """
    parked = _with_session(attempts.list_parked)
    if not parked:
        typer.echo("没有搁置的作业。")
        return
    table = Table("作业", "种类", "失败次数", "数据库中断次数", "最后一次", "错误")
    for each in parked:
        at = f"{each.last_at.astimezone(LOCAL):%Y-%m-%d %H:%M:%S}"
        table.add_row(
            str(each.job_id), each.news, str(each.attempts), str(each.outages), at, each.failure or "进程中断"
        )
    Console().print(table)


@app.command()
def again(
    job: Annotated[
        list[int] | None, typer.Argument(help="作业的编号，见 jobs list；不写则全部", show_default=False)
    ] = None,
) -> None:
    """把已搁置的作业重新排队；先改正它们失败的原因。

    Raises:
        CommandError: no database; no such parked job; one just like it waits already.
    """

    async def act(session: AsyncSession) -> list[ParkedJob]:
        parked = {each.job_id: each for each in await attempts.list_parked(session)}
        for each in job or ():
            if each not in parked:
                raise CommandError(f"没有编号为 {each} 的搁置作业，请用 xunzhen jobs list 查看；没有改动。")
        await attempts.take_up_again(session, job or list(parked))
        return [each for each in parked.values() if not job or each.job_id in job]

    try:
        taken = _with_session(act)
    except IntegrityError as same:
        raise CommandError("其中有作业与正在排队的重复，不必再做；没有改动，请逐个重新排队。", code=1) from same
    typer.echo(f"{len(taken)} 个作业已重新排队。")


def _with_session(act: Callable[[AsyncSession], Awaitable[_Answer]]) -> _Answer:
    async def run(url: str) -> _Answer:
        engine = make_engine(url, pool_size=1)
        try:
            async with make_sessions(engine)() as session, session.begin():
                return await act(session)
        except IntegrityError:
            raise
        except (DBAPIError, OSError) as error:
            raise CommandError("读不到作业队列，请用 xunzhen doctor 检查数据库。") from error
        finally:
            await engine.dispose()

    with addresses(get_settings()) as known:
        return asyncio.run(run(known.app_url))
