"""Why a plan gives each visit to whom: checked by trying every other person, all else staying as it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np

from service.routing.changing import gaps, settling
from service.routing.changing.board import Board, Seat, starts_of
from service.routing.changing.gaps import Gaps
from service.routing.problem import LUNCH, Plan, Problem, Window


class Because(StrEnum):
    """Why somebody gives a service; the first that holds."""

    only_qualified = "only_qualified"
    wished = "wished"
    only_free = "only_free"
    cheapest = "cheapest"
    as_a_whole = "as_a_whole"


SENTENCES: Final[Mapping[Because, str]] = MappingProxyType(
    {
        Because.only_qualified: "当天只有此人符合该服务的资质和人员要求",
        Because.wished: "是居民指定的人员",
        Because.only_free: "其他符合要求的人员当时都没有空档",
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

    Another person is tried in every gap of his row, times sliding; beside partners he must begin when they do.
    """
    board = Board(problem, plan)
    table = gaps.lay_out(board)
    seats = sorted(at for found in board.of_job.values() for at in found)
    whys = [_why(board, table, at) for at in seats]
    return sorted(whys, key=lambda why: (why.job, why.service))


def _why(board: Board, table: Gaps, at: int) -> Why:
    seat = board.seats[at]
    crew = {board.seats[each].staff for each in board.of_job[seat.job]}
    able = gaps.staff_prices(board, seat.job, seat.service)
    others = [who for who in able if who not in crew]
    wished = board.problem.jobs[seat.job].preferred_staff
    if not others:
        return Why(seat.job, seat.service, seat.staff, Because.only_qualified, 0)
    found = _next_best(board, table, seat, crew)
    because = Because.wished if wished is not None and seat.staff in wished else None
    if found is None:
        return Why(seat.job, seat.service, seat.staff, because or Because.only_free, len(others))
    extra = found[1] - _own_price(board, at) - able.get(seat.staff, 0)
    because = because or (Because.cheapest if extra >= 0 else Because.as_a_whole)
    return Why(seat.job, seat.service, seat.staff, because, len(others), found[0], extra)


def _next_best(board: Board, table: Gaps, seat: Seat, crew: set[int]) -> tuple[int, int] | None:
    """Return the cheapest of those who are not of the crew and have room, and his price."""
    job = board.problem.jobs[seat.job]
    windows = starts_of(board.problem, job, seat.duration)
    if len(job.services) > 1:
        windows = (Window(seat.start, seat.start),)
    for window in windows:
        sieved = gaps.sieve(board, table, seat.job, seat.service, window)
        for at in np.argsort(sieved.price, kind="stable").tolist():
            choice = gaps.choice(table, sieved, at)
            if choice.staff not in crew and settling.settle(board, seat.job, (choice,), first=seat.service):
                return choice.staff, choice.price
    return None


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
