"""Plans against a dispatcher who goes on working: what people did is never lost, and no plan is half published.

`make test-long PART=test_plan_races`: 500 races. The dispatcher cancels an order at a moment drawn at random while the
day is being solved, and another just when the plan is published.
"""

import asyncio
import random
from datetime import timedelta
from uuid import UUID

import pytest
from httpx import Response
from sqlalchemy import text

from service.accounts.rules import Role
from tests import resuming
from tests.routing.scene import DAY, Scene, visits
from tests.world import World

RACES = 500
SHORT = RACES // 100
ORDERS = 5
LOGGED_IN = 50
"""Before so many races are over no log-in has expired."""

SOLVING_SECONDS = 4.0
"""About how long the process of a solver lives; edits fall anywhere in it, or just after."""


@pytest.fixture
async def scene(world: World) -> Scene:
    made = await Scene.set_up(world)
    await made.item("REHAB")
    return made


async def cancel(scene: Scene, order: UUID, after: float) -> None:
    await asyncio.sleep(after)
    answer = await scene.dispatcher.post(f"/orders/{order}/cancellation", json={"reason": "老人住院"})
    assert answer.status_code == 200, answer.text


async def told(world: World, orders: list[UUID]) -> tuple[dict[UUID, str], set[tuple[UUID, UUID]]]:
    """Return the orders' states, and what is promised: (order, practitioner)."""
    async with world.owner.connect() as connection:
        query = text("select id, state from orders where id = any(:ids)")
        states = {row.id: row.state for row in await connection.execute(query, {"ids": orders})}
        query = text(
            "select order_id, practitioner_id from appointments where state = 'booked' and order_id = any(:ids)"
        )
        return states, {(row[0], row[1]) for row in await connection.execute(query, {"ids": orders})}


async def race(scene: Scene, number: int) -> None:
    """Run one day of its own: five orders, two of which are cancelled while the machine is at work."""
    chance, on = random.Random(f"race {number}"), DAY + timedelta(days=number % 300)
    await scene.staff(shift=("08:00", "18:00"), on=on)
    orders = [await scene.order(1 + at, "08:00", "17:30", "REHAB", on=on) for at in range(ORDERS)]
    early, late = chance.sample(orders, 2)
    asked = await scene.request(on)
    plan_id = asked.json()["id"]
    await asyncio.gather(scene.work(plan_id), cancel(scene, early, chance.uniform(0, SOLVING_SECONDS)))
    plan = await scene.read(plan_id)
    assert plan["state"] == "solved", plan["failure"]
    published, _ = await asyncio.gather(scene.publish(plan), cancel(scene, late, chance.uniform(0, 0.1)))
    await _look(scene, published, orders, {early, late}, set(visits(plan)))
    await _clear(scene, orders, {early, late})


async def _look(scene: Scene, published: Response, orders: list[UUID], gone: set[UUID], planned: set[str]) -> None:
    states, promised = await told(scene.world, orders)
    assert {order for order, state in states.items() if state == "cancelled"} == gone
    booked = {order for order, _ in promised}
    assert len(promised) == len(booked)
    assert published.status_code == 200, published.text
    # all of the plan but what was cancelled, whichever was first
    assert booked == {order for order in orders if str(order) in planned} - gone
    assert {order for order, state in states.items() if state == "scheduled"} == booked


async def _clear(scene: Scene, orders: list[UUID], gone: set[UUID]) -> None:
    for order in set(orders) - gone:
        await cancel(scene, order, 0)


@pytest.mark.parametrize("number", range(SHORT))
async def test_what_the_dispatcher_cancels_meanwhile_stays_cancelled_and_all_else_is_promised(
    scene: Scene, number: int
) -> None:
    await race(scene, RACES + number)


@pytest.mark.long
async def test_plan_races(scene: Scene) -> None:
    with resuming.part("edits") as done:
        for number in range(RACES):
            if number % LOGGED_IN == 0:
                scene.dispatcher = await scene.world.as_role(Role.dispatcher, *scene.institution_ids)
            if number not in done:
                await race(scene, number)
                done.keep(number, True)
    print(f"{RACES} races, nothing lost")  # noqa: T201 — what the long part says of itself
