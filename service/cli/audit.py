"""`xunzhen audit verify`: are the chains of the audit trail whole? Exit code 1 when anything is wrong."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import asyncpg
import typer

from service.cli.app import CommandError
from service.cli.database import addresses, require_owner
from service.core import keyring
from service.core.audit import checking, seals
from service.core.audit.checking import Report
from service.core.clock import at_local
from service.core.jobs import runner
from service.core.settings import get_settings
from service.core.signing import Signer

app = typer.Typer(add_completion=False, help="审计记录")

_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class _Ask:
    """What is to be checked."""

    region_code: str | None
    since: datetime | None
    logged: list[str]


@app.callback()
def audit() -> None:
    """Look after the audit trail."""


@app.command()
def verify(
    *,
    region: Annotated[str | None, typer.Option(help="只查一个统筹区（编码）")] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="从这一天之前最近的封签查起")
    ] = None,
    seal_log: Annotated[
        Path | None, typer.Option("--seals", help="另存的日志文件，其中的封签一并核对", show_default=False)
    ] = None,
) -> None:
    """Recompute every chain; name each edited, deleted, moved or cut-off entry by region, lane and number."""
    begun = time.monotonic()
    moment = at_local(since.date(), since.time()) if since else None
    ask = _Ask(region, moment, _logged(seal_log))
    with addresses(get_settings()) as known:
        report = asyncio.run(_check(require_owner(known), _signer(), ask))
    _tell(report, time.monotonic() - begun)
    if not report.is_whole:
        raise typer.Exit(1)


def _logged(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return seals.tokens_in(path.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise CommandError(f"读不了日志文件 {path}：{error.strerror}。") from error


def _signer() -> Signer:
    try:
        return Signer(keyring.load(get_settings().keyring_path))
    except keyring.KeyringMissing as error:
        raise CommandError(str(error)) from error


async def _check(url: str, signer: Signer, ask: _Ask) -> Report:
    try:
        connection = await runner.connect(url)
    except (OSError, asyncpg.PostgresError) as error:
        raise CommandError("连不上数据库，请检查 XUNZHEN_OWNER_URL。") from error
    try:
        region_id = await _region(connection, ask.region_code)
        report = await checking.check(connection, signer, region_id=region_id, since=ask.since, logged=ask.logged)
        await _keep(connection, report, region_id, ask.since)
        return report
    except asyncpg.UndefinedTableError as error:
        raise CommandError("数据库里还没有审计表：请先运行 xunzhen migrate。") from error
    finally:
        await connection.close()


async def _keep(connection: asyncpg.Connection, report: Report, region_id: UUID | None, since: datetime | None) -> None:
    try:
        await checking.keep(connection, report, region_id=region_id, since=since)
    except asyncpg.ReadOnlySQLTransactionError:
        typer.echo("数据库只读，这次核对的结果没有记下，平台管理员看不到。", err=True)


async def _region(connection: asyncpg.Connection, code: str | None) -> UUID | None:
    if code is None:
        return None
    found: UUID | None = await connection.fetchval("select id from regions where code = $1", code)
    if found is None:
        raise CommandError(f"没有编码为 {code} 的统筹区。")
    return found


def _tell(report: Report, seconds: float) -> None:
    for fault in report.faults[:_SHOWN]:
        typer.echo(fault.sentence())
    if report.wrong > _SHOWN:
        typer.echo(f"……另有 {report.wrong - _SHOWN} 处")
    if report.forged_seals:
        typer.echo(f"有 {report.forged_seals} 枚封签不是用本系统的密钥签的")
    sealed = f"最近一次封存 {report.sealed_at:%Y-%m-%d %H:%M:%S} UTC" if report.sealed_at else "还没有封存过"
    verdict = "完好" if report.is_whole else f"有 {report.wrong + report.forged_seals} 处问题"
    typer.echo(
        f"审计记录 {report.entries} 条、{report.lanes} 道：{verdict}；核对封签 {report.seals} 枚，{sealed}；"
        f"用时 {seconds:.1f} 秒"
    )
