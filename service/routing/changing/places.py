"""Where one more job could go in a plan: the best places, others' people and order as they are, times sliding.

Gaps are sieved in columns, the cheapest tried stop by stop, and what is answered has been judged by the referee: the
cost of a place is what the whole day then costs more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import numpy as np

from service.routing import referee
from service.routing import rules as words
from service.routing.changing import gaps as columns
from service.routing.changing import riding, settling
from service.routing.changing.board import NEVER, Board, starts_of
from service.routing.changing.gaps import Choice, Gaps, Sieved
from service.routing.changing.roads import Column
from service.routing.changing.sliding import Draft
from service.routing.problem import LUNCH, Job, Plan, Problem, Route, Rules, Stop, Sync, Unassigned, Window
from service.routing.rules import UnassignedReason

BEST: Final = 5
_BEAM: Final = 800
"""How many combinations of people and gaps are kept per further service of a job."""
_TRIED: Final = 400
"""How many combinations are tried stop by stop before none is said to fit."""
_TRIED_AT_ONCE: Final = 60
"""How many where many jobs wait."""
_SPARE: Final = 3
"""How many places beyond those wanted the referee is asked about where he may price them otherwise."""


@dataclass(frozen=True, slots=True)
class Push:
    """A stop of another job that would begin at another time: seconds of the day, before and after."""

    staff: int
    job: int
    service: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Behind:
    """A service of a job that is bound to the one placed: who gives it, from when."""

    job: int
    staff: int
    start: int


@dataclass(frozen=True, slots=True)
class Place:
    """Who gives each service of the job, before which stop of his row, from when; what the day then costs more than
    without the job (`cost`; its price of being left out is not in it), and who else begins at another time; `behind`
    what is bound to the job (`bound`).
    """

    staff: tuple[int, ...]
    positions: tuple[int, ...]
    starts: tuple[int, ...]
    cost: int
    pushes: tuple[Push, ...]
    plan: Plan
    behind: tuple[Behind, ...] = ()

    @property
    def pushed(self) -> int:
        """By how much the other visits move, together."""
        return sum(abs(each.after - each.before) for each in self.pushes)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a job has no place."""

    reason: UnassignedReason


def places(
    problem: Problem, plan: Plan, job: int, *, limit: int = BEST, frozen_until: int = -NEVER
) -> list[Place] | Refused:
    """Return the best places for a job that the plan leaves out, the cheapest first, or why there is none.

    Nothing that begins before `frozen_until` moves, and nobody leaves for the job before then. A place breaks no rule
    that the plan does not break already. Vehicles' tours stand: nobody is taken anywhere else or at another time.
    """
    standing = without(plan, job)
    board = Board(problem, standing, frozen_until)
    found = _judged(board, job, limit, list(islice(drafts(board, job), 3 * limit)))
    return found or Refused(reason(board, job))


def put(problem: Problem, plan: Plan, job: int) -> Plan | None:
    """Return a plan with a job that it leaves out at a cheap place, not judged by the referee; None if there is none
    that costs less than leaving the job out.
    """
    board = Board(problem, plan)
    found = list(islice(drafts(board, job, tried=_TRIED_AT_ONCE), BEST))
    if not found:
        return None
    best = min(found, key=_worth)
    drop = problem.jobs[job].drop_penalty
    return None if drop is not None and drop <= _worth(best)[0] else best.plan(job)


def _worth(draft: Draft) -> tuple[int, int]:
    return draft.price + settling.moving(draft), settling.pushed(draft)


def without(plan: Plan, job: int) -> Plan:
    """Return a plan that does not do a job; a lunch had at its door is had at the next one, or the one before. The
    tours are as they were (`tours.fitted`: with those rides that still lead anywhere).
    """
    unassigned = tuple(each for each in plan.unassigned if each.job != job)
    routes = tuple(Route(route.staff, stops_without(route.stops, job)) for route in plan.routes)
    return Plan(routes, (*unassigned, Unassigned(job, UnassignedReason.no_capacity)), plan.tours)


def stops_without(stops: tuple[Stop, ...], job: int) -> tuple[Stop, ...]:
    """Return a row's stops without a job, a lunch had at its door elsewhere."""
    if all(each.job != job for each in stops):
        return stops
    kept = [each for each in stops if each.job != job or each.service == LUNCH]
    return tuple(_elsewhere(kept, at) if each.job == job else each for at, each in enumerate(kept))


def _elsewhere(stops: Sequence[Stop], at: int) -> Stop:
    near = [*stops[at + 1 : at + 2], *stops[max(0, at - 1) : at]]
    return replace(stops[at], job=near[0].job if near else -1)


def drafts(board: Board, job: int, table: Gaps | None = None, tried: int = _TRIED) -> Iterator[Draft]:
    """Yield the days with the job put in, by rising estimate of their price, from the first `tried`
    combinations of people and gaps; `table` are the board's gaps.
    """
    table = columns.lay_out(board) if table is None else table
    wanted = board.problem.jobs[job]
    found = [options(board, table, job, service) for service in range(len(wanted.services))]
    seen: set[tuple[tuple[int, int], ...]] = set()
    for choices in islice(combinations(wanted, table, found), tried):
        key = tuple((each.staff, each.position) for each in choices)
        if key in seen:
            continue
        draft = settling.settle(board, job, choices)
        if draft is not None:
            seen.add(key)
            yield draft


def options(board: Board, table: Gaps, job: int, service: int) -> Sieved:
    """Return the gaps for a service in any of the job's windows, the cheapest first."""
    wanted = board.problem.jobs[job]
    windows = starts_of(board.problem, wanted, wanted.services[service].duration)
    parts = [
        columns.sieve(board, table, job, service, window)
        # one that is never open keeps the columns, of which then none has a row
        for window in columns.linked(board, table, job, windows) or [Window(1, 0)]
    ]
    return cheapest_first(parts)


def cheapest_first(parts: Sequence[Sieved]) -> Sieved:
    """Return all gaps of several sieves, the cheapest first."""
    joined = Sieved(*(np.concatenate([getattr(part, name) for part in parts]) for name in Sieved.__slots__))
    order = np.argsort(joined.price, kind="stable")
    return Sieved(*(getattr(joined, name)[order] for name in Sieved.__slots__))


def combinations(wanted: Job, table: Gaps, options: Sequence[Sieved]) -> Iterator[tuple[Choice, ...]]:
    """Yield one gap per service, people all different and times that can be agreed, the cheapest first."""
    first = options[0]
    chosen = np.arange(len(first.at), dtype=np.int64)[:, None]
    low, high, price = first.low, first.high, first.price
    for service, option in enumerate(options[1:], start=1):
        left, right = np.divmod(np.arange(len(chosen) * len(option.at), dtype=np.int64), max(1, len(option.at)))
        earliest, latest = _agreed(wanted, (low[left], high[left]), (option.low[right], option.high[right]))
        fits = earliest <= latest
        for before in range(service):
            theirs = table.staff[options[before].at[chosen[left, before]]]
            fits &= theirs != table.staff[option.at[right]]
        total = price[left] + option.price[right]
        kept = np.flatnonzero(fits)
        kept = kept[np.argsort(total[kept], kind="stable")][:_BEAM]
        chosen = np.concatenate([chosen[left[kept]], right[kept][:, None]], axis=1)
        low, high, price = earliest[kept], latest[kept], total[kept]
    for row in chosen.tolist():
        yield tuple(columns.choice(table, option, at) for option, at in zip(options, row, strict=True))


def _agreed(wanted: Job, one: tuple[Column, Column], other: tuple[Column, Column]) -> tuple[Column, Column]:
    """Return when the next service may begin after those before it, which begin within `one`."""
    if wanted.sync is Sync.simultaneous:
        return np.maximum(one[0], other[0]), np.minimum(one[1], other[1])
    if wanted.sync is Sync.sequential:
        return np.maximum(one[0] + wanted.lag.start, other[0]), np.minimum(one[1] + wanted.lag.end, other[1])
    return other


def _judged(board: Board, job: int, limit: int, tried: list[Draft]) -> list[Place]:
    if not tried:
        return []
    tried.sort(key=_worth)
    known = referee.Known()
    standing = referee.check_plan(board.problem, board.plan, known)
    before = standing.total - (board.problem.jobs[job].drop_penalty or 0)
    enough = limit + (0 if _is_exact(board.problem.rules) else _SPARE)
    found: list[Place] = []
    for draft in tried:
        plan = draft.plan(job)
        verdict = referee.check_plan(board.problem, plan, known)
        if all(each in standing.violations for each in verdict.violations):
            found.append(_place(draft, job, verdict.total - before, plan))
        if len(found) == enough:
            break
    return sorted(found, key=lambda place: (place.cost, place.pushed))[:limit]


def _is_exact(prices: Rules) -> bool:
    """Tell whether the estimate of a place is its price: nothing is priced that a whole row or day comes to."""
    priced = (prices.waiting, prices.max_idle, prices.tardiness, prices.overtime, prices.balance, prices.missed_lunch)
    return not any((*priced, prices.travel_balance, prices.arrival))


def _place(draft: Draft, job: int, cost: int, plan: Plan) -> Place:
    own = sorted(draft.mates[job], key=lambda at: draft.seat(at).service)
    return Place(
        staff=tuple(draft.seat(at).staff for at in own),
        positions=tuple(draft.row(draft.seat(at).staff).index(at) for at in own),
        starts=tuple(draft.start(at) for at in own),
        cost=cost,
        pushes=tuple(
            Push(seat.staff, seat.job, seat.service, seat.start, draft.start(at)) for at, seat in settling.moved(draft)
        ),
        plan=plan,
    )


def reason(board: Board, job: int) -> UnassignedReason:
    """Return the first reason why a job has no place that holds, each by trying: the people, then an empty day without
    travel and with it; on a day of shared vehicles everybody has one of his own there, and then beside the plan.
    """
    problem, frozen_until = board.problem, board.frozen_until
    problem = riding.with_own_vehicles(problem) if problem.vehicles else problem
    empty = Board(problem, Plan(tuple(Route(staff, ()) for staff in range(len(problem.staff)))), frozen_until)
    wanted = problem.jobs[job]
    crews = [list(columns.staff_prices(empty, job, service)) for service in range(len(wanted.services))]
    if not settling.distinct(crews):
        return _people_reason(problem, job)
    still = replace(problem, matrices=tuple(matrix * 0 for matrix in problem.matrices))
    if not _fits(Board(still, empty.plan, frozen_until), job):
        return UnassignedReason.outside_shifts
    if not _fits(empty, job):
        return UnassignedReason.unreachable
    if board.problem.vehicles:
        driven = Board(problem, replace(board.plan, tours=()), frozen_until)
        if _judged(driven, job, 1, list(islice(drafts(driven, job), BEST))):
            return UnassignedReason.no_ride
    return UnassignedReason.no_capacity


def _fits(board: Board, job: int) -> bool:
    return next(drafts(board, job), None) is not None


def _people_reason(problem: Problem, job: int) -> UnassignedReason:
    services = problem.jobs[job].services
    able = [
        [at for at in range(len(problem.staff)) if words.is_qualified(problem, job, service, at)]
        for service in range(len(services))
    ]
    if problem.rules.unqualified is None and not settling.distinct(able):
        return UnassignedReason.no_qualified_staff
    admitted = [
        [at for at in range(len(problem.staff)) if words.service_price(problem, job, service, at) is not None]
        for service in range(len(services))
    ]
    return UnassignedReason.too_heavy if settling.distinct(admitted) else UnassignedReason.excluded_staff
