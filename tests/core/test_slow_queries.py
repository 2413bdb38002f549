"""What took long is logged: its operation, how long, its text, and nothing that was in it."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from structlog.testing import capture_logs

from service.core import embedded, logs
from service.core.audit import doing
from service.core.db import slow_queries


class TestNormal:
    @pytest.mark.parametrize(
        ("statement", "shown"),
        [
            ("select *\n  from patients\twhere id = $1", "select * from patients where id = $1"),
            ("select 'O''Brien', '13812345678'", "select ?, ?"),
            ("select 640202194505010021, 1.5, t1.c2 from t1", "select ?, ?, t1.c2 from t1"),
            ("x" * 5000, "x" * 1000),
        ],
    )
    def test_literals_and_line_ends_are_gone(self, statement: str, shown: str) -> None:
        assert slow_queries.normal(statement) == shown


@pytest.fixture(autouse=True)
def warnings_are_written() -> Iterator[None]:
    logs.configure("WARNING")
    yield
    logs.configure("ERROR")


class TestWatch:
    async def _ask(
        self, server: embedded.EmbeddedServer, database: str, limit: int, sql: str, **values: Any
    ) -> list[Any]:
        engine = create_async_engine(server.url(embedded.APP_ROLE, database))
        slow_queries.watch(engine, limit)
        with capture_logs() as logged, doing.work("place_order"):
            try:
                async with engine.connect() as connection:
                    await connection.execute(text(sql), values)
            except DBAPIError:
                pass
        await engine.dispose()
        return [each for each in logged if each["event"] == "slow query"]

    async def test_a_slow_statement_is_told_with_its_operation_and_without_values(
        self, server: embedded.EmbeddedServer, database: str
    ) -> None:
        sql = "select pg_sleep(0.06), cast(:number as text), 'L13812345678'"
        (said,) = await self._ask(server, database, 50, sql, number="640202194505010021")
        assert said["operation"] == "place_order"
        assert 60 <= said["ms"] < 5000
        assert said["sql"] == "select pg_sleep(?), cast($1 as text), ?"
        assert "640202194505010021" not in str(said)

    async def test_one_that_fails_after_a_while_is_told_too(
        self, server: embedded.EmbeddedServer, database: str
    ) -> None:
        (said,) = await self._ask(server, database, 50, "select pg_sleep(0.06), 1 / (random()::int * 0)")
        assert said["operation"] == "place_order"

    async def test_a_quick_one_is_not(self, server: embedded.EmbeddedServer, database: str) -> None:
        assert await self._ask(server, database, 1000, "select 1") == []

    async def test_zero_tells_nothing(self, server: embedded.EmbeddedServer, database: str) -> None:
        assert await self._ask(server, database, 0, "select pg_sleep(0.06)") == []
