"""A plan in the words of the day: each person's stops with moments and metres, his route on a map, who stays out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from service.core.clock import LOCAL
from service.core.geo import Point
from service.gateways.maps import TravelMatrix
from service.orders.rules import OrderFacts
from service.practitioners.rules import StaffDay
from service.routing import rules
from service.routing.building import staffing, visits
from service.routing.building.day import Day
from service.routing.building.facts import moment_of
from service.routing.problem import LUNCH, Plan, Problem, Route, Unassigned

NO_STAFF_OF_THAT_SEX: Final = "no_staff_of_that_sex"
"""Why an order stays out that there would be staff for, were it not for the sex that it asks for."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A visit, or a lunch break (`order` None); travel is the way to it."""

    order: OrderFacts | None
    place: Point
    start_at: datetime
    end_at: datetime
    travel_seconds: int
    travel_metres: int


@dataclass(slots=True)
class PersonDay:
    """One person's stops in order of time; `way` are the places passed, from the station and back to it."""

    staff: StaffDay
    stops: list[Stop] = field(default_factory=list)
    way: list[Point] = field(default_factory=list)
    travel_seconds: int = 0
    travel_metres: int = 0

    @property
    def service_seconds(self) -> int:
        """Seconds at elders' homes."""
        return sum(int((each.end_at - each.start_at).total_seconds()) for each in self.stops if each.order)

    def geojson(self) -> dict[str, Any]:
        """Return the route for a map: a LineString of the way and a Point per stop, WGS-84."""
        who = {"practitioner_id": str(self.staff.practitioner_id), "name": self.staff.name}
        sums = {"travel_seconds": self.travel_seconds, "travel_metres": self.travel_metres}
        line = _feature(
            "LineString", [_position(each) for each in self.way], who | {"mode": self.staff.travel_mode} | sums
        )
        points = [
            _feature("Point", _position(each.place), who | _told(at, each)) for at, each in enumerate(self.stops, 1)
        ]
        return {"type": "FeatureCollection", "features": [line, *points]}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An order that the plan leaves out, the code of the reason, and the figures that bind."""

    order: OrderFacts
    reason: str
    facts: Mapping[str, Any]


def retell_people(day: Day, problem: Problem, plan: Plan, travel: Sequence[TravelMatrix]) -> list[PersonDay]:
    """Return the days of those who are sent out, stretches of one person joined; `travel` by `day.means`."""
    people: dict[UUID, PersonDay] = {}
    for route in sorted(plan.routes, key=lambda each: each.staff):
        if route.stops:
            staff = day.segments[route.staff].staff
            _add(people.setdefault(staff.practitioner_id, PersonDay(staff)), day, problem, route, travel)
    return list(people.values())


def retell_left_out(day: Day, plan: Plan) -> list[LeftOut]:
    """Return the orders that stay out, those that the solver never saw first."""
    unseen = [LeftOut(order, reason, {}) for order, reason in day.left_out]
    return [
        *unseen,
        *(LeftOut(day.orders[each.job], _reason(day, each), _facts(day, each)) for each in plan.unassigned),
    ]


def explain(reason: str) -> str:
    """Say in Chinese why an order stays out; the code is the solver's, `Unplannable`'s or the one about the sex."""
    if reason == NO_STAFF_OF_THAT_SEX:
        return "当天没有（足够的）人员既具备该服务所需资质、又符合订单对上门人员性别的要求"
    if reason in set(visits.Unplannable):
        return visits.EXPLANATIONS[visits.Unplannable(reason)]
    return rules.explain(rules.UnassignedReason(reason))


def _add(person: PersonDay, day: Day, problem: Problem, route: Route, travel: Sequence[TravelMatrix]) -> None:
    who = problem.staff[route.staff]
    matrix = travel[who.matrix]
    points = [who.start_point]
    points += [who.start_point if stop.job < 0 else problem.jobs[stop.job].point for stop in route.stops]
    points.append(who.end_point)
    legs = [(int(matrix.seconds[leg]), int(matrix.metres[leg])) for leg in pairwise(points)]
    for stop, point, (seconds, metres) in zip(route.stops, points[1:], legs, strict=False):
        person.stops.append(
            Stop(
                order=None if stop.service == LUNCH else day.orders[stop.job],
                place=day.points[point],
                start_at=moment_of(day.on, stop.start),
                end_at=moment_of(day.on, stop.end),
                travel_seconds=seconds,
                travel_metres=metres,
            )
        )
    person.way += [day.points[point] for point in points]
    person.travel_seconds += sum(seconds for seconds, _ in legs)
    person.travel_metres += sum(metres for _, metres in legs)


def _reason(day: Day, left_out: Unassigned) -> str:
    """Return the solver's reason, or that nothing but the sex is missing."""
    sex = day.orders[left_out.job].staff_sex
    if sex is None or left_out.reason != rules.UnassignedReason.no_qualified_staff:
        return left_out.reason
    crew = [each.skills - {staffing.of_sex(sex)} for each in day.jobs[left_out.job].services]
    return NO_STAFF_OF_THAT_SEX if staffing.suffice([each.skills for each in day.staff], crew) else left_out.reason


def _facts(day: Day, left_out: Unassigned) -> dict[str, Any]:
    """Return the solver's facts for people: staff by name, windows as local times, skills without our own marks."""
    told: dict[str, Any] = dict(left_out.facts)
    if "staff" in told:
        ids = [told["staff"]] if isinstance(told["staff"], str) else told["staff"]
        staff = {day.segments[int(each)].staff.practitioner_id: day.segments[int(each)].staff for each in ids}
        told["staff"] = [{"practitioner_id": str(each.practitioner_id), "name": each.name} for each in staff.values()]
    if "windows" in told:
        told["windows"] = [[_clock(day.on, start), _clock(day.on, end)] for start, end in told["windows"]]
    if "skills" in told:
        told["skills"] = staffing.spoken(told["skills"])
    return told


def _clock(on: date, seconds: int) -> str:
    return moment_of(on, seconds).astimezone(LOCAL).strftime("%H:%M")


def _told(sequence: int, stop: Stop) -> dict[str, Any]:
    return {
        "sequence": sequence,
        "kind": "visit" if stop.order else "lunch",
        "order_id": str(stop.order.id) if stop.order else None,
        "order_no": stop.order.order_no if stop.order else None,
        "start_at": stop.start_at.astimezone(UTC).isoformat(),
        "end_at": stop.end_at.astimezone(UTC).isoformat(),
    }


def _feature(kind: str, coordinates: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def _position(point: Point) -> list[float]:
    return [round(point.lon, 6), round(point.lat, 6)]
