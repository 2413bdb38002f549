"""The tours of shared vehicles in the words of the day: where each is when, who gets on and off, whose way it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from service.core.geo import Point
from service.gateways.maps import TravelMatrix
from service.practitioners.rules import StaffDay
from service.routing import rules
from service.routing.building.day import Day
from service.routing.building.facts import SharedVehicle, moment_of
from service.routing.problem import Plan, Problem, Tour, TourStop


@dataclass(frozen=True, slots=True)
class Ride:
    """Somebody sits in a vehicle from `on` to `off` (seconds of the day), so many metres."""

    vehicle: SharedVehicle
    on: int
    off: int
    metres: int

    def told(self, day: Day) -> dict[str, Any]:
        """Return the ride as it is stored with the stop to which it leads."""
        return {
            "vehicle_id": str(self.vehicle.id),
            "plate_no": self.vehicle.plate_no,
            "on_at": moment_of(day.on, self.on).isoformat(),
            "off_at": moment_of(day.on, self.off).isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Halt:
    """A vehicle stands somewhere; who gets off when it arrives, who gets on when it leaves."""

    place: Point
    arrive_at: datetime
    depart_at: datetime
    off: tuple[StaffDay, ...]
    on: tuple[StaffDay, ...]

    def told(self) -> dict[str, Any]:
        """Return the halt as it is stored."""
        return {
            "lon": round(self.place.lon, 6),
            "lat": round(self.place.lat, 6),
            "arrive_at": self.arrive_at.astimezone(UTC).isoformat(),
            "depart_at": self.depart_at.astimezone(UTC).isoformat(),
            "off": [_rider(each) for each in self.off],
            "on": [_rider(each) for each in self.on],
        }


@dataclass(frozen=True, slots=True)
class VehicleDay:
    """A vehicle's tour from its station and back, with its sums."""

    vehicle: SharedVehicle
    halts: tuple[Halt, ...]
    travel_seconds: int
    travel_metres: int

    def geojson(self) -> list[dict[str, Any]]:
        """Return the tour for a map: a LineString of the way and a Point per halt, WGS-84."""
        who = {"vehicle_id": str(self.vehicle.id), "plate_no": self.vehicle.plate_no}
        sums = {"travel_seconds": self.travel_seconds, "travel_metres": self.travel_metres}
        way = [[round(each.place.lon, 6), round(each.place.lat, 6)] for each in self.halts]
        points = [
            _feature("Point", place, who | {"sequence": at} | each.told())
            for at, (place, each) in enumerate(zip(way, self.halts, strict=True), start=1)
        ]
        return [_feature("LineString", way, who | {"mode": "shared"} | sums), *points]


def rides_of(day: Day, problem: Problem, plan: Plan, travel: Sequence[TravelMatrix]) -> dict[int, list[Ride]]:
    """Return the rides of each row, in order of time."""
    found: dict[int, list[Ride]] = {}
    for tour in plan.tours:
        metres, gone = travel[problem.vehicles[tour.vehicle].matrix].metres, 0
        aboard: dict[int, tuple[int, int]] = {}
        for before, stop in pairwise((tour.stops[0], *tour.stops)):
            gone += int(metres[before.point, stop.point])
            for row in stop.off:
                on, begun = aboard.pop(row)
                ride = Ride(day.shared[tour.vehicle], on, stop.arrive, gone - begun)
                found.setdefault(row, []).append(ride)
            aboard |= dict.fromkeys(stop.on, (stop.depart, gone))
    return {row: sorted(rides, key=lambda ride: ride.on) for row, rides in found.items()}


def ride_between(rides: Sequence[Ride], free: int, start: int | None) -> Ride | None:
    """Return the ride that begins when somebody is free and ends before the next stop starts (None = the day ends)."""
    return next((each for each in rides if free <= each.on and (start is None or each.off <= start)), None)


def retell_tours(day: Day, problem: Problem, plan: Plan, travel: Sequence[TravelMatrix]) -> list[VehicleDay]:
    """Return the tours of the vehicles that are used."""
    return [_vehicle_day(day, problem, tour, travel) for tour in plan.tours]


def _vehicle_day(day: Day, problem: Problem, tour: Tour, travel: Sequence[TravelMatrix]) -> VehicleDay:
    matrix = problem.vehicles[tour.vehicle].matrix
    ways = [((before.point, stop.point), before.depart) for before, stop in pairwise(tour.stops)]
    return VehicleDay(
        vehicle=day.shared[tour.vehicle],
        halts=tuple(_halt(day, stop) for stop in tour.stops),
        travel_seconds=sum(
            rules.in_traffic(problem, matrix, int(travel[matrix].seconds[way]), leaving) for way, leaving in ways
        ),
        travel_metres=sum(int(travel[matrix].metres[way]) for way, _ in ways),
    )


def _halt(day: Day, stop: TourStop) -> Halt:
    return Halt(
        place=day.points[stop.point],
        arrive_at=moment_of(day.on, stop.arrive),
        depart_at=moment_of(day.on, stop.depart),
        off=tuple(day.segments[row].staff for row in stop.off),
        on=tuple(day.segments[row].staff for row in stop.on),
    )


def _rider(staff: StaffDay) -> Mapping[str, str]:
    return {"practitioner_id": str(staff.practitioner_id), "practitioner_name": staff.name}


def _feature(kind: str, coordinates: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}
