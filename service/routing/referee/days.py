"""Reads a plan: what it says of unknown things, and each person's day as legs, waits and returns.

A person leaves the start point just in time for the first stop (with `leave_at_shift_start`: when the shift starts),
drives at once from each stop to the next and waits there. How long a leg takes is a matter of the traffic at the moment
from which one is free to leave. A leg in a shared vehicle lasts from getting on to getting off.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from service.routing.problem import LUNCH, Plan, Problem, Route, Staff, Stop
from service.routing.referee import rides, traffic
from service.routing.referee.rides import Ride
from service.routing.referee.verdict import Rule, Violation


@dataclass(frozen=True, slots=True)
class Day:
    """The day of one row of the staff: stops as written, their `places` (points), `legs` (one more than stops: from the
    start point, …, to the end point), `waits` before each stop and at last for a vehicle home, when the person leaves
    and is back, which legs are `ridden` in a shared vehicle. Without stops the person does not leave, unless he is
    driven from where his row starts to where it ends, elsewhere.
    """

    staff: int
    person: Staff
    stops: tuple[Stop, ...]
    places: tuple[int, ...]
    legs: tuple[int, ...]
    waits: tuple[int, ...]
    departure: int
    back: int
    ridden: frozenset[int] = frozenset()

    @property
    def lunches(self) -> tuple[Stop, ...]:
        """The stops that are lunch breaks."""
        return tuple(stop for stop in self.stops if stop.service == LUNCH)

    @property
    def visits(self) -> tuple[Stop, ...]:
        """The stops that are services."""
        return tuple(stop for stop in self.stops if stop.service != LUNCH)

    @property
    def travel(self) -> int:
        """All time on the way."""
        return sum(self.legs)

    @property
    def own_travel(self) -> int:
        """The time on the way that is not spent in a shared vehicle."""
        return sum(leg for at, leg in enumerate(self.legs) if at not in self.ridden)

    @property
    def work(self) -> int:
        """All time on the way and at services; lunch is none."""
        return self.travel + sum(visit.end - visit.start for visit in self.visits)


@dataclass(frozen=True, slots=True)
class Reading:
    """A plan as read: one day per member of staff, and what could not be read."""

    days: tuple[Day, ...]
    violations: tuple[Violation, ...] = field(default=())


def read(problem: Problem, plan: Plan, known: dict[int, Day] | None = None) -> Reading:
    """Read a plan; stops that name unknown jobs or services are reported and left out of the days. `known` are days of
    rows on foot or with a vehicle of their own, which are not read again, and to which those that it lacks are added.
    """
    known = {} if known is None else known
    violations = list(_unknown(problem, plan, known))
    stops: dict[int, list[Stop]] = {}
    for route in plan.routes:
        if not 0 <= route.staff < len(problem.staff):
            continue
        if route.staff in stops:
            violations.append(Violation(Rule.repeated_route, staff=route.staff))
        own = stops.setdefault(route.staff, [])
        own.extend(route.stops if _is_read(route, known) else (stop for stop in route.stops if _known(problem, stop)))
    violations += [
        Violation(Rule.missing_route, staff=staff) for staff in range(len(problem.staff)) if staff not in stops
    ]
    taken = rides.by_rider(problem, plan)
    days = []
    for staff in range(len(problem.staff)):
        visited, rides_taken = tuple(stops.get(staff, ())), taken.get(staff, [])
        before = known.get(staff)
        if before is not None and before.stops == visited and not rides_taken:
            days.append(before)
            continue
        day, elsewhere = _day(problem, staff, visited, rides_taken)
        if not rides_taken:
            known.setdefault(staff, day)
        days.append(day)
        violations += [rides.elsewhere(ride) for ride in elsewhere]
    return Reading(tuple(days), tuple(violations))


Told = TypeVar("Told")


def once(known: dict[int, tuple[Day, Told]], day: Day, tell: Callable[[Day], Told]) -> Told:
    """Return what there is to tell of a day; of the very day that is `known`, and added to it, what was told before."""
    before = known.get(day.staff)
    if before is not None and before[0] is day:
        return before[1]
    found = tell(day)
    known.setdefault(day.staff, (day, found))
    return found


def of_row(problem: Problem, staff: int, stops: tuple[Stop, ...]) -> Day:
    """Read the day of one row of the staff who rides nowhere."""
    return _day(problem, staff, stops, [])[0]


def _is_read(route: Route, known: dict[int, Day]) -> bool:
    """Tell whether a row's stops are those of a day that was read, all of which the problem has."""
    before = known.get(route.staff)
    return before is not None and before.stops == route.stops


def _unknown(problem: Problem, plan: Plan, known: dict[int, Day]) -> Iterator[Violation]:
    """Yield what a plan says of people, jobs and services that the problem does not have."""
    for route in plan.routes:
        if not 0 <= route.staff < len(problem.staff):
            yield Violation(Rule.unknown_staff, staff=route.staff)
        if not _is_read(route, known):
            yield from _unknown_stops(problem, route)
    for left_out in plan.unassigned:
        if not 0 <= left_out.job < len(problem.jobs):
            yield Violation(Rule.unknown_job, job=left_out.job)


def _unknown_stops(problem: Problem, route: Route) -> Iterator[Violation]:
    for stop in route.stops:
        if _known(problem, stop):
            continue
        known_job = 0 <= stop.job < len(problem.jobs)
        code = Rule.unknown_service if known_job else Rule.unknown_job
        yield Violation(code, staff=route.staff, job=stop.job, facts={"service": stop.service})


def _known(problem: Problem, stop: Stop) -> bool:
    if stop.service == LUNCH:
        return -1 <= stop.job < len(problem.jobs)
    return 0 <= stop.job < len(problem.jobs) and 0 <= stop.service < len(problem.jobs[stop.job].services)


def _day(problem: Problem, staff: int, stops: tuple[Stop, ...], taken: list[Ride]) -> tuple[Day, list[Ride]]:
    """Read one row's day, and tell which of the rides taken are on none of its ways."""
    person = problem.staff[staff]
    earliest = person.shift.start if person.shift else 0
    if not stops:
        return _idle(staff, person, earliest, taken)
    places = tuple(_point(problem, person, stop) for stop in stops)
    way = tuple(pairwise((person.start_point, *places, person.end_point)))
    free_to_leave = (earliest, *(stop.end for stop in stops))
    ridden, elsewhere = rides.of_ways(way, free_to_leave, (*(stop.start for stop in stops), None), taken)
    legs = tuple(
        ridden[at].length if at in ridden else _leg(problem, person, leg, free)
        for at, (leg, free) in enumerate(zip(way, free_to_leave, strict=True))
    )
    leaves_with_shift = problem.rules.leave_at_shift_start and person.shift is not None
    first, last = ridden.get(0), ridden.get(len(stops))
    departure = earliest if leaves_with_shift else first.on if first else stops[0].start - legs[0]
    free_at = (departure, *(stop.end for stop in stops))
    waits = tuple(max(0, stop.start - free - leg) for stop, free, leg in zip(stops, free_at, legs, strict=False))
    waits = (*waits, last.on - stops[-1].end) if last else waits
    back = last.off if last else stops[-1].end + legs[-1]
    return Day(staff, person, stops, places, legs, waits, departure, back, frozenset(ridden)), elsewhere


def _idle(staff: int, person: Staff, earliest: int, taken: list[Ride]) -> tuple[Day, list[Ride]]:
    """Read the day of a row without stops."""
    way = (person.start_point, person.end_point)
    ridden, elsewhere = rides.of_ways([way], [earliest], [None], taken) if way[0] != way[1] else ({}, taken)
    if 0 not in ridden:
        return Day(staff, person, (), (), (), (), earliest, earliest), taken
    ride = ridden[0]
    return Day(staff, person, (), (), (ride.length,), (), ride.on, ride.off, frozenset({0})), elsewhere


def _leg(problem: Problem, person: Staff, leg: tuple[int, int], free: int) -> int:
    """Return the travel of a leg that may begin at `free`, by the band of the traffic in which that is."""
    return traffic.travel(problem, person.matrix, leg, free)


def _point(problem: Problem, person: Staff, stop: Stop) -> int:
    if stop.job >= 0:
        return problem.jobs[stop.job].point
    own = person.lunch.point if person.lunch else None
    return person.start_point if own is None else own
