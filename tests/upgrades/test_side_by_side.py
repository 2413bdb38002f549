"""An installation with data is brought up to date and back; the old application goes on beside the new one."""

import asyncio
import dataclasses
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest

from service.core import embedded
from tests import canaries
from tests.upgrades import queue, release
from tests.upgrades.clerk import PASSWORD, Clerk, log_in

BEFORE, BESIDE, FEW = 5, 3, 4
FOUND = (
    *("init", "--region-code", "640200", "--region-name", "测试统筹区"),
    *("--district-code", "640202", "--district-name", "测试区", "--institution-code", "C1"),
    *("--institution-name", "测试中心", "--address", "测试路1号", "--lon", "106.38", "--lat", "39.02"),
    *("--admin", "head", "--password-stdin"),
)

pytestmark = [pytest.mark.database, pytest.mark.processes]


@pytest.fixture
def empty(server: embedded.EmbeddedServer) -> AsyncIterator[str]:
    """An empty database; its name."""
    name = f"u{uuid.uuid4().hex[:12]}"
    embedded.create_database(server, name)
    yield name
    try:
        canaries.assert_nobody_is_named(server.url(embedded.OWNER_ROLE, name))
    finally:
        embedded.drop_database(server, name)


@pytest.fixture
def old(server: embedded.EmbeddedServer, empty: str, tmp_path: Path) -> release.Installation:
    """The application before the newest migration, on the empty database."""
    sources = release.unpack(release.before_the_newest_migration(), tmp_path / "old")
    return release.Installation(
        sources,
        server.url(embedded.APP_ROLE, empty),
        server.url(embedded.OWNER_ROLE, empty),
        tmp_path / "keyring.json",
    )


@pytest.fixture
def new(old: release.Installation) -> release.Installation:
    """Today's application on the same database with the same keys."""
    return dataclasses.replace(old, sources=release.ROOT)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def employ(line: object, institution: str = "") -> tuple[str, str]:
    """Let the first administrator make the counter's account; return its institution and a token of its own."""
    head = Clerk(line, await log_in(line, "head"), institution)
    institution_id = (await head.ask("GET", "/institutions"))["items"][0]["id"]
    await head.ask(
        "POST",
        "/accounts",
        {
            "username": "counter",
            "role": "institution_admin",
            "display_name": "窗口",
            "institution_ids": [institution_id],
            "password": PASSWORD,
        },
        expect=201,
    )
    return institution_id, await log_in(line, "counter")


async def contents(url: str) -> dict[str, tuple[int, str]]:
    """Return each table's columns and, row by row in any order, one hash of what they hold."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        tables = await connection.fetch(
            "select c.relname, array_agg(quote_ident(a.attname) order by a.attname) from pg_class c"
            " join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
            " where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> 'alembic_version'"
            " and c.relname not like 'pgqueuer%' group by 1"
        )
        found = {}
        for name, columns in tables:
            row = await connection.fetchrow(
                f"select count(*), coalesce(md5(string_agg(r, E'\\n' order by r)), '')"
                f" from (select row({', '.join(columns)})::text as r from {name}) rows"
            )
            found[name] = (row[0], row[1])
        return found
    finally:
        await connection.close()


async def test_with_data_up_down_and_up_again_the_old_application_beside_the_new(
    old: release.Installation, new: release.Installation
) -> None:
    await old.run(*FOUND, said=f"{PASSWORD}\n")
    async with old.serving(free_port()) as before:
        institution_id, token = await employ(before)
        veteran = Clerk(before, token, institution_id)
        people = {await veteran.admit() for _ in range(BEFORE)}
        as_it_was = await contents(old.owner_url)
        homes = {await veteran.announce() for _ in range(FEW)}

        async with AsyncExitStack() as newer:
            async with old.working():
                await queue.until_looked_up(old.owner_url, homes)
                await new.run("migrate")
                homes |= {await veteran.announce() for _ in range(FEW)}
                await queue.until_looked_up(old.owner_url, homes)
                async with queue.until_connected(old.owner_url):
                    await newer.enter_async_context(new.working())
                homes |= set(await asyncio.gather(*(veteran.announce() for _ in range(2 * FEW))))
                await queue.until_looked_up(old.owner_url, homes)
            homes |= {await veteran.announce() for _ in range(FEW)}
            await queue.until_looked_up(old.owner_url, homes)
        await queue.prove_once_each(old.owner_url, homes)

        async with new.serving(free_port()) as after:
            newcomer = Clerk(after, await log_in(after, "counter"), institution_id, veteran.count)
            assert await newcomer.known() == people
            for _ in range(BESIDE):
                people |= set(await asyncio.gather(veteran.admit(), newcomer.admit()))
            assert await newcomer.known() == await veteran.known() == people
            assert len(people) == BEFORE + 2 * BESIDE

    grown = await contents(old.owner_url)
    head = (await versions(new.owner_url))[0]
    await new.run("migrate", "--down", "--to", await previous(new, head))
    shrunk = await contents(old.owner_url)
    assert set(shrunk) == set(as_it_was)
    for table in ("patients", "homes", "care_relations", "institutions", "accounts"):
        assert shrunk[table][0] == grown[table][0], table
    async with old.serving(free_port()) as before:
        assert await Clerk(before, await log_in(before, "counter"), institution_id).known() == people
    left = await contents(old.owner_url)
    await new.run("migrate")
    again = await contents(new.owner_url)
    assert {name: count for name, (count, _) in again.items() if name in left} == {
        name: count for name, (count, _) in left.items()
    }


async def test_up_and_down_changes_nothing_that_was_there(old: release.Installation, new: release.Installation) -> None:
    await old.run(*FOUND, said=f"{PASSWORD}\n")
    async with old.serving(free_port()) as before:
        institution_id, token = await employ(before)
        clerk = Clerk(before, token, institution_id)
        for _ in range(BEFORE):
            await clerk.admit()
    as_it_was = await contents(old.owner_url)
    was = (await versions(old.owner_url))[0]
    await new.run("migrate")
    assert (await versions(new.owner_url))[0] != was
    await new.run("migrate", "--down", "--to", was)
    assert await contents(old.owner_url) == as_it_was


async def versions(url: str) -> list[str]:
    """Return the database's revision."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return [row[0] for row in await connection.fetch("select version_num from alembic_version")]
    finally:
        await connection.close()


async def previous(new: release.Installation, revision: str) -> str:
    """Return the revision before one."""
    found = next((new.sources / "migrations" / "versions").glob(f"{revision}_*.py")).read_text()
    return found.split('down_revision = "', 1)[1].split('"', 1)[0]
