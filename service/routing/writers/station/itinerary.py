"""Retells a plan in the station's words: for every person where, when, how far; and what was left out, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.core.geo import Point
from service.routing import rules
from service.routing.problem import LUNCH, Plan, Problem, Route, Stop
from service.routing.readers.station import OrderRow, StaffRow, StationDay, Travel
from service.routing.rules import UnassignedReason
from service.routing.writers.station import tours
from service.routing.writers.station.tours import Ride, VehicleDay


@dataclass(frozen=True, slots=True)
class Leg:
    """A stop and the way to it. `service` counts the people of the order from 0, LUNCH for a break. Times are seconds
    of the day; the person arrives at `arrival` and waits until `start`. A lunch at the start point has no order. The
    way may be a `ride` in a shared vehicle.
    """

    order: OrderRow | None
    service: int
    point: Point
    travel_seconds: int
    travel_metres: int
    arrival: int
    start: int
    end: int
    ride: Ride | None = None

    @property
    def is_lunch(self) -> bool:
        """Whether the stop is a lunch break."""
        return self.service == LUNCH


@dataclass(frozen=True, slots=True)
class PersonDay:
    """One person's day; without stops `departure` and `back` are None and everything else is 0."""

    person: StaffRow
    legs: tuple[Leg, ...]
    departure: int | None
    back: int | None
    travel_seconds: int
    travel_metres: int
    home_ride: Ride | None = None

    @property
    def rides(self) -> tuple[Ride, ...]:
        """All rides in shared vehicles, the one home included."""
        taken = (*(leg.ride for leg in self.legs), self.home_ride)
        return tuple(ride for ride in taken if ride is not None)

    @property
    def service_seconds(self) -> int:
        """Seconds spent on services."""
        return sum(leg.end - leg.start for leg in self.legs if not leg.is_lunch)

    @property
    def visits(self) -> int:
        """How many services the person gives."""
        return sum(not leg.is_lunch for leg in self.legs)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An order in no route, and why, as a code and in Chinese."""

    order: OrderRow
    reason: UnassignedReason
    explanation: str


@dataclass(frozen=True, slots=True)
class Itinerary:
    """A whole plan, retold."""

    day: StationDay
    people: tuple[PersonDay, ...]
    left_out: tuple[LeftOut, ...]
    travel: tuple[Travel, ...]
    tours: tuple[VehicleDay, ...] = ()

    @property
    def planned_orders(self) -> int:
        """How many orders the plan serves."""
        return len({leg.order.order_no for one in self.people for leg in one.legs if leg.order and not leg.is_lunch})

    @property
    def travel_seconds(self) -> int:
        """Seconds on the road, of all people on their own and of all shared vehicles."""
        ridden = sum(ride.off - ride.on for one in self.people for ride in one.rides)
        own = sum(one.travel_seconds for one in self.people)
        return own - ridden + sum(one.travel_seconds for one in self.tours)

    @property
    def travel_metres(self) -> int:
        """Metres on the road, of all people on their own and of all shared vehicles."""
        ridden = sum(ride.metres for one in self.people for ride in one.rides)
        own = sum(one.travel_metres for one in self.people)
        return own - ridden + sum(one.travel_metres for one in self.tours)


def trace(day: StationDay, problem: Problem, plan: Plan, travel: Sequence[Travel]) -> Itinerary:
    """Retell a plan that the referee has let pass; `travel` is what its problem was built from."""
    taken = tours.rides(day, problem, plan, travel)
    return Itinerary(
        day=day,
        people=tuple(_person(day, problem, route, travel, taken) for route in plan.routes),
        left_out=tuple(_left_out(day, one.job, one.reason) for one in plan.unassigned),
        travel=tuple(travel),
        tours=tuple(tours.vehicle_day(day, problem, tour, travel) for tour in plan.tours),
    )


def _left_out(day: StationDay, job: int, code: str) -> LeftOut:
    reason = UnassignedReason(code)
    return LeftOut(day.orders[job], reason, rules.explain(reason))


def _person(
    day: StationDay,
    problem: Problem,
    route: Route,
    travel: Sequence[Travel],
    taken: Mapping[tuple[int, int], Ride],
) -> PersonDay:
    who = problem.staff[route.staff]
    if not route.stops:
        return PersonDay(day.staff[route.staff], (), None, None, 0, 0)
    means = travel[who.matrix]
    places = [
        who.start_point,
        *(who.start_point if stop.job < 0 else problem.jobs[stop.job].point for stop in route.stops),
    ]
    frees = [None, *(stop.end for stop in route.stops)]
    own = [ride for (staff, _), ride in sorted(taken.items(), key=lambda each: each[0]) if staff == route.staff]
    legs = tuple(
        _leg(day, stop, means, (here, there), (free_at, _between(own, free_at, stop.start)))
        for stop, here, there, free_at in zip(route.stops, places, places[1:], frees, strict=False)
    )
    home = int(means.seconds[places[-1], who.end_point]), int(means.metres[places[-1], who.end_point])
    ride = _between(own, legs[-1].end, None)
    if ride is not None:
        home = ride.off - ride.on, ride.metres
    return PersonDay(
        person=day.staff[route.staff],
        legs=legs,
        departure=legs[0].arrival - legs[0].travel_seconds,
        back=ride.off if ride is not None else legs[-1].end + home[0],
        travel_seconds=sum(leg.travel_seconds for leg in legs) + home[0],
        travel_metres=sum(leg.travel_metres for leg in legs) + home[1],
        home_ride=ride,
    )


def _between(rides: Sequence[Ride], free_at: int | None, start: int | None) -> Ride | None:
    """Return the ride between two stops, if there is one."""
    return next(
        (ride for ride in rides if (free_at is None or free_at <= ride.on) and (start is None or ride.off <= start)),
        None,
    )


def _leg(day: StationDay, stop: Stop, means: Travel, way: tuple[int, int], left: tuple[int | None, Ride | None]) -> Leg:
    """Retell a stop. `left`: when one is free to leave for it (None = the first one: just in time), and the ride."""
    seconds, metres = int(means.seconds[way]), int(means.metres[way])
    free_at, ride = left
    arrival = stop.start if free_at is None else free_at + seconds
    if ride is not None:
        seconds, metres, arrival = ride.off - ride.on, ride.metres, ride.off
    return Leg(
        order=day.orders[stop.job] if stop.job >= 0 else None,
        service=stop.service,
        point=day.points[way[1]],
        travel_seconds=seconds,
        travel_metres=metres,
        arrival=arrival,
        start=stop.start,
        end=stop.end,
        ride=ride,
    )
