"""A worker killed in the middle of planning: its solver dies with it, the next worker plans the day, once."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from service.core import embedded
from service.core.clock import local_date
from tests import canaries
from tests.routing.forks import solvers_of
from tests.routing.scene import Scene, visits
from tests.world import World

pytestmark = pytest.mark.processes

ORDERS = 16


@asynccontextmanager
async def worker(world: World, url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `xunzhen worker` in a process of its own."""
    environment = {
        **os.environ,
        "XUNZHEN_DATABASE_URL": url,
        "XUNZHEN_KEYRING": str(world.house.settings.keyring),
        "XUNZHEN_LOG_LEVEL": "INFO",
    }
    with canaries.overheard("worker") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from service.cli import main; main()", "worker",
            env=environment, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 60)


async def until(look: Callable[[], Awaitable[Any]], *, seconds: float) -> Any:
    """Look again and again until there is something; return it."""
    last = time.monotonic() + seconds
    while True:
        found = await look()
        if found:
            return found
        assert time.monotonic() < last, "never seen"
        await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Return whether a process still runs: one that nobody has buried yet does not."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] not in {"Z", "X"}


async def test_the_next_worker_plans_the_day_and_the_stops_are_there_once(
    world: World, server: embedded.EmbeddedServer, database: str
) -> None:
    world.clock.shows = datetime.now(UTC)  # the workers' clock
    on = local_date(world.clock.shows) + timedelta(days=1)
    scene = await Scene.set_up(world)
    await scene.item("REHAB")
    for _ in range(2):
        await scene.staff(on=on)
    ids = [await scene.order(number / 8, "08:00", "17:00", "REHAB", on=on) for number in range(ORDERS)]
    plan_id = (await scene.request(on, seconds_limit=3)).json()["id"]
    url = server.url(embedded.APP_ROLE, database)

    async def begun() -> dict[str, Any] | None:
        plan = await scene.read(plan_id)
        return plan if plan["state"] == "solving" and plan["progress"] else None

    async def solved() -> dict[str, Any] | None:
        plan = await scene.read(plan_id)
        return plan if plan["state"] not in {"queued", "solving"} else None

    async with worker(world, url) as first:
        await until(begun, seconds=90)
        solvers = solvers_of(first.pid)
        assert solvers
        first.kill()
        await first.wait()

    async def all_dead() -> bool:
        return not any(is_alive(each) for each in solvers)

    assert (await scene.read(plan_id))["state"] == "solving"
    await until(all_dead, seconds=20)
    async with worker(world, url):
        plan = await until(solved, seconds=120)
    assert plan["state"] == "solved"
    assert plan["summary"]["planned"] == ORDERS
    told = visits(plan)
    assert set(told) == {str(each) for each in ids}
    assert all(len(each) == 1 for each in told.values())
    async with world.owner.connect() as connection:
        query = text(
            "select count(*) from pgqueuer where entrypoint = 'plan.requested'"
            " and convert_from(payload, 'utf8')::jsonb ->> 'subject_id' = :id"
        )
        assert (await connection.execute(query, {"id": plan_id})).scalar_one() == 0
