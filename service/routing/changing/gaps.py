"""Every gap of a plan as columns of numbers, and which of them a service could go into: a sieve, never the last word.

A gap lies before, between or after the stops of a row. The sieve is generous: what it lets through is tried in
full (`places`), what it holds back could not be done.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.routing import rules as words
from service.routing.changing import roads, sliding
from service.routing.changing.board import NEVER, NOBODY, Board, lasting
from service.routing.changing.roads import Column
from service.routing.problem import LUNCH, Carer, Job, Link, Problem, Service, Sync, Window
from service.routing.referee.people import human_being

ANYWHERE: Final = -1

COLUMNS: Final = (
    "staff", "position", "here", "there", "from_now", "from_early", "by_now", "by_late",
    "eats_from", "eats_before", "eats_until", "eats_after", "only",
)  # fmt: skip
"""The numbers of a gap; beside them a table knows whether its row is empty."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """One row per gap. `here`/`there` are the places before and after (a lunch is had on the way), `from_now` and
    `from_early` when one may leave `here` as things stand and at the earliest, `by_now` and `by_late` when one must be
    `there`. A lunch on the way out lasts `eats_before` from `eats_from` on, one on the way back `eats_after` from
    `eats_until` at the latest. `only` is the one point at which something may be put in (ANYWHERE: any). `empty` is
    whether the row has no stop. `early` and `late` are not of the gaps: the earliest and the latest start of every seat
    of the board.

    Where the way is ridden there are two gaps, before getting on and after getting off: the ride itself stands, and
    nobody walks a part of it.
    """

    staff: Column
    position: Column
    here: Column
    there: Column
    from_now: Column
    from_early: Column
    by_now: Column
    by_late: Column
    eats_from: Column
    eats_before: Column
    eats_until: Column
    eats_after: Column
    only: Column
    empty: NDArray[np.bool_]
    early: Sequence[int]
    late: Sequence[int]


@dataclass(frozen=True, slots=True)
class Sieved:
    """Gaps that a service may go into in a window: start in [low, high], `now` without moving anybody if not above
    `until`; `price` is the estimate of what it costs.
    """

    at: Column
    low: Column
    high: Column
    now: Column
    until: Column
    price: Column


@dataclass(frozen=True, slots=True)
class Choice:
    """A gap for a service, its number in the table: start in [low, high]; in [now, until] if that is not empty, nobody
    else moves.
    """

    at: int
    staff: int
    position: int
    low: int
    high: int
    now: int
    until: int
    price: int


def lay_out(board: Board, staff: Iterable[int] | None = None) -> Gaps:
    """Return the gaps of a board's rows, or of those of some staff, that new stops may go into; none lies before a stop
    that may not slide.
    """
    early, late = sliding.extremes(board)
    asked = range(len(board.rows)) if staff is None else staff
    rows = [gap for who in asked for at in _positions(board, who) for gap in _gaps(board, early, late, who, at)]
    table = np.array(rows, dtype=np.int64).reshape(-1, len(COLUMNS) + 1).T
    columns = dict(zip(COLUMNS, table, strict=False))
    return Gaps(**columns, empty=table[-1] > 0, early=early, late=late)


def _positions(board: Board, staff: int) -> range:
    row = board.rows[staff]
    pinned = [at for at, seat in enumerate(row) if board.seats[seat].start < board.frozen_until]
    return range(pinned[-1] + 1 if pinned else 0, len(row) + 1)


def _gaps(board: Board, early: list[int], late: list[int], staff: int, position: int) -> Iterator[tuple[int, ...]]:
    gap, ride = _gap(board, early, late, staff, position), board.ride_at(staff, position)
    if ride is None:
        yield gap
        return
    of = dict(zip((*COLUMNS, "empty"), gap, strict=True))
    yield tuple((of | {"there": ride.here, "by_now": ride.on, "by_late": ride.on, "only": ride.here}).values())
    free = max(ride.off, board.frozen_until)
    yield tuple((of | {"here": ride.there, "from_now": free, "from_early": free, "only": ride.there}).values())


def _gap(board: Board, early: list[int], late: list[int], staff: int, position: int) -> tuple[int, ...]:
    row, who = board.rows[staff], board.problem.staff[staff]
    before = row[position - 1] if position else NOBODY
    after = row[position] if position < len(row) else NOBODY
    opens, closes = board.opens(staff), board.closes(staff)
    here, from_now, from_early, eats_from, eats_before = who.start_point, opens, opens, -NEVER, 0
    if before != NOBODY:
        seat = board.seats[before]
        here, from_now, from_early = seat.point, seat.start + seat.duration, early[before] + seat.duration
        if _is_roaming(board, before):
            # it may be had at other doors as well: the way is that from the stop before it
            ahead = row[position - 2] if position > 1 else NOBODY
            here = who.start_point if ahead == NOBODY else board.seats[ahead].point
            from_now, from_early = NEVER, opens if ahead == NOBODY else early[ahead] + board.seats[ahead].duration
            eats_from, eats_before = seat.low, seat.duration
    there, by_now, by_late, eats_until, eats_after = who.end_point, closes, closes, NEVER, 0
    if after != NOBODY:
        seat = board.seats[after]
        there, by_now, by_late = seat.point, seat.start, late[after]
        if _is_roaming(board, after):
            behind = row[position + 1] if position + 1 < len(row) else NOBODY
            there = who.end_point if behind == NOBODY else board.seats[behind].point
            by_now, by_late = -NEVER, closes if behind == NOBODY else late[behind]
            eats_until, eats_after = seat.high, seat.duration
    free_by = max(from_now, board.frozen_until), max(from_early, board.frozen_until)
    eats = eats_from, eats_before, eats_until, eats_after
    return staff, position, here, there, *free_by, by_now, by_late, *eats, ANYWHERE, not row


def _is_roaming(board: Board, at: int) -> bool:
    """Tell whether a stop is a lunch that is had wherever one is, and not where a vehicle takes one to or from."""
    seat = board.seats[at]
    after = board.after[at]
    if at in board.carried or (after in board.carried if after != NOBODY else seat.staff in board.home):
        return False
    lunch = board.problem.staff[seat.staff].lunch
    return seat.service == LUNCH and lunch is not None and lunch.point is None and not seat.is_pinned


def sieve(board: Board, gaps: Gaps, job: int, service: int, window: Window) -> Sieved:
    """Return the gaps that a service of a job may go into when it begins in a window."""
    problem, wanted = board.problem, board.problem.jobs[job]
    prices = staff_prices(board, job, service)
    able = np.array([prices.get(staff, -1) for staff in range(len(problem.staff))], dtype=np.int64)[gaps.staff]
    out, back, past = _travel(board, gaps, wanted.point)
    takes = np.array([lasting(each, wanted.services[service].duration) for each in problem.staff], dtype=np.int64)
    duration = takes[gaps.staff]
    there = _there(board, gaps, out)
    gone = _gone(board, gaps, back)
    low = np.maximum(there, window.start)
    high = np.minimum(gone - duration, window.end)
    low = np.maximum(low, board.frozen_until)
    here = (gaps.only == ANYWHERE) | (gaps.only == wanted.point)
    kept = np.flatnonzero((able >= 0) & (low <= high) & here & _ranked(board, gaps, wanted))
    modes = _modes(board, gaps)
    now = np.maximum(roads.at_once(problem.traffic, modes, gaps.from_now, out), window.start)
    until = np.minimum(roads.latest(problem.traffic, modes, gaps.by_now, back) - duration, window.end)
    price = problem.rules.travel * (out + back - np.where(gaps.empty, 0, past)) + able
    return Sieved(kept, low[kept], high[kept], now[kept], until[kept], price[kept])


def choice(table: Gaps, option: Sieved, at: int) -> Choice:
    """Return one of the gaps that the sieve has let through."""
    gap = int(option.at[at])
    return Choice(
        at=gap, staff=int(table.staff[gap]), position=int(table.position[gap]), low=int(option.low[at]),
        high=int(option.high[at]), now=int(option.now[at]), until=int(option.until[at]), price=int(option.price[at]),
    )  # fmt: skip


def _travel(board: Board, gaps: Gaps, point: int) -> tuple[Column, Column, Column]:
    """Return the travel of each gap to a point, from it, and past it."""
    out, back, past = (np.zeros(len(gaps.staff), dtype=np.int64) for _ in range(3))
    modes = _modes(board, gaps)
    for mode, matrix in enumerate(board.problem.matrices):
        mine = modes == mode
        out[mine] = matrix[gaps.here[mine], point]
        back[mine] = matrix[point, gaps.there[mine]]
        past[mine] = matrix[gaps.here[mine], gaps.there[mine]]
    return out, back, past


def _there(board: Board, gaps: Gaps, way: Column) -> Column:
    """Return when one can be ready behind a way from each gap's place at the earliest, lunch had at either end."""
    traffic, modes = board.problem.traffic, _modes(board, gaps)
    arriving = roads.soonest(traffic, modes, gaps.from_early, way)
    found = np.maximum(arriving, gaps.eats_from) + gaps.eats_before
    if not any(traffic):
        return found
    fed = np.maximum(gaps.from_early, gaps.eats_from) + gaps.eats_before
    return np.minimum(found, roads.soonest(traffic, modes, fed, way))


def _gone(board: Board, gaps: Gaps, way: Column) -> Column:
    """Return when one must leave for each gap's next place at the latest, lunch had at either end."""
    traffic, modes = board.problem.traffic, _modes(board, gaps)
    leaving = roads.latest(traffic, modes, gaps.by_late, way)
    found: Column = np.minimum(leaving - gaps.eats_after, gaps.eats_until)
    if not any(traffic):
        return found
    hungry = np.minimum(gaps.by_late - gaps.eats_after, gaps.eats_until)
    latest: Column = np.maximum(found, roads.latest(traffic, modes, hungry, way))
    return latest


def _modes(board: Board, gaps: Gaps) -> Column:
    """Return by which matrix the person of each gap goes."""
    return np.array([each.matrix for each in board.problem.staff], dtype=np.int64)[gaps.staff]


def _ranked(board: Board, gaps: Gaps, wanted: Job) -> NDArray[np.bool_]:
    """Tell for each gap whether nobody of a higher rank is before it in the row, nobody of a lower one behind."""
    jobs = board.problem.jobs
    if not any(each.rank for each in jobs):
        return np.ones(len(gaps.staff), dtype=bool)
    found = []
    for staff, position in zip(gaps.staff.tolist(), gaps.position.tolist(), strict=True):
        ranks = [
            jobs[board.seats[at].job].rank if board.seats[at].service != LUNCH else None for at in board.rows[staff]
        ]
        found.append(
            all(rank is None or rank <= wanted.rank for rank in ranks[:position])
            and all(rank is None or rank >= wanted.rank for rank in ranks[position:])
        )
    return np.array(found, dtype=bool)


def staff_prices(board: Board, job: int, service: int) -> dict[int, int]:
    """Return who may give a service, and what that costs beyond travel: skills, wishes, load, and the job's links."""
    problem, wanted = board.problem, board.problem.jobs[job]
    priced = {staff: words.service_price(problem, job, service, staff) for staff in range(len(problem.staff))}
    return {
        staff: price
        for staff, price in priced.items()
        if price is not None
        and _knows_one(problem, staff, wanted.services[service])
        and _carries(board, staff, wanted)
        and _suits_links(board, staff, job, service)
    }


def may_give(problem: Problem, job: int, service: int, staff: int) -> bool:
    """Tell whether a person may give a service, by skills and wishes alone."""
    price = words.service_price(problem, job, service, staff)
    return price is not None and _knows_one(problem, staff, problem.jobs[job].services[service])


def _knows_one(problem: Problem, staff: int, service: Service) -> bool:
    """Tell whether a person has one of the skills of which one is enough."""
    known = problem.staff[staff].skills
    return problem.rules.unqualified is not None or not service.any_skills or bool(service.any_skills & known)


def _carries(board: Board, staff: int, wanted: Job) -> bool:
    capacity = board.problem.staff[staff].capacity
    if capacity is None:
        return True
    carried = sum(
        board.problem.jobs[board.seats[at].job].load for at in board.rows[staff] if board.seats[at].service != LUNCH
    )
    return carried + wanted.load <= capacity


def _suits_links(board: Board, staff: int, job: int, service: int) -> bool:
    """Tell whether a person may give a service beside those that the linked jobs have got already."""
    problem, me = board.problem, human_being(board.problem, staff)
    for link in (board.problem.links[at] for at in board.links.get(job, ())):
        other = link.second if link.first == job else link.first
        others = {human_being(problem, board.seats[at].staff) for at in counted(board, link, other)}
        # of a crew that begins at once another one may be the same
        alone = len(problem.jobs[job].services) == 1 or problem.jobs[job].sync is not Sync.simultaneous
        bound = link.carer is Carer.same and alone and words.counts(problem, link, job, service)
        if others and ((bound and me not in others) or (link.carer is Carer.other and me in others)):
            return False
    return True


def counted(board: Board, link: Link, job: int) -> list[int]:
    """Return the stops of a job that count for a link of it."""
    stops = board.of_job.get(job, ())
    return [at for at in stops if words.counts(board.problem, link, job, board.seats[at].service)]


def linked(board: Board, table: Gaps, job: int, windows: Iterable[Window]) -> list[Window]:
    """Return the windows of a job's starts, cut to what its links leave as far as the linked jobs slide."""
    found = list(windows)
    for link in (board.problem.links[at] for at in board.links.get(job, ())):
        other = counted(board, link, link.second if link.first == job else link.first)
        if not other:
            continue
        lasts = {at: board.seats[at].duration for at in other}
        length = max(each.duration for each in board.problem.jobs[job].services)
        first_end, last_end = (max(starts[at] + lasts[at] for at in other) for starts in (table.early, table.late))
        first, last = (min(starts[at] for at in other) for starts in (table.early, table.late))
        behind = Window(first_end + link.low, NEVER if link.high is None else last_end + link.high)
        ahead = Window(-NEVER if link.high is None else first - link.high - length, last - link.low - length)
        open_to = [ahead, behind]
        if link.ordered:
            open_to = [behind] if link.second == job else [ahead]
        found = [Window(max(a.start, b.start), min(a.end, b.end)) for a in found for b in open_to]
    return [each for each in found if each.start <= each.end]
