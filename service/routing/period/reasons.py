"""Why a due round has no day, or only a late one: each reason is checked before it is said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from service.routing.period.problem import Answer, Due, Period, Planned, Slot, dues, owed_on, slots_of
from service.routing.period.states import NotKept


@dataclass(frozen=True, slots=True)
class Beside:
    """When the same round is seen the other times of the period: those due before, and those due after."""

    before: tuple[date, ...]
    after: tuple[date, ...]


def explained(period: Period, answer: Answer) -> tuple[Planned, ...]:
    """Return what a solver said with the reason for all that is not kept."""
    found: list[Planned] = []
    due_rounds = dues(period)
    for at, (due, going) in enumerate(zip(due_rounds, answer.goings, strict=True)):
        slot = going.slot if going else None
        kept = slot is not None and slot.on <= due.by
        reason = None if kept else why_not(period, due, _beside(due_rounds, answer.slots, at))
        wanted = period.rounds[due.round]
        found.append(
            Planned(
                round_id=wanted.id,
                seq=due.seq,
                due_on=due.by,
                owed_on=owed_on(wanted, due.by),
                slot=slot,
                reason=reason,
                by=going.by if going else (),
            )
        )
    return tuple(found)


def why_not(period: Period, due: Due, beside: Beside) -> NotKept:
    """Return why a round is not seen by the day it is due."""
    wanted = period.rounds[due.round]
    in_time = [day for day in due.days if day <= due.by]
    if not in_time:
        # open days there are, but too near to when he was seen last
        near = any(day <= due.by for day in wanted.days)
        return NotKept.interval_too_short if near else NotKept.no_allowed_day
    if all(_is_near(day, beside.before, wanted.minimum_days) for day in in_time):
        return NotKept.interval_too_short
    staffed = [slot.on for slot in slots_of(period, due) if slot.on <= due.by]
    if not staffed:
        return NotKept.no_staff_that_week
    # there may be room on a day that is too near to a later time, which was kept instead
    if all(_is_near(day, beside.before + beside.after, wanted.minimum_days) for day in staffed):
        return NotKept.interval_too_short
    return NotKept.no_capacity_in_window


def _is_near(on: date, others: Iterable[date], least_days: int) -> bool:
    return any(abs((on - each).days) < least_days for each in others)


def _beside(due_rounds: Sequence[Due], slots: Sequence[Slot | None], at: int) -> Beside:
    same = [
        (place, slot.on)
        for place, (due, slot) in enumerate(zip(due_rounds, slots, strict=True))
        if due.round == due_rounds[at].round and slot is not None
    ]
    return Beside(
        before=tuple(on for place, on in same if place < at), after=tuple(on for place, on in same if place > at)
    )
