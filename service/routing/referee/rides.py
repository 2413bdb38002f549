"""The rules of shared vehicles: where a vehicle is when, who sits in it, and on which of his ways each is ridden.

A tour is read stop by stop: those who get off leave at its arrival, those who get on wait for its departure. A ride is
a way of somebody's day when he gets on where the stop before was, not before it ended, and gets off where the next one
is, not after it begins. A way without a ride is walked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.routing.problem import Plan, Problem, Tour, TourStop
from service.routing.referee import traffic
from service.routing.referee.verdict import Rule, Violation


@dataclass(frozen=True, slots=True)
class Ride:
    """A row sits in a vehicle from `on`, the moment it leaves `here`, to `off`, when it arrives at `there`."""

    staff: int
    vehicle: int
    here: int
    there: int
    on: int
    off: int

    @property
    def length(self) -> int:
        """How long the ride takes."""
        return self.off - self.on


def by_rider(problem: Problem, plan: Plan) -> dict[int, list[Ride]]:
    """Return the rides of each row of those who ride, in order of time."""
    found: dict[int, list[Ride]] = {}
    for tour in plan.tours:
        if _is_known(problem, tour):
            for ride in _rides(problem, tour):
                found.setdefault(ride.staff, []).append(ride)
    return {staff: sorted(rides, key=lambda ride: (ride.on, ride.off)) for staff, rides in found.items()}


def of_ways(
    way: Sequence[tuple[int, int]], free: Sequence[int], until: Sequence[int | None], rides: Sequence[Ride]
) -> tuple[dict[int, Ride], list[Ride]]:
    """Tell by which ride each of a day's ways goes, and which rides fit none: `free` and `until` are when the stops
    around a way end and begin (None = whenever).
    """
    ridden: dict[int, Ride] = {}
    elsewhere = []
    for ride in rides:
        fitting = (
            at
            for at, (leg, begin, end) in enumerate(zip(way, free, until, strict=True))
            if leg == (ride.here, ride.there) and begin <= ride.on and (end is None or ride.off <= end)
        )
        at = next((at for at in fitting if at not in ridden), None)
        if at is None:
            elsewhere.append(ride)
        else:
            ridden[at] = ride
    return ridden, elsewhere


def elsewhere(ride: Ride) -> Violation:
    """Return the breach of a ride that is on none of the rider's ways."""
    return Violation(Rule.ride_elsewhere, ride.staff, facts={"vehicle": ride.vehicle, "on": ride.on, "off": ride.off})


def driven(problem: Problem, plan: Plan) -> int:
    """Return how long the vehicles drive, all together."""
    return sum(
        _leg(problem, tour, before, stop)
        for tour in plan.tours
        if _is_known(problem, tour)
        for before, stop in pairwise(tour.stops)
    )


def check_tours(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield every breach of a rule about vehicles and those who sit in them."""
    seen: set[int] = set()
    for tour in plan.tours:
        if not _is_known(problem, tour):
            yield Violation(Rule.unknown_vehicle, facts={"vehicle": tour.vehicle})
            continue
        if tour.vehicle in seen:
            yield Violation(Rule.repeated_tour, facts={"vehicle": tour.vehicle})
        seen.add(tour.vehicle)
        yield from _places(problem, tour)
        yield from _times(problem, tour)
        yield from _aboard(problem, tour)
    for staff, rides in sorted(by_rider(problem, plan).items()):
        for before, ride in pairwise(rides):
            if ride.vehicle != before.vehicle and ride.on < before.off:
                yield Violation(Rule.two_vehicles, staff, facts={"vehicle": ride.vehicle, "other": before.vehicle})


def _is_known(problem: Problem, tour: Tour) -> bool:
    points = all(0 <= stop.point < problem.points for stop in tour.stops)
    return 0 <= tour.vehicle < len(problem.vehicles) and bool(tour.stops) and points


def _leg(problem: Problem, tour: Tour, before: TourStop, stop: TourStop) -> int:
    matrix = problem.vehicles[tour.vehicle].matrix
    return traffic.travel(problem, matrix, (before.point, stop.point), before.depart)


def _places(problem: Problem, tour: Tour) -> Iterator[Violation]:
    vehicle = problem.vehicles[tour.vehicle]
    for stop, point in ((tour.stops[0], vehicle.start_point), (tour.stops[-1], vehicle.end_point)):
        if stop.point != point:
            yield Violation(Rule.tour_place, facts={"vehicle": tour.vehicle, "at": stop.arrive})


def _times(problem: Problem, tour: Tour) -> Iterator[Violation]:
    """Yield stops that end before they begin or are reached too early, and tours outside the vehicle's shift."""
    for stop in tour.stops:
        if stop.depart < stop.arrive:
            yield Violation(Rule.tour_travel, facts={"vehicle": tour.vehicle, "arrive": stop.arrive, "leg": 0})
    for before, stop in pairwise(tour.stops):
        leg = _leg(problem, tour, before, stop)
        if stop.arrive < before.depart + leg:
            facts = {"vehicle": tour.vehicle, "arrive": stop.arrive, "free": before.depart, "leg": leg}
            yield Violation(Rule.tour_travel, facts=facts)
    shift = problem.vehicles[tour.vehicle].shift
    leaves, back = tour.stops[0].depart, tour.stops[-1].arrive
    if leaves < (max(0, shift.start) if shift else 0) or (shift is not None and back > shift.end):
        yield Violation(Rule.tour_shift, facts={"vehicle": tour.vehicle, "leaves": leaves, "back": back})


def _aboard(problem: Problem, tour: Tour) -> Iterator[Violation]:
    """Yield people who are nobody to be driven, get on or off what they are not out of or in, or are too many."""
    seats, aboard = problem.vehicles[tour.vehicle].seats, set[int]()
    for stop in tour.stops:
        yield from _strangers(problem, tour, stop)
        wrong = [staff for staff in stop.off if staff not in aboard]
        aboard -= set(stop.off)
        wrong += [staff for staff in stop.on if staff in aboard]
        aboard |= set(stop.on)
        for staff in wrong:
            yield Violation(Rule.boarding, staff, facts={"vehicle": tour.vehicle, "at": stop.arrive})
        if len(aboard) > seats:
            facts = {"vehicle": tour.vehicle, "at": stop.depart, "aboard": len(aboard), "seats": seats}
            yield Violation(Rule.seats, facts=facts)
    for staff in sorted(aboard):
        yield Violation(Rule.left_aboard, staff, facts={"vehicle": tour.vehicle})


def _strangers(problem: Problem, tour: Tour, stop: TourStop) -> Iterator[Violation]:
    for staff in (*stop.off, *stop.on):
        if not 0 <= staff < len(problem.staff):
            yield Violation(Rule.unknown_staff, staff, facts={"vehicle": tour.vehicle})
        elif not problem.staff[staff].rides:
            yield Violation(Rule.not_a_rider, staff, facts={"vehicle": tour.vehicle, "at": stop.arrive})


def _rides(problem: Problem, tour: Tour) -> Iterator[Ride]:
    on: dict[int, TourStop] = {}
    for stop in tour.stops:
        for staff in stop.off:
            begun = on.pop(staff, None)
            if begun is not None:
                yield Ride(staff, tour.vehicle, begun.point, stop.point, begun.depart, stop.arrive)
        riders = (staff for staff in stop.on if 0 <= staff < len(problem.staff) and problem.staff[staff].rides)
        on |= dict.fromkeys(riders, stop)
