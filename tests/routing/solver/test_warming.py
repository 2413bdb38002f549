"""What is compiled when: everything while warming, nothing in a solver's time, and nobody waits for the compiler."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from numba.core.dispatcher import Dispatcher

from service.routing import forked
from service.routing.problem import Limits, Problem, Rules, Sync, Window
from service.routing.referee.check import check_plan
from service.routing.solver import Phase, Progress, is_ready, solve
from service.routing.solver.kernel import compiled
from service.routing.solver_process import Task, solve_apart
from tests.routing.solver import days, featured, scattered
from tests.routing.solver.rides import days as riders


def known() -> dict[str, int]:
    """How many kinds of arguments each compiled function has been compiled for."""
    modules = [module for name, module in sys.modules.items() if name.startswith("service.routing.solver")]
    found = [each for module in modules for each in vars(module).values() if isinstance(each, Dispatcher)]
    return {f"{each.py_func.__module__}.{each.py_func.__name__}": len(each.signatures) for each in found}


def pairs(rules: Rules) -> Problem:
    """A day with meetings, lunches and optional jobs."""
    people = [days.person(f"s{at}", skills="nd", shift=(0, 400)) for at in range(4)]
    people = [replace(each, lunch=days.Lunch(100, 200, 20)) for each in people]
    jobs = [
        days.job(
            f"j{at}",
            1 + at % 5,
            (at * 20, at * 20 + 120),
            skills="n,d" if at % 3 else "n",
            sync=list(Sync)[at % 3],
            lag=Window(0, 40),
            drop_penalty=300 if at % 2 else None,
        )
        for at in range(8)
    ]
    return days.day(people, jobs, rules)


STRINGS = scattered.day(3, 40, 8)
KINDS = {
    "strings": STRINGS,
    "strings, one person": replace(STRINGS, staff=STRINGS.staff[:1], jobs=STRINGS.jobs[:6]),
    "large": scattered.day(5, 490, 60),
    "soft": pairs(days.SOFT),
    "hard": pairs(Rules(travel=2, missed_lunch=40)),
    "balanced": pairs(Rules(tardiness=2, overtime=1, missed_lunch=9, balance=4, window_end_at_service_end=True)),
    "rare rules": featured.everything(30, 8, 1),
    "rides": riders.tiny(0, 4),
    "soft, one job": replace(pairs(days.SOFT), jobs=pairs(days.SOFT).jobs[:1]),
}


class TestSolving:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("workers", [1, 2])
    def test_compiles_nothing(self, kind: str, workers: int) -> None:
        before = known()
        assert sum(before.values()) > 10
        plan = solve(KINDS[kind], Limits(0.5, workers=workers), 1)
        assert known() == before
        codes = {violation.code for violation in check_plan(KINDS[kind], plan).violations}
        assert codes <= {"mandatory_left_out"}


class TestReadiness:
    def test_is_known_to_the_processes_that_follow(self) -> None:
        assert is_ready()

    @pytest.fixture
    def nothing_compiled(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        """Another place for compiled code, for this process's children and what it asks from now on."""
        monkeypatch.setenv(compiled.PLACE, str(tmp_path))
        forked.stop()
        yield tmp_path
        forked.stop()

    async def test_a_worker_solves_with_compiled_code(self) -> None:
        assert await phases() <= {Phase.construct, Phase.improve}

    @pytest.mark.processes
    async def test_before_it_a_worker_solves_without_and_compiles_nothing(self, nothing_compiled: Path) -> None:
        assert Phase.explain in await phases()
        assert list(nothing_compiled.rglob("*.nb?")) == []


async def phases() -> set[Phase]:
    """Solve in a process of its own; what it is heard to do, until its plan comes in time and keeps all rules."""
    heard: list[Progress] = []

    async def hear(progress: Progress) -> None:
        heard.append(progress)

    plan = await solve_apart(Task(STRINGS, Limits(0.5, cpu=True), 1), hear)
    assert {each.code for each in check_plan(STRINGS, plan).violations} <= {"mandatory_left_out"}
    assert heard[-1].seconds < 1
    return {progress.phase for progress in heard}
