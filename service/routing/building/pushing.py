"""Visits that take longer than planned push the stops behind them; pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from service.core.geo import TravelMode
from service.orders import crew_rules, part_rules
from service.routing.building import prices, staffing
from service.routing.building.facts import Busy, DayFacts
from service.routing.building.recalling import Told


@dataclass(frozen=True, slots=True)
class Pushed:
    """A stop as it was told, and as it is."""

    before: Told
    now: Told


@dataclass(frozen=True, slots=True)
class Times:
    """What staff are busy with, and the stops that stay."""

    busy: tuple[Busy, ...]
    stops: tuple[Pushed, ...]


def push(
    facts: DayFacts,
    busy: Sequence[Busy],
    stops: Sequence[Told],
    overrun: Mapping[tuple[UUID, datetime], timedelta],
) -> Times:
    """Return when staff are busy and stops are, where some take longer; `overrun` is by who began one and when.

    A crew that goes together begins together, when the last of it has come; one whose members come apart each for
    himself, one after the other no sooner after the one before than its services ask for; a further part no earlier
    after the one before it than its services ask for. Visits that have begun and those of other plans only end later,
    the handing in of a specimen waits for whoever brings it.
    """
    apart, ended = _apart(facts), dict[tuple[UUID | None, int], datetime]()
    coming, begun = _coming_apart(facts), dict[UUID | None, datetime]()
    late: dict[UUID, tuple[datetime, datetime]] = {}
    found_busy: list[Busy] = []
    found_stops: dict[Told, Told] = {}
    for crew in _crews((*busy, *stops), coming):
        delay = max((_delay(facts, each, late) for each in crew), default=timedelta(0))
        delay = max([delay, *(_too_soon(each, apart, ended) for each in crew)])
        delay = max([delay, *(_ahead(each, coming, begun) for each in crew)])
        for each in crew:
            key = (each.practitioner_id, each.start)
            longer = overrun.get(key, timedelta(0)) if _is_visit(each) else timedelta(0)
            end = each.end + delay + longer
            if end > each.end:
                late[each.practitioner_id] = each.end, end
            else:
                late.pop(each.practitioner_id, None)
            if isinstance(each, Busy):
                found_busy.append(replace(each, start=each.start + delay, end=end))
            else:
                found_stops[each] = replace(each, start=each.start + delay, end=end)
                ended[each.order_id, each.part] = end
                begun[each.order_id] = each.start + delay
    return Times(tuple(found_busy), tuple(Pushed(each, found_stops[each]) for each in stops))


def _crews(everything: Iterable[Busy | Told], coming: Mapping[UUID | None, timedelta]) -> Iterator[list[Busy | Told]]:
    """Yield what begins together, in order of time; of a crew whose members come apart each for himself."""
    together: defaultdict[object, list[Busy | Told]] = defaultdict(list)
    for at, each in enumerate(everything):
        is_visit = isinstance(each, Told) and each.order_id is not None and each.order_id not in coming
        order = (each.order_id, each.part) if is_visit and isinstance(each, Told) else None
        together[at if order is None else order].append(each)
    yield from sorted(together.values(), key=lambda crew: (crew[0].start, crew[0].end))


def _coming_apart(facts: DayFacts) -> dict[UUID | None, timedelta]:
    """Return how long after the one before the next of a crew may begin, by order; those that go together have none."""
    found: dict[UUID | None, timedelta] = {}
    for order in facts.orders:
        crew = crew_rules.crew_of(order.items, facts.items, facts.policy(order.institution_id).staff_minimum)
        if crew.is_apart and order.staff_count > 1:
            found[order.id] = timedelta(minutes=crew.lag_min_minutes)
    return found


def _ahead(
    each: Busy | Told, coming: Mapping[UUID | None, timedelta], begun: Mapping[UUID | None, datetime]
) -> timedelta:
    """Return how much later than told the next of a crew may begin, since the one before began later."""
    if isinstance(each, Busy) or not coming.get(each.order_id) or each.order_id not in begun:
        return timedelta(0)
    return max(timedelta(0), begun[each.order_id] + coming[each.order_id] - each.start)


def _apart(facts: DayFacts) -> dict[tuple[UUID | None, int], timedelta]:
    """Return how long after the part before it each further part of the day's orders may begin, by order and part."""
    return {
        (order.id, part.number): timedelta(minutes=part.after_min_minutes)
        for order in facts.orders
        for part in part_rules.parts_of(order.items, facts.items)
    }


def _too_soon(
    each: Busy | Told,
    apart: Mapping[tuple[UUID | None, int], timedelta],
    ended: Mapping[tuple[UUID | None, int], datetime],
) -> timedelta:
    """Return how much later than told a further part may begin, since the one before it ended later."""
    if isinstance(each, Busy) or each.order_id is None or (each.order_id, each.part - 1) not in ended:
        return timedelta(0)
    least = apart.get((each.order_id, each.part), timedelta(0))
    return max(timedelta(0), ended[each.order_id, each.part - 1] + least - each.start)


def _is_visit(each: Busy | Told) -> bool:
    return each.specimen_of is None if isinstance(each, Busy) else each.order_id is not None


def _delay(facts: DayFacts, each: Busy | Told, late: Mapping[UUID, tuple[datetime, datetime]]) -> timedelta:
    """Return how much later somebody comes to a stop than was told, in the traffic of the time at which he leaves."""
    nothing = timedelta(0)
    if each.practitioner_id not in late or (isinstance(each, Busy) and each.specimen_of is None):
        return nothing
    was, free = late[each.practitioner_id]
    usual, heavy = _factor(facts, each.practitioner_id, was), _factor(facts, each.practitioner_id, free)
    return max(nothing, free + timedelta(seconds=-(-each.travel_seconds * heavy // usual)) - each.start)


def _factor(facts: DayFacts, practitioner_id: UUID, leaving: datetime) -> int:
    """Return by which factor somebody's way takes longer who leaves then."""
    who = staffing.shift_at(facts.staff, practitioner_id, leaving)
    if who is None or who.travel_mode is TravelMode.walk:
        return 1000
    bands = prices.bands(facts.policy(who.institution_id).traffic)
    return [1000, *(each.factor for each in bands if each.start <= facts.seconds(leaving))][-1]
