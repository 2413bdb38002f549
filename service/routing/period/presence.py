"""How many minutes of each member of staff nothing else has taken, in each half of a day."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from service.catalog.rules import ItemFacts
from service.core.clock import at_local
from service.orders.rounds.rules import HalfDay, Hours
from service.practitioners.rules import StaffDay
from service.routing.building import staffing
from service.routing.period.problem import HALVES, Crew, Presence

Span = tuple[datetime, datetime]


@dataclass(slots=True)
class There:
    """Who is there in a half of a day that lies within `span`, and for how many minutes that nothing has taken yet."""

    practitioner_id: UUID
    half: HalfDay
    span: Span
    minutes: int
    skills: frozenset[str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order of the day that no plan has promised yet: who may go, own staff first, for how long and when."""

    windows: Sequence[Span]
    minutes: int
    crews: tuple[Crew, ...]


def presences(
    on: date,
    staff: Iterable[StaffDay],
    taken: Mapping[UUID, Sequence[Span]],
    waiting: Iterable[Waiting],
    *,
    items: Mapping[str, ItemFacts],
    hours: Mapping[UUID, Hours],
    now: datetime,
    travel_minutes: int,
) -> list[Presence]:
    """Return what is left of a day: of the licensed, after breaks, after what is promised, after what is ordered.

    `items` are the services of the period, by code; `hours`: when the halves of the day are at each institution;
    `taken`: when plans have promised each of the staff; every promise and every order costs the way to it as well. An
    order that waits for its plan takes the time of whoever may give it and has most left, a neighbour's only where own
    staff have too little.
    """
    there = [
        There(
            each.practitioner_id,
            half,
            halves[half],
            _left(each, half, halves, taken, now=now, travel_minutes=travel_minutes),
            staffing.skills_of(items, each),
        )
        for each in staff
        if each.licensed
        for halves in [spans(on, hours[each.institution_id])]
        for half in HALVES
    ]
    for order in waiting:
        _take(there, order, travel_minutes)
    return [
        Presence(each.practitioner_id, on, each.half, each.minutes, each.skills) for each in there if each.minutes > 0
    ]


def spans(on: date, hours: Hours) -> dict[HalfDay, Span]:
    """Return the moments between which a day's halves lie."""
    return {half: (at_local(on, hours.of(half)[0]), at_local(on, hours.of(half)[1])) for half in HALVES}


def common(one: Span, other: Span) -> timedelta:
    """Return for how long two spans overlap."""
    return max(timedelta(0), min(one[1], other[1]) - max(one[0], other[0]))


def _left(
    staff: StaffDay,
    half: HalfDay,
    halves: Mapping[HalfDay, Span],
    taken: Mapping[UUID, Sequence[Span]],
    *,
    now: datetime,
    travel_minutes: int,
) -> int:
    opens, closes = halves[half]
    span = (max(staff.shift_start, opens, now), min(staff.shift_end, closes))
    if span[0] >= span[1]:
        return 0
    way = timedelta(minutes=travel_minutes)
    promised = [each for each in taken.get(staff.practitioner_id, ()) if common(span, each)]
    used = sum((common(span, each) + way for each in promised), timedelta(0))
    return max(0, (span[1] - span[0] - used - _break(staff, half, halves)) // timedelta(minutes=1))


def _break(staff: StaffDay, half: HalfDay, halves: Mapping[HalfDay, Span]) -> timedelta:
    """Return what of the break falls into a half: what finds no room between the halves falls where it has most."""
    if staff.lunch_from is None or staff.lunch_to is None:
        return timedelta(0)
    window = (staff.lunch_from, staff.lunch_to)
    within = {each: common(window, halves[each]) for each in HALVES}
    outside = window[1] - window[0] - sum(within.values(), timedelta(0))
    if half is not max(HALVES, key=lambda each: within[each]):
        return timedelta(0)
    return max(timedelta(0), timedelta(minutes=staff.lunch_minutes) - outside)


def _take(there: Sequence[There], order: Waiting, travel_minutes: int) -> None:
    minutes = order.minutes + travel_minutes
    able = [each for each in there if any(common(span, each.span) for span in order.windows)]
    for crew in order.crews:
        going = _going(able, crew)
        if len(going) == len(crew) and all(each.minutes >= minutes for each in going):
            break
    else:
        # where nobody has time enough the time of own staff is gone all the same
        going = _going(able, order.crews[0])
    for each in going:
        each.minutes = max(0, each.minutes - minutes)


def _going(there: Sequence[There], crew: Crew) -> list[There]:
    """Return who has most left for each member of a crew, each another person; nobody for whom nobody is left."""
    going: list[There] = []
    for asked in crew:
        best = _roomiest(there, asked, {each.practitioner_id for each in going})
        if best is not None:
            going.append(best)
    return going


def _roomiest(there: Sequence[There], asked: frozenset[str], but: Collection[UUID]) -> There | None:
    able = [each for each in there if asked <= each.skills and each.practitioner_id not in but and each.minutes > 0]
    return max(able, key=lambda each: each.minutes, default=None)
