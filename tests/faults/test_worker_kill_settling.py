"""A worker killed in the middle of settling: the next one finishes, nothing is lost and nothing doubled."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from sqlalchemy import TextClause, text

from service.core import embedded
from service.core.db.session import transaction
from service.core.jobs import queue
from service.core.principal import Fence
from service.visits.rules import VISIT_FINAL
from tests import canaries
from tests.billing.day import MORNING, Day
from tests.world import World

pytestmark = pytest.mark.processes

PEOPLE, VISITS_EACH, UNITS = 8, 5, 3
TOTAL = PEOPLE * VISITS_EACH
_SETTLED = text("select count(*) from settlements where region_id = :region")
_WAITING = text(
    "select count(*) from pgqueuer where entrypoint = :news"
    " and convert_from(payload, 'utf8')::jsonb ->> 'region_id' = cast(:region as uuid)::text"
)
_SUMS = text(
    """
select count(distinct s.visit_id) as visits, count(*) as bills, sum(s.gross_fen)::bigint as gross,
       (select sum(f.amount_fen) from bill_fundings f where f.region_id = :region)::bigint as paid,
       (select sum(f.units) from bill_fundings f
        where f.region_id = :region and f.source = 'contract')::bigint as units,
       (select sum(e.units) from entitlement_entries e
        where e.region_id = :region and e.kind = 'consume')::bigint as used,
       (select count(*) from orders o where o.region_id = :region and o.state = 'closed') as closed
from settlements s where s.region_id = :region
"""
)


@pytest.fixture
async def day(world: World) -> Day:
    return await Day(world).start()


async def number(day: Day, query: TextClause) -> int:
    async with day.world.owner.connect() as connection:
        asked = {"region": day.world.region_id, "news": VISIT_FINAL}
        found = await connection.execute(query, {name: asked[name] for name in query.compile().params})
        return int(found.scalar_one())


async def until(day: Day, query: TextClause, enough: int, *, seconds: float, at_most: bool = False) -> int:
    """Wait until a count has reached `enough` (or fallen to it) and return it."""
    last = time.monotonic() + seconds
    while True:
        now = await number(day, query)
        if (now <= enough) if at_most else (now >= enough):
            return now
        assert time.monotonic() < last, f"{now} after {seconds} s, not {enough}"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def worker(day: Day, url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `xunzhen worker` in a process of its own."""
    keyring = str(day.world.house.settings.keyring)
    with canaries.overheard("worker") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from service.cli import main; main()", "worker",
            env={**os.environ, "XUNZHEN_DATABASE_URL": url, "XUNZHEN_KEYRING": keyring, "XUNZHEN_LOG_LEVEL": "INFO"},
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def announce(day: Day, visit_ids: list[UUID]) -> None:
    """Tell twice that the visits are final, as visits of one trip do."""
    async with transaction(day.world.house.sessions, Fence(), MORNING) as session:
        for visit_id in visit_ids * 2:
            await queue.enqueue(session, VISIT_FINAL, day.job(visit_id))


async def test_killed_while_settling_nothing_is_lost_and_nothing_doubled(
    day: Day, server: embedded.EmbeddedServer, database: str
) -> None:
    await day.price("BP", "10")
    visit_ids = []
    for _ in range(PEOPLE):
        person_id = await day.world.add_patient()
        await day.contract(person_id, {"BP": UNITS})
        visit_ids += [await day.visit(person_id) for _ in range(VISITS_EACH)]
    await announce(day, visit_ids)
    url = server.url(embedded.APP_ROLE, database)
    async with worker(day, url) as first:
        await until(day, _SETTLED, TOTAL // 6, seconds=60)
        first.kill()
        await first.wait()
        assert first.returncode == -signal.SIGKILL
        halfway = await number(day, _SETTLED)
        assert halfway < TOTAL, "the worker was killed too late to prove anything"
    async with worker(day, url) as second:
        await until(day, _SETTLED, TOTAL, seconds=90)
        await until(day, _WAITING, 0, seconds=60, at_most=True)
        second.terminate()
        assert await asyncio.wait_for(second.wait(), 30) == 0
    async with day.world.owner.connect() as connection:
        sums = (await connection.execute(_SUMS, {"region": day.world.region_id})).one()
    assert (sums.visits, sums.bills, sums.closed) == (TOTAL, TOTAL, TOTAL)
    assert sums.gross == sums.paid == TOTAL * 1000
    assert sums.units == sums.used == PEOPLE * UNITS
