"""The solver in a process of its own: progress on the way, the plan at the end, and a death that is told as one."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from service.routing import forked, solver_process
from service.routing.forked import SolverDied
from service.routing.problem import Limits, Plan, Stop
from service.routing.solver.kernel import compiled
from service.routing.solver_process import Task, solve_apart
from service.routing.solver_progress import Progress
from tests.routing.forks import forks_of, solvers_of
from tests.routing.scene import Scene, problem_of
from tests.world import World


@pytest.fixture
async def scene(world: World) -> Scene:
    made = await Scene.set_up(world)
    await made.item("REHAB")
    await made.staff()
    for number in range(4):
        await made.order(number, "08:00", "17:00", "REHAB")
    return made


def moved(plan: Plan, seconds: int) -> Plan:
    """Return a plan in which everything is done so much later."""

    def later(stop: Stop) -> Stop:
        return replace(stop, start=stop.start + seconds, end=stop.end + seconds)

    return replace(plan, routes=tuple(replace(each, stops=tuple(map(later, each.stops))) for each in plan.routes))


async def kill_a_solver() -> None:
    """Kill the solver that this process has started, as soon as there is one."""
    last = time.monotonic() + 20
    while not solvers_of(os.getpid()):
        assert time.monotonic() < last, "no solver was started"
        await asyncio.sleep(0.02)
    os.kill(solvers_of(os.getpid())[0], signal.SIGKILL)


async def test_tells_its_progress_and_the_plan_within_its_limit(scene: Scene) -> None:
    heard: list[Progress] = []

    async def hear(progress: Progress) -> None:
        heard.append(progress)

    problem = await problem_of(await scene.facts())
    plan = await solve_apart(Task(problem, Limits(1.0), 1), hear)
    assert {stop.job for route in plan.routes for stop in route.stops} == {0, 1, 2, 3}
    assert heard
    assert heard[-1].cost <= heard[0].cost
    assert heard[-1].seconds < 3


async def test_a_death_without_an_answer_is_told(scene: Scene) -> None:
    async def hear(_: Progress) -> None:
        return None

    problem = await problem_of(await scene.facts())
    with pytest.raises(SolverDied, match="without an answer"):
        await asyncio.gather(solve_apart(Task(problem, Limits(5.0), 1), hear), kill_a_solver())


@pytest.mark.processes
async def test_when_what_forks_them_has_died_too_the_next_task_has_another(scene: Scene) -> None:
    async def hear(_: Progress) -> None:
        return None

    task = Task(await problem_of(await scene.facts()), Limits(0.2), 1)
    first = await solve_apart(task, hear)
    for each in forks_of(os.getpid()):
        os.kill(each, signal.SIGKILL)
    assert (await solve_apart(task, hear)).routes == first.routes
    assert len(forks_of(os.getpid())) == 1


@pytest.mark.processes
async def test_what_compiles_for_them_ends_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compiled.PLACE, str(tmp_path))
    forked.stop()
    await forked.warm_up(after=0.0)
    (compiler,) = solvers_of(os.getpid())
    forked.stop()
    assert not Path(f"/proc/{compiler}").exists()


async def test_a_plan_whose_solver_died_has_failed_and_another_can_be_asked_for(scene: Scene) -> None:
    plan_id = (await scene.request(seconds_limit=5)).json()["id"]
    await asyncio.gather(scene.work(plan_id), kill_a_solver())
    plan = await scene.read(plan_id)
    assert (plan["state"], plan["routes"], plan["summary"]) == ("failed", [], None)
    assert "请重新排班" in plan["failure"]
    answer = await scene.publish(plan)
    assert (answer.status_code, answer.json()["code"]) == (409, "plan-not-ready")
    assert (await scene.plan())["summary"]["planned"] == 4


async def test_a_plan_that_the_referee_refuses_has_failed_and_another_can_be_asked_for(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def a_second_late(task: Task, hear: Callable[[Progress], Awaitable[None]]) -> Plan:
        return moved(await solve_apart(task, hear), 1)

    await scene.order(0.5, "08:30", "09:00", "REHAB")  # takes its window whole
    plan_id = (await scene.request()).json()["id"]
    with monkeypatch.context() as patched:
        patched.setattr(solver_process, "solve_apart", a_second_late)
        await scene.work(plan_id)
    plan = await scene.read(plan_id)
    assert (plan["state"], plan["routes"], plan["summary"]) == ("failed", [], None)
    assert plan["failure"].startswith("排出的路线没有通过独立复核（1处）：晚于约定的最晚时间")
    answer = await scene.publish(plan)
    assert (answer.status_code, answer.json()["code"]) == (409, "plan-not-ready")
    assert (await scene.plan())["summary"]["planned"] == 5
