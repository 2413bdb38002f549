"""At which times of the day a job could still be done beside a plan: what an elder who calls can be offered."""

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from service.routing import referee
from service.routing.changing import bound, gaps, places, tours
from service.routing.changing.board import NEVER, Board
from service.routing.changing.gaps import Gaps
from service.routing.changing.places import Behind
from service.routing.problem import LUNCH, Job, Plan, Problem, Sync, Window

HALF_HOUR: Final = 1800
_JUDGED: Final = 3
"""How many of the best places in a span the referee is asked about before it counts as closed."""
_LOOKED: Final = 60
"""How many places of a crew that comes one after the other are looked at for those that begin in a span."""
_WIDTH: Final = 8
"""How many ways to put in a first part are tried in a span to put in what follows."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A span in which a job can begin: who gives its services and when, in the cheapest way that was found, and what is
    bound to it.
    """

    window: Window
    staff: tuple[int, ...]
    starts: tuple[int, ...]
    behind: tuple[Behind, ...] = ()


def openings(
    problem: Problem, plan: Plan, job: int, spans: Iterable[Window], *, frozen_until: int = -NEVER
) -> list[Opening]:
    """Return the spans in which a job, whatever its own windows, can begin, with all that is bound to it; nobody else's
    people or order change, nor any vehicle's tour.
    """
    together = bound.bound_to(problem, job)
    board = Board(problem, tours.fitted(problem, bound.without(plan, together)), frozen_until)
    table = gaps.lay_out(board)
    # whoever was taken to the job, and could not go on without it, must not be left behind for it
    broken = referee.check_plan(problem, plan if plan.tours else board.plan).violations
    found = []
    for span in spans:
        told = _told(plan, together, span) if plan.tours else None
        if told is not None:
            found.append(told)
            continue
        trial = copy(board)
        jobs = list(problem.jobs)
        for each in together:
            jobs[each] = replace(jobs[each], promised=None)
        jobs[job] = replace(jobs[job], windows=(_beginnings(jobs[job], span),), punctual=True)
        trial.problem = replace(problem, jobs=tuple(jobs))
        begun = (each for each in islice(_plans(trial, together, table), _LOOKED) if _begins(each, job) <= span.end)
        for tried in islice(begun, _JUDGED):
            verdict = referee.check_plan(trial.problem, tried)
            if all(each in broken for each in verdict.violations):
                found.append(_opening(span, tried, together))
                break
    return found


def _beginnings(wanted: Job, span: Window) -> Window:
    """Return when the services of a job may begin whose first begins in a span: those behind it have their lags."""
    if wanted.sync is not Sync.sequential:
        return span
    return Window(span.start, span.end + wanted.lag.end * (len(wanted.services) - 1))


def _begins(plan: Plan, job: int) -> int:
    return min(stop.start for route in plan.routes for stop in route.stops if stop.job == job and stop.service != LUNCH)


def _told(plan: Plan, jobs: Sequence[int], span: Window) -> Opening | None:
    """Return how a plan does a job already, if it begins in a span: the vehicles come for it as they are."""
    stops = (stop for route in plan.routes for stop in route.stops if stop.service != LUNCH)
    starts = [stop.start for stop in stops if stop.job == jobs[0]]
    told = bool(starts) and span.start <= min(starts) <= span.end
    return _opening(span, plan, jobs) if told else None


def _plans(board: Board, jobs: Sequence[int], table: Gaps) -> Iterator[Plan]:
    """Yield the day with the jobs put in, the cheapest by estimate first."""
    if len(jobs) == 1:
        yield from (draft.plan(jobs[0]) for draft in places.drafts(board, jobs[0], table))
    else:
        yield from (each.plan for each in bound.put_in(board, jobs, table, _WIDTH))


def _opening(span: Window, plan: Plan, jobs: Sequence[int]) -> Opening:
    stops = sorted(
        (jobs.index(stop.job), stop.service, route.staff, stop.start)
        for route in plan.routes
        for stop in route.stops
        if stop.service != LUNCH and stop.job in jobs
    )
    first = [(staff, start) for at, _, staff, start in stops if at == 0]
    behind = tuple(Behind(jobs[at], staff, start) for at, _, staff, start in stops if at)
    return Opening(span, tuple(staff for staff, _ in first), tuple(start for _, start in first), behind)


def half_hours(first: int, last: int) -> Iterator[Window]:
    """Yield the half hours from one moment to another, each up to the second before the next."""
    for start in range(first - first % HALF_HOUR, last, HALF_HOUR):
        yield Window(start, start + HALF_HOUR - 1)
