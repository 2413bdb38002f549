"""Every tenant table is fenced; a new one without a policy fails here."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service import schema
from service.core.db.fences import APP_ROLE

UNFENCED = {"regions", "job_attempts", "log_in_attempts"}
"""The public directory of regions; attempts of jobs (ids only); attempts to log in (keyed hashes, no grant at all)."""

pytestmark = pytest.mark.database


async def test_every_table_with_a_region_has_row_level_security_and_a_policy(owner_engine: AsyncEngine) -> None:
    query = text(
        "select c.relname, c.relrowsecurity, count(p.polname) from pg_class c"
        " left join pg_policy p on p.polrelid = c.oid"
        " where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace group by 1, 2"
    )
    async with owner_engine.connect() as connection:
        found = {row[0]: (row[1], row[2]) for row in await connection.execute(query)}
    ours = {table.name for table in schema.METADATA.tables.values()}
    assert ours <= set(found)
    for name in ours - UNFENCED:
        secured, policies = found[name]
        assert secured, name
        assert policies >= 1, name


def test_every_fenced_table_leads_with_the_region() -> None:
    for table in schema.METADATA.tables.values():
        if table.name not in UNFENCED:
            assert next(iter(table.primary_key.columns)).name == "region_id", table.name


async def test_the_application_s_role_is_bound_by_them(app_engine: AsyncEngine) -> None:
    query = text("select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user")
    async with app_engine.connect() as connection:
        assert (await connection.execute(query)).one() == (False, False, False, False)
        owned = await connection.execute(text("select count(*) from pg_class where relowner = current_user::regrole"))
        assert owned.scalar_one() == 0


async def test_without_a_fence_nothing_is_seen(owner_engine: AsyncEngine, app_engine: AsyncEngine) -> None:
    async with app_engine.connect() as connection:
        for table in schema.METADATA.tables.values():
            allowed = text("select has_table_privilege(current_user, :name, 'select')")
            if table.name in UNFENCED or not (await connection.execute(allowed, {"name": table.name})).scalar_one():
                continue
            assert (await connection.execute(text(f"select count(*) from {table.name}"))).scalar_one() == 0, table.name


async def test_definer_functions_are_for_the_application_only_and_have_a_fixed_search_path(
    owner_engine: AsyncEngine,
) -> None:
    query = text(
        "select proname, proconfig, has_function_privilege('public', oid, 'execute') from pg_proc"
        " where prosecdef and pronamespace = 'public'::regnamespace"
    )
    async with owner_engine.connect() as connection:
        functions = (await connection.execute(query)).all()
    assert len(functions) >= 10
    for name, config, open_to_all in functions:
        assert config == ["search_path=public, pg_temp"], name
        assert not open_to_all, name
    assert APP_ROLE == "xunzhen_app"
