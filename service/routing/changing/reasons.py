"""Why a plan gives each visit to whom: checked by trying every other person, all else staying as it is.

Where people share vehicles their tours stay as they are, too, and each trial is judged by the referee.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np

from service.routing import referee
from service.routing.changing import gaps, places, riding, settling, tours
from service.routing.changing.board import Board, Seat, starts_of
from service.routing.changing.gaps import Choice, Gaps
from service.routing.changing.sliding import Draft
from service.routing.problem import LUNCH, Plan, Problem, Route, Window
from service.routing.referee import Verdict


class Because(StrEnum):
    """Why somebody gives a service; the first that holds."""

    only_qualified = "only_qualified"
    wished = "wished"
    only_free = "only_free"
    only_carried = "only_carried"
    cheapest = "cheapest"
    as_a_whole = "as_a_whole"


SENTENCES: Final[Mapping[Because, str]] = MappingProxyType(
    {
        Because.only_qualified: "当天只有此人符合该服务的资质和人员要求",
        Because.wished: "是居民指定的人员",
        Because.only_free: "其他符合要求的人员当时都没有空档",
        Because.only_carried: "其他符合要求的人员虽有空档，但换人后按共用车辆现有的行程无法按时往返",
        Because.cheapest: "在有空档的人员中绕路最少",
        Because.as_a_whole: "换人虽可少走一段路，但全天统筹下这样安排更合适",
    }
)
"""What dispatchers read for each."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a row's person gives a service: how many others could by skills and wishes, and the cheapest of those with
    room for it, who would cost so much more than he does (less, when negative); None when nobody has.
    """

    job: int
    service: int
    staff: int
    because: Because
    others: int
    next_best: int | None = None
    extra: int | None = None


def say(because: Because) -> str:
    """Say a reason in Chinese."""
    return SENTENCES[because]


def explain_assignments(problem: Problem, plan: Plan) -> list[Why]:
    """Return why each service of a plan is given by whom it is given, in the order of the jobs.

    Another person is tried in every gap of his row, times sliding; beside partners he must begin when they do. Of who
    rides it is said that only he is taken there (`only_carried`) when somebody else had room if everybody had a vehicle
    of his own.
    """
    board = _Board(problem, plan)
    table = gaps.lay_out(board)
    seats = sorted(at for found in board.of_job.values() for at in found)
    whys = [_why(board, table, at) for at in seats]
    return sorted(whys, key=lambda why: (why.job, why.service))


class _Board(Board):
    """A board, what the referee says of its plan where vehicles are shared, and how it is with one for everybody."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        super().__init__(problem, plan)
        self.verdict: Verdict | None = referee.check_plan(problem, plan) if plan.tours else None
        self.driven: tuple[Board, Gaps] | None = None
        if plan.tours:
            driven = Board(riding.with_own_vehicles(problem), replace(plan, tours=()))
            self.driven = driven, gaps.lay_out(driven)


def _why(board: _Board, table: Gaps, at: int) -> Why:
    seat = board.seats[at]
    crew = {board.seats[each].staff for each in board.of_job[seat.job]}
    able = gaps.staff_prices(board, seat.job, seat.service)
    others = [who for who in able if who not in crew]
    wished = board.problem.jobs[seat.job].preferred_staff
    if not others:
        return Why(seat.job, seat.service, seat.staff, Because.only_qualified, 0)
    found = _next_best(board, table, at, crew)
    because = Because.wished if wished is not None and seat.staff in wished else None
    if found is None:
        return Why(seat.job, seat.service, seat.staff, because or _only(board, seat, crew), len(others))
    staff, extra = found
    because = because or (Because.cheapest if extra >= 0 else Because.as_a_whole)
    return Why(seat.job, seat.service, seat.staff, because, len(others), staff, extra)


def _only(board: _Board, seat: Seat, crew: set[int]) -> Because:
    """Return why nobody else can come: with a vehicle of his own somebody could, or not even then."""
    if board.driven is None:
        return Because.only_free
    return Because.only_free if next(_others(*board.driven, seat, crew), None) is None else Because.only_carried


def _next_best(board: _Board, table: Gaps, at: int, crew: set[int]) -> tuple[int, int] | None:
    """Return the cheapest of those who are not of the crew and have room, and how much more he costs."""
    seat = board.seats[at]
    if board.verdict is not None:
        judged = (
            (choice.staff, _judged(board, board.verdict, seat, draft))
            for choice, draft in _others(board, table, seat, crew)
        )
        return next(((staff, extra) for staff, extra in judged if extra is not None), None)
    found = next(_others(board, table, seat, crew), None)
    if found is None:
        return None
    own = gaps.staff_prices(board, seat.job, seat.service).get(seat.staff, 0)
    return found[0].staff, found[0].price - _own_price(board, at) - own


def _others(board: Board, table: Gaps, seat: Seat, crew: set[int]) -> Iterator[tuple[Choice, Draft]]:
    """Yield the gaps of those who are not of the crew in which they have room, the cheapest of a window first."""
    job = board.problem.jobs[seat.job]
    windows = starts_of(board.problem, job, seat.duration)
    if len(job.services) > 1:
        windows = (Window(seat.start, seat.start),)
    for window in windows:
        sieved = gaps.sieve(board, table, seat.job, seat.service, window)
        for at in np.argsort(sieved.price, kind="stable").tolist():
            choice = gaps.choice(table, sieved, at)
            if choice.staff in crew:
                continue
            draft = settling.settle(board, seat.job, (choice,), first=seat.service)
            if draft is not None:
                yield choice, draft


def _judged(board: Board, verdict: Verdict, seat: Seat, draft: Draft) -> int | None:
    """Return what the day costs more when another gives the service as in a draft; None when that breaks a rule."""
    plan = draft.plan()
    routes = tuple(
        Route(each.staff, places.stops_without(each.stops, seat.job)) if each.staff == seat.staff else each
        for each in plan.routes
    )
    then = referee.check_plan(board.problem, tours.fitted(board.problem, replace(plan, routes=routes)))
    kept = all(each in verdict.violations for each in then.violations)
    return then.total - verdict.total if kept else None


def _own_price(board: Board, at: int) -> int:
    """Return the travel that the row saves without a stop."""
    seat, who = board.seats[at], board.problem.staff[board.seats[at].staff]
    row = [each for each in board.rows[seat.staff] if board.seats[each].service != LUNCH]
    place = row.index(at)
    here = board.seats[row[place - 1]].point if place else who.start_point
    there = board.seats[row[place + 1]].point if place + 1 < len(row) else who.end_point
    travel = board.problem.matrices[who.matrix]
    past = int(travel[here, there]) if len(row) > 1 else 0
    return board.problem.rules.travel * (int(travel[here, seat.point]) + int(travel[seat.point, there]) - past)
