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
from service.routing.solver.clock import Budget
from service.routing.solver.exact import Effort, Scope

MOST: Final = 14
"""So many jobs are planned anew together, unless one route alone has more."""

NEWCOMERS: Final = 4
"""So many of the jobs left out may come in at a time."""

AMOUNT: Final = 1.0
"""CP-SAT's own measure of time for one neighbourhood, about seconds."""


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
) -> Plan:
    """Improve a plan of a problem that `suits` until `until` of the budget's time, or for its rounds, a neighbourhood
    each, of about `most` jobs and `amount` of CP-SAT's time; answer the plan itself where nothing is found.

    Raises: nothing.
    """
    cost, chance = judging.cost(problem, plan), random.Random(seed)
    rounds = budget.limits.rounds
    for made in count():
        if budget.is_spent(until) or (rounds is not None and made >= rounds):
            break
        scope = neighbourhood(problem, plan, chance, most=most)
        found = exact.solve(scope, Effort(budget, until, amount, made)).plan
        price = None if found is None else judging.cost(problem, found)
        if found is not None and price is not None and (cost is None or price < cost):
            plan, cost = found, price
    return plan


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
        if len(more) <= most or not rows:
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
