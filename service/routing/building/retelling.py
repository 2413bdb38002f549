"""A plan in the words of the day: each person's stops with moments and metres, his route on a map, who stays out."""

from collections.abc import Iterable, Mapping, Sequence
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
from service.routing.building import driving, staffing, visits
from service.routing.building.day import Day
from service.routing.building.driving import Ride
from service.routing.building.facts import BegunStop, moment_of
from service.routing.problem import LUNCH, Plan, Problem, Route, Staff, Unassigned
from service.routing.problem import Stop as Planned
from service.routing.states import StopKind

NO_STAFF_OF_THAT_SEX: Final = "no_staff_of_that_sex"
"""Why an order stays out that there would be staff for, were it not for the sex that it asks for."""
NO_STAFF_OF_THAT_LANGUAGE: Final = "no_staff_of_that_language"
"""Why an order stays out that there would be staff for, were it not for the language that must be spoken."""
WISHED_FOR_NOT_ABLE: Final = "wished_for_not_able"
"""Why an order stays out that others could come to than the only one wished for."""
STRANDED: Final = "specimen_stranded"
"""Why an order is named that is in the plan: nobody hands in what was taken."""
PART_UNKEPT: Final = "part_unkept"
"""Why an order is named of which a part is done, or the first of a crew has come: nobody comes for the next."""
_EXPLANATIONS: Final[Mapping[str, str]] = {
    NO_STAFF_OF_THAT_SEX: "当天没有（足够的）人员既具备该服务所需资质、又符合订单对上门人员性别的要求",
    NO_STAFF_OF_THAT_LANGUAGE: "当天没有人员既具备该服务所需资质、又会居民使用的语言",
    WISHED_FOR_NOT_ABLE: "订单只要所希望的人上门，而此人当天不在班或不具备该服务所需资质",
    STRANDED: "标本已采，但携带标本的人员届时已离岗，请另行安排交接送检",
    PART_UNKEPT: "分次或先后上门的服务已开始，但下一次上门的人员届时已离岗，后面无人上门，请联系居民处理",
}


_DEMANDS: Final = (
    (NO_STAFF_OF_THAT_SEX, staffing.OF_SEX),
    (NO_STAFF_OF_THAT_LANGUAGE, staffing.SPEAKS),
    (WISHED_FOR_NOT_ABLE, staffing.HIMSELF),
)


@dataclass(frozen=True, slots=True)
class OffDuty:
    """Somebody who has begun a visit and is on duty no more."""

    practitioner_id: UUID
    name: str
    institution_id: None = None
    travel_mode: None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """A visit, or the `part`-th of `parts` of one; without an order a lunch break, or the delivery of what was taken at
    it. Travel is the way to it; `place` None: nobody may know any more. What has `begun` is not planned.
    """

    kind: StopKind
    order: OrderFacts | None
    place: Point | None
    start_at: datetime
    end_at: datetime
    travel_seconds: int
    travel_metres: int
    specimen_of: OrderFacts | None = None
    part: int = 1
    parts: int = 1
    ride: Ride | None = None
    begun: BegunStop | None = None


@dataclass(slots=True)
class PersonDay:
    """One person's stops in order of time; `way` are the places passed, from the station and back to it, but not his
    own ones, which nobody else is to know; after the last stop `home_seconds` and `home_metres` are left, up to the
    moment `free`.
    """

    staff: StaffDay | OffDuty
    stops: list[Stop] = field(default_factory=list)
    way: list[Point] = field(default_factory=list)
    travel_seconds: int = 0
    travel_metres: int = 0
    home_seconds: int = 0
    home_metres: int = 0
    free: int = -1
    home_ride: Ride | None = None

    @property
    def service_seconds(self) -> int:
        """Seconds at elders' homes."""
        return sum(int((each.end_at - each.start_at).total_seconds()) for each in self.stops if each.order)

    def geojson(self) -> dict[str, Any]:
        """Return the route for a map: a LineString of the way and a Point per stop, WGS-84."""
        who = {"practitioner_id": str(self.staff.practitioner_id), "name": self.staff.name}
        sums = {"travel_seconds": self.travel_seconds, "travel_metres": self.travel_metres}
        way = [_position(each) for each in self.way]
        # of one place there is no way
        lines = [_feature("LineString", way, who | {"mode": self.staff.travel_mode} | sums)] if len(way) > 1 else []
        points = [
            _feature("Point", _position(each.place), who | _told(at, each))
            for at, each in enumerate(self.stops, 1)
            if each.place is not None
        ]
        return {"type": "FeatureCollection", "features": [*lines, *points]}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An order that the plan leaves out, the code of the reason, and the figures that bind."""

    order: OrderFacts
    reason: str
    facts: Mapping[str, Any]


def retell_people(day: Day, problem: Problem, plan: Plan, travel: Sequence[TravelMatrix]) -> list[PersonDay]:
    """Return the days of those who are sent out, stretches of one person joined; `travel` by `day.means`.

    Whoever has nothing but a break in a stretch is not sent out: he has it where he is.
    """
    people: dict[UUID, PersonDay] = {}
    rides = driving.rides_of(day, problem, plan, travel)
    for route in sorted(plan.routes, key=lambda each: each.staff):
        if any(stop.service != LUNCH for stop in route.stops):
            staff = day.segments[route.staff].staff
            _add(
                people.setdefault(staff.practitioner_id, PersonDay(staff)),
                day,
                problem,
                route,
                (travel, rides.get(route.staff, ())),
            )
    return list(people.values())


def retell_left_out(day: Day, plan: Plan) -> list[LeftOut]:
    """Return the orders that stay out, those that the solver never saw first."""
    unseen = [LeftOut(order, reason, {}) for order, reason in day.left_out]
    return [
        *unseen,
        *(
            LeftOut(day.orders[each.job], _reason(day, each), _facts(day, each))
            for each in plan.unassigned
            # a delivery stays out with its visit, and so do further parts
            if each.job < len(day.orders)
        ),
    ]


def explain(reason: str) -> str:
    """Say in Chinese why an order stays out; the code is the solver's, `Unplannable`'s or one of those above."""
    if reason in _EXPLANATIONS:
        return _EXPLANATIONS[reason]
    if reason in set(visits.Unplannable):
        return visits.EXPLANATIONS[visits.Unplannable(reason)]
    return rules.explain(rules.UnassignedReason(reason))


def _add(
    person: PersonDay,
    day: Day,
    problem: Problem,
    route: Route,
    ways: tuple[Sequence[TravelMatrix], Sequence[Ride]],
) -> None:
    who = problem.staff[route.staff]
    travel, rides = ways
    matrix, shift = travel[who.matrix], day.segments[route.staff].shift
    points = [who.start_point]
    points += [_place(problem, who, stop) for stop in route.stops]
    points.append(who.end_point)
    shown = _shown(day, problem, route, points)
    free = [who.shift.start if who.shift else 0, *(stop.end for stop in route.stops)]
    legs = [
        (rules.leg(problem, route.staff, int(matrix.seconds[leg]), at), int(matrix.metres[leg]))
        for leg, at in zip(pairwise(points), free, strict=True)
    ]
    untils = (*(stop.start for stop in route.stops), None)
    ridden = [driving.ride_between(rides, at, until) for at, until in zip(free, untils, strict=True)]
    legs = [leg if ride is None else (ride.off - ride.on, ride.metres) for leg, ride in zip(legs, ridden, strict=True)]
    person.travel_seconds += sum(seconds for seconds, _ in legs)
    person.travel_metres += sum(metres for _, metres in legs)
    if person.free == shift.start:
        # the stretch before ended on the way to here
        legs[0] = (legs[0][0] + person.home_seconds, legs[0][1] + person.home_metres)
    for stop, point, (seconds, metres), ride in zip(route.stops, points[1:], legs, ridden, strict=False):
        kind = _kind(day, stop)
        person.stops.append(
            Stop(
                kind=kind,
                order=day.order_of(stop.job) if kind is StopKind.visit else None,
                place=day.points[point] if point in shown else None,
                start_at=moment_of(day.on, stop.start),
                end_at=moment_of(day.on, stop.end),
                travel_seconds=seconds,
                travel_metres=metres,
                specimen_of=day.order_of(stop.job) if kind is StopKind.delivery else None,
                ride=ride,
                part=1 if kind is StopKind.lunch else day.told_part(stop.job),
                parts=1 if kind is StopKind.lunch else day.parts_of(stop.job),
            )
        )
    way = [day.points[point] for point in points if point in shown]
    person.way += way[1:] if person.way[-1:] == way[:1] else way
    (person.home_seconds, person.home_metres), person.free = legs[-1], shift.end
    person.home_ride = ridden[-1]


def _shown(day: Day, problem: Problem, route: Route, points: Iterable[int]) -> set[int]:
    """Return those of a route's points that a map shows: not where somebody starts, ends or rests at his own place."""
    who = day.segments[route.staff].staff
    doors = {problem.jobs[stop.job].point for stop in route.stops if stop.job >= 0}
    return {each for each in points if each in doors or day.points[each] not in {who.start_place, who.end_place}}


def _kind(day: Day, stop: Planned) -> StopKind:
    if stop.service == LUNCH:
        return StopKind.lunch
    return StopKind.delivery if day.part_of(stop.job) is None else StopKind.visit


def _place(problem: Problem, who: Staff, stop: Planned) -> int:
    if stop.job >= 0:
        return problem.jobs[stop.job].point
    own = who.lunch.point if who.lunch else None
    return who.start_point if own is None else own


def _reason(day: Day, left_out: Unassigned) -> str:
    """Return the solver's reason, or that nothing but one demand of the elder's side is missing."""
    if left_out.reason != rules.UnassignedReason.no_qualified_staff:
        return left_out.reason
    crew = [each.skills for each in day.jobs[left_out.job].services]
    for reason, prefix in _DEMANDS:
        without = [frozenset(skill for skill in each if not skill.startswith(prefix)) for each in crew]
        if without != crew and staffing.suffice([each.skills for each in day.staff], without):
            return reason
    return left_out.reason


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
        "kind": stop.kind,
        "order_id": str(stop.order.id) if stop.order else None,
        "order_no": stop.order.order_no if stop.order else None,
        "part": stop.part,
        "parts": stop.parts,
        "stands": stop.begun is not None,
        "start_at": stop.start_at.astimezone(UTC).isoformat(),
        "end_at": stop.end_at.astimezone(UTC).isoformat(),
    }


def _feature(kind: str, coordinates: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def _position(point: Point) -> list[float]:
    return [round(point.lon, 6), round(point.lat, 6)]
