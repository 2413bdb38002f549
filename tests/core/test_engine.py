"""Connections that the server has closed are not handed out; those that stand are not asked."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.core import embedded
from service.core.db import engine as engines


@pytest.fixture
async def engine(server: embedded.EmbeddedServer, database: str) -> AsyncIterator[AsyncEngine]:
    """An engine as a process makes it, with two connections resting in its pool."""
    made = engines.make_engine(server.url(embedded.APP_ROLE, database), pool_size=2)
    first, second = await made.connect(), await made.connect()
    await first.close()
    await second.close()
    yield made
    await made.dispose()


async def answers(engine: AsyncEngine) -> int:
    """Return what one connection answers."""
    async with engine.connect() as connection:
        return int(await connection.scalar(text("select 1")) or 0)


class TestMakeEngine:
    async def test_hands_out_no_connection_that_the_server_has_closed(self, engine: AsyncEngine) -> None:
        async with engine.connect() as killer:
            # one's own role may end one's own backends
            await killer.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'xunzhen'"
                    " and datname = current_database() and pid <> pg_backend_pid()"
                )
            )
        await asyncio.sleep(0.2)
        async with engine.connect() as first, engine.connect() as second:
            assert [await each.scalar(text("select 1")) for each in (first, second)] == [1, 1]

    async def test_asks_a_connection_only_after_a_rest(
        self, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pings: list[object] = []
        dialect = engine.sync_engine.dialect
        ping = dialect.do_ping
        monkeypatch.setattr(dialect, "do_ping", lambda connection: pings.append(connection) or ping(connection))
        assert await answers(engine) == 1
        assert pings == []
        monkeypatch.setattr(engines, "RESTED_SECONDS", -1.0)
        assert await answers(engine) == 1
        assert len(pings) == 1

    async def test_replaces_what_does_not_answer_after_a_rest(
        self, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dialect = engine.sync_engine.dialect

        def silence(_: object) -> bool:
            raise dialect.loaded_dbapi.Error("gone")

        made: list[object] = []
        event.listen(engine.sync_engine, "connect", lambda connection, record: made.append(connection))
        monkeypatch.setattr(engines, "RESTED_SECONDS", -1.0)
        monkeypatch.setattr(dialect, "do_ping", silence)
        assert await answers(engine) == 1
        assert len(made) == 1
