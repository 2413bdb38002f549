"""What an absence is, when it may be entered, ended and removed, and what it leaves of a shift."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from service.practitioners import errors
from service.practitioners.rules import ShiftFacts

LONGEST_ABSENCE: Final = timedelta(days=732)
"""Two years: a secondment is entered anew after that."""


class AbsenceReason(StrEnum):
    """Why somebody is not there: 休假, 病假, 培训, 借调, 轮转, 其他."""

    leave = "leave"
    sick = "sick"
    training = "training"
    secondment = "secondment"
    rotation = "rotation"
    other = "other"


@dataclass(frozen=True, slots=True)
class AbsenceFacts:
    """An absence [start, end) of one member of staff; `ended_at`: when it was cut short, None where it was not."""

    id: UUID
    institution_id: UUID
    practitioner_id: UUID
    start: datetime
    end: datetime
    reason: AbsenceReason
    note: str
    entered_by_account_id: UUID
    entered_at: datetime
    ended_by_account_id: UUID | None
    ended_at: datetime | None


def present(shift: ShiftFacts, away: Iterable[tuple[datetime, datetime]]) -> tuple[ShiftFacts, ...]:
    """Return what absences [start, end) leave of a shift: its parts in order, none when it is covered whole.

    The break goes to the part with the most room for it; who has room in none has it while he is away.
    """
    begin, spans = shift.start, []
    for start, end in sorted(away):
        if start < shift.end and begin < end:
            spans.append((begin, start))
            begin = max(begin, end)
    spans.append((begin, shift.end))
    parts = [(start, end) for start, end in spans if start < end]
    if parts == [(shift.start, shift.end)]:
        return (shift,)
    resting = _resting_part(shift, parts)
    return tuple(_part(shift, each, with_break=each == resting) for each in parts)


def _room(shift: ShiftFacts, part: tuple[datetime, datetime]) -> timedelta:
    if shift.lunch_from is None or shift.lunch_to is None:
        return timedelta(0)
    return min(shift.lunch_to, part[1]) - max(shift.lunch_from, part[0])


def _resting_part(shift: ShiftFacts, parts: list[tuple[datetime, datetime]]) -> tuple[datetime, datetime] | None:
    if shift.lunch_from is None or not parts:
        return None
    best = max(parts, key=lambda each: _room(shift, each))
    return best if _room(shift, best) >= timedelta(minutes=shift.lunch_minutes) else None


def _part(shift: ShiftFacts, part: tuple[datetime, datetime], *, with_break: bool) -> ShiftFacts:
    start, end = part
    if not with_break or shift.lunch_from is None or shift.lunch_to is None:
        return replace(shift, start=start, end=end, lunch_from=None, lunch_to=None, lunch_minutes=0)
    return replace(
        shift, start=start, end=end, lunch_from=max(shift.lunch_from, start), lunch_to=min(shift.lunch_to, end)
    )


def refuse_impossible(start: datetime, end: datetime) -> None:
    """Refuse an absence that ends before it starts, or that lasts longer than two years.

    Raises:
        errors.AbsenceImpossible: it does.
    """
    if not timedelta(0) < end - start <= LONGEST_ABSENCE:
        raise errors.AbsenceImpossible(days=LONGEST_ABSENCE.days)


def refuse_over(end: datetime, now: datetime) -> None:
    """Refuse to change an absence that is over.

    Raises:
        errors.AbsenceOver: it ended before now.
    """
    if end <= now:
        raise errors.AbsenceOver


def refuse_end(absence: AbsenceFacts, end: datetime, now: datetime) -> None:
    """Refuse to end an absence that is over, or at a moment that is past, not within it, or not before its end.

    Raises:
        errors.AbsenceOver: it ended before now.
        errors.EndNotWithinAbsence: names the moments between which it may end.
    """
    refuse_over(absence.end, now)
    # who came back this morning is told of a little later
    first = max(absence.start, now - timedelta(days=1))
    if not (absence.start < end < absence.end and first <= end):
        raise errors.EndNotWithinAbsence(first=first, last=absence.end)


def refuse_begun(start: datetime, now: datetime) -> None:
    """Refuse to remove an absence that has begun: it is ended instead.

    Raises:
        errors.AbsenceBegun: it has.
    """
    if start <= now:
        raise errors.AbsenceBegun
