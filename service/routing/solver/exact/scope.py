"""What an exact model decides and what stands: free rows of staff with their jobs, everybody else as planned."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from service.routing import rules
from service.routing.problem import LUNCH, Plan, Problem, Route
from service.routing.referee import days, jobs
from service.routing.referee.days import Day
from service.routing.referee.jobs import Visit
from service.routing.referee.people import human_being
from service.routing.solver.mandatory import MUST

Key = tuple[int, int]
"""A job and one of its services."""

LARGEST: Final = 1 << 40
"""Times and prices beyond it could overflow the sums."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows that are `free`, the jobs that are decided on, and `plan`, from which the rest is taken as it stands.
    Of the decided jobs those in `must` are done; `staffing` names who alone may give a service.
    """

    problem: Problem
    free: tuple[int, ...]
    jobs: tuple[int, ...]
    plan: Plan
    must: frozenset[int] = frozenset()
    staffing: Mapping[Key, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands: `given[job][service]` by rows that are not free, and their days."""

    given: Mapping[int, Mapping[int, Visit]]
    days: tuple[Day, ...]


def lacks(problem: Problem) -> str | None:
    """Name what an exact model cannot say of this problem; None when it says everything.

    Raises: nothing.
    """
    if any(band.factor != 1000 for bands in problem.traffic for band in bands):
        return "traffic"
    edges = [abs(edge) for job in problem.jobs for window in job.windows for edge in (window.start, window.end)]
    edges += [abs(edge or 0) for link in problem.links for edge in (link.low, link.high)]
    edges += [abs(edge) for job in problem.jobs for edge in (job.promised or 0, job.lag.start, job.lag.end)]
    lasts = [service.duration for job in problem.jobs for service in job.services]
    ways = [int(matrix.max(initial=0)) for matrix in problem.matrices]
    return "numbers" if max([0, *edges, *lasts, *ways]) * highest_price(problem) > LARGEST else None


def highest_price(problem: Problem) -> int:
    """Tell the highest price of a unit of anything.

    Raises: nothing.
    """
    units = problem.rules
    timed = (units.travel, units.waiting, units.max_idle, units.tardiness, units.max_tardiness, units.overtime)
    more = (units.balance, units.travel_balance, *(job.tardiness for job in problem.jobs))
    return max(1, *(price or 0 for price in (*timed, *more)))


def nothing(problem: Problem) -> Plan:
    """Make the plan in which nobody does anything and nothing is left out yet.

    Raises: nothing.
    """
    return Plan(tuple(Route(row, ()) for row in range(len(problem.staff))))


def of_rows(problem: Problem, plan: Plan, rows: Iterable[int], more: Iterable[int] = ()) -> Scope:
    """Free some rows of a plan, with all that they do and with further jobs that nobody does.

    Raises: nothing.
    """
    free = tuple(sorted(rows))
    served = {stop.job for row in free for stop in plan.routes[row].stops if stop.service != LUNCH}
    return Scope(problem, free, tuple(sorted(served | set(more))), plan)


def stand(scope: Scope) -> Standing:
    """Read what stands.

    Raises: nothing.
    """
    free = set(scope.free)
    others = tuple(day for day in days.read(scope.problem, scope.plan).days if day.staff not in free)
    given: dict[int, dict[int, Visit]] = {}
    for job, visits in jobs.visits_by_job(others).items():
        given[job] = {visit.stop.service: visit for visit in visits}
    return Standing(given, others)


def candidates(scope: Scope, standing: Standing, row: int) -> dict[Key, int]:
    """List the services that a row may give, with their prices.

    Raises: nothing.
    """
    problem, found = scope.problem, dict[Key, int]()
    for job in scope.jobs:
        given = standing.given.get(job, {})
        if human_being(problem, row) in {human_being(problem, visit.staff) for visit in given.values()}:
            continue
        for service in range(len(problem.jobs[job].services)):
            key = job, service
            if service in given or scope.staffing.get(key, row) != row:
                continue
            cost = rules.service_price(problem, *key, row)
            if cost is not None:
                found[key] = cost
    return found


def horizon(problem: Problem) -> int:
    """Tell a time by which everything can be over.

    Raises: nothing.
    """
    edges = [window.end for job in problem.jobs for window in job.windows]
    edges += [job.promised or 0 for job in problem.jobs]
    edges += [edge.end for who in problem.staff for edge in (who.shift, who.lunch) if edge is not None]
    pace = max([1000, *(who.pace for who in problem.staff)])
    lasts = sum(service.duration for job in problem.jobs for service in job.services) * pace // 1000
    lasts += sum(job.lag.end for job in problem.jobs) + sum(link.low for link in problem.links)
    way = max((int(matrix.max(initial=0)) for matrix in problem.matrices), default=0)
    return max([0, *edges]) + lasts + len(problem.jobs) + (2 * len(problem.jobs) + 4) * way + 24 * 3600


def penalty(problem: Problem, jobs_decided: Iterable[int]) -> int:
    """Price leaving out a job that must be done: above all else that the model can save, and no higher than needed.

    Raises: nothing.
    """
    units = problem.rules
    once = (units.missed_lunch, units.unqualified, units.not_preferred, units.forbidden)
    flat = sum(price or 0 for price in (*once, units.arrival, units.changed, units.moved))
    count = sum(len(job.services) for job in problem.jobs) + len(problem.staff)
    drops = sum(problem.jobs[job].drop_penalty or 0 for job in jobs_decided)
    return min(MUST, drops + count * (flat * 100 + highest_price(problem) * horizon(problem)))
