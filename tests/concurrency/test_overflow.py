"""Overflow agreements: of one pair there is one at a time, and none ends under a publication that stands on it."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.core.problems import Refusal
from service.routing.errors import OverflowNotAgreed
from tests.routing.neighbours import Neighbours
from tests.routing.scene import DAY
from tests.world import World

_AGREE = text(
    "insert into overflow_agreements (region_id, id, giving_institution_id, helping_institution_id, order_kinds,"
    " price_minutes, valid_from, valid_to, recorded_by_account_id, recorded_at)"
    " values (:region, :id, :giving, :helping, '{}', 60, :start, :end, :id, now())"
)
_END = text("update overflow_agreements set valid_to = :end where id = :id")
_BOOK = text("update appointments set service_on = service_on where order_id = :order")


async def agree(world: World, giving: UUID, helping: UUID, start: date, end: date | None) -> str:
    """Record an agreement by plain SQL on a connection of its own; return what came of it."""
    try:
        fence = Fence(world.region_id, account_id=new_id(), region_wide=True)
        async with transaction(world.house.sessions, fence, world.clock.now()) as session:
            named = {"region": world.region_id, "giving": giving, "helping": helping, "id": new_id()}
            await session.execute(_AGREE, named | {"start": start, "end": end})
            await asyncio.sleep(0.05)
    except Refusal as refused:
        return refused.code()
    except DBAPIError as refused:
        return str(getattr(refused.orig, "sqlstate", ""))
    return "agreed"


async def test_of_many_of_one_pair_that_overlap_at_once_one_is_recorded(world: World) -> None:
    helping = await world.add_institution()
    starts = [date(2026, 3, day) for day in range(1, 7)]
    outcomes = await asyncio.gather(*[agree(world, world.institution_id, helping, each, None) for each in starts])
    assert sorted(outcomes) == ["agreed"] + ["overflow-agreed"] * 5


async def test_the_other_way_round_and_periods_that_only_touch_stand_beside_each_other(world: World) -> None:
    own, helping = world.institution_id, await world.add_institution()
    outcomes = await asyncio.gather(
        agree(world, own, helping, date(2026, 3, 1), date(2026, 3, 15)),
        agree(world, own, helping, date(2026, 3, 16), None),
        agree(world, helping, own, date(2026, 3, 1), None),
    )
    assert list(outcomes) == ["agreed"] * 3
    assert await agree(world, own, helping, date(2026, 3, 15), date(2026, 3, 15)) == "overflow-agreed"
    assert await agree(world, own, own, date(2026, 3, 1), None) == "23514"


async def test_an_agreement_is_not_ended_under_a_publication_that_stands_on_it(world: World) -> None:
    """The booking holds the agreement until its commit: its end waits, and what comes after meets the end."""
    near = await Neighbours.set_up(world)
    await near.helper()
    order = await near.scene.order(1, "09:00", "12:00", "BP")
    agreement = await near.agree()
    assert (await near.scene.publish(await near.scene.plan())).status_code == 200
    both = Fence(world.region_id, near.scene.institution_ids)
    booked, ended = asyncio.Event(), []

    async def book() -> None:
        async with transaction(world.house.sessions, both, world.clock.now()) as session:
            await session.execute(_BOOK, {"order": order})
            booked.set()
            await asyncio.sleep(0.3)
            ended.append("booked")

    async def end() -> None:
        await booked.wait()
        fence = Fence(world.region_id, account_id=new_id(), region_wide=True)
        async with transaction(world.house.sessions, fence, world.clock.now()) as session:
            await session.execute(_END, {"end": DAY - timedelta(days=1), "id": UUID(agreement)})
            ended.append("ended")

    await asyncio.gather(book(), end())
    assert ended == ["booked", "ended"]
    with pytest.raises(OverflowNotAgreed):
        async with transaction(world.house.sessions, both, world.clock.now()) as session:
            await session.execute(_BOOK, {"order": order})
