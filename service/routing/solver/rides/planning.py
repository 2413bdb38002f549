"""Plans a day of riders from its first plan to the reasons of what stays out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from service.routing.problem import Limits, Plan, Problem
from service.routing.solver.clock import Budget, end_of_search, services
from service.routing.solver.rides import laying, reasons, warming
from service.routing.solver.rides.search import Search, Solve, walkers
from service.routing.solver_progress import Phase, Progress

ENOUGH_SECONDS: Final = 0.02
ENOUGH_LEAST: Final = 0.5
"""A day of n services is searched at most so long times n²: by then a small day has been gone through many times."""


def suits(problem: Problem) -> bool:
    """Tell whether somebody could ride in a vehicle on this day; else who would ride walks.

    Raises: nothing.
    """
    return bool(problem.vehicles and problem.jobs) and any(who.rides for who in problem.staff)


def _enough(problem: Problem, limits: Limits) -> Limits:
    """Cut the time short where the day is so small that more of it finds nothing; with rounds it is left as it is."""
    most = max(ENOUGH_LEAST, ENOUGH_SECONDS * services(problem) ** 2)
    return limits if limits.rounds is not None else replace(limits, seconds=min(limits.seconds, most))


def plan(
    problem: Problem, limits: Limits, seed: int, solve: Solve, on_progress: Callable[[Progress], None] | None
) -> Plan:
    """Plan a day that this search `suits`; `solve` plans one without vehicles. Where the numbers are too large to be
    added up, who would ride walks.

    Raises: nothing.
    """
    if not laying.fits(problem):
        return solve(walkers(problem), limits, seed)
    warming.warm()
    limits = _enough(problem, limits)
    budget = Budget(limits)
    told = [0]

    def tell(cost: int, left_out: int) -> None:
        if on_progress is not None:
            phase = Phase.improve if told[0] else Phase.construct
            on_progress(Progress(budget.elapsed(), cost, left_out, phase))
        told[0] += 1

    search = Search(problem, budget, seed, solve, tell)
    search.begin()
    search.improve(lambda out: end_of_search(limits, out))
    return reasons.of_plan(search, on_progress)
