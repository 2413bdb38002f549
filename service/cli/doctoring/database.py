"""The database's side: reachable, bound by row-level security, of the version that this program wants."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.cli.doctoring.finding import Finding, broken, notice, sound
from service.cli.migrate import configure
from service.core.clock import SystemClock

_OLDEST: Final = 150000
_SKEW: Final = timedelta(seconds=2)
_FACTS: Final = text(
    """
select current_setting('server_version_num')::int as version, current_setting('server_version') as named,
       current_setting('server_encoding') as encoding, clock_timestamp() as now,
       current_setting('fsync') as fsync, current_setting('synchronous_commit') as commits,
       (select array_agg(extname) from pg_extension) as extensions,
       to_regclass('alembic_version') is not null as migrated,
       (select r.rolsuper or r.rolbypassrls from pg_roles r where r.rolname = current_user) as unbound,
       exists (select from pg_class c where c.oid = to_regclass('patients')
               and pg_has_role(c.relowner, 'usage')) as owns,
       current_setting('max_connections')::int as connections
"""
)
_OPEN_TABLES: Final = text(
    "select coalesce(array_agg(c.relname order by 1), '{}') from pg_class c join pg_attribute a on a.attrelid = c.oid"
    " where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attname = 'region_id'"
    " and not a.attisdropped and not c.relrowsecurity"
)
_REVISION: Final = text("select version_num from alembic_version")


async def look(app: AsyncConnection, owner: AsyncConnection | None) -> AsyncIterator[Finding]:
    """Yield what is found through the application's connection, and the owner's where there is one."""
    facts = (await app.execute(_FACTS)).mappings().one()
    yield _version(facts["version"], facts["named"])
    for each in _settings(facts):
        yield each
    yield _role(unbound=facts["unbound"], owns=facts["owns"])
    skew = abs(facts["now"] - SystemClock().now())
    yield (
        sound("clock", "时钟与数据库一致")
        if skew <= _SKEW
        else broken("clock", f"本机与数据库的时钟相差 {skew.total_seconds():.0f} 秒", "在两台机器上启用 chrony/NTP")
    )
    open_tables = (await app.execute(_OPEN_TABLES)).scalar_one()
    if open_tables:
        what = f"这些表没有行级安全：{'、'.join(open_tables)}"
        yield broken("fences", what, "运行 xunzhen migrate；若仍如此，结构被人改过，请从备份恢复")
    if not facts["migrated"]:
        yield broken("schema", "数据库里还没有表", "新装运行 xunzhen init，已有数据运行 xunzhen migrate")
    elif owner is None:
        yield notice("schema", "没有 XUNZHEN_OWNER_URL，没有核对结构版本", "设置它再运行一次 xunzhen doctor")
    else:
        yield _revision((await owner.execute(_REVISION)).scalar_one_or_none(), str(owner.engine.url))


def _version(number: int, named: str) -> Finding:
    if number < _OLDEST:
        return broken("version", f"PostgreSQL {named} 太旧", "升级到 15 以上")
    return sound("version", f"PostgreSQL {named}")


def _settings(facts: Any) -> list[Finding]:
    found = []
    if facts["encoding"] != "UTF8":
        found.append(broken("encoding", f"数据库编码是 {facts['encoding']}", "用 UTF8 重新建库，再从备份恢复"))
    for each in {"btree_gist", "pg_trgm"} - set(facts["extensions"] or ()):
        found.append(broken("extensions", f"数据库没有扩展 {each}", f"以管理员执行 create extension {each}"))
    if facts["fsync"] != "on" or facts["commits"] == "off":
        found.append(broken("durability", "数据库关闭了落盘保证，断电会丢数据", "打开 fsync 与 synchronous_commit"))
    return found


def _role(*, unbound: bool, owns: bool) -> Finding:
    if unbound or owns:
        what = "服务所用的数据库角色不受行级安全约束"
        return broken("role", what, "XUNZHEN_DATABASE_URL 改用普通角色 xunzhen_app（不是超级用户，也不是表的所有者）")
    return sound("role", "服务以受行级安全约束的普通角色连接")


def _revision(found: str | None, owner_url: str) -> Finding:
    head = ScriptDirectory.from_config(configure(owner_url)).get_current_head()
    if found == head:
        return sound("schema", f"结构版本 {head}")
    if found and head and found > head:
        return notice("schema", f"结构版本 {found} 比程序的 {head} 新", "把这台机器的程序也升级")
    return broken("schema", f"结构版本是 {found}，程序要 {head}", "先备份，再运行 xunzhen migrate")
