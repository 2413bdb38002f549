"""Visits in parts (分次服务): the steps of stepping out and coming back, and when the way back is too soon or too late.

Such a visit is one visit, with one departure, one arrival, one beginning and one end; in between whoever gives it steps
out after each part but the last, and comes back for the next one.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from service.core.clock import LOCAL
from service.visits import errors
from service.visits.rules import EventKind, Report

OUT_AND_BACK: Final = frozenset({EventKind.step_out, EventKind.come_back})
"""The steps that say of which part they are: the one that is over, the one that begins."""


class Step(NamedTuple):
    """A step, of a part where there are several."""

    kind: EventKind
    part: int = 1


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """A further part of a visit: when it is planned, and how many minutes after the one before it may begin; None = the
    list of services says nothing of it any more.
    """

    number: int
    planned_start_at: datetime
    planned_end_at: datetime
    after_min_minutes: int | None
    after_max_minutes: int | None


@dataclass(frozen=True, slots=True)
class Between:
    """What lies between two parts: when the one before was left, and when somebody came back; None = not yet."""

    planned: PlannedPart
    left_at: datetime | None
    back_at: datetime | None

    @property
    def minutes(self) -> int | None:
        """How many whole minutes somebody was away."""
        if self.left_at is None or self.back_at is None:
            return None
        return int((self.back_at - self.left_at).total_seconds() // 60)


def chain(parts: int) -> list[Step]:
    """Return the steps of a visit in so many parts, in their order."""
    between = [
        step
        for part in range(2, parts + 1)
        for step in (Step(EventKind.step_out, part - 1), Step(EventKind.come_back, part))
    ]
    steps = [Step(each) for each in EventKind if each not in OUT_AND_BACK]
    last = steps.index(Step(EventKind.complete))
    return [*steps[:last], *between, *steps[last:]]


def refuse_out_of_turn(done: Collection[Step], asked: Step, parts: int) -> None:
    """Refuse a step before which another one is missing, or that such a visit does not have.

    Raises:
        errors.NotInParts: the visit has no such part to leave or to come back for.
        errors.PartsNotDone: it is to be completed, and not all of its parts were begun.
        errors.StepMissing: names the first step that is missing.
    """
    steps = chain(parts)
    if asked not in steps:
        raise errors.NotInParts(part=asked.part, parts=parts)
    missing = next((each for each in steps[: steps.index(asked)] if each not in done), None)
    if missing is None:
        return
    if asked.kind is EventKind.complete and missing.kind in OUT_AND_BACK:
        raise errors.PartsNotDone(done=begun(done), parts=parts)
    raise errors.StepMissing(missing=missing.kind, asked=asked.kind, missing_part=missing.part)


def begun(done: Iterable[Step]) -> int:
    """Return how many parts were begun."""
    return max((step.part if step.kind is EventKind.come_back else 1 for step in done), default=0)


def between(planned: Iterable[PlannedPart], reports: Iterable[Report]) -> list[Between]:
    """Return what lies before each further part."""
    at: Mapping[tuple[EventKind, int], datetime] = {(each.kind, each.part): each.happened_at for each in reports}
    return [
        Between(each, at.get((EventKind.step_out, each.number - 1)), at.get((EventKind.come_back, each.number)))
        for each in planned
    ]


def refuse_too_soon(way: Between, back_at: datetime) -> None:
    """Refuse coming back before the services allow it.

    Raises:
        errors.BackTooSoon: says from when.
    """
    least = way.planned.after_min_minutes
    if way.left_at is None or least is None:
        return
    earliest = way.left_at + timedelta(minutes=least)
    if back_at < earliest:
        raise errors.BackTooSoon(
            part=way.planned.number, after_min_minutes=least, earliest=f"{earliest.astimezone(LOCAL):%H:%M}"
        )


def late(ways: Iterable[Between]) -> list[dict[str, Any]]:
    """Return the parts for which somebody came back later than the services allow, with the figures."""
    return [
        {"part": way.planned.number, "minutes": way.minutes, "after_max_minutes": way.planned.after_max_minutes}
        for way in ways
        if way.left_at is not None
        and way.back_at is not None
        and way.planned.after_max_minutes is not None
        and way.back_at > way.left_at + timedelta(minutes=way.planned.after_max_minutes)
    ]
