"""At which times of the day a job could still be done beside a plan: what an elder who calls can be offered."""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from service.routing import referee
from service.routing.changing import gaps, places, tours
from service.routing.changing.board import NEVER, Board
from service.routing.changing.sliding import Draft
from service.routing.problem import LUNCH, Plan, Problem, Window

HALF_HOUR: Final = 1800
_JUDGED: Final = 3
"""How many of the best places in a span the referee is asked about before it counts as closed."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A span in which a job can begin: who gives its services and when, in the cheapest way that was found."""

    window: Window
    staff: tuple[int, ...]
    starts: tuple[int, ...]


def openings(
    problem: Problem, plan: Plan, job: int, spans: Iterable[Window], *, frozen_until: int = -NEVER
) -> list[Opening]:
    """Return the spans in which a job, whatever its own windows, can begin; nobody else's people or order change, nor
    any vehicle's tour.
    """
    board = Board(problem, tours.fitted(problem, places.without(plan, job)), frozen_until)
    table = gaps.lay_out(board)
    # whoever was taken to the job, and could not go on without it, must not be left behind for it
    broken = referee.check_plan(problem, plan if plan.tours else board.plan).violations
    found = []
    for span in spans:
        told = _told(plan, job, span) if plan.tours else None
        if told is not None:
            found.append(told)
            continue
        trial = copy(board)
        jobs = list(problem.jobs)
        jobs[job] = replace(jobs[job], windows=(span,), promised=None, punctual=True)
        trial.problem = replace(problem, jobs=tuple(jobs))
        for draft in islice(places.drafts(trial, job, table), _JUDGED):
            verdict = referee.check_plan(trial.problem, draft.plan(job))
            if all(each in broken for each in verdict.violations):
                found.append(_opening(span, draft, job))
                break
    return found


def _told(plan: Plan, job: int, span: Window) -> Opening | None:
    """Return how a plan does a job already, if it begins in a span: the vehicles come for it as they are."""
    crew = sorted(
        (stop.service, route.staff, stop.start)
        for route in plan.routes
        for stop in route.stops
        if stop.job == job and stop.service != LUNCH
    )
    starts = tuple(start for _, _, start in crew)
    if not starts or not span.start <= min(starts) <= span.end:
        return None
    return Opening(span, tuple(staff for _, staff, _ in crew), starts)


def _opening(span: Window, draft: Draft, job: int) -> Opening:
    own = sorted(draft.mates[job], key=lambda at: draft.seat(at).service)
    return Opening(span, tuple(draft.seat(at).staff for at in own), tuple(draft.start(at) for at in own))


def half_hours(first: int, last: int) -> Iterator[Window]:
    """Yield the half hours from one moment to another, each up to the second before the next."""
    for start in range(first - first % HALF_HOUR, last, HALF_HOUR):
        yield Window(start, start + HALF_HOUR - 1)
