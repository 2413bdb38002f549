"""`xunzhen migrate`: brings the schema up to date, as its owner."""

from pathlib import Path
from typing import Annotated, Final

import typer
from alembic import command
from alembic.config import Config
from alembic.util import CommandError as AlembicRefused
from rich.console import Console

from service.cli.app import CommandError
from service.cli.database import addresses, require_owner
from service.core.settings import get_settings

app = typer.Typer(add_completion=False, help="升级数据库结构")

MIGRATIONS: Final = Path(__file__).resolve().parents[2] / "migrations"


def configure(owner_url: str) -> Config:
    """Return alembic's configuration for a database, as its owner."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("prepend_sys_path", str(MIGRATIONS.parent))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = owner_url
    return config


def upgrade(owner_url: str, revision: str = "head") -> None:
    """Run the migrations up to `revision` as the schema's owner; safe to repeat."""
    command.upgrade(configure(owner_url), revision)


def downgrade(owner_url: str, revision: str) -> None:
    """Take the migrations after `revision` back, as the schema's owner; what only they had room for is gone."""
    command.downgrade(configure(owner_url), revision)


@app.command()
def migrate(
    to: Annotated[str, typer.Option(help="目标版本")] = "head",
    *,
    down: Annotated[bool, typer.Option("--down", help="退回到 --to 所指的较早版本（新版本独有的数据会丢失）")] = False,
) -> None:
    """Bring the schema up to date, or back to an earlier version.

    Raises:
        CommandError: there is no such version; nothing was changed.
    """
    with addresses(get_settings()) as known:
        try:
            (downgrade if down else upgrade)(require_owner(known), to)
        except AlembicRefused as unknown:
            raise CommandError(f"没有 {to} 这个版本，数据库没有改动。") from unknown
    Console().print(f"数据库结构已退回到 {to}。" if down else "数据库结构已是最新。")
