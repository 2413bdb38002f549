"""What is merely impossible is left out with its reason: no engine fails on it, or lets a visit fall silently."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from service.routing import validation
from service.routing.problem import LUNCH, Limits, Plan, Problem, Vehicle, Window
from service.routing.referee import Rule, check_plan
from service.routing.rules import UnassignedReason
from service.routing.solver import solve, solve_plain, suits_plain, warm
from service.routing.solver.ortools_engine import solve_ortools
from tests.routing.test_validation import IMPOSSIBLE

LIMITS: Final = Limits(0.4)
PENALTY: Final = 5_000
"""Dearer than any way of a day on which nothing is impossible."""


def as_it_is(problem: Problem) -> Problem:
    """The day with every rule that there is."""
    return problem


def with_vehicle(problem: Problem) -> Problem:
    """Somebody rides, in the one vehicle that there is."""
    if not problem.staff:
        return problem
    rider = replace(problem.staff[0], rides=True)
    car = Vehicle("V", 1, 0, 0, Window(0, 300), len(problem.matrices) - 1)
    return replace(problem, staff=(rider, *problem.staff[1:]), vehicles=(car,))


def without_traffic(problem: Problem) -> Problem:
    """What OR-Tools has words for."""
    return replace(problem, traffic=())


def simple(problem: Problem) -> Problem:
    """What the engine without compiled code knows."""
    people = tuple(
        replace(who, person=None, pace=1000, max_work=None, lunch=who.lunch and replace(who.lunch, point=None))
        for who in problem.staff
    )
    return replace(problem, links=(), traffic=(), staff=people)


ENGINES: Final[dict[str, tuple[Callable[[Problem], Problem], Callable[[Problem, Limits, int], Plan]]]] = {
    "all": (as_it_is, solve),
    "rides": (with_vehicle, solve),
    "simple": (simple, solve),
    "plain": (simple, solve_plain),
    "ortools": (without_traffic, solve_ortools),
}
"""Engine → the form of a day that it plans, and how it plans it."""

WHOM: Final = {
    # who has no shift could come at any time, had he not to be there before the day begins: engines say it otherwise
    "a window before any shift": (2, set(UnassignedReason)),
    "a skill that nobody has": (2, {UnassignedReason.no_qualified_staff}),
    "one of skills that nobody has": (2, {UnassignedReason.no_qualified_staff}),
    "a pair for which there is nobody": (1, {UnassignedReason.no_qualified_staff, UnassignedReason.excluded_staff}),
}
"""What is wrong → the job that stays out whatever is planned, and what may be said of it."""


@pytest.fixture(scope="module", autouse=True)
def ready() -> None:
    warm()


@pytest.mark.parametrize("optional", [True, False], ids=["optional", "as asked for"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("why", IMPOSSIBLE)
def test_it_is_left_out_with_its_reason_and_all_else_is_planned(why: str, engine: str, optional: bool) -> None:
    form, plan_of = ENGINES[engine]
    problem = form(IMPOSSIBLE[why])
    if optional:
        problem = replace(problem, jobs=tuple(replace(job, drop_penalty=PENALTY) for job in problem.jobs))
    validation.check(problem)
    assert engine != "plain" or suits_plain(problem)
    plan = plan_of(problem, LIMITS, 1)
    verdict = check_plan(problem, plan)
    assert {each.code for each in verdict.violations} <= {Rule.mandatory_left_out}
    assert verdict.feasible or not optional
    served = {stop.job for route in plan.routes for stop in route.stops if stop.service != LUNCH}
    left_out = [each.job for each in plan.unassigned]
    assert sorted([*served, *left_out]) == list(range(len(problem.jobs)))
    said = {each.job: UnassignedReason(each.reason) for each in plan.unassigned}
    if why in WHOM:
        job, reasons = WHOM[why]
        assert said[job] in reasons
