"""Every tenant table is fenced; a new one without a policy fails here."""

import typing
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import Table, UniqueConstraint, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service import schema
from service.core.db.fences import APP_ROLE
from service.core.jobs.queue import Job

_QUEUE = "the queue's: ids of a region, institutions, an account and a subject, or counts of its own work"
UNFENCED = {
    "regions": "the public directory of regions",
    "job_attempts": "counts of attempts, under the ids of jobs only",
    "log_in_attempts": "keyed hashes; no role but the owner's reaches it",
    "pgqueuer": _QUEUE,
    "pgqueuer_log": _QUEUE,
    "pgqueuer_schedules": _QUEUE,
    "pgqueuer_statistics": _QUEUE,
}
"""Tables without a row of anybody's, and why they need no policy."""

ACROSS_REGIONS = {"refresh_tokens_secret_once": "whoever shows a token does not say of which region it is"}
ACROSS_INSTITUTIONS = {"trips_one_open": "a crew is at one home at a time, whoever sends it"}
"""Unique keys over neither a row that is named by its id nor what an institution numbers itself, and why."""

_REACHABLE = text(
    "select c.relname, c.relkind::text, c.relrowsecurity, count(p.polname) from pg_class c"
    " left join pg_policy p on p.polrelid = c.oid"
    " where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relnamespace = 'public'::regnamespace"
    " and (has_table_privilege(:role, c.oid, 'select, insert, update, delete, truncate, references, trigger')"
    " or has_any_column_privilege(:role, c.oid, 'select, insert, update, references')) group by 1, 2, 3"
)
"""Everything with rows on which a role has any right, whoever made it."""

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
    for name in ours - set(UNFENCED):
        secured, policies = found[name]
        assert secured, name
        assert policies >= 1, name


async def reachable(connection: AsyncConnection) -> tuple[set[str], set[str]]:
    """Return what the application's role reaches at all, and what of it no policy fences: a view never is."""
    found = (await connection.execute(_REACHABLE, {"role": APP_ROLE})).all()
    fenced = {name for name, kind, secured, policies in found if kind in ("r", "p") and secured and policies}
    every = {row[0] for row in found}
    return every, every - fenced


async def test_whatever_the_application_s_role_reaches_is_fenced_or_known_to_be_nobody_s(
    owner_engine: AsyncEngine,
) -> None:
    async with owner_engine.connect() as connection:
        every, unfenced = await reachable(connection)
        # no right at all on this one, which is why it is not among them
        assert unfenced == set(UNFENCED) - {"log_in_attempts"}
        assert every >= {table.name for table in schema.METADATA.tables.values()} - {"log_in_attempts"}


@pytest.mark.parametrize(
    "made",
    [
        "create table stray (id int); grant select on stray to xunzhen_app",
        "create table stray (id int); grant update (id) on stray to xunzhen_app",
        "create table stray (id int); alter table stray enable row level security; grant delete on stray to public",
        "create view stray as select 1 as id; grant select on stray to xunzhen_app",
    ],
)
async def test_a_table_that_somebody_forgets_to_fence_is_found(owner_engine: AsyncEngine, made: str) -> None:
    async with owner_engine.connect() as connection:
        for statement in made.split("; "):
            await connection.execute(text(statement))
        _, unfenced = await reachable(connection)
        await connection.rollback()
    assert "stray" in unfenced


def test_a_job_carries_ids_only() -> None:
    told = {name: typing.get_args(each.annotation) or (each.annotation,) for name, each in Job.model_fields.items()}
    assert {kind for kinds in told.values() for kind in kinds} <= {UUID, type(None), Ellipsis}


def test_every_fenced_table_leads_with_the_region() -> None:
    for table in schema.METADATA.tables.values():
        if table.name not in UNFENCED:
            assert next(iter(table.primary_key.columns)).name == "region_id", table.name


def test_every_unique_key_leads_with_the_region_and_an_institution_s_own_with_the_institution() -> None:
    for table in schema.METADATA.tables.values():
        if table.name in UNFENCED:
            continue
        for name, columns in _unique_keys(table):
            if name in ACROSS_REGIONS:
                continue
            assert columns[0] == "region_id", name
            named = [each for each in columns[1:] if each.endswith("_id") and each != "institution_id"]
            if "institution_id" in table.columns and not named and name not in ACROSS_INSTITUTIONS:
                assert columns[1] == "institution_id", name


def _unique_keys(table: Table) -> Iterator[tuple[str, list[str]]]:
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield str(constraint.name), [each.name for each in constraint.columns]
    for index in table.indexes:
        if index.unique:
            yield str(index.name), [str(getattr(each, "name", each)) for each in index.expressions]


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
