"""Plans cancelled over HTTP before they are solved: the solver lets them be, followers hear it, nothing is stored."""

import asyncio
import json
import os
import time
from datetime import datetime
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text

from service.core.ids import new_id
from tests.routing.forks import solvers_of
from tests.routing.scene import Scene
from tests.world import World

LONG = 60
"""The seconds that a day of so many orders as `MANY` is given; it would be searched for 18 of them."""
MANY = 30
SOON = 5.0
"""Within so many seconds a solver has ended whose plan is cancelled, on a machine with much else to do."""
# days are searched here until somebody cancels them
pytestmark = pytest.mark.processes
PARTS = ("plan_routes", "plan_stops", "plan_unassigned", "plan_tours")


@pytest.fixture
async def scene(world: World) -> Scene:
    made = await Scene.set_up(world)
    await made.item("REHAB")
    await made.staff()
    return made


async def cancel(scene: Scene, plan_id: str) -> Response:
    return await scene.dispatcher.post(f"/plans/{plan_id}/cancellation")


async def asked_for(scene: Scene, **more: Any) -> str:
    answer = await scene.request(**more)
    assert answer.status_code == 202, answer.text
    plan_id: str = answer.json()["id"]
    return plan_id


async def until_progress(scene: Scene, plan_id: str) -> None:
    """Wait until the solver has told how far it is."""
    last = time.monotonic() + 60
    while (await scene.read(plan_id))["progress"] is None:
        assert time.monotonic() < last, "never told"
        await asyncio.sleep(0.05)


async def stored(world: World, plan_id: str) -> dict[str, int]:
    """Count what the tables hold of a plan."""
    async with world.owner.connect() as connection:
        return {
            table: (
                await connection.execute(text(f"select count(*) from {table} where plan_id = :id"), {"id": plan_id})
            ).scalar_one()
            for table in PARTS
        }


async def many_orders(scene: Scene) -> None:
    await scene.staff(-2)
    for number in range(MANY):
        await scene.order(number / 8, "08:00", "17:00", "REHAB")


async def cancelled_while_solving(scene: Scene, plan_id: str) -> float:
    """Have a plan solved and cancel it once the solver is at work; return after how long the worker was done."""
    before = set(solvers_of(os.getpid()))
    work = asyncio.create_task(scene.work(plan_id))
    await until_progress(scene, plan_id)
    assert len(set(solvers_of(os.getpid())) - before) == 1
    answer = await cancel(scene, plan_id)
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    begun = time.monotonic()
    await work
    assert set(solvers_of(os.getpid())) <= before
    return time.monotonic() - begun


class TestWhileItWaits:
    async def test_it_is_never_solved_nor_to_be_published_or_repaired(self, scene: Scene, world: World) -> None:
        await scene.order(1, "08:00", "17:00", "REHAB")
        plan_id = await asked_for(scene)
        answer = await cancel(scene, plan_id)
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
        assert datetime.fromisoformat(answer.json()["cancelled_at"]) == world.clock.now()
        async with world.owner.connect() as connection:
            row = text("select requested_by_account_id, cancelled_by_account_id from plans where id = :id")
            assert len(set((await connection.execute(row, {"id": plan_id})).one())) == 1
        await scene.work(plan_id)
        plan = await scene.read(plan_id)
        assert (plan["state"], plan["routes"], plan["summary"], plan["solved_at"]) == ("cancelled", [], None, None)
        assert set((await stored(world, plan_id)).values()) == {0}
        refused = await scene.publish(plan)
        assert (refused.status_code, refused.json()["code"]) == (409, "plan-not-ready")
        assert "已取消" in refused.json()["detail"]
        refused = await scene.dispatcher.post(f"/plans/{plan_id}/repairs", json={"seconds_limit": 1})
        assert (refused.status_code, refused.json()["code"]) == (409, "plan-not-standing")
        listed = (await scene.dispatcher.get("/plans", params={"state": "cancelled"})).json()["items"]
        assert [each["id"] for each in listed] == [plan_id]

    async def test_twice_gives_the_same_answer(self, scene: Scene) -> None:
        plan_id = await asked_for(scene)
        first, second = await cancel(scene, plan_id), await cancel(scene, plan_id)
        assert (first.status_code, first.json()) == (second.status_code, second.json())
        assert second.json()["state"] == "cancelled"

    async def test_the_next_plan_of_the_day_is_solved_as_ever(self, scene: Scene) -> None:
        await scene.order(1, "08:00", "17:00", "REHAB")
        await cancel(scene, await asked_for(scene))
        plan = await scene.plan()
        assert (plan["state"], plan["summary"]["planned"]) == ("solved", 1)
        assert (await scene.publish(plan)).status_code == 200


class TestWhileItIsSolved:
    async def test_the_solver_ends_and_nothing_is_stored(self, scene: Scene, world: World) -> None:
        await many_orders(scene)
        plan_id = await asked_for(scene, seconds_limit=LONG)
        assert await cancelled_while_solving(scene, plan_id) < SOON
        plan = await scene.read(plan_id)
        assert (plan["state"], plan["routes"], plan["unassigned"]) == ("cancelled", [], [])
        assert set((await stored(world, plan_id)).values()) == {0}
        await scene.work(plan_id)  # the job again, by another worker
        assert await scene.read(plan_id) == plan

    async def test_a_repair_is_let_go_in_the_same_way_and_its_plan_stays_in_force(
        self, scene: Scene, world: World
    ) -> None:
        await many_orders(scene)
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        asked = await scene.dispatcher.post(f"/plans/{plan['id']}/repairs", json={"seconds_limit": LONG})
        plan_id = asked.json()["id"]
        assert await cancelled_while_solving(scene, plan_id) < SOON
        assert (await scene.read(plan_id))["state"] == "cancelled"
        assert set((await stored(world, plan_id)).values()) == {0}
        assert (await scene.read(plan["id"]))["state"] == "published"

    async def test_who_follows_it_hears_that_it_is_cancelled(self, scene: Scene) -> None:
        await many_orders(scene)
        plan_id = await asked_for(scene, seconds_limit=LONG)
        followed, _ = await asyncio.gather(
            scene.dispatcher.get(f"/plans/{plan_id}/events"), cancelled_while_solving(scene, plan_id)
        )
        said = [line for line in followed.text.splitlines() if line.startswith(("event: ", "data: "))]
        assert said[-2] == "event: cancelled"
        assert json.loads(said[-1].removeprefix("data: "))["state"] == "cancelled"


class TestTooLate:
    async def test_a_plan_that_has_its_answer_is_refused_and_stays(self, scene: Scene) -> None:
        await scene.order(1, "08:00", "17:00", "REHAB")
        plan = await scene.plan()
        other = await scene.plan()
        assert (await scene.publish(other)).status_code == 200
        for each, state, label in ((plan, "solved", "已排好"), (other, "published", "已发布")):
            refused = await cancel(scene, each["id"])
            assert (refused.status_code, refused.json()["code"]) == (409, "plan-not-cancellable")
            assert label in refused.json()["detail"]
            assert (await scene.read(each["id"]))["state"] == state

    async def test_a_plan_that_has_failed_is_refused(self, scene: Scene, world: World) -> None:
        plan_id = await asked_for(scene)
        async with world.owner.begin() as connection:
            await connection.execute(text("update plans set state = 'failed' where id = :id"), {"id": plan_id})
        refused = await cancel(scene, plan_id)
        assert (refused.status_code, refused.json()["code"]) == (409, "plan-not-cancellable")

    async def test_there_must_be_such_a_plan(self, scene: Scene) -> None:
        assert (await cancel(scene, str(new_id()))).status_code == 404
