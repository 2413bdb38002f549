"""Races about round plans, on connections of their own, as the application's role, past the application's checks."""

import asyncio
from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from service.accounts.rules import Role
from service.booking.schemas import ItemAsked, OrderPlacement
from service.booking.usecases import placing
from service.core import dates, problems
from service.core.db import bulk
from service.core.db.session import transaction
from service.core.ids import new_id
from service.orders import errors as order_errors
from service.orders.models import Order
from service.orders.rounds import errors, repository
from service.orders.rounds.models import RoundPlan
from service.orders.rounds.rules import HalfDay, Hours, window_of
from service.orders.rules import RoundDue
from tests.routing.period.scene import TUESDAY, Rounds
from tests.world import NOW, World

pytestmark = pytest.mark.database


def plan(world: World, person_id: UUID, **changes: Any) -> RoundPlan:
    common: dict[str, Any] = {
        "region_id": world.region_id, "institution_id": world.institution_id, "kind": "home_visit",
        "person_id": person_id, "items": [{"code": "REHAB", "quantity": 1}], "every_days": 7, "minimum_days": 5,
        "weekdays": [1, 2, 3, 4, 5], "half_day": "any", "mobility_reason": "偏瘫", "valid_from": date(2026, 3, 3),
        "entered_by_account_id": new_id(), "entered_at": NOW,
    }  # fmt: skip
    return RoundPlan(**common | changes)


async def race(world: World, *rows: RoundPlan | Order) -> Counter[Any]:
    """Insert rows at once, each in its own transaction; return how often each outcome came."""
    assert repository  # it has named the constraint
    start = asyncio.Barrier(len(rows))

    async def one(row: RoundPlan | Order) -> Any:
        fence = world.principal(Role.dispatcher).fence
        try:
            async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                await start.wait()
                session.add(row)
                await session.flush()
        except problems.Refusal as refusal:
            return type(refusal)
        return None

    return Counter(await asyncio.gather(*map(one, rows)))


class TestRoundPlans:
    async def test_of_plans_of_one_kind_for_one_person_at_once_one_stands(self, world: World) -> None:
        person = await world.add_patient()
        rows = [plan(world, person, valid_from=date(2026, 3, day)) for day in (3, 4, 5, 6)]
        assert await race(world, *rows) == {None: 1, errors.RoundPlanOverlaps: 3}

    async def test_another_kind_another_person_and_another_time_stand_beside_it(self, world: World) -> None:
        person, other = await world.add_patient(), await world.add_patient()
        rows = [
            plan(world, person, valid_to=date(2026, 3, 31)),
            plan(world, person, valid_from=date(2026, 4, 1)),
            plan(world, person, kind="home_bed_round"),
            plan(world, other),
        ]
        assert await race(world, *rows) == {None: 4}


async def order(world: World, home_id: UUID, due: RoundDue | None, **changes: Any) -> Order:
    """Return an order for a due round; of a person of its own, so that no lock on the person lines them up."""
    window = window_of(TUESDAY, HalfDay.any, Hours())
    common: dict[str, Any] = {
        "region_id": world.region_id, "institution_id": world.institution_id, "kind": "home_visit",
        "order_no": f"20260302-{world.number()}", "person_id": await world.add_patient(home_id=home_id),
        "home_id": home_id, "state": "submitted", "service_on": TUESDAY, "staff_count": 1, "mobility_reason": "偏瘫",
        "wished": dates.moments(window.start, window.end), "placed_by_account_id": new_id(), "placed_at": NOW,
        "round_plan_id": due and due.round_plan_id, "round_owed_on": due and due.owed_on,
        "round_apart_days": due and due.apart_days,
    }  # fmt: skip
    return Order(**common | changes)


class TestDueRounds:
    async def test_of_orders_for_one_due_round_at_once_one_stands(self, world: World) -> None:
        elder, home = await world.add_patient(), await world.add_home()
        weekly = plan(world, elder)
        await world.add(weekly)
        due = RoundDue(weekly.id, TUESDAY, 5)
        # one day is nearer than the shortest interval, too: that is held elsewhere
        rows = [await order(world, home, due, round_apart_days=None) for _ in range(8)]
        assert await race(world, *rows) == {None: 1, order_errors.RoundOrdered: 7}

    async def test_the_next_due_another_plan_one_by_hand_and_one_that_fell_through_stand_beside_it(
        self, world: World
    ) -> None:
        home = await world.add_home()
        one, two = plan(world, await world.add_patient()), plan(world, await world.add_patient())
        await world.add(one, two)
        fell_through = await order(world, home, RoundDue(one.id, TUESDAY, 5), state="cancelled")
        await world.add(fell_through)
        rows = [
            await order(world, home, RoundDue(one.id, TUESDAY, 5)),
            await order(world, home, RoundDue(one.id, date(2026, 3, 10), 5), service_on=date(2026, 3, 10)),
            await order(world, home, RoundDue(two.id, TUESDAY, 5)),
            await order(world, home, None),
        ]
        assert await race(world, *rows) == {None: 4}

    async def test_of_rounds_of_a_plan_within_its_shortest_interval_ordered_at_once_one_stands(
        self, world: World
    ) -> None:
        home = await world.add_home()
        weekly = plan(world, await world.add_patient())
        await world.add(weekly)
        # each due by itself: that a due round becomes one order does not come into it
        days = [date(2026, 3, day) for day in (3, 4, 5, 6, 7)]
        rows = [await order(world, home, RoundDue(weekly.id, on, 5), service_on=on) for on in days]
        assert await race(world, *rows) == {None: 1, errors.SeenTooSoon: 4}

    async def test_the_next_after_just_that_interval_and_one_that_was_moved_by_hand_stand_beside_it(
        self, world: World
    ) -> None:
        home = await world.add_home()
        weekly = plan(world, await world.add_patient())
        await world.add(weekly)
        rows = [
            await order(world, home, RoundDue(weekly.id, on, 5), service_on=on)
            for on in (TUESDAY, date(2026, 3, 8), date(2026, 3, 13))
        ]
        moved = await order(
            world, home, RoundDue(weekly.id, date(2026, 3, 18), 5), service_on=date(2026, 3, 4), round_apart_days=None
        )
        assert await race(world, *rows, moved) == {None: 4}

    async def test_two_periods_accepted_at_once_without_waiting_for_each_other_make_one_order(
        self, world: World
    ) -> None:
        scene = await Rounds.set_up(world)
        await scene.nurse(3, 5)
        elder = await scene.elder()
        plan_id = UUID(await scene.add_plan(elder, minimum_days=1))
        # the second week is planned as if the first had not been: what is overdue is due on its first day
        periods = [await scene.period(), await scene.period(**{"from": "2026-03-05"})]
        planned = [(date.fromisoformat(each["rounds"][0]["planned_on"]), each["id"]) for each in periods]
        assert [on.day for on, _ in planned] == [3, 5]
        said = await asyncio.gather(*(accept_without_holding(scene, elder, plan_id, *each) for each in planned * 4))
        # whoever comes for the same day meets the shortest interval, whoever comes for another one the due round
        assert said.count(None) == 1
        assert set(said) <= {None, order_errors.RoundOrdered, errors.SeenTooSoon}
        assert await scene.booking.count("orders") == 1


async def accept_without_holding(scene: Rounds, elder: UUID, plan_id: UUID, on: date, period_id: str) -> Any:
    """Place the order of a period's round as its acceptance does, but hold nothing and look at nothing before."""
    world, window = scene.world, window_of(on, HalfDay.morning, Hours())
    asked = OrderPlacement(
        institution_id=world.institution_id,
        person_id=elder,
        kind="home_visit",
        wished_start=window.start,
        wished_end=window.end,
        items=[ItemAsked(code="REHAB", quantity=1)],
        mobility_reason="偏瘫，无法自行下楼",
    )
    async with world.owner.connect() as connection:
        query = text("select owed_on from period_rounds where period_plan_id = :id")
        owed_on = (await connection.execute(query, {"id": period_id})).scalar_one()
    principal, now = world.principal(Role.dispatcher), world.clock.now()
    async with transaction(world.house.sessions, principal.fence, now) as session:
        try:
            await bulk.attempt(
                session,
                lambda: placing.place_order(
                    session,
                    principal=principal,
                    asked=asked,
                    signer=world.house.signer,
                    now=now,
                    due=RoundDue(plan_id, owed_on, 1),
                ),
            )
        except problems.Refusal as refusal:
            return type(refusal)
    return None
