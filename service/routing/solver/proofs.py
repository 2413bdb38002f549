"""Questions about a job that is left out, answered by CP-SAT with a proof, or not at all."""

from dataclasses import replace
from itertools import pairwise
from typing import Final

from service.routing import rules
from service.routing.problem import LUNCH, Limits, Plan, Problem
from service.routing.solver import dividing, exact
from service.routing.solver.clock import Budget
from service.routing.solver.exact import Effort, Scope

QUICKLY: Final = Limits(2.0)


def can_be_served_alone(problem: Problem, job: int, limits: Limits = QUICKLY) -> bool | None:
    """Tell whether the day would have room for the job (with the jobs that are bound to it) if there were no others;
    None when that could not be settled in time or said in the model.

    Raises: nothing.
    """
    if exact.lacks(problem) is not None:
        return None
    wanted = frozenset(_bound(problem, job))
    rows = _involved(problem, wanted, exact.nothing(problem))
    return _ask(Scope(problem, rows, tuple(sorted(wanted)), exact.nothing(problem), wanted), limits)


def can_join(problem: Problem, plan: Plan, job: int, limits: Limits = QUICKLY) -> bool | None:
    """Tell whether the job (with the jobs that are bound to it) could come into a plan in which all others keep their
    people, though neither their order nor their times; None when that could not be settled in time or said in the
    model.

    Raises: nothing.
    """
    if exact.lacks(problem) is not None:
        return None
    planned = {(stop.job, stop.service): route.staff for route in plan.routes for stop in route.stops}
    staffing = {key: row for key, row in planned.items() if key[1] != LUNCH}
    wanted = frozenset(_bound(problem, job)) - {known for known, _ in staffing}
    rows = _involved(problem, wanted, plan)
    scope = exact.of_rows(problem, plan, rows, wanted)
    return _ask(replace(scope, must=frozenset(scope.jobs), staffing=staffing), limits)


def _ask(scope: Scope, limits: Limits) -> bool | None:
    amount = None if limits.rounds is None else float(limits.rounds)
    answer = exact.solve(scope, Effort(Budget(limits), amount=amount), priced=False)
    if answer.plan is not None:
        return True
    return False if answer.proven else None


def _bound(problem: Problem, job: int) -> list[int]:
    """The job with all that is done only together with it."""
    pairs = [(link.first, link.second) for link in problem.links if link.bound]
    groups = dividing.joined(range(len(problem.jobs)), pairs)
    return next(group for group in groups.values() if job in group)


def _involved(problem: Problem, wanted: frozenset[int], plan: Plan) -> tuple[int, ...]:
    """Rows that may take a wanted job, and all whose day hangs together with theirs: by jobs shared, by links, by being
    one person. Whoever else there is can do as planned.
    """
    staff = len(problem.staff)
    able = {
        row
        for row in range(staff)
        for job in wanted
        for service in range(len(problem.jobs[job].services))
        if rules.service_price(problem, job, service, row) is not None
    }
    # rows are numbered from 0, jobs from `staff`
    pairs = [(route.staff, staff + stop.job) for route in plan.routes for stop in route.stops if stop.service != LUNCH]
    pairs += [(staff + link.first, staff + link.second) for link in problem.links]
    pairs += [pair for rows in dividing.people(problem) for pair in pairwise(rows)]
    pairs += [(row, staff + job) for row in able for job in wanted]
    groups = dividing.joined(range(staff + len(problem.jobs)), pairs)
    touched = [group for group in groups.values() if any(thing - staff in wanted for thing in group)]
    return tuple(sorted(thing for group in touched for thing in group if thing < staff))
