"""Which database a command works on: the operator's own server, or the embedded one for as long as the command runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.cli.app import CommandError
from service.core import embedded
from service.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Addresses:
    """URLs of one database: as the application's ordinary role, and as the schema's owner."""

    app_url: str
    owner_url: str


@contextmanager
def addresses(settings: Settings) -> Iterator[Addresses]:
    """Give the addresses; the embedded server is started, or joined, and let go at the end.

    Raises:
        CommandError: the embedded server cannot run here.
    """
    if not settings.embedded:
        yield Addresses(settings.database_url, settings.owner_url)
        return
    try:
        with embedded.running(settings.data_dir.resolve() / "pg") as server:
            yield Addresses(server.app_url, server.owner_url)
    except embedded.EmbeddedUnavailable as error:
        raise CommandError(f"{error}") from error


def require_owner(known: Addresses) -> str:
    """Return the owner's URL.

    Raises:
        CommandError: a real server is used and XUNZHEN_OWNER_URL is not set.
    """
    if not known.owner_url:
        raise CommandError("请设置 XUNZHEN_OWNER_URL：只有表的所有者才能升级结构或建库。")
    return known.owner_url


_ROLE: Final = text(
    "select r.rolsuper or r.rolbypassrls or pg_has_role(c.relowner, 'usage') from pg_roles r, pg_class c"
    " where r.rolname = current_user and c.oid = to_regclass('patients')"
)


async def refuse_unfenced_role(engine: AsyncEngine) -> None:
    """Refuse to work as a role that row-level security does not bind, or on a database without the schema.

    Raises:
        CommandError: the role is a superuser, bypasses row-level security or owns the tables; no schema; no server.
    """
    try:
        async with engine.connect() as connection:
            unfenced = (await connection.execute(_ROLE)).scalar_one_or_none()
    except (DBAPIError, OSError) as error:
        raise CommandError("连不上数据库，请检查 XUNZHEN_DATABASE_URL。") from error
    if unfenced is None:
        raise CommandError("数据库里还没有表：请先运行 xunzhen migrate（新装请用 xunzhen init）。")
    if unfenced:
        raise CommandError("当前数据库角色不受行级安全约束（超级用户、BYPASSRLS 或表的所有者），请改用普通角色。")
