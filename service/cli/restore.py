"""`xunzhen restore`: makes an installation again from a backup, on an empty database, all of it or nothing."""

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
from service.core import keyring
from service.core.backup import archive, contents, postgres
from service.core.embedded.errors import EmbeddedUnavailable
from service.core.settings import Settings, get_settings

app = typer.Typer(add_completion=False, help="从备份恢复")

_TABLES: Final = "select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"


@app.command()
def restore(
    path: Annotated[Path, typer.Argument(help="xunzhen backup 做成的文件", show_default=False)],
    keys: Annotated[Path | None, typer.Option(help="与备份同时保管的密钥文件；本机已有密钥时不要给")] = None,
) -> None:
    """把备份恢复到空库；逐字节核对备份，恢复后逐表核对内容。

    Raises:
        CommandError: the backup is damaged, the database is not empty, or keys are missing; nothing was changed.
    """
    settings = get_settings()
    _refuse_without_keys(settings, keys)
    with addresses(settings) as known:
        url = require_owner(known)
        try:
            with tempfile.TemporaryDirectory(prefix="xunzhen-restore-") as scratch:
                asyncio.run(_refuse_unless_empty(url))
                manifest = archive.unpack(path, Path(scratch))
                postgres.restore(url, Path(scratch) / archive.DUMP)
                asyncio.run(_refuse_unless_equal(url, manifest))
                _put_files(Path(scratch) / archive.FILES, settings.files_path)
        except archive.ArchiveDamaged as error:
            raise CommandError(f"{error}，没有恢复任何内容。", code=1) from error
        except (OSError, asyncpg.PostgresError, postgres.PostgresRefused, EmbeddedUnavailable) as error:
            raise CommandError(f"恢复没有做成：{error}。") from error
    if keys is not None:
        settings.keyring_path.parent.mkdir(parents=True, exist_ok=True)
        settings.keyring_path.touch(mode=0o600)
        shutil.copyfile(keys, settings.keyring_path)
    rows = sum(each.rows for each in manifest.tables.values())
    said = f"已恢复 {manifest.made_at:%Y-%m-%d %H:%M} UTC 的备份：{len(manifest.tables)} 张表 {rows} 行，内容逐表相符。"
    Console().print(said, highlight=False, soft_wrap=True)


def _refuse_without_keys(settings: Settings, keys: Path | None) -> None:
    if keys is not None and settings.keyring_path.exists():
        raise CommandError(f"本机已有密钥 {settings.keyring_path}，没有覆盖；请先移走它，或去掉 --keys。")
    try:
        keyring.load(keys or settings.keyring_path)
    except (keyring.KeyringMissing, ValueError, KeyError) as error:
        raise CommandError("没有可用的密钥，恢复出来也读不了：请用 --keys 指明与备份同时保管的密钥文件。") from error


async def _refuse_unless_empty(url: str) -> None:
    connection: asyncpg.Connection[Any] = await asyncpg.connect(postgres.plain_url(url))
    try:
        if await connection.fetchval(_TABLES):
            raise CommandError("数据库不是空的，没有恢复：请先建一个空库。")
    finally:
        await connection.close()


async def _refuse_unless_equal(url: str, manifest: archive.Manifest) -> None:
    connection: asyncpg.Connection[Any] = await asyncpg.connect(postgres.plain_url(url))
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            found = await contents.read_contents(connection)
    finally:
        await connection.close()
    wrong = contents.differing(manifest.tables, found)
    if wrong:
        raise CommandError(f"恢复后这些表与备份不符，请不要使用这个库：{'、'.join(wrong)}。", code=1)


def _put_files(source: Path, to: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, to, dirs_exist_ok=True)
