"""A limit raced by two institutions of the region, the application's locks and checks switched off.

Every bill is made before any other is posted, so each has seen the last unit: the chain alone decides.
"""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from service.billing import settling
from service.contracts import errors as contract_errors
from service.core import embedded
from service.core.db.engine import make_sessions
from service.core.db.session import transaction
from service.core.principal import Fence
from service.core.problems import Refusal
from tests.billing.day import MORNING, Day, line_of
from tests.concurrency.test_settling import RACERS, WON, count, make, post
from tests.world import World


@pytest.fixture
async def day(world: World, server: embedded.EmbeddedServer, database: str) -> AsyncIterator[Day]:
    """A region in which visits can be billed, and enough connections for every racer to have its own."""
    engine = create_async_engine(server.url(embedded.APP_ROLE, database), pool_size=RACERS, max_overflow=4)
    world.house = dataclasses.replace(world.house, sessions=make_sessions(engine))
    yield await Day(world).start()
    await engine.dispose()


async def used(day: Day) -> int:
    return await count(
        day,
        "select coalesce(max(x.used_after), 0) from entitlement_entries x join entitlements e"
        " on e.region_id = x.region_id and e.id = x.entitlement_id"
        " where e.region_id = :region and e.source = 'limit'",
    )


class TestOneUnitLeft:
    @pytest.mark.parametrize("repeat", range(3))
    async def test_two_institutions_at_once_charge_no_more_than_the_limit(self, day: Day, repeat: int) -> None:
        person_id, there = await _cared_for_by_two(day)
        await day.limit("CONSULT", maximum=3)
        made = [
            (at, await make(at, await at.visit(person_id, ("CONSULT", 1))))
            for number in range(12)
            for at in [(day, there)[number % 2]]
        ]
        start = asyncio.Barrier(len(made))

        async def run(at: Day, each: object) -> str:
            fence = Fence(at.world.region_id, (at.own["institution_id"],))
            try:
                async with transaction(at.world.house.sessions, fence, MORNING) as session:
                    await start.wait()
                    await post(session, each)
            except Refusal as refusal:
                return refusal.code()
            return WON

        told = Counter(await asyncio.gather(*(run(at, each) for at, each in made)))
        assert told == {WON: 3, contract_errors.EntitlementExhausted.code(): 9}
        assert await used(day) == 3

    async def test_their_workers_charge_it_once_and_the_others_say_why_not(self, day: Day) -> None:
        person_id, there = await _cared_for_by_two(day)
        await day.limit("CONSULT")
        visits = [(at, await at.visit(person_id, ("CONSULT", 1))) for at in [day, there] * 5]
        await asyncio.gather(*(settling.settle_visit(at.world.house, at.job(visit)) for at, visit in visits))
        bills = [(await at.status(visit))["settlement"] for at, visit in visits]
        assert Counter(line_of(bill, "CONSULT")["status"] for bill in bills) == {"charged": 1, "limited": 9}
        assert await used(day) == 1


async def _cared_for_by_two(day: Day) -> tuple[UUID, Day]:
    person_id = await day.world.add_patient()
    there = await day.elsewhere(person_id)
    for at in (day, there):
        await at.price("CONSULT", "50")
    return person_id, there
