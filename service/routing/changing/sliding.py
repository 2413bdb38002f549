"""Slides stops: what a later or an earlier start of one pushes, over rows, meetings and links, and whether it may.

Both directions are the smallest change that keeps every other constraint: pushing only raises starts, pulling only
lowers them, until all fit or one has left its bounds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from service.routing import rules as words
from service.routing.changing import riding
from service.routing.changing.board import NEVER, NOBODY, Board, Seat
from service.routing.problem import LUNCH, Plan, Route, Stop, Sync
from service.routing.referee.rides import Ride

_STEPS_PER_STOP: Final = 20


class Draft:
    """A board with some stops put in and some starts changed; the board itself stays as it is."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.extra: dict[int, Seat] = {}
        self.starts: dict[int, int] = {}
        self.price = 0
        self.stuck = NOBODY
        self.mates: dict[int, list[int]] = {}
        self.rows: dict[int, list[int]] = {}
        self._new: list[int] = []
        self._before: dict[int, int] = {}
        self._after: dict[int, int] = {}
        self._carried: dict[int, Ride | None] = {}
        self._home: dict[int, Ride | None] = {}

    def seat(self, at: int) -> Seat:
        """Return a stop, as it was or as the draft has it."""
        return self.extra[at] if at in self.extra else self.board.seats[at]

    def start(self, at: int) -> int:
        """Return when a stop begins by the draft."""
        found = self.starts.get(at)
        return self.seat(at).start if found is None else found

    def end(self, at: int) -> int:
        """Return when a stop ends by the draft."""
        return self.start(at) + self.seat(at).duration

    def before(self, at: int) -> int:
        """Return the stop before one in its row."""
        found = self._before.get(at)
        return self.board.before[at] if found is None else found

    def after(self, at: int) -> int:
        """Return the stop after one in its row."""
        found = self._after.get(at)
        return self.board.after[at] if found is None else found

    def row(self, staff: int) -> list[int]:
        """Return the stops of a row in order."""
        return self.rows.get(staff) or self.board.rows[staff]

    def ride(self, staff: int, after: int) -> Ride | None:
        """Return the ride on the way of a row into a stop (NOBODY: home)."""
        if after == NOBODY:
            return self._home[staff] if staff in self._home else self.board.home.get(staff)
        return self._carried[after] if after in self._carried else self.board.carried.get(after)

    def put(self, seat: Seat, position: int) -> int:
        """Put a new stop into its row before the one at `position`; return its index."""
        at, row = len(self.board.seats) + len(self._new), [*self.row(seat.staff)]
        self._new.append(at)
        row.insert(position, at)
        self.rows[seat.staff] = row
        before = row[position - 1] if position else NOBODY
        after = row[position + 1] if position + 1 < len(row) else NOBODY
        seat = self._beside_ride(seat, at, after)
        self.extra[at], self.starts[at] = seat, seat.start
        self._before[at], self._after[at] = before, after
        if before != NOBODY:
            self._after[before] = at
        if after != NOBODY:
            self._before[after] = at
        if seat.service != LUNCH:
            self.mates.setdefault(seat.job, []).append(at)
        return at

    def _beside_ride(self, seat: Seat, at: int, after: int) -> Seat:
        """Return a new stop as the ride on the way that it divides lets it be: over when the vehicle leaves, or begun
        when it has come.
        """
        ride = self.ride(seat.staff, after)
        if ride is None or seat.point == ride.here:
            return seat if ride is None else replace(seat, high=min(seat.high, ride.on - seat.duration))
        if after == NOBODY:
            self._home[seat.staff] = None
        else:
            self._carried[after] = None
        self._carried[at] = ride
        return replace(seat, low=max(seat.low, ride.off))

    def replace(self, at: int, seat: Seat) -> None:
        """Have a stop elsewhere (a lunch at another door)."""
        self.extra[at] = seat

    def of_job(self, job: int) -> list[int]:
        """Return the stops of a job."""
        return self.mates.get(job) or self.board.of_job.get(job, [])

    def push(self, first: Iterable[int]) -> bool:
        """Make what follows later where it must be; False when a stop, then `stuck`, would leave its bounds."""
        waiting, patience = list(first), self._patience()
        while waiting:
            at = waiting.pop()
            patience -= 1
            if not patience or self.start(at) > self.seat(at).high or not self._is_home(at):
                self.stuck = at
                return False
            for other, earliest in self._follow(at):
                if self.start(other) < earliest:
                    self.starts[other] = earliest
                    waiting.append(other)
        return True

    def pull(self, first: Iterable[int]) -> bool:
        """Make what leads up earlier where it must be; False when something would leave its bounds."""
        waiting, patience = list(first), self._patience()
        while waiting:
            at = waiting.pop()
            patience -= 1
            if not patience or self.start(at) < self.seat(at).low or not self._is_out(at):
                return False
            for other, latest in self._lead(at):
                if self.start(other) > latest:
                    self.starts[other] = latest
                    waiting.append(other)
        return True

    def _patience(self) -> int:
        """Return after how many steps people are taken to wait for each other in a circle, where no window ends it."""
        return _STEPS_PER_STOP * (len(self.board.seats) + len(self.extra) + 1)

    def holds(self) -> bool:
        """Tell whether every stop with another start keeps its bounds and its distance from all that it touches."""
        for at, start in self.starts.items():
            seat = self.seat(at)
            fits = seat.low <= start <= seat.high and self._is_home(at) and self._is_out(at)
            fits = fits and self._is_carried(seat.staff)
            if not fits or any(self.start(other) < earliest for other, earliest in self._follow(at)):
                return False
            if any(self.start(other) > latest for other, latest in self._lead(at)):
                return False
        return True

    def plan(self, job: int | None = None) -> Plan:
        """Return the plan of the draft, in which a job is now done (None: the same jobs as before)."""
        touched = {self.seat(at).staff for at in self.starts} | {self.seat(at).staff for at in self.extra}
        routes = tuple(
            Route(staff, tuple(self._stops(staff))) if staff in touched else Route(staff, self.board.stops[staff])
            for staff in range(len(self.board.problem.staff))
        )
        left = tuple(each for each in self.board.plan.unassigned if each.job != job)
        return Plan(routes, left, self.board.plan.tours)

    def _stops(self, staff: int) -> Iterator[Stop]:
        for at in self.row(staff):
            seat = self.seat(at)
            yield Stop(seat.job, seat.service, self.start(at), self.end(at))

    def _is_home(self, at: int) -> bool:
        if self.after(at) != NOBODY:
            return True
        seat, back = self.seat(at), self.end(at)
        if self.ride(seat.staff, NOBODY) is not None:
            return True
        end = self.board.problem.staff[seat.staff].end_point
        return back + self.board.leg(seat.staff, seat.point, end, back) <= self.board.closes(seat.staff)

    def _is_out(self, at: int) -> bool:
        seat = self.seat(at)
        if self.before(at) != NOBODY or seat.is_pinned or self.ride(seat.staff, at) is not None:
            return True
        return self.start(at) >= self.first_arrival(seat.staff, seat.point)

    def _is_carried(self, staff: int) -> bool:
        """Tell whether a row is on every ride of the plan that it takes."""
        taken = self.board.rides.get(staff)
        if not taken:
            return True
        spots = [(self.seat(at).point, self.start(at), self.end(at)) for at in self.row(staff)]
        _, elsewhere = riding.ways(self.board.problem, staff, spots, taken)
        return all(each in self.board.loose[staff] for each in elsewhere)

    def first_arrival(self, staff: int, point: int) -> int:
        """Return when a row's person can be at a point without a stop before it."""
        who, opens = self.board.problem.staff[staff], self.board.opens(staff)
        return opens + self.board.leg(staff, who.start_point, point, who.shift.start if who.shift else opens)

    def way(self, here: int, there: int) -> int:
        """Return how long it takes from one stop of a row to the next."""
        seat = self.seat(here)
        if self.board.rides:
            ride = self.ride(seat.staff, there)
            if ride is not None:
                return ride.length
        return self.board.leg(seat.staff, seat.point, self.seat(there).point, self.end(here))

    def _follow(self, at: int) -> Iterator[tuple[int, int]]:
        """Yield the stops that a stop pushes, each with the start that it must have at the earliest."""
        seat, start = self.seat(at), self.start(at)
        after = self.after(at)
        if after != NOBODY:
            yield after, start + seat.duration + self.way(at, after)
        if self._is_by_itself(seat):
            return
        for other, low, _ in self._meetings(seat, at):
            yield other, start + low
        for other, low, _ in self._linked(seat):
            yield other, start + low

    def _lead(self, at: int) -> Iterator[tuple[int, int]]:
        """Yield the stops that a stop pulls, each with the start that it must have at the latest."""
        seat, start = self.seat(at), self.start(at)
        before = self.before(at)
        if before != NOBODY:
            yield before, start - self.way(before, at) - self.seat(before).duration
        if self._is_by_itself(seat):
            return
        for other, _, high in self._meetings(seat, at):
            yield other, start + high
        for other, _, high in self._linked(seat):
            yield other, start + high

    def _is_by_itself(self, seat: Seat) -> bool:
        """Tell whether no stop of another row meets a stop or is linked to it."""
        return seat.service == LUNCH or (seat.job not in self.board.links and len(self.of_job(seat.job)) < 2)

    def _meetings(self, seat: Seat, at: int) -> Iterator[tuple[int, int, int]]:
        """Yield the other stops of the job with the least and the greatest time from this start to theirs."""
        mates = self.of_job(seat.job)
        if len(mates) < 2:
            return
        job = self.board.problem.jobs[seat.job]
        for other in mates:
            service = self.seat(other).service
            if job.sync is Sync.simultaneous and other != at:
                yield other, 0, 0
            elif job.sync is Sync.sequential and service == seat.service + 1:
                yield other, job.lag.start, job.lag.end
            elif job.sync is Sync.sequential and service == seat.service - 1:
                yield other, -job.lag.end, -job.lag.start

    def _linked(self, seat: Seat) -> Iterator[tuple[int, int, int]]:
        """Yield the stops of linked jobs likewise; of an unordered link the one that is first now stays first."""
        problem = self.board.problem
        for link in (problem.links[each] for each in self.board.links.get(seat.job, ())):
            other_job = link.second if link.first == seat.job else link.first
            if not words.counts(problem, link, seat.job, seat.service):
                continue
            for other in self.of_job(other_job):
                if not words.counts(problem, link, other_job, self.seat(other).service):
                    continue
                high = NEVER if link.high is None else link.high
                leads = link.first == seat.job if link.ordered else seat.start <= self.seat(other).start
                if leads:
                    yield other, seat.duration + link.low, seat.duration + high
                else:
                    length = self.seat(other).duration
                    yield other, -length - high, -length - link.low


def extremes(board: Board) -> tuple[list[int], list[int]]:
    """Return the earliest and the latest start of every stop, all others sliding as far as they may."""
    early, late = Draft(board), Draft(board)
    every = range(len(board.seats))
    for at in every:
        seat = board.seats[at]
        early.starts[at] = seat.low
        if board.before[at] == NOBODY and not seat.is_pinned and at not in board.carried:
            early.starts[at] = min(seat.start, max(seat.low, early.first_arrival(seat.staff, seat.point)))
        late.starts[at] = seat.high
        if board.after[at] == NOBODY and seat.staff not in board.home:
            late.starts[at] = max(seat.start, min(seat.high, _last_start(board, seat)))
    # what is listed last is looked at first: of a row the first stop, or the others would be pushed again and again
    first = [early.starts[at] for at in every] if early.push(reversed(every)) else [seat.start for seat in board.seats]
    last = [late.starts[at] for at in every] if late.pull(every) else [seat.start for seat in board.seats]
    return first, last


def _last_start(board: Board, seat: Seat) -> int:
    home = board.leg(seat.staff, seat.point, board.problem.staff[seat.staff].end_point, seat.start + seat.duration)
    return board.closes(seat.staff) - home - seat.duration
