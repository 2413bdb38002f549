"""A first distribution, one due round after the other: where the solver begins, and what stands if it finds nothing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from service.routing.period.problem import Due, Period, Presence, Round, Slot, dues, slots_of

Way = tuple[str, tuple[frozenset[str], ...], Slot]


def begin(period: Period) -> tuple[Slot | None, ...]:
    """Return a slot for each due round that finds one: who is due first chooses first, the day nearest to its due one.

    Each member of a crew is one person with all the time that it takes, so that nothing is overdrawn.
    """
    due_rounds = dues(period)
    left: defaultdict[Slot, list[Presence]] = defaultdict(list)
    for each in period.presences:
        left[Slot(each.on, each.half)].append(each)
    seen: defaultdict[int, list[date]] = defaultdict(list)
    ways: set[Way] = set()
    found: list[Slot | None] = [None] * len(due_rounds)
    for at in sorted(range(len(due_rounds)), key=lambda one: (due_rounds[one].by, due_rounds[one].round)):
        due = due_rounds[at]
        wanted = period.rounds[due.round]
        for slot in _nearest(period, due, seen[due.round]):
            way = (wanted.place, wanted.crew, slot)
            minutes = wanted.minutes + (0 if way in ways else period.travel_minutes)
            if _take(left[slot], wanted, minutes):
                ways.add(way)
                seen[due.round].append(slot.on)
                found[at] = slot
                break
    return tuple(found)


def _nearest(period: Period, due: Due, seen: Sequence[date]) -> list[Slot]:
    """Return the slots open to a due round after its times before, the nearest to its day first, late ones last."""
    gap = period.rounds[due.round].minimum_days
    able = [slot for slot in slots_of(period, due) if all((slot.on - each).days >= gap for each in seen)]
    return sorted(able, key=lambda slot: (max(0, (slot.on - due.by).days), (due.by - slot.on).days))


def _take(there: list[Presence], wanted: Round, minutes: int) -> bool:
    """Take the minutes of each member of a crew from somebody of his own, or of nobody at all."""
    taken: dict[UUID, int] = {}
    for asked in wanted.crew:
        able = [
            at
            for at, each in enumerate(there)
            if each.practitioner_id not in taken and each.minutes >= minutes and asked <= each.skills
        ]
        if not able:
            return False
        # who can do least else goes first
        best = min(able, key=lambda at: (len(there[at].skills), there[at].minutes))
        taken[there[best].practitioner_id] = best
    for at in taken.values():
        there[at] = replace(there[at], minutes=there[at].minutes - minutes)
    return True
