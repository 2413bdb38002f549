"""From the tours that a plan is stored with back to the solver's tours of a day drawn anew; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from service.core.geo import Point
from service.routing.building.day import Day
from service.routing.building.facts import seconds_of
from service.routing.changing import tours
from service.routing.problem import Plan, Problem, Tour, TourStop

NOWHERE = -1
"""The point of a stop at a place that the day does not know any more."""


@dataclass(frozen=True, slots=True)
class ToldHalt:
    """A vehicle stands somewhere; who gets off when it arrives, who gets on when it leaves."""

    place: Point
    arrive: datetime
    depart: datetime
    off: tuple[UUID, ...] = ()
    on: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class ToldTour:
    """A stored tour of a vehicle."""

    vehicle_id: UUID
    halts: tuple[ToldHalt, ...]


class VehicleGone(Exception):
    """A vehicle of a tour is not there on the day any more."""


def redrive(day: Day, problem: Problem, plan: Plan, told: Iterable[ToldTour]) -> Plan:
    """Return a plan recalled with the tours as told, in the numbers of a day.

    Rides that lead nowhere any more (to visits that are not to be made, of people who are not on duty) are passed over,
    and so are stops at homes of which the day knows nothing.

    Raises:
        VehicleGone: one of the vehicles is not to be had.
    """
    vehicles = {each.id: at for at, each in enumerate(day.shared)}
    found = tuple(_tour(day, vehicles, each) for each in told)
    kept = tours.fitted(problem, replace(plan, tours=found))
    return replace(kept, tours=tuple(tours.without_stops(each, [NOWHERE]) for each in kept.tours))


def go_on(day: Day, problem: Problem, plan: Plan, told: Sequence[ToldTour]) -> Plan:
    """Return a plan whose vehicles first drive as told, each as far as that goes, and then as the plan says.

    Raises:
        VehicleGone: one of the vehicles is not to be had.
    """
    if not told:
        return plan
    before = {each.vehicle: each for each in redrive(day, problem, replace(plan, tours=()), told).tours}
    after = {each.vehicle: each for each in plan.tours}
    return replace(
        plan, tours=tuple(_joined(before.get(at), after.get(at)) for at in sorted(before.keys() | after.keys()))
    )


def _joined(before: Tour | None, after: Tour | None) -> Tour:
    """Return one tour of two, of which the second leaves from where the first has come back to."""
    if before is None or after is None:
        found = before or after
        if found is None:
            raise ValueError("no tour")
        return found
    here, there = before.stops[-1], after.stops[0]
    return replace(
        before, stops=(*before.stops[:-1], replace(here, depart=there.depart, on=there.on), *after.stops[1:])
    )


def _tour(day: Day, vehicles: dict[UUID, int], told: ToldTour) -> Tour:
    if told.vehicle_id not in vehicles:
        raise VehicleGone
    places = {_rounded(point): at for at, point in reversed([*enumerate(day.points)])}
    stops, aboard = [], dict[UUID, int]()
    for each in told.halts:
        off = [aboard.pop(who) for who in each.off if who in aboard]
        on = {who: row for who in each.on if (row := _row(day, who, each.depart)) is not None}
        aboard |= on
        arrive, depart = seconds_of(day.on, each.arrive), seconds_of(day.on, each.depart)
        stops.append(TourStop(places.get(_rounded(each.place), NOWHERE), arrive, depart, tuple(off), (*on.values(),)))
    return Tour(vehicles[told.vehicle_id], tuple(stops))


def _rounded(place: Point) -> tuple[float, float]:
    """Return a place as precisely as tours are stored."""
    return round(place.lon, 6), round(place.lat, 6)


def _row(day: Day, practitioner_id: UUID, moment: datetime) -> int | None:
    """Return the stretch of somebody's day in which he gets on."""
    at = seconds_of(day.on, moment)
    own: Sequence[int] = [row for row, each in enumerate(day.segments) if each.staff.practitioner_id == practitioner_id]
    begun = [row for row in own if day.segments[row].shift.start <= at]
    return max(begun, key=lambda row: day.segments[row].shift.start, default=None)
