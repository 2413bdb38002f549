"""Shared vehicles: whoever publishes at the same moment, a vehicle is promised to one plan at a time."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.core.problems import Refusal
from tests.routing.scene import Scene, at
from tests.routing.test_vehicles import vehicle
from tests.world import World

pytestmark = pytest.mark.database

_BOOK = text(
    "insert into vehicle_bookings (region_id, id, institution_id, plan_id, vehicle_id, during, state)"
    " values (:region, :id, :institution, :plan, :vehicle, tstzrange(:start, :end), 'booked')"
)


async def book(world: World, plan_id: str, vehicle_id: str, start: str, end: str) -> str:
    """Book a vehicle by plain SQL on a connection of its own; return what came of it."""
    named = {
        "region": world.region_id,
        "institution": world.institution_id,
        "plan": UUID(plan_id),
        "vehicle": UUID(vehicle_id),
        "id": new_id(),
        "start": at(start),
        "end": at(end),
    }
    try:
        fence = Fence(world.region_id, institution_ids=(world.institution_id,))
        async with transaction(world.house.sessions, fence, world.clock.now()) as session:
            await session.execute(_BOOK, named)
            await asyncio.sleep(0.05)
    except Refusal as refused:
        return refused.code()
    except DBAPIError as refused:
        return str(getattr(refused.orig, "sqlstate", ""))
    return "booked"


async def test_of_many_bookings_at_once_one_stands(world: World) -> None:
    scene = await Scene.set_up(world)
    made = await vehicle(scene)
    plans = [(await scene.request()).json()["id"] for _ in range(5)]
    outcomes = await asyncio.gather(*[book(world, each, made["id"], "08:00", "12:00") for each in plans])
    assert sorted(outcomes) == ["booked"] + ["vehicle-double-booked"] * 4


async def test_one_after_the_other_and_another_vehicle_stand_beside_each_other(world: World) -> None:
    scene = await Scene.set_up(world)
    made, other = [await vehicle(scene) for _ in range(2)]
    plan = (await scene.request()).json()["id"]
    outcomes = await asyncio.gather(
        book(world, plan, made["id"], "08:00", "12:00"),
        book(world, plan, made["id"], "12:00", "14:00"),
        book(world, plan, other["id"], "08:00", "12:00"),
    )
    assert list(outcomes) == ["booked"] * 3


async def test_two_areas_publish_the_same_vehicle_at_once(world: World) -> None:
    scene, beside = await Scene.set_up(world), await Scene.set_up(world)
    await scene.item("BP", 20)
    await vehicle(scene)
    for _ in range(2):
        await scene.staff(mode="shared")
    await scene.order(10, "09:00", "09:25", "BP")
    # both are planned before either is in force, and each sends another order's nurse by the one vehicle
    first = await scene.plan()
    await scene.order(-10, "09:00", "09:25", "BP")
    second = await beside.plan()
    outcomes = await asyncio.gather(scene.publish(first), beside.publish(second))
    assert sorted(each.status_code for each in outcomes) == [200, 409]
