"""`xunzhen import DIR`: loads an institution's lists, all of them or nothing, and tells what became of each line."""

import asyncio
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from service.cli.app import CommandError
from service.cli.database import addresses, refuse_unfenced_role
from service.core import keyring
from service.core.db.engine import make_engine
from service.core.db.session import transaction
from service.core.http import House
from service.core.loading import Outcome
from service.core.principal import Fence
from service.core.problems import Refusal
from service.core.settings import get_settings
from service.institutions import usecases as institutions
from service.interop import importing
from service.main import build_house

app = typer.Typer(add_completion=False)

SHOWN: Final = 1000
"""Lines shown on the screen; the report file has all."""
_OUTCOMES: Final = (Outcome.new, Outcome.updated, Outcome.unchanged, Outcome.differs, "wrong")


@app.command()
def import_(
    directory: Annotated[Path, typer.Argument(help="放着各张表的目录，见 docs/import-files.md", show_default=False)],
    *,
    admin: Annotated[str, typer.Option(help="以哪个区域管理员的名义导入（账号名）", show_default=False)],
    region: Annotated[str, typer.Option(help="统筹区编码；只有一个统筹区时不用填")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不写入")] = False,
    update: Annotated[bool, typer.Option("--update", help="与系统中不同的内容以表为准")] = False,
    report: Annotated[Path | None, typer.Option(help="把逐行结果写到这个 CSV 文件")] = None,
    passwords: Annotated[Path | None, typer.Option(help="把新账号的初始密码写到这个文件（不能已存在）")] = None,
) -> None:
    """把目录里的机构、站点、定点、价格、人员、住址、居民、服务包、签约、期初导入系统：要么全部，要么什么也不改。

    Raises:
        CommandError: it cannot even begin (code 2), or there are wrong or differing lines (code 1); nothing was loaded.
    """
    try:
        given = importing.gather(directory)
    except importing.DirectoryUnreadable as unreadable:
        raise CommandError(str(unreadable)) from None
    wishes = importing.Wishes(update=update, dry_run=dry_run, passwords=passwords)
    settings = get_settings()
    with addresses(settings) as known:
        found = asyncio.run(_load(known.app_url, admin, region, given, wishes))
    if report is not None:
        _write(report, found.as_csv())
    _show(Console(), found, dry_run=dry_run)
    if not found.sound:
        raise CommandError("表中有错误或与系统不同的内容，没有导入任何内容：请按上面的说明改正后再导入。", code=1)


async def _load(
    url: str, admin: str, region: str, given: importing.Given, wishes: importing.Wishes
) -> importing.Report:
    """Load behind the application's ordinary role.

    Raises:
        CommandError: the database, the keys, the region, the administrator or the file of passwords are not there.
    """
    settings = get_settings()
    engine = make_engine(url)
    try:
        await refuse_unfenced_role(engine)
        house = build_house(settings, engine)
        region_id = await _region(house, region)
        return await importing.load(house, region_id=region_id, operator=admin, given=given, wishes=wishes)
    except keyring.KeyringMissing as missing:
        raise CommandError(str(missing)) from None
    except importing.OperatorUnknown:
        raise CommandError(f"没有名为“{admin}”、在用的区域管理员账号，请核对 --admin。") from None
    except importing.PasswordsUnwritten as unwritten:
        raise CommandError(str(unwritten)) from None
    except Refusal as refusal:
        raise CommandError(f"没有导入任何内容：{refusal}", code=1) from None
    finally:
        await engine.dispose()


async def _region(house: House, code: str) -> UUID:
    async with transaction(house.sessions, Fence(), house.clock.now()) as session:
        if code:
            found = await institutions.find_region(session, code=code)
            if found is None:
                raise CommandError(f"没有编码为“{code}”的统筹区，请核对 --region。")
            return found.id
        every = await institutions.list_region_ids(session)
    if len(every) != 1:
        raise CommandError("数据库里没有或不止一个统筹区，请用 --region 指明（没有时先运行 xunzhen init）。")
    return every[0]


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as cannot:
        raise CommandError(f"{path}：逐行结果写不进去（{cannot.strerror}）。") from None


def _show(console: Console, report: importing.Report, *, dry_run: bool) -> None:
    """Show what stands in the way line by line, then what became of each list."""
    stopping = report.stopping()
    for each in report.notes()[:SHOWN]:
        where = f"{each.file} 第{each.line}行" if each.line else each.file
        console.print(f"{importing.LABELS[each.outcome]} {where}：{each.sentence}", markup=False, highlight=False)
    if stopping:
        table = Table("文件", "行", "列", "结果", "问题与改法")
        for each in stopping[:SHOWN]:
            line = str(each.line) if each.line else ""
            table.add_row(*map(_plain, (each.file, line, each.column, importing.LABELS[each.outcome], each.sentence)))
        console.print(table)
        if len(stopping) > SHOWN:
            console.print(f"只显示前 {SHOWN} 条，共 {len(stopping)} 条：用 --report 写出全部。", highlight=False)
    console.print(_summary(report))
    console.print(_verdict(report, dry_run=dry_run), highlight=False)


def _plain(said: str) -> str:
    # what a file says is text, never markup or a control sequence of the terminal
    return "".join(each if each.isprintable() else " " for each in said).replace("[", r"\[")


def _summary(report: importing.Report) -> Table:
    table = Table("表", *(importing.LABELS[outcome] for outcome in _OUTCOMES))
    for kind, counts in report.counts.items():
        table.add_row(importing.NAMES[kind], *(str(counts[outcome]) for outcome in _OUTCOMES))
    return table


def _verdict(report: importing.Report, *, dry_run: bool) -> str:
    if report.kept:
        return f"已导入，新开账号 {report.new_accounts} 个。"
    if report.sound and dry_run:
        return "检查通过，没有写入任何内容；去掉 --dry-run 即可导入。"
    return "没有写入任何内容。"
