"""What the workers of two versions made of one queue: homes whose addresses they were to look up."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import asyncpg

_REVIEWED = "select home_id::text as home, count(*) from home_reviews group by 1"
_ENDED = (
    "select job_id, array_agg(status::text) from pgqueuer_log"
    " where entrypoint = 'home.placed' and status::text not in ('queued', 'picked') group by 1"
)
_LINES = "select count(*) from pg_stat_activity where datname = current_database()"
_LEFT = "select (select count(*) from pgqueuer) + (select count(*) from job_attempts)"


async def until_looked_up(url: str, homes: Collection[str], *, seconds: float = 60) -> None:
    """Wait until every home was looked up: nobody knows a map here, so each ends on the review list."""
    last = time.monotonic() + seconds
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        while not {row["home"] for row in await connection.fetch(_REVIEWED)} >= set(homes):
            assert time.monotonic() < last, "a job is not done"
            await asyncio.sleep(0.05)
    finally:
        await connection.close()


@asynccontextmanager
async def until_connected(url: str) -> AsyncIterator[None]:
    """Wait, at the end, until a worker that was started in between is connected: one line asks, one listens."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        before, last = await connection.fetchval(_LINES), time.monotonic() + 60
        yield
        while await connection.fetchval(_LINES) < before + 2:
            assert time.monotonic() < last, "the worker does not connect"
            await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def prove_once_each(url: str, homes: Collection[str]) -> None:
    """Fail unless every home's job ended once, well, and left one review and nothing in the queue."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        assert dict(await connection.fetch(_REVIEWED)) == dict.fromkeys(homes, 1)
        ends = [tuple(row[1]) for row in await connection.fetch(_ENDED)]
        assert Counter(ends) == {("successful",): len(homes)}
        assert await connection.fetchval(_LEFT) == 0
    finally:
        await connection.close()
