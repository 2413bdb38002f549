"""`xunzhen migrate`: brings the schema up to date, as its owner."""

from pathlib import Path
from typing import Annotated, Final

import typer
from alembic import command
from alembic.config import Config
from rich.console import Console

from service.cli.database import addresses, require_owner
from service.core.settings import get_settings

app = typer.Typer(add_completion=False, help="升级数据库结构")

MIGRATIONS: Final = Path(__file__).resolve().parents[2] / "migrations"


def upgrade(owner_url: str, revision: str = "head") -> None:
    """Run the migrations up to `revision` as the schema's owner; safe to repeat."""
    config = Config()
    # one path, whatever characters it has: no splitting at spaces, and the parser's own `%` doubled
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("prepend_sys_path", str(MIGRATIONS.parent).replace("%", "%%"))
    config.attributes["url"] = owner_url
    command.upgrade(config, revision)


@app.command()
def migrate(to: Annotated[str, typer.Option(help="目标版本")] = "head") -> None:
    """Bring the schema up to date."""
    with addresses(get_settings()) as known:
        upgrade(require_owner(known), to)
    Console().print("数据库结构已是最新。")
