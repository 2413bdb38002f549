"""Crews at the door: who goes together begins together; who comes one after the other begins in his turn.

Such a visit is one visit, with one bill: it begins with the first of its crew and is over when the last one has ended.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from service.catalog.crew_rules import CrewSync
from service.core.clock import LOCAL
from service.orders.crew_rules import Crew
from service.visits import errors
from service.visits.rules import EventKind, Report


def refuse_start(crew: Crew, members: Collection[UUID], reports: Iterable[Report], me: UUID, at: datetime) -> None:
    """Refuse to begin without the others of a crew that goes together, or too soon after the one before.

    Raises:
        errors.CrewNotThere: not all have arrived who go together.
        errors.CrewTooSoon: says from when.
    """
    known = list(reports)
    there = {each.practitioner_id for each in known if each.kind is EventKind.arrive}
    if not crew.is_apart and not set(members) <= there:
        raise errors.CrewNotThere(arrived=len(there), crew=len(members))
    before = [each.happened_at for each in known if each.kind is EventKind.start and each.practitioner_id != me]
    if crew.sync is CrewSync.sequential and before:
        earliest = max(before) + timedelta(minutes=crew.lag_min_minutes)
        if at < earliest:
            raise errors.CrewTooSoon(
                crew_lag_min_minutes=crew.lag_min_minutes, earliest=f"{earliest.astimezone(LOCAL):%H:%M}"
            )


def late(crew: Crew, reports: Iterable[Report]) -> list[dict[str, object]]:
    """Return by how much the next of a crew that comes one after the other began too late, with the figures."""
    if crew.sync is not CrewSync.sequential:
        return []
    starts = sorted(each.happened_at for each in reports if each.kind is EventKind.start)
    most = timedelta(minutes=crew.lag_max_minutes)
    return [
        {"minutes": int((after - before).total_seconds() // 60), "crew_lag_max_minutes": crew.lag_max_minutes}
        for before, after in pairwise(starts)
        if after - before > most
    ]


def shortest(crew: Crew, reports: Sequence[Report]) -> timedelta | None:
    """Return how long the one was there who was there for the shortest time, of a crew whose members come apart; None =
    they are there together, or not all have ended.
    """
    if not crew.is_apart:
        return None
    began = {each.practitioner_id: each.happened_at for each in reports if each.kind is EventKind.start}
    ended = {each.practitioner_id: each.happened_at for each in reports if each.kind is EventKind.complete}
    return min((ended[who] - at for who, at in began.items() if who in ended), default=None)
