"""A first distribution, one due round after the other: where the solver begins, and what stands if it finds nothing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from service.routing.period.problem import Crew, Due, Going, Period, Presence, Slot, dues, goings_of

Way = tuple[str, Crew, Slot]


def begin(period: Period) -> tuple[Going | None, ...]:
    """Return who goes when to each due round that finds anybody: who is due first chooses first, the day nearest to its
    due one, and own staff before a neighbour's.

    Each member of a crew is one person with all the time that it takes, so that nothing is overdrawn.
    """
    due_rounds = dues(period)
    left: defaultdict[Slot, list[Presence]] = defaultdict(list)
    for each in period.presences:
        left[Slot(each.on, each.half)].append(each)
    seen: defaultdict[int, list[date]] = defaultdict(list)
    ways: set[Way] = set()
    found: list[Going | None] = [None] * len(due_rounds)
    for at in sorted(range(len(due_rounds)), key=lambda one: (due_rounds[one].by, due_rounds[one].round)):
        due = due_rounds[at]
        wanted = period.rounds[due.round]
        for going in _nearest(period, due, seen[due.round]):
            way = (wanted.place, going.crew, going.slot)
            minutes = wanted.minutes + (0 if way in ways else period.travel_minutes)
            if _take(left[going.slot], going.crew, minutes):
                ways.add(way)
                seen[due.round].append(going.slot.on)
                found[at] = going
                break
    return tuple(found)


def _nearest(period: Period, due: Due, seen: Sequence[date]) -> list[Going]:
    """Return who may go to a due round after its times before, the nearest to its day first, late ones last."""
    gap = period.rounds[due.round].minimum_days
    able = [each for each in goings_of(period, due) if all((each.slot.on - on).days >= gap for on in seen)]
    return sorted(able, key=lambda each: preference(due, each))


def preference(due: Due, going: Going) -> tuple[int, int, int, int]:
    """Return what is to be small of a going: days late, what help costs and how much of it there is, days early."""
    on = going.slot.on
    return (max(0, (on - due.by).days), going.price_minutes, len(going.by), (due.by - on).days)


def _take(there: list[Presence], crew: Crew, minutes: int) -> bool:
    """Take the minutes of each member of a crew from somebody of his own, or of nobody at all."""
    taken: dict[UUID, int] = {}
    for asked in crew:
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
