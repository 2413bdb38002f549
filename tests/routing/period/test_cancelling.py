"""Periods cancelled over HTTP before they are solved: the worker lets them be, and nothing is stored of them."""

import asyncio
import os
import signal
import time
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from service.accounts.rules import Role
from service.core.ids import new_id
from service.routing.period import working
from tests.routing.forks import solvers_of
from tests.routing.period.scene import Rounds
from tests.world import World

pytestmark = pytest.mark.database

MANY = 60
"""Rounds every other day for so many people over two weeks are searched for about a second."""
SOON = 5.0
"""Within so many seconds a solver has ended whose period is cancelled, on a machine with much else to do."""


@pytest.fixture
async def scene(world: World) -> Rounds:
    made = await Rounds.set_up(world)
    await made.nurse(3, 5)
    await made.add_plan(await made.elder())
    return made


async def asked_for(scene: Rounds, **changes: Any) -> dict[str, Any]:
    answer = await scene.request(**changes)
    assert answer.status_code == 202, answer.text
    asked: dict[str, Any] = answer.json()
    return asked


async def rounds_of(world: World, asked: dict[str, Any]) -> int:
    """Count what the table holds of a period."""
    query = text("select count(*) from period_rounds where period_plan_id = :id")
    async with world.owner.connect() as connection:
        found: int = (await connection.execute(query, {"id": asked["id"]})).scalar_one()
        return found


class TestWhileItWaits:
    async def test_it_is_never_solved_nor_to_be_accepted(self, scene: Rounds, world: World) -> None:
        asked = await asked_for(scene)
        answer = await scene.cancel(asked)
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
        assert datetime.fromisoformat(answer.json()["cancelled_at"]) == world.clock.now()
        await working.distribute(world.house, scene.job(asked))
        period = await scene.read(asked["id"])
        assert (period["state"], period["rounds"], period["summary"]) == ("cancelled", [], None)
        assert (period["solved_at"], period["cancelled_at"]) == (None, answer.json()["cancelled_at"])
        refused = await scene.dispatcher.post(f"/period-plans/{asked['id']}/acceptance")
        assert (refused.status_code, refused.json()["code"]) == (409, "period-not-ready")
        assert "已取消" in refused.json()["detail"]
        assert await scene.booking.count("orders") == 0

    async def test_who_cancels_it_is_written_down(self, scene: Rounds, world: World) -> None:
        asked = await asked_for(scene)
        scene.dispatcher = await world.as_role(Role.dispatcher)
        assert (await scene.cancel(asked)).status_code == 200
        query = text("select requested_by_account_id, cancelled_by_account_id from period_plans where id = :id")
        async with world.owner.connect() as connection:
            requested_by, cancelled_by = (await connection.execute(query, {"id": asked["id"]})).one()
        mine = (await scene.dispatcher.get("/me")).json()["id"]
        assert str(cancelled_by) == mine != str(requested_by)

    async def test_twice_gives_the_same_answer(self, scene: Rounds) -> None:
        asked = await asked_for(scene)
        first, second = await scene.cancel(asked), await scene.cancel(asked)
        assert (first.status_code, first.json()) == (second.status_code, second.json())
        assert second.json()["state"] == "cancelled"

    async def test_the_next_period_is_solved_as_ever(self, scene: Rounds) -> None:
        await scene.cancel(await asked_for(scene))
        period = await scene.period()
        assert (period["state"], period["summary"]["planned"]) == ("solved", 1)
        assert (await scene.accept(period))["rounds"][0]["order_id"]


class TestWhileItIsSolved:
    pytestmark = pytest.mark.processes

    async def test_the_solver_ends_and_nothing_is_stored(self, scene: Rounds, world: World) -> None:
        for _ in range(MANY):
            await scene.add_plan(await scene.elder(), every_days=2, minimum_days=1)
        asked = await asked_for(scene, to="2026-03-16")
        before = set(solvers_of(os.getpid()))
        work = asyncio.create_task(working.distribute(world.house, scene.job(asked)))
        solver = await self._begun(before)
        # it does not answer by itself any more, however fast it is
        os.kill(solver, signal.SIGSTOP)
        assert (await scene.cancel(asked)).status_code == 200
        begun = time.monotonic()
        await work
        assert time.monotonic() - begun < SOON
        assert set(solvers_of(os.getpid())) <= before
        period = await scene.read(asked["id"])
        assert (period["state"], period["rounds"], period["failure"]) == ("cancelled", [], None)
        assert await rounds_of(world, asked) == 0

    async def _begun(self, before: set[int]) -> int:
        """Return the process in which a period is solved as soon as there is one."""
        last = time.monotonic() + 60
        while not (begun := set(solvers_of(os.getpid())) - before):
            assert time.monotonic() < last, "never begun"
            await asyncio.sleep(0.01)
        [solver] = begun
        return solver


class TestTooLate:
    async def test_a_period_that_has_its_answer_is_refused_and_stays(self, scene: Rounds) -> None:
        solved, accepted = await scene.period(), await scene.accept(await scene.period())
        for each, state, label in ((solved, "solved", "已排好"), (accepted, "accepted", "已采纳")):
            refused = await scene.cancel(each)
            assert (refused.status_code, refused.json()["code"]) == (409, "period-not-cancellable")
            assert label in refused.json()["detail"]
            assert await scene.read(each["id"]) == each
            assert (each["state"], each["cancelled_at"]) == (state, None)

    async def test_a_period_that_has_failed_is_refused(self, scene: Rounds, world: World) -> None:
        asked = await asked_for(scene)
        async with world.owner.begin() as connection:
            await connection.execute(
                text("update period_plans set state = 'failed' where id = :id"), {"id": asked["id"]}
            )
        refused = await scene.cancel(asked)
        assert (refused.status_code, refused.json()["code"]) == (409, "period-not-cancellable")

    async def test_there_must_be_such_a_period_of_one_s_own(self, scene: Rounds, world: World) -> None:
        assert (await scene.cancel({"id": str(new_id())})).status_code == 404
        asked = await asked_for(scene)
        scene.dispatcher = await world.as_role(Role.dispatcher, await world.add_institution())
        assert (await scene.cancel(asked)).status_code == 404
