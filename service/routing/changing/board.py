"""A plan laid out for changes: every stop with the earliest and latest start that its window and its route allow.

People and order stand; only times may slide, each stop within the window in which it is. Stops that begin before
`frozen_until` do not slide at all. Vehicles' tours stand: a stop before a ride is over when the vehicle leaves, one
after it begins when it has come.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Final

from service.routing import rules
from service.routing.changing import riding
from service.routing.problem import LUNCH, Job, Plan, Problem, Staff, Stop, Window
from service.routing.referee import rides
from service.routing.referee.rides import Ride

NEVER: Final = 1 << 50
"""A time that no day reaches."""
NOBODY: Final = -1
"""No stop: before the first or after the last of a row."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A stop of one row: where and how long, its present start, and the bounds within which it may begin."""

    staff: int
    job: int
    service: int
    point: int
    duration: int
    start: int
    low: int
    high: int

    @property
    def is_pinned(self) -> bool:
        """Whether the stop may not slide."""
        return self.low == self.high


class Board:
    """`seats` by row in order of time; `rows[staff]` their indices; `of_job[job]` the seats of a job by service.

    `rides[staff]` are the rides of a row, `carried` those on the way into a seat, `home` those home, by row, `loose`
    those that are on no way of his, in a plan that breaks that rule.
    """

    def __init__(self, problem: Problem, plan: Plan, frozen_until: int = -NEVER) -> None:
        self.problem, self.plan, self.frozen_until = problem, plan, frozen_until
        self.seats: list[Seat] = []
        self.rows: list[list[int]] = [[] for _ in problem.staff]
        self.of_job: defaultdict[int, list[int]] = defaultdict(list)
        self.before: list[int] = []
        self.after: list[int] = []
        self.stops: list[tuple[Stop, ...]] = [()] * len(problem.staff)
        self.rides = rides.by_rider(problem, plan) if plan.tours else {}
        self.carried: dict[int, Ride] = {}
        self.home: dict[int, Ride] = {}
        self.loose: dict[int, list[Ride]] = {}
        for route in plan.routes:
            self.stops[route.staff] = route.stops
            for stop in route.stops:
                self._sit(route.staff, stop)
            if route.staff in self.rides:
                self._carry(route.staff)
        self.links: defaultdict[int, list[int]] = defaultdict(list)
        for at, link in enumerate(problem.links):
            self.links[link.first].append(at)
            self.links[link.second].append(at)

    def _sit(self, staff: int, stop: Stop) -> None:
        at, row = len(self.seats), self.rows[staff]
        low, high = self._bounds(staff, stop)
        point = point_of(self.problem, staff, stop)
        self.seats.append(Seat(staff, stop.job, stop.service, point, stop.end - stop.start, stop.start, low, high))
        self.before.append(row[-1] if row else NOBODY)
        self.after.append(NOBODY)
        if row:
            self.after[row[-1]] = at
        row.append(at)
        if stop.service != LUNCH:
            self.of_job[stop.job].append(at)

    def _bounds(self, staff: int, stop: Stop) -> tuple[int, int]:
        """Return the first and last start of a stop within its window; as it is where it may not slide."""
        if stop.start < self.frozen_until:
            return stop.start, stop.start
        if stop.service == LUNCH:
            lunch = self.problem.staff[staff].lunch
            first, last = (lunch.start, lunch.end - lunch.duration) if lunch else (stop.start, stop.start)
        else:
            job = self.problem.jobs[stop.job]
            opened = [each for each in starts_of(self.problem, job, stop.end - stop.start) if each.start <= stop.start]
            window = max(opened, key=lambda each: each.start, default=Window(stop.start, stop.start))
            # where one may be late, the time between two windows is late for the first
            first = min(each.start for each in opened) if window.end == NEVER else window.start
            last = window.end
        # a start that is outside already, in a plan that bends or breaks rules, is a bound of its own
        return min(max(first, self.frozen_until), stop.start), max(last, stop.start)

    def _carry(self, staff: int) -> None:
        """Hold the stops around each ride of a row to the times of the vehicle."""
        row = self.rows[staff]
        spots = [(seat.point, seat.start, seat.start + seat.duration) for seat in (self.seats[at] for at in row)]
        ridden, self.loose[staff] = riding.ways(self.problem, staff, spots, self.rides[staff])
        for way, ride in ridden.items():
            if way < len(row):
                seat = self.seats[row[way]]
                self.seats[row[way]] = replace(seat, low=max(seat.low, ride.off))
                self.carried[row[way]] = ride
            else:
                self.home[staff] = ride
            if way:
                seat = self.seats[row[way - 1]]
                self.seats[row[way - 1]] = replace(seat, high=min(seat.high, ride.on - seat.duration))

    def ride_at(self, staff: int, position: int) -> Ride | None:
        """Return the ride on the way to the stop at a position of a row, the last one home."""
        row = self.rows[staff]
        return self.carried.get(row[position]) if position < len(row) else self.home.get(staff)

    def leg(self, staff: int, here: int, there: int, leaving: int) -> int:
        """Return how long a row's person takes from point to point when free to leave at `leaving`."""
        who = self.problem.staff[staff]
        travel = int(self.problem.matrices[who.matrix][here, there])
        return rules.leg(self.problem, staff, travel, leaving)

    def opens(self, staff: int) -> int:
        """Return when a row's person may leave the start point: not before now, where time has passed."""
        shift = self.problem.staff[staff].shift
        return max(0, shift.start if shift else 0, self.frozen_until)

    def closes(self, staff: int) -> int:
        """Return when a row's person must be back."""
        who = self.problem.staff[staff]
        return who.shift.end if who.shift and (who.punctual or self.problem.rules.overtime is None) else NEVER


def starts_of(problem: Problem, job: Job, duration: int) -> tuple[Window, ...]:
    """Return the windows of a job's starts; soft ones have no end, and none at all is any time."""
    hard = job.punctual or problem.rules.tardiness is None or problem.rules.max_tardiness is None
    early = duration if problem.rules.window_end_at_service_end or job.ends_in_window else 0
    found = tuple(Window(each.start, each.end - early if hard else NEVER) for each in job.windows)
    return found or (Window(0, NEVER),)


def lasting(staff: Staff, duration: int) -> int:
    """Return how long a service of `duration` takes a person at his pace."""
    return rules.paced(duration, staff.pace)


def point_of(problem: Problem, staff: int, stop: Stop) -> int:
    """Return where a stop is."""
    who = problem.staff[staff]
    if stop.job >= 0:
        return problem.jobs[stop.job].point
    return who.lunch.point if who.lunch is not None and who.lunch.point is not None else who.start_point
