"""Improves a plan neighbourhood by neighbourhood: a few routes near each other are planned anew, exactly, by CP-SAT,
with everything else as it is. Whatever comes of it is priced by the referee; nothing gets worse.
"""

import random
from collections.abc import Iterator
from itertools import count
from typing import Final

from service.routing import rules
from service.routing.problem import LUNCH, Plan, Problem
from service.routing.solver import exact, judging
from service.routing.solver.clock import Budget, services
from service.routing.solver.exact import Effort, Scope

MOST: Final = 14
"""So many jobs are planned anew together, unless one route alone has more."""

ROWS: Final = 12
"""So many rows at most: those who have nothing to do make a model large as well."""

NEWCOMERS: Final = 4
"""So many of the jobs left out may come in at a time."""

AMOUNT: Final = 1.0
"""CP-SAT's own measure of time for one neighbourhood, about seconds."""

WHOLE: Final = 3.0
"""So many times as much for a whole day, which is tried first where it is small."""


def suits(problem: Problem) -> bool:
    """Tell whether the exact model prices the problem as the referee does.

    Raises: nothing.
    """
    return bool(problem.jobs and problem.staff) and exact.lacks(problem) is None


def improve(
    problem: Problem,
    plan: Plan,
    budget: Budget,
    until: float,
    seed: int,
    *,
    most: int = MOST,
    amount: float = AMOUNT,
    rounds: int | None = None,
) -> Plan:
    """Improve a plan of a problem that `suits` until `until` of the budget's time, or for some rounds, a neighbourhood
    each, of about `most` jobs and `amount` of CP-SAT's time; answer the plan itself where nothing is found. Ends where
    a small day's plan is proven to be the best.

    Raises: nothing.
    """
    cost, chance = judging.cost(problem, plan), random.Random(seed)
    for made in count():
        if budget.is_spent(until) or (rounds is not None and made >= rounds):
            break
        whole = made == 0 and is_small(problem, most)
        scope = _everything(problem, plan) if whole else neighbourhood(problem, plan, chance, most=most)
        answer = exact.solve(scope, Effort(budget, until, WHOLE * amount if whole else amount, made))
        found = answer.plan
        price = None if found is None else judging.cost(problem, found)
        if found is not None and price is not None and (cost is None or price < cost):
            plan, cost = found, price
        if whole and answer.proven:
            break
    return plan


def is_small(problem: Problem, most: int = MOST) -> bool:
    """Tell whether a day of so many services at most and not too many people can be planned whole.

    Raises: nothing.
    """
    return services(problem) <= most and len(problem.staff) <= ROWS


def _everything(problem: Problem, plan: Plan) -> Scope:
    return exact.of_rows(problem, plan, range(len(problem.staff)), (gone.job for gone in plan.unassigned))


def neighbourhood(problem: Problem, plan: Plan, chance: random.Random, *, most: int = MOST) -> Scope:
    """Choose routes around a job drawn at random, often one of those left out, and jobs left out near it.

    Raises: nothing.
    """
    absent = [gone.job for gone in plan.unassigned]
    middle = chance.choice(absent) if absent and chance.random() < 0.5 else chance.randrange(len(problem.jobs))
    travel = problem.matrices[problem.staff[0].matrix][problem.jobs[middle].point]
    rows: list[int] = []
    held: set[int] = set()
    for row in _by_nearness(problem, plan, middle, chance):
        more = held | {stop.job for stop in plan.routes[row].stops if stop.service != LUNCH}
        if len(rows) < ROWS and (len(more) <= most or not rows):
            rows.append(row)
            held = more
    linked = {job for link in problem.links for job in (link.first, link.second) if held & {link.first, link.second}}
    near = sorted(absent, key=lambda job: (job != middle, job not in linked, int(travel[problem.jobs[job].point])))
    return exact.of_rows(problem, plan, rows, near[:NEWCOMERS])


def _by_nearness(problem: Problem, plan: Plan, middle: int, chance: random.Random) -> Iterator[int]:
    """Rows that give the middle job first, then those that may, then the others; near ones before far ones, now and
    then one overlooked.
    """
    travel = problem.matrices[problem.staff[0].matrix][problem.jobs[middle].point]
    services = range(len(problem.jobs[middle].services))

    def rank(row: int) -> tuple[int, int]:
        stops = [stop for stop in plan.routes[row].stops if stop.service != LUNCH]
        if any(stop.job == middle for stop in stops):
            return 0, 0
        able = any(rules.service_price(problem, middle, service, row) is not None for service in services)
        points = [problem.jobs[stop.job].point for stop in stops] or [problem.staff[row].start_point]
        return 1 if able else 2, min(int(travel[point]) for point in points)

    for row in sorted(range(len(problem.staff)), key=rank):
        if chance.random() < 0.8:
            yield row
