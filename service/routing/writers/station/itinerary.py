"""Retells a plan in the station's words: for every person where, when, how far; and what was left out, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.core.geo import Point
from service.routing import rules
from service.routing.problem import LUNCH, Plan, Problem, Route, Stop
from service.routing.readers.station import OrderRow, StaffRow, StationDay, Travel
from service.routing.rules import UnassignedReason


@dataclass(frozen=True, slots=True)
class Leg:
    """A stop and the way to it. `service` counts the people of the order from 0, LUNCH for a break. Times are seconds
    of the day; the person arrives at `arrival` and waits until `start`. A lunch at the start point has no order.
    """

    order: OrderRow | None
    service: int
    point: Point
    travel_seconds: int
    travel_metres: int
    arrival: int
    start: int
    end: int

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

    @property
    def planned_orders(self) -> int:
        """How many orders the plan serves."""
        return len({leg.order.order_no for one in self.people for leg in one.legs if leg.order and not leg.is_lunch})

    @property
    def travel_seconds(self) -> int:
        """Seconds on the road, of all."""
        return sum(one.travel_seconds for one in self.people)

    @property
    def travel_metres(self) -> int:
        """Metres on the road, of all."""
        return sum(one.travel_metres for one in self.people)


def trace(day: StationDay, problem: Problem, plan: Plan, travel: Sequence[Travel]) -> Itinerary:
    """Retell a plan that the referee has let pass; `travel` is what its problem was built from."""
    return Itinerary(
        day=day,
        people=tuple(_person(day, problem, route, travel) for route in plan.routes),
        left_out=tuple(_left_out(day, one.job, one.reason) for one in plan.unassigned),
        travel=tuple(travel),
    )


def _left_out(day: StationDay, job: int, code: str) -> LeftOut:
    reason = UnassignedReason(code)
    return LeftOut(day.orders[job], reason, rules.explain(reason))


def _person(day: StationDay, problem: Problem, route: Route, travel: Sequence[Travel]) -> PersonDay:
    who = problem.staff[route.staff]
    if not route.stops:
        return PersonDay(day.staff[route.staff], (), None, None, 0, 0)
    means = travel[who.matrix]
    places = [
        who.start_point,
        *(who.start_point if stop.job < 0 else problem.jobs[stop.job].point for stop in route.stops),
    ]
    legs = tuple(
        _leg(day, stop, means, (here, there), free_at)
        for stop, here, there, free_at in zip(
            route.stops, places, places[1:], (None, *(stop.end for stop in route.stops)), strict=False
        )
    )
    home = int(means.seconds[places[-1], who.end_point]), int(means.metres[places[-1], who.end_point])
    return PersonDay(
        person=day.staff[route.staff],
        legs=legs,
        departure=legs[0].arrival - legs[0].travel_seconds,
        back=legs[-1].end + home[0],
        travel_seconds=sum(leg.travel_seconds for leg in legs) + home[0],
        travel_metres=sum(leg.travel_metres for leg in legs) + home[1],
    )


def _leg(day: StationDay, stop: Stop, means: Travel, way: tuple[int, int], free_at: int | None) -> Leg:
    """Retell a stop; the first one (`free_at` None) is left for just in time."""
    seconds = int(means.seconds[way])
    return Leg(
        order=day.orders[stop.job] if stop.job >= 0 else None,
        service=stop.service,
        point=day.points[way[1]],
        travel_seconds=seconds,
        travel_metres=int(means.metres[way]),
        arrival=stop.start if free_at is None else free_at + seconds,
        start=stop.start,
        end=stop.end,
    )
