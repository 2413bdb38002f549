"""`xunzhen backup`: one file from which the installation can be made again; the keys go elsewhere."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any, Final

import asyncpg
import typer
from rich.console import Console

from service.cli.app import CommandError
from service.cli.database import addresses, require_owner
from service.core.backup import archive, contents, postgres
from service.core.clock import SystemClock
from service.core.embedded.errors import EmbeddedUnavailable
from service.core.settings import get_settings

app = typer.Typer(add_completion=False, help="备份数据库与文件")

_REVISION: Final = "select version_num from alembic_version"


@app.command()
def backup(
    path: Annotated[Path, typer.Argument(help="备份文件，例如 /srv/backup/xunzhen-20260301.tar", show_default=False)],
    keys: Annotated[Path | None, typer.Option(help="另存一份密钥到这里；请与备份分开保管")] = None,
) -> None:
    """备份数据库与文件到一个文件；服务照常运行，备份的是开始那一刻的内容。

    Raises:
        CommandError: the file is there already, or it could not be made; nothing half-written is left.
    """
    settings = get_settings()
    for each in filter(None, (path, keys)):
        if each.exists():
            raise CommandError(f"{each} 已经存在，没有覆盖。")
    with addresses(settings) as known:
        try:
            manifest = asyncio.run(
                _back_up(require_owner(known), settings.files_path, path, beside=path.absolute().parent)
            )
        except (OSError, asyncpg.PostgresError, postgres.PostgresRefused, EmbeddedUnavailable) as error:
            raise CommandError(f"备份没有做成：{error}。") from error
    if keys is not None:
        _copy_keys(settings.keyring_path, keys)
    rows = sum(each.rows for each in manifest.tables.values())
    said = f"已备份到 {path}：{len(manifest.tables)} 张表 {rows} 行，{len(manifest.members) - 1} 个文件，"
    Console().print(f"{said}{path.stat().st_size / 1e6:.1f} MB。", highlight=False, soft_wrap=True)
    if keys is None:
        Console().print(f"备份里没有密钥；请另外妥善保管 {settings.keyring_path}。", highlight=False, soft_wrap=True)


async def _back_up(url: str, files: Path, path: Path, *, beside: Path) -> archive.Manifest:
    connection: asyncpg.Connection[Any] = await asyncpg.connect(postgres.plain_url(url))
    try:
        with tempfile.TemporaryDirectory(dir=beside, prefix=".backup-") as scratch:
            # the dump and the checksums see the same moment, whatever is written meanwhile
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                snapshot = await connection.fetchval("select pg_export_snapshot()")
                revision = await connection.fetchval(_REVISION)
                dump = Path(scratch) / archive.DUMP
                await asyncio.to_thread(postgres.dump, url, snapshot=snapshot, to=dump)
                tables = await contents.read_contents(connection)
            made_at = SystemClock().now()
            return archive.write(path, dump=dump, files=files, made_at=made_at, revision=revision, tables=tables)
    finally:
        await connection.close()


def _copy_keys(source: Path, to: Path) -> None:
    try:
        to.touch(mode=0o600, exist_ok=False)
        shutil.copyfile(source, to)
    except OSError as error:
        raise CommandError(f"备份已做成，但密钥没有另存：{error}。") from error
