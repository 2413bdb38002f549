"""What of a day has begun when a plan is made: told in it as it was promised, and no part of what is planned; pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from uuid import UUID

from service.core.geo import Point
from service.orders.rules import OrderFacts
from service.practitioners.rules import StaffDay
from service.routing.building import staffing
from service.routing.building.facts import BegunStop, Busy, DayFacts
from service.routing.building.repairing import Split
from service.routing.building.retelling import OffDuty, PersonDay, Stop
from service.routing.states import StopKind


def as_it_is(parts: Split, stops: Iterable[BegunStop]) -> list[BegunStop]:
    """Return what has begun as it is after a disruption: visits that take longer end later.

    What nobody comes back for, or hands in, is not among it: its order is named.
    """
    ends = {(each.practitioner_id, each.start): each.end for each in parts.whole.busy if each.specimen_of is None}
    handed_in: defaultdict[tuple[UUID, UUID], list[Busy]] = defaultdict(list)
    for busy in sorted(parts.whole.busy, key=lambda busy: busy.start):
        if busy.specimen_of is not None:
            handed_in[busy.practitioner_id, busy.specimen_of].append(busy)
    away = parts.happened.absent
    due = {(each.order_id, each.practitioner_id, each.end) for each in parts.whole.due}
    found = []
    for each in sorted(stops, key=lambda stop: stop.start):
        if each.kind is StopKind.delivery:
            # those of one order keep their order, however late they are
            left = handed_in[each.practitioner_id, each.order_id]
            now = replace(each, start=left[0].start, end=left.pop(0).end) if left else each
        else:
            now = replace(each, end=ends.get((each.practitioner_id, each.start), each.end))
        is_away = now.practitioner_id in away and now.end > away[now.practitioner_id]
        is_due = each.is_behind or (each.order_id, each.practitioner_id, each.end) in due
        if not (is_due and is_away):
            found.append(now)
    return found


def join(people: Iterable[PersonDay], facts: DayFacts, stops: Iterable[BegunStop]) -> list[PersonDay]:
    """Return people's days with what has begun put among what is planned, its ways in their sums."""
    days = {each.staff.practitioner_id: each for each in people}
    orders = {each.id: each for each in facts.begun}
    begun: defaultdict[UUID, list[BegunStop]] = defaultdict(list)
    for each in sorted(stops, key=lambda stop: stop.start):
        if each.order_id in orders:
            begun[each.practitioner_id].append(each)
    for who, own in begun.items():
        day = days.setdefault(who, PersonDay(_who(facts, own[0])))
        told = [_stop(facts, orders[each.order_id], each) for each in own]
        day.way = [*_way(day, told), *day.way]
        day.stops = sorted([*told, *day.stops], key=lambda stop: stop.start_at)
        day.travel_seconds += sum(each.travel_seconds for each in own)
        day.travel_metres += sum(each.travel_metres for each in own)
    return list(days.values())


def _who(facts: DayFacts, stop: BegunStop) -> StaffDay | OffDuty:
    found = staffing.shift_at(facts.staff, stop.practitioner_id, stop.start)
    return OffDuty(stop.practitioner_id, stop.practitioner_name) if found is None else found


def _stop(facts: DayFacts, order: OrderFacts, begun: BegunStop) -> Stop:
    is_visit = begun.kind is StopKind.visit
    return Stop(
        kind=begun.kind,
        order=order if is_visit else None,
        place=_place(facts, order, is_visit=is_visit),
        start_at=begun.start,
        end_at=begun.end,
        travel_seconds=begun.travel_seconds,
        travel_metres=begun.travel_metres,
        specimen_of=None if is_visit else order,
        part=begun.part,
        parts=begun.parts,
        begun=begun,
    )


def _place(facts: DayFacts, order: OrderFacts, *, is_visit: bool) -> Point | None:
    if not is_visit:
        return facts.laboratories.get(order.institution_id)
    home = facts.homes.get(order.home_id)
    return Point(home.lon, home.lat) if home is not None else None


def _way(day: PersonDay, told: Sequence[Stop]) -> Iterator[Point]:
    """Yield the places passed before anything that is planned; what is planned passes those that come later."""
    first = min((each.start_at for each in day.stops), default=None)
    # whose day begins at home is shown from the first door on
    if not isinstance(day.staff, OffDuty) and day.staff.start_place is None:
        yield staffing.station_of(day.staff)
    for each in told:
        if each.place is not None and (first is None or each.start_at < first):
            yield each.place
