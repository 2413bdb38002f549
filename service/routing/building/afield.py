"""Shared vehicles in the whole day once its rest has been planned: those that stand, and those of the rest; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from service.core.geo import Point
from service.practitioners.rules import StaffDay
from service.routing.building import underway
from service.routing.building.day import Day
from service.routing.building.facts import SharedVehicle
from service.routing.building.repairing import Split
from service.routing.problem import Plan, Tour


def shared_of(parts: Split, rest: Day) -> tuple[SharedVehicle, ...]:
    """Return the vehicles that are out as told, and those with which the rest was planned; from when on these may be
    away was judged with the rest.
    """
    known = {each.id for each in rest.shared} | {each.vehicle_id for each in parts.tours}
    return tuple(each for each in parts.whole.vehicles if each.id in known)


def renumbered(
    rest: Day,
    shared: Sequence[SharedVehicle],
    tours: Sequence[Tour],
    numbers: tuple[Mapping[Point, int], Mapping[int, int]],
) -> tuple[Tour, ...]:
    """Return the tours of the rest in the numbers of the whole day: its vehicles, points and rows."""
    ids, (points, rows) = [each.id for each in shared], numbers
    return tuple(
        Tour(
            ids.index(rest.shared[tour.vehicle].id),
            tuple(
                replace(
                    stop,
                    point=points[rest.points[stop.point]],
                    off=tuple(rows[row] for row in stop.off),
                    on=tuple(rows[row] for row in stop.on),
                )
                for stop in tour.stops
            ),
        )
        for tour in tours
    )


def closes(parts: Split, who: StaffDay, never: int) -> int:
    """Return when somebody's last stretch of stops that stay ends: who is out with a vehicle has to come home (others
    `never` have to be back, of whom nothing can be changed).
    """
    home = underway.last_ride(parts.tours, who.practitioner_id)
    return never if home is None else parts.whole.seconds(max(who.shift_end, home))


def is_out(parts: Split, who: StaffDay) -> bool:
    """Tell whether somebody rides in a tour that stands."""
    return underway.last_ride(parts.tours, who.practitioner_id) is not None


def left_behind(parts: Split, day: Day, plan: Plan) -> list[str]:
    """Return the names of those who were told to be driven home from a visit that has begun, and are not any more."""
    homeward = {
        (day.segments[row].staff.practitioner_id, stop.arrive)
        for tour in plan.tours
        for stop in tour.stops
        for row in stop.off
    }
    staying = {each.told.practitioner_id for each in parts.frozen}
    names = {}
    for who in parts.whole.staff:
        home = underway.last_ride(parts.tours, who.practitioner_id)
        begun = any(each.practitioner_id == who.practitioner_id for each in parts.whole.busy)
        if home is None or not begun or who.practitioner_id in staying or home <= parts.rest.now:
            continue
        if (who.practitioner_id, parts.whole.seconds(home)) not in homeward:
            names[who.practitioner_id] = who.name
    return sorted(names.values())
