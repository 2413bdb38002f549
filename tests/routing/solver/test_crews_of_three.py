"""Visits of three people: every engine keeps them as the referee wants, and finds what trying everything finds."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from service.routing.problem import Limits, Plan, Problem, Rules, Sync, Vehicle, Window
from service.routing.referee.check import check_plan
from service.routing.solver import ortools_engine, solve
from service.routing.solver.solve import solve_plain
from tests.routing import exhaustive
from tests.routing.solver import days

QUICKLY = Limits(6.0, rounds=20)
ENGINES: dict[str, Callable[[Problem], Plan]] = {
    "kernel": lambda problem: solve(problem, QUICKLY, 1),
    "ortools": lambda problem: ortools_engine.solve_ortools(problem, QUICKLY, 1),
    "plain": lambda problem: solve_plain(problem, QUICKLY, 1),
}
WAYS: dict[str, tuple[Sync, Window]] = {
    "at once": (Sync.simultaneous, Window(0, 0)),
    "one after the other": (Sync.sequential, Window(25, 40)),
    "by themselves": (Sync.independent, Window(0, 0)),
}


def three(way: str) -> Problem:
    """A visit of three with one whose skill two of them lack, and one visit of somebody alone that is soon over."""
    sync, lag = WAYS[way]
    staff = [days.person("a"), days.person("b", skills="nd", shift=(30, 300)), days.person("c", shift=(0, 200))]
    jobs = [
        days.job("three", 2, (0, 200), skills="d,n,n", sync=sync, lag=lag, drop_penalty=900),
        days.job("alone", 4, (40, 60), drop_penalty=300),
    ]
    return days.day(staff, jobs, days.HARD)


def begins(plan: Plan) -> list[int]:
    """Return when each service of the visit of three begins, by service."""
    stops = sorted((stop.service, stop.start) for route in plan.routes for stop in route.stops if stop.job == 0)
    return [start for _, start in stops]


class TestThree:
    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("engine", ENGINES)
    def test_each_engine_finds_the_best_plan(self, engine: str, way: str) -> None:
        problem = three(way)
        plan = ENGINES[engine](problem)
        verdict = check_plan(problem, plan)
        assert verdict.violations == ()
        assert len(begins(plan)) == 3
        best = exhaustive.solve(problem)
        assert best is not None
        assert verdict.total == best.cost

    @pytest.mark.parametrize("way", WAYS)
    def test_they_ride_as_they_must(self, way: str) -> None:
        problem = three(way)
        car = Vehicle("car", 3, 0, 0, Window(0, 400), 1)
        problem = replace(
            problem,
            matrices=(days.line() * 3, days.line()),
            staff=tuple(replace(each, rides=True) for each in problem.staff),
            vehicles=(car,),
            rules=Rules(),
        )
        plan = solve(problem, Limits(6.0, rounds=3), 1)
        assert check_plan(problem, plan).violations == ()
        assert plan.tours
        assert len(begins(plan)) == 3

    def test_the_least_time_between_two_is_kept_to_the_unit(self) -> None:
        problem = three("one after the other")
        for engine in ENGINES.values():
            one, two, last = begins(engine(problem))
            assert 25 <= two - one <= 40
            assert 25 <= last - two <= 40
        tight = replace(problem, jobs=(replace(problem.jobs[0], windows=(Window(50, 99),)), problem.jobs[1]))
        # from 50 on the third can begin at 100 at the earliest
        assert all(begins(engine(tight)) == [] for engine in ENGINES.values())
        wide = replace(problem, jobs=(replace(problem.jobs[0], windows=(Window(50, 100),)), problem.jobs[1]))
        assert all(begins(engine(wide)) == [50, 75, 100] for engine in ENGINES.values())
