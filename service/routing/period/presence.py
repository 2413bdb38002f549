"""How many minutes of each member of staff nothing else has taken, in each half of a day."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from service.catalog.rules import ItemFacts
from service.core.clock import at_local
from service.orders.rounds.rules import HOURS, HalfDay
from service.practitioners.rules import StaffDay
from service.routing.building import staffing
from service.routing.period.problem import HALVES, Presence

Span = tuple[datetime, datetime]


@dataclass(slots=True)
class There:
    """Who is there in a half of a day, and for how many minutes that nothing has taken yet."""

    practitioner_id: UUID
    half: HalfDay
    minutes: int
    skills: frozenset[str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order of the day that no plan has promised yet: its crew, its minutes and when it may be."""

    windows: Sequence[Span]
    minutes: int
    crew: tuple[frozenset[str], ...]


def presences(
    on: date,
    staff: Iterable[StaffDay],
    taken: Mapping[UUID, Sequence[Span]],
    waiting: Iterable[Waiting],
    *,
    items: Mapping[str, ItemFacts],
    now: datetime,
    travel_minutes: int,
) -> list[Presence]:
    """Return what is left of a day: of the licensed, after breaks, after what is promised, after what is ordered.

    `items` are the services of the period, by code; `taken`: when plans have promised each of the staff; every promise
    and every order costs the way to it as well. An order that waits for its plan takes the time of whoever may give it
    and has most left.
    """
    there = [
        There(
            each.practitioner_id,
            half,
            _left(on, each, half, taken, now=now, travel_minutes=travel_minutes),
            staffing.skills_of(items, each),
        )
        for each in staff
        if each.licensed
        for half in HALVES
    ]
    for order in waiting:
        _take(on, there, order, travel_minutes)
    return [
        Presence(each.practitioner_id, on, each.half, each.minutes, each.skills) for each in there if each.minutes > 0
    ]


def hours(on: date, half: HalfDay) -> Span:
    """Return the moments between which a half's rounds are wished for."""
    opens, closes = HOURS[half]
    return at_local(on, opens), at_local(on, closes)


def common(one: Span, other: Span) -> timedelta:
    """Return for how long two spans overlap."""
    return max(timedelta(0), min(one[1], other[1]) - max(one[0], other[0]))


def _left(
    on: date,
    staff: StaffDay,
    half: HalfDay,
    taken: Mapping[UUID, Sequence[Span]],
    *,
    now: datetime,
    travel_minutes: int,
) -> int:
    opens, closes = hours(on, half)
    span = (max(staff.shift_start, opens, now), min(staff.shift_end, closes))
    if span[0] >= span[1]:
        return 0
    way = timedelta(minutes=travel_minutes)
    promised = [each for each in taken.get(staff.practitioner_id, ()) if common(span, each)]
    used = sum((common(span, each) + way for each in promised), timedelta(0))
    return max(0, (span[1] - span[0] - used - _break(on, staff, half)) // timedelta(minutes=1))


def _break(on: date, staff: StaffDay, half: HalfDay) -> timedelta:
    """Return what of the break falls into a half: what finds no room between the halves falls where it has most."""
    if staff.lunch_from is None or staff.lunch_to is None:
        return timedelta(0)
    window = (staff.lunch_from, staff.lunch_to)
    within = {each: common(window, hours(on, each)) for each in HALVES}
    outside = window[1] - window[0] - sum(within.values(), timedelta(0))
    if half is not max(HALVES, key=lambda each: within[each]):
        return timedelta(0)
    return max(timedelta(0), timedelta(minutes=staff.lunch_minutes) - outside)


def _take(on: date, there: Sequence[There], order: Waiting, travel_minutes: int) -> None:
    open_halves = {each for each in HALVES for span in order.windows if common(span, hours(on, each))}
    gone: set[UUID] = set()
    for asked in order.crew:
        best = _roomiest(there, asked, open_halves, gone)
        if best is not None:
            gone.add(best.practitioner_id)
            best.minutes = max(0, best.minutes - order.minutes - travel_minutes)


def _roomiest(
    there: Sequence[There], asked: frozenset[str], halves: Collection[HalfDay], but: Collection[UUID]
) -> There | None:
    able = [
        each
        for each in there
        if asked <= each.skills and each.half in halves and each.practitioner_id not in but and each.minutes > 0
    ]
    return max(able, key=lambda each: each.minutes, default=None)
