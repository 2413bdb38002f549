"""Where a job could go in a plan together with all that is bound to it: further parts, the delivery of a specimen.

One is put in after the other, in the order of their links, each beside the best places of those before it, times
sliding: all of them or none. What is answered has been judged by the referee, as a whole.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from service.routing import referee
from service.routing.changing import gaps, places, riding, settling
from service.routing.changing.board import NEVER, Board
from service.routing.changing.gaps import Gaps
from service.routing.changing.places import BEST, Place, Push, Refused
from service.routing.problem import LUNCH, Carer, Plan, Problem, Route
from service.routing.referee.people import human_being
from service.routing.rules import UnassignedReason

WIDTH: Final = 24
"""How many ways to put in what comes first are kept to put in what follows."""
_WIDER: Final = 120
"""How many before none is said to fit."""
_EACH: Final = 3
"""How many of them with one person at least: the cheapest may all be somebody's who has no time for the rest."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A plan with some jobs put in, not judged yet; `price` is what they cost by estimate, moved promises included."""

    plan: Plan
    price: int


def bound_to(problem: Problem, job: int) -> tuple[int, ...]:
    """Return a job and all that is bound to it, each behind what it follows; a job by itself alone."""
    links = [each for each in problem.links if each.bound]
    found = {job}
    while (
        further := {other for each in links for other in (each.first, each.second) if found & {each.first, each.second}}
        - found
    ):
        found |= further
    order: list[int] = []
    while len(order) < len(found):
        order.append(
            min(
                each
                for each in found - set(order)
                if all(link.first in order or link.second != each for link in links if link.first in found)
            )
        )
    return tuple(order)


def find_places(
    problem: Problem, plan: Plan, job: int, *, limit: int = BEST, frozen_until: int = -NEVER
) -> list[Place] | Refused:
    """Return the best places for a job that the plan leaves out with all that is bound to it, the cheapest first, or
    why there is none; as `places.places` does for a job by itself.
    """
    jobs = bound_to(problem, job)
    if len(jobs) == 1:
        return places.places(problem, plan, job, limit=limit, frozen_until=frozen_until)
    board = Board(problem, without(plan, jobs), frozen_until)
    found = _judged(board, jobs, limit, WIDTH) or _judged(board, jobs, limit, _WIDER)
    return found or Refused(_reason(board, jobs))


def without(plan: Plan, jobs: Sequence[int]) -> Plan:
    """Return a plan that does none of some jobs."""
    for each in jobs:
        plan = places.without(plan, each)
    return plan


def put_in(board: Board, jobs: Sequence[int], table: Gaps | None = None, width: int = WIDTH) -> list[Placed]:
    """Return plans with all of some jobs put in, the cheapest by estimate first; `table` are the board's gaps."""
    found = list(_first(board, jobs[0], table, width))
    for job in jobs[1:]:
        found = sorted((each for before in found for each in _next(board, before, job)), key=lambda each: each.price)
        found = found[:width]
    return found


def _first(board: Board, job: int, table: Gaps | None, width: int) -> Iterator[Placed]:
    given: Counter[int] = Counter()
    each = max(_EACH, width // max(1, len(gaps.staff_prices(board, job, 0))))
    for draft in places.drafts(board, job, table):
        who = min(draft.seat(at).staff for at in draft.mates[job])
        if given[who] < each:
            given[who] += 1
            yield Placed(draft.plan(job), draft.price + settling.moving(draft))
        if given.total() >= width:
            return


def _next(before: Board, placed: Placed, job: int) -> Iterator[Placed]:
    """Yield the best ways to put in a job that follows one that has been."""
    board = Board(before.problem, placed.plan, before.frozen_until)
    table = gaps.lay_out(board, _rows(board, job))
    for draft in islice(places.drafts(board, job, table), _EACH):
        yield Placed(draft.plan(job), placed.price + draft.price + settling.moving(draft))


def _rows(board: Board, job: int) -> list[int]:
    """Return the rows of those who may do what follows: where the same person is to do it, his."""
    staff = board.problem.staff
    same = [link for link in board.problem.links if link.bound and link.second == job and link.carer is Carer.same]
    given = [gaps.counted(board, link, link.first) for link in same]
    people = [{human_being(board.problem, board.seats[at].staff) for at in stops} for stops in given]
    return [at for at in range(len(staff)) if all(human_being(board.problem, at) in who for who in people)]


def _judged(board: Board, jobs: Sequence[int], limit: int, width: int) -> list[Place]:
    known = referee.Known()
    standing = referee.check_plan(board.problem, board.plan, known)
    before = standing.total - sum(board.problem.jobs[each].drop_penalty or 0 for each in jobs)
    found = []
    for placed in put_in(board, jobs, width=width):
        verdict = referee.check_plan(board.problem, placed.plan, known)
        if all(each in standing.violations for each in verdict.violations):
            found.append(_place(board, placed.plan, jobs, verdict.total - before))
    return sorted(found, key=lambda place: (place.cost, place.pushed))[:limit]


def _place(board: Board, plan: Plan, jobs: Sequence[int], cost: int) -> Place:
    starts = {
        (route.staff, stop.job, stop.service): (at, stop.start)
        for route in plan.routes
        for at, stop in enumerate(route.stops)
        if stop.service != LUNCH
    }
    own = {job: sorted((service, staff) for staff, each, service in starts if each == job) for job in jobs}
    first, *others = jobs
    given = [starts[staff, first, service] for service, staff in own[first]]
    pushes = (
        Push(seat.staff, seat.job, seat.service, seat.start, starts[seat.staff, seat.job, seat.service][1])
        for seat in board.seats
        if seat.service != LUNCH
    )
    return Place(
        staff=tuple(staff for _, staff in own[first]),
        positions=tuple(position for position, _ in given),
        starts=tuple(start for _, start in given),
        cost=cost,
        pushes=tuple(each for each in pushes if each.before != each.after),
        plan=plan,
        behind=tuple(
            places.Behind(job, staff, starts[staff, job, service][1]) for job in others for service, staff in own[job]
        ),
    )


def _reason(board: Board, jobs: Sequence[int]) -> UnassignedReason:
    """Return why the first has no place by itself; where it has one on an empty day, whether the others have, too."""
    reason = places.reason(board, jobs[0])
    problem = riding.with_own_vehicles(board.problem) if board.problem.vehicles else board.problem
    nobody = Plan(tuple(Route(staff, ()) for staff in range(len(problem.staff))))
    alone = Board(problem, nobody, board.frozen_until)
    fits = reason != UnassignedReason.no_capacity or put_in(alone, jobs, width=_WIDER)
    return reason if fits else UnassignedReason.linked
