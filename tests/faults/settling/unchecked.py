"""The same storms with the application's checks off: bills made before anybody posted, then posted all at once.

What posts is called, never what asks or locks first, each racer on a connection of his own as the application's role:
the constraints alone decide.
"""

import dataclasses
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from service.billing import errors
from service.billing.models import VisitFee
from service.contracts import errors as contract_errors
from service.core.db.engine import make_sessions
from tests.billing.day import MORNING, Day
from tests.concurrency.test_settling import WON, Made, make, post, race
from tests.faults.settling.last_unit import VISITS
from tests.faults.settling.town import FEE_FEN, Town

_RACERS = ((True, 30), (False, 10))
"""Who posts a visit's bill: those who begin the fee of its trip, and those who join it, whether or not it has begun."""
_HOUSEMATES = ((True, 5), (False, 5))
"""Who posts the bill of the other one in the home, made as if his visit had been alone: the whole fee once more."""
RACERS = sum(count for _, count in (*_RACERS, *_HOUSEMATES))
_LOST = {
    errors.SettledAlready.code(),
    errors.TripSettled.code(),
    errors.TripFeeFixed.code(),
    # a bill that joins a fee which nobody has begun
    "settlements_of_a_round",
}

Act = Callable[[AsyncSession], Awaitable[object]]


@contextmanager
def connected(town: Town, racers: AsyncEngine) -> Iterator[None]:
    """Give the town's house a connection for every racer, for the block."""
    before = town.world.house
    town.world.house = dataclasses.replace(before, sessions=make_sessions(racers))
    try:
        yield
    finally:
        town.world.house = before


async def settle_trips(town: Town, trips: int) -> Counter[str]:
    """Post the bills of so many trips of two housemates; return what is wrong, and how the racers ended."""
    homes = [await _trip(town) for _ in range(trips)]
    await town.world.pour()
    ended: Counter[str] = Counter()
    for visit_ids in homes:
        one, other = [_alone(await make(town.day, each)) for each in visit_ids]
        acts = [
            *(_poster(town.day, one, begins=begins) for begins, count in _RACERS for _ in range(count)),
            *(_poster(town.day, other, begins=begins) for begins, count in _HOUSEMATES for _ in range(count)),
        ]
        told = await race(town.day, *_mixed(acts))
        ended += told
        ended["wrong: won not once"] += told[WON] != 1
    ended["wrong: refused by something else"] += ended.total() - sum(
        count for what, count in ended.items() if what == WON or what in _LOST or what.startswith("wrong")
    )
    return +ended


async def settle_last_units(town: Town, rounds: int) -> Counter[str]:
    """Post sixty-four bills that each saw the last unit, so many times; return what is wrong, and how they ended."""
    ended: Counter[str] = Counter()
    for _ in range(rounds):
        person_id, home_id = await town.person({"BP": 1})
        starts = [MORNING + timedelta(days=number) for number in range(VISITS)]
        visit_ids = [await town.day.visit(person_id, ("BP", 1), home_id=home_id, start=each) for each in starts]
        await town.world.pour()
        made = [await make(town.day, each) for each in visit_ids]
        told = await race(town.day, *(_last_unit(each) for each in made))
        ended += told
        lost = {WON: 1, contract_errors.EntitlementExhausted.code(): VISITS - 1}
        ended[f"wrong: a round ended {dict(told)}"] += told != lost
    return +ended


async def _trip(town: Town) -> tuple[UUID, UUID]:
    """Gather two who live in one home, each with one unit, and their visits of one trip."""
    one, home_id = await town.person({"BP": 1})
    other, _ = await town.person({"BP": 1}, home_id=home_id)
    trip_id = await town.day.trip(home_id)
    # two of which one is left: what the family pays keeps the fee from being waived
    first, second = [await town.visit(each, home_id, ("BP", 2), trip_id=trip_id) for each in (one, other)]
    return first, second


def _alone(made: Made) -> Made:
    """Return a bill as if its visit shared the trip with nobody."""
    facts = dataclasses.replace(made.facts, peers=())
    alone = Made(made.proof, facts, facts.make())
    assert alone.settlement.bill.visit_fee_fen == FEE_FEN
    return alone


def _poster(day: Day, made: Made, *, begins: bool) -> Act:
    async def act(session: AsyncSession) -> None:
        if begins:
            trip: dict[str, Any] = {"trip_id": made.proof.trip_id, "home_id": made.proof.home_id, "round": 1}
            session.add(VisitFee(**day.own, **trip, fee_fen=FEE_FEN, shares={}))
            await session.flush()
        await post(session, made)

    return act


def _last_unit(made: Made) -> Act:
    async def act(session: AsyncSession) -> None:
        await post(session, made)

    return act


def _mixed(acts: list[Act]) -> list[Act]:
    """Return the racers in an order in which no kind of them is always first."""
    return [each for start in range(7) for each in acts[start::7]]
