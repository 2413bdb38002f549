"""A day in which something has happened: what of its plan is frozen, and what is left to be planned anew; pure.

To the search a frozen stop is time that its crew is busy: it goes on from that door, at the moment from which things
may change. What people have done before binds what they may do next. Shared vehicles that are out stay out as told,
and with them all stops of those who ride in them (`underway`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from service.core.geo import Point
from service.orders.rules import OrderFacts
from service.practitioners.rules import StaffDay
from service.routing.building import pushing, staffing, underway
from service.routing.building.facts import BegunStop, Busy, DayFacts
from service.routing.building.pushing import Pushed
from service.routing.building.recalling import Told
from service.routing.building.redriving import ToldTour
from service.routing.states import StopKind


@dataclass(frozen=True, slots=True)
class Disruption:
    """What happened: nothing that begins before `frozen_until` may change; who is away from when; orders not wanted
    any more, those to be put first, and by how many minutes visits take longer.
    """

    frozen_until: datetime
    absent: Mapping[UUID, datetime] = field(default_factory=dict)
    cancelled: frozenset[UUID] = frozenset()
    urgent: frozenset[UUID] = frozenset()
    longer: Mapping[UUID, int] = field(default_factory=dict)

    def more(self, order_id: UUID | None) -> timedelta:
        """Return by how much a visit takes longer."""
        return timedelta(minutes=self.longer.get(order_id, 0) if order_id else 0)


@dataclass(frozen=True, slots=True)
class Kept:
    """A stop that stays, and where it is."""

    told: Told
    place: Point


@dataclass(frozen=True, slots=True)
class Split:
    """The day in two: `rest` is what is planned anew; `frozen` are the stops that stay, in `whole` with the rest.

    `told` is the plan and `happened` what has become of it. `past` are the visits and deliveries of the plan that stay
    or have begun, each with its order; `stranded` the orders whose specimen nobody hands in, since whoever has it is
    away by then, `unfinished` those of which a part is done and the next one is nobody's, for the same reason. `tours`
    are those that stand.
    """

    rest: DayFacts
    whole: DayFacts
    frozen: tuple[Kept, ...]
    past: tuple[tuple[Told, OrderFacts], ...]
    stranded: tuple[UUID, ...]
    told: tuple[Told, ...]
    happened: Disruption
    unfinished: tuple[UUID, ...] = ()
    tours: tuple[ToldTour, ...] = ()


def split(facts: DayFacts, told: Sequence[Told], happened: Disruption, driven: Sequence[ToldTour] = ()) -> Split:
    """Divide a day, gathered from its midnight on, at the moment from which things may change; `driven` are the tours
    of shared vehicles as told.
    """
    staff = _on_duty(facts, happened)
    standing = underway.underway(
        driven, happened.frozen_until, lambda people: _candidates(facts, told, happened, people)
    )
    stops = _candidates(facts, told, happened, standing.people)
    pushed = pushing.push(facts, _at_their_doors(facts, told), stops, _overrun(told, happened))
    frozen, stranded = _frozen(pushed.stops, staff, happened)
    visits = {each.order_id for each in frozen if each.order_id}
    eaten = [_shift_of(staff, each) for each in frozen if each.kind is StopKind.lunch]
    lost = [each for each in pushed.busy if each.specimen_of and _is_away(each, happened)]
    known = replace(
        facts,
        orders=tuple(each for each in facts.orders if each.id not in happened.cancelled),
        staff=staff,
        busy=tuple(each for each in pushed.busy if each not in lost),
    )
    doors = _doors(known)
    kept = tuple(Kept(each, _place(known, told, each, doors)) for each in frozen)
    rest = replace(
        known,
        now=max(facts.now, happened.frozen_until),
        orders=tuple(each for each in known.orders if each.id not in visits),
        staff=tuple(
            _fed(each) if each in eaten else each for each in staff if each.practitioner_id not in standing.people
        ),
        busy=(*known.busy, *(_busy(facts, each) for each in kept)),
        engaged=_engaged(facts, frozen),
        travelled=_travelled(facts, told, visits, happened),
        vehicles=underway.later(facts.vehicles, standing, max(facts.now, happened.frozen_until)),
    )
    return Split(
        rest,
        known,
        kept,
        past=_past(facts, told, frozen),
        stranded=tuple(dict.fromkeys([*stranded, *_taken(facts, lost, happened)])),
        told=tuple(told),
        happened=happened,
        unfinished=_unfinished(facts, happened),
        tours=standing.tours,
    )


def _taken(facts: DayFacts, lost: Iterable[Busy], happened: Disruption) -> Iterator[UUID]:
    """Yield the orders of which something is taken that nobody hands in: of a part that is not given nothing is."""
    gone = [each for each in facts.begun_stops if _is_away(each, happened)]
    unkept = {(each.order_id, each.part) for each in gone if each.kind is StopKind.visit and each.is_behind}
    due = {(each.order_id, each.part) for each in gone if each.kind is StopKind.delivery}
    for each in lost:
        parts = {part for order_id, part in due if order_id == each.specimen_of}
        if each.specimen_of and (not parts or {(each.specimen_of, part) for part in parts} - unkept):
            yield each.specimen_of


def _unfinished(facts: DayFacts, happened: Disruption) -> tuple[UUID, ...]:
    """Return the orders that have begun and to which somebody should come back who is away by then: nobody else comes
    in his place without a word with the elder.
    """
    away = happened.absent
    left = [
        each.order_id for each in facts.due if each.practitioner_id in away and each.end > away[each.practitioner_id]
    ]
    return tuple(dict.fromkeys(left))


def _on_duty(facts: DayFacts, happened: Disruption) -> tuple[StaffDay, ...]:
    licensed = [each for each in facts.staff if each.licensed]
    until = [min(each.shift_end, happened.absent.get(each.practitioner_id, each.shift_end)) for each in licensed]
    return tuple(
        replace(each, shift_end=end, away_after=each.away_after or end < each.shift_end)
        for each, end in zip(licensed, until, strict=True)
        if end > each.shift_start
    )


def _shift_of(staff: Iterable[StaffDay], stop: Told) -> StaffDay | None:
    return staffing.shift_at(staff, stop.practitioner_id, stop.start)


def _fed(staff: StaffDay) -> StaffDay:
    return replace(staff, lunch_from=None, lunch_to=None)


def _is_away(each: Told | Busy | BegunStop, happened: Disruption) -> bool:
    away = happened.absent.get(each.practitioner_id)
    return away is not None and each.end > away


def _candidates(facts: DayFacts, told: Sequence[Told], happened: Disruption, people: frozenset[UUID]) -> list[Told]:
    """Return what was told to begin before the moment, of orders that are still wanted; a specimen that is taken
    before it is handed in as planned, and further parts follow their first as planned. What has begun is not among it:
    other plans or this one keep people busy with it. Of `people` everything stays.
    """
    wanted = {each.id for each in facts.orders if each.home_id in facts.homes} - happened.cancelled
    early = [
        each
        for each in told
        if (each.start < happened.frozen_until or each.practitioner_id in people) and each.kind is not StopKind.delivery
    ]
    stays = [each for each in early if each.order_id is None or each.order_id in wanted]
    visits = {each.order_id for each in stays if each.order_id}
    later = [each for each in told if each.order_id in visits and each not in stays]
    return [*stays, *later, *(each for each in told if each.kind is StopKind.delivery and each.specimen_of in visits)]


def _overrun(told: Iterable[Told], happened: Disruption) -> dict[tuple[UUID, datetime], timedelta]:
    """Return by how much somebody's visit takes longer that was told to begin at a moment; of one in parts, the part
    that has begun last by the moment from which things may change.
    """
    found = {}
    for each in sorted(told, key=lambda stop: stop.start):
        has_begun = each.part == 1 or each.start < happened.frozen_until
        if each.order_id is not None and each.order_id in happened.longer and has_begun:
            found[each.practitioner_id, each.order_id] = each
    return {(each.practitioner_id, each.start): happened.more(each.order_id) for each in found.values()}


def _at_their_doors(facts: DayFacts, told: Iterable[Told]) -> tuple[Busy, ...]:
    """Return what staff are busy with; a visit of the plan that has begun is at its very door."""
    doors = _doors(facts)
    begun = {(each.practitioner_id, each.start): doors[each.order_id] for each in told if each.order_id in doors}
    return tuple(
        replace(each, place=begun.get((each.practitioner_id, each.start), each.place))
        if each.specimen_of is None
        else each
        for each in facts.busy
    )


def _doors(facts: DayFacts) -> dict[UUID | None, Point]:
    homes = facts.homes
    known = (each for each in (*facts.orders, *facts.begun) if each.home_id in homes)
    return {each.id: Point(homes[each.home_id].lon, homes[each.home_id].lat) for each in known}


def _frozen(pushed: Sequence[Pushed], staff: Sequence[StaffDay], happened: Disruption) -> tuple[list[Told], list[UUID]]:
    """Return the stops that stay, of crews still on duty, and the orders whose specimen is left with somebody who goes.

    A visit that takes longer may outlast the shift, not the presence.
    """
    gone: set[UUID | None] = set()
    absent: list[Told] = []
    for each in pushed:
        who = _shift_of(staff, each.before)
        is_off = who is None or each.before.start < who.shift_start or each.before.end > who.shift_end
        if is_off or _is_away(each.now, happened):
            absent.append(each.now)
            gone.add(each.now.order_id)
    gone.discard(None)
    found = [
        each.now
        for each in pushed
        if each.now not in absent and each.now.order_id not in gone and each.now.specimen_of not in gone
    ]
    visits = {each.order_id for each in found if each.order_id}
    return found, [each.specimen_of for each in absent if each.specimen_of and each.specimen_of in visits]


def _busy(facts: DayFacts, kept: Kept) -> Busy:
    told = kept.told
    # what further parts take is loaded with the first
    order = next((each for each in facts.orders if each.id == told.order_id and told.part == 1), None)
    return Busy(
        told.practitioner_id,
        told.start,
        told.end,
        kept.place,
        is_work=told.kind is not StopKind.lunch,
        load=0 if order is None else staffing.load_of(facts, order),
    )


def _place(facts: DayFacts, told: Sequence[Told], stop: Told, doors: Mapping[UUID | None, Point]) -> Point:
    """Return where a frozen stop is; `doors` are those of the orders."""
    if stop.order_id is not None:
        return doors[stop.order_id]
    if stop.specimen_of is not None:
        return facts.laboratories[next(each for each in facts.orders if each.id == stop.specimen_of).institution_id]
    who = next(each for each in facts.staff if each == _shift_of(facts.staff, stop))
    own = [each for each in told if _shift_of(facts.staff, each) == who]
    return staffing.station_of(who) if who.lunch_at_station else _lunch_place(facts, own, who)


def _lunch_place(facts: DayFacts, told: Sequence[Told], who: StaffDay) -> Point:
    """Return where a shift's lunch was told to be had, of which `told` are the stops: at the next stop's when there
    is no way on, else at that of the stop before, or where he came from.
    """
    doors = _doors(facts)
    own = sorted(told, key=lambda each: each.start)
    at = next(at for at, each in enumerate(own) if each.kind is StopKind.lunch)
    lunch, after = own[at], next(iter(own[at + 1 : at + 2]), None)
    behind = {each.end: each.place for each in facts.busy if each.practitioner_id == who.practitioner_id}
    behind |= {each.end: doors[each.order_id] for each in own[:at] if each.order_id in doors}
    earlier = [end for end in behind if end <= lunch.start]
    onward = doors.get(after.order_id) if after is not None and after.travel_seconds == 0 else None
    if onward is not None and (lunch.travel_seconds or not earlier):
        return onward
    return behind[max(earlier)] if earlier else staffing.start_of(who)


def _engaged(facts: DayFacts, frozen: Iterable[Told]) -> dict[UUID, list[tuple[datetime, datetime]]]:
    persons = {each.id: each.person_id for each in facts.orders}
    found = defaultdict(list, {person: list(spans) for person, spans in facts.engaged.items()})
    for each in frozen:
        if each.order_id is not None:
            found[persons[each.order_id]].append((each.start, each.end))
    return dict(found)


def _travelled(
    facts: DayFacts, told: Iterable[Told], visits: Iterable[UUID | None], happened: Disruption
) -> dict[UUID, int]:
    """Return how long people have been on the way before the moment, to what has begun or stays."""
    made = {*visits, *(each.id for each in facts.begun)}
    found: defaultdict[UUID, int] = defaultdict(int)
    for each in told:
        if each.start < happened.frozen_until and (each.kind is StopKind.lunch or _order_of(each) in made):
            found[each.practitioner_id] += each.travel_seconds
    return dict(found)


def _past(facts: DayFacts, told: Iterable[Told], frozen: Iterable[Told]) -> tuple[tuple[Told, OrderFacts], ...]:
    begun: dict[UUID | None, OrderFacts] = {each.id: each for each in facts.begun}
    open_yet: dict[UUID | None, OrderFacts] = {each.id: each for each in facts.orders}
    over = [(each, begun[_order_of(each)]) for each in told if _order_of(each) in begun]
    stays = [(each, open_yet[_order_of(each)]) for each in frozen if _order_of(each) in open_yet]
    return (*over, *stays)


def _order_of(stop: Told) -> UUID | None:
    return stop.order_id if stop.kind is StopKind.visit else stop.specimen_of
