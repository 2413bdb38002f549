"""A solver killed in the middle of its work: its worker tells the plan as failed and why, and goes on with the next."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from service.core import embedded
from service.core.clock import local_date
from tests.faults import test_worker_kill_planning as killing
from tests.routing.forks import solvers_of
from tests.routing.scene import Scene, visits
from tests.world import World

pytestmark = pytest.mark.processes

ORDERS = 16
_WAITING = text(
    "select count(*) from pgqueuer where entrypoint = 'plan.requested'"
    " and convert_from(payload, 'utf8')::jsonb ->> 'subject_id' = :id"
)


@dataclass(frozen=True)
class Office:
    """A day with orders, and a worker that runs in a process of its own."""

    world: World
    scene: Scene
    on: date
    worker: asyncio.subprocess.Process

    async def ask(self, seconds_limit: int) -> str:
        """Ask for a plan of the day; return its id."""
        plan_id: str = (await self.scene.request(self.on, seconds_limit=seconds_limit)).json()["id"]
        return plan_id

    async def wait_for(self, plan_id: str, *states: str) -> dict[str, Any]:
        """Wait until the plan as read over HTTP is in one of the states; return it."""

        async def there() -> dict[str, Any] | None:
            plan = await self.scene.read(plan_id)
            return plan if plan["state"] in states else None

        found: dict[str, Any] = await killing.until(there, seconds=120)
        return found

    async def kill_the_solver(self, plan_id: str) -> None:
        """Kill the worker's solver as soon as it has told how far it is with the plan."""

        async def working() -> bool:
            plan = await self.scene.read(plan_id)
            return plan["state"] == "solving" and plan["progress"] is not None

        await killing.until(working, seconds=90)
        (solver,) = solvers_of(self.worker.pid)
        os.kill(solver, signal.SIGKILL)

    async def waiting(self, plan_id: str) -> int:
        """Return how often the plan still waits in the queue."""
        async with self.world.owner.connect() as connection:
            found: int = (await connection.execute(_WAITING, {"id": plan_id})).scalar_one()
            return found


@pytest.fixture
async def office(world: World, server: embedded.EmbeddedServer, database: str) -> AsyncIterator[Office]:
    world.clock.shows = datetime.now(UTC)  # the worker's clock
    on = local_date(world.clock.shows) + timedelta(days=1)
    scene = await Scene.set_up(world)
    await scene.item("REHAB")
    for _ in range(2):
        await scene.staff(on=on)
    for number in range(ORDERS):
        await scene.order(number / 8, "08:00", "17:00", "REHAB", on=on)
    async with killing.worker(world, server.url(embedded.APP_ROLE, database)) as process:
        yield Office(world, scene, on, process)


async def test_the_plan_has_failed_with_its_reason_and_the_same_worker_solves_the_next(office: Office) -> None:
    lost = await office.ask(seconds_limit=20)
    await office.kill_the_solver(lost)
    plan = await office.wait_for(lost, "failed", "solved")
    assert (plan["state"], plan["routes"], plan["unassigned"], plan["summary"]) == ("failed", [], [], None)
    assert plan["failure"] == "求解程序意外中止，请重新排班；若再次发生请联系管理员。"
    dispatcher = office.scene.dispatcher
    listed = (await dispatcher.get("/plans", params={"area_id": office.scene.area_id, "state": "failed"})).json()
    assert [(each["id"], each["state"]) for each in listed["items"]] == [(lost, "failed")]
    events = (await dispatcher.get(f"/plans/{lost}/events")).text
    assert "event: failed" in events
    assert "请重新排班" in events
    refused = await office.scene.publish(plan)
    assert (refused.status_code, refused.json()["code"]) == (409, "plan-not-ready")

    again = await office.ask(seconds_limit=1)
    solved = await office.wait_for(again, "solved", "failed")
    assert solved["state"] == "solved"
    assert len(visits(solved)) == ORDERS
    assert office.worker.returncode is None  # its solver died, not the worker
    assert (await office.scene.publish(solved)).status_code == 200
    # the answer is final: nobody tries the lost plan again
    assert await office.waiting(lost) == 0
    assert await office.scene.read(lost) == plan
