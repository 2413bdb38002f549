"""Retells the tours of shared vehicles: where each is when, who gets on and off; and by which ride each way goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.core.geo import Point
from service.routing.problem import Plan, Problem, Tour, TourStop
from service.routing.readers.station import StaffRow, StationDay, Travel, VehicleRow


@dataclass(frozen=True, slots=True)
class Ride:
    """Somebody sits in a vehicle from `on`, where the stop before was, to `off`; `metres` is how far."""

    vehicle: VehicleRow
    on: int
    off: int
    metres: int


@dataclass(frozen=True, slots=True)
class Halt:
    """A vehicle stands at a place: who gets off when it arrives, who gets on when it leaves. Seconds of the day; the
    way is the one to here.
    """

    point: Point
    arrive: int
    depart: int
    off: tuple[StaffRow, ...]
    on: tuple[StaffRow, ...]
    travel_seconds: int
    travel_metres: int


@dataclass(frozen=True, slots=True)
class VehicleDay:
    """One vehicle's tour, from its place and back to it."""

    vehicle: VehicleRow
    halts: tuple[Halt, ...]

    @property
    def travel_seconds(self) -> int:
        """Seconds on the road."""
        return sum(halt.travel_seconds for halt in self.halts)

    @property
    def travel_metres(self) -> int:
        """Metres on the road."""
        return sum(halt.travel_metres for halt in self.halts)


def rides(day: StationDay, problem: Problem, plan: Plan, travel: Sequence[Travel]) -> Mapping[tuple[int, int], Ride]:
    """Return the rides by who gets off and when."""
    found: dict[tuple[int, int], Ride] = {}
    for tour in plan.tours:
        metres = travel[problem.vehicles[tour.vehicle].matrix].metres
        gone, aboard = 0, dict[int, tuple[int, int]]()
        for before, stop in pairwise((tour.stops[0], *tour.stops)):
            gone += int(metres[before.point, stop.point])
            for staff in stop.off:
                on, begun = aboard.pop(staff)
                found[staff, stop.arrive] = Ride(day.vehicles[tour.vehicle], on, stop.arrive, gone - begun)
            aboard |= dict.fromkeys(stop.on, (stop.depart, gone))
    return found


def vehicle_day(day: StationDay, problem: Problem, tour: Tour, travel: Sequence[Travel]) -> VehicleDay:
    """Retell a vehicle's tour."""
    means = travel[problem.vehicles[tour.vehicle].matrix]
    ways = pairwise((tour.stops[0], *tour.stops))
    return VehicleDay(day.vehicles[tour.vehicle], tuple(_halt(day, means, before, stop) for before, stop in ways))


def _halt(day: StationDay, means: Travel, before: TourStop, stop: TourStop) -> Halt:
    return Halt(
        point=day.points[stop.point],
        arrive=stop.arrive,
        depart=stop.depart,
        off=tuple(day.staff[staff] for staff in stop.off),
        on=tuple(day.staff[staff] for staff in stop.on),
        travel_seconds=int(means.seconds[before.point, stop.point]),
        travel_metres=int(means.metres[before.point, stop.point]),
    )
