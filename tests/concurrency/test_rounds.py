"""Races about round plans, on connections of their own, as the application's role, past the application's checks."""

import asyncio
from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from service.accounts.rules import Role
from service.core import problems
from service.core.db.session import transaction
from service.core.ids import new_id
from service.orders.rounds import errors, repository
from service.orders.rounds.models import RoundPlan
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


async def race(world: World, *rows: RoundPlan) -> Counter[Any]:
    """Insert rows at once, each in its own transaction; return how often each outcome came."""
    assert repository  # it has named the constraint
    start = asyncio.Barrier(len(rows))

    async def one(row: RoundPlan) -> Any:
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
