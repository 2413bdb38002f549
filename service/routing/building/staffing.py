"""A member of staff's day as the solver sees it: the shift, cut around what other plans have promised already.

Somebody who is busy elsewhere for a while is two rows to the solver, one before and one after: the first ends its
day at that door, the second begins there. So no visit can fall into that time, nor into the way there and back. Who
has several shifts a day has rows for each, from the station and back to it; only the last row may run into overtime.
Whose day begins or ends at a place of his own (at home) has it as the first row's start, or the last row's end.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from service.catalog.rules import ItemFacts
from service.core.geo import Point
from service.orders.rules import OrderFacts
from service.patients.rules import Sex
from service.practitioners.rules import StaffDay
from service.routing.building.facts import DayFacts
from service.routing.problem import Lunch, Window

LICENSED: Final = "licensed"
"""The skill of everyone with a licence in force, and all that a crew's second and further members need."""
_EMPLOYED_AT: Final = "at:"
HIMSELF: Final = "who:"
OF_SEX: Final = "sex:"
SPEAKS: Final = "language:"
_ABLE_TO: Final = "able:"
_MARKS: Final = (_EMPLOYED_AT, HIMSELF, _ABLE_TO)
USUAL_PACE: Final = 100
"""The per cent of a service's minutes that it takes whoever is as quick as the list of services says."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one person's shift, in seconds of the day, from place to place; `last`: nothing of his follows."""

    staff: StaffDay
    shift: Window
    lunch: Lunch | None
    start: Point
    end: Point
    last: bool = True


def employed_at(institution_id: UUID) -> str:
    """Return the skill that ties a visit to the staff of the institution that the order was placed with."""
    return f"{_EMPLOYED_AT}{institution_id}"


def of_sex(sex: Sex) -> str:
    """Return the skill that everyone of a sex has; an order asks for it where only they may come."""
    return f"{OF_SEX}{sex}"


def speaks(language: str) -> str:
    """Return the skill that everyone has who speaks a language."""
    return f"{SPEAKS}{language}"


def himself(practitioner_id: UUID) -> str:
    """Return the skill that only one person has; an order asks for it where nobody else may come."""
    return f"{HIMSELF}{practitioner_id}"


def able_to(code: str) -> str:
    """Return the skill that everyone has who has one of those of which a service asks for any."""
    return f"{_ABLE_TO}{code}"


def spoken(skills: Iterable[str]) -> list[str]:
    """Return the skills that people know, without the marks that only tie staff to orders and institutions."""
    return sorted(each for each in skills if not each.startswith(_MARKS) and each != LICENSED)


def skills_of(items: Mapping[str, ItemFacts], staff: StaffDay) -> frozenset[str]:
    """Return what the person can be asked for: skills in force, licence, sex, languages, who he is, where he works.

    Who has one of the skills that an item leaves a choice of is able to give it.
    """
    able = {able_to(code) for code, item in items.items() if not item.any_skills.isdisjoint(staff.skills)}
    own = {LICENSED, of_sex(staff.sex), employed_at(staff.institution_id), himself(staff.practitioner_id)}
    return staff.skills | own | able | {speaks(each) for each in staff.languages}


def shift_at(staff: Iterable[StaffDay], practitioner_id: UUID, moment: datetime) -> StaffDay | None:
    """Return a person's last shift that has begun by a moment, else the first one; None for who has none that day."""
    own = sorted((each for each in staff if each.practitioner_id == practitioner_id), key=lambda each: each.shift_start)
    return next((each for each in reversed(own) if each.shift_start <= moment), own[0] if own else None)


def station_of(staff: StaffDay) -> Point:
    """Return the person's station: where lunch may be had, and where shifts begin and end unless at his own place."""
    return Point(staff.lon, staff.lat)


def start_of(staff: StaffDay) -> Point:
    """Return where a shift begins."""
    return station_of(staff) if staff.start_place is None else staff.start_place


def end_of(staff: StaffDay) -> Point:
    """Return where a shift ends."""
    return station_of(staff) if staff.end_place is None else staff.end_place


def load_of(facts: DayFacts, order: OrderFacts) -> int:
    """Return how many units of supplies each of an order's crew carries for it all day."""
    return sum(facts.items[code].load * quantity for code, quantity in order.items if code in facts.items)


def carries_yet(facts: DayFacts, staff: StaffDay) -> int | None:
    """Return how many units of supplies the person may still load for a shift, None for any number.

    What visits take that have begun or stay is loaded already; what plans of other areas have promised is not known.
    """
    if staff.carries is None:
        return None
    begun = {each.id: each for each in facts.begun}
    stays = [(each.practitioner_id, each.start, each.load) for each in facts.busy]
    stays += [
        (each.practitioner_id, each.start, load_of(facts, begun[each.order_id]))
        for each in facts.begun_stops
        if each.order_id in begun and not each.is_behind
    ]
    loaded = sum(
        load for who, at, load in stays if who == staff.practitioner_id and shift_at(facts.staff, who, at) == staff
    )
    return max(0, staff.carries - loaded)


def work_left(facts: DayFacts, staff: StaffDay) -> int | None:
    """Return how many seconds the person may still travel and serve on the day, None for any number.

    What other plans have promised of him is work, too, and so are the ways behind him.
    """
    most = facts.policy(staff.institution_id).max_work_minutes * 60
    if not most:
        return None
    own = [each for each in facts.busy if each.practitioner_id == staff.practitioner_id and each.is_work]
    served = sum(facts.seconds(each.end) - facts.seconds(each.start) for each in own)
    return max(0, most - served - facts.travelled.get(staff.practitioner_id, 0))


def suffice(staff: Iterable[frozenset[str]], crew: Sequence[frozenset[str]]) -> bool:
    """Return whether the skills of a day's staff suffice for a crew, each member of it another person.

    Of any two members one asks for everything that the other does: who has the fewest to choose from chooses first.
    """
    offered = list(staff)
    able = sorted(sum(asked <= each for each in offered) for asked in crew)
    return all(found > before for before, found in enumerate(able))


def segments(facts: DayFacts) -> tuple[Segment, ...]:
    """Return the stretches of the day of everybody with a licence in force; what lies before `facts.now` is over."""
    latest: dict[UUID, datetime] = {}
    for staff in facts.staff:
        latest[staff.practitioner_id] = max(staff.shift_end, latest.get(staff.practitioner_id, staff.shift_end))
    return tuple(
        replace(segment, last=segment.last and _is_last(staff, latest))
        for staff in facts.staff
        if staff.licensed
        for segment in stretches(
            staff,
            Window(max(facts.seconds(staff.shift_start), facts.seconds(facts.now)), facts.seconds(staff.shift_end)),
            _lunch(facts, staff),
            _busy(facts, staff),
        )
    )


def _is_last(staff: StaffDay, latest: Mapping[UUID, datetime]) -> bool:
    return staff.shift_end == latest[staff.practitioner_id] and not staff.away_after


def _busy(facts: DayFacts, staff: StaffDay) -> list[tuple[int, int, Point]]:
    """Return when and where a person is busy within a shift: what falls into another one neither begins nor ends it."""
    return [
        (facts.seconds(each.start), facts.seconds(each.end), each.place)
        for each in facts.busy
        if each.practitioner_id == staff.practitioner_id
        and each.start < staff.shift_end
        and staff.shift_start < each.end
    ]


def stretches(
    staff: StaffDay, shift: Window, lunch: Lunch | None, busy: Iterable[tuple[int, int, Point]]
) -> list[Segment]:
    """Return the stretches of a shift between busy times, each with its places; the roomiest one has the break.

    Who has room for the break in none of them has none planned: it lies within what other plans have promised.
    """
    begin, here = shift.start, start_of(staff)
    found: list[Segment] = []
    for start, end, place in sorted(busy):
        found.append(Segment(staff, Window(begin, min(start, shift.end)), None, here, place, last=False))
        begin, here = max(begin, end), place
    found.append(Segment(staff, Window(begin, shift.end), None, here, end_of(staff)))
    found = [each for each in found if each.shift.start < each.shift.end]
    breaks = _breaks([each.shift for each in found], lunch)
    return [replace(each, lunch=rest) for each, rest in zip(found, breaks, strict=True)]


def _breaks(shifts: Sequence[Window], lunch: Lunch | None) -> list[Lunch | None]:
    """Return the break of each stretch: only the one with the most room has it, if that is room enough."""
    found: list[Lunch | None] = [None] * len(shifts)
    if lunch is None or not shifts:
        return found
    rooms = [Window(max(lunch.start, each.start), min(lunch.end, each.end)) for each in shifts]
    best = max(range(len(rooms)), key=lambda at: rooms[at].end - rooms[at].start)
    if rooms[best].end - rooms[best].start >= lunch.duration:
        found[best] = Lunch(rooms[best].start, rooms[best].end, lunch.duration)
    return found


def _lunch(facts: DayFacts, staff: StaffDay) -> Lunch | None:
    if staff.lunch_from is None or staff.lunch_to is None:
        return None
    return Lunch(facts.seconds(staff.lunch_from), facts.seconds(staff.lunch_to), staff.lunch_minutes * 60)
