"""Why a due round has no day, or only a late one: each reason is checked before it is said."""

from collections.abc import Sequence
from datetime import date, timedelta

from service.routing.period.problem import Answer, Due, Period, Planned, Slot, dues, owed_on, slots_of
from service.routing.period.states import NotKept


def explained(period: Period, answer: Answer) -> tuple[Planned, ...]:
    """Return what a solver said with the reason for all that is not kept."""
    found: list[Planned] = []
    due_rounds = dues(period)
    for at, (due, slot) in enumerate(zip(due_rounds, answer.slots, strict=True)):
        kept = slot is not None and slot.on <= due.by
        reason = None if kept else why_not(period, due, _before(due_rounds, answer.slots, at))
        wanted = period.rounds[due.round]
        found.append(
            Planned(
                round_id=wanted.id,
                seq=due.seq,
                due_on=due.by,
                owed_on=owed_on(wanted, due.by),
                slot=slot,
                reason=reason,
            )
        )
    return tuple(found)


def why_not(period: Period, due: Due, before: date | None) -> NotKept:
    """Return why a round is not seen by the day it is due; `before`: when the time before it falls, None = never."""
    wanted = period.rounds[due.round]
    in_time = [day for day in due.days if day <= due.by]
    if not in_time:
        # open days there are, but too near to when he was seen last
        near = any(day <= due.by for day in wanted.days)
        return NotKept.interval_too_short if near else NotKept.no_allowed_day
    if before is not None and all(day < before + timedelta(days=wanted.minimum_days) for day in in_time):
        return NotKept.interval_too_short
    if not any(slot.on <= due.by for slot in slots_of(period, due)):
        return NotKept.no_staff_that_week
    return NotKept.no_capacity_in_window


def _before(due_rounds: Sequence[Due], slots: Sequence[Slot | None], at: int) -> date | None:
    """Return the day of the last time before that the same round is seen in the period."""
    same = [
        slot.on
        for due, slot in zip(due_rounds[:at], slots[:at], strict=True)
        if due.round == due_rounds[at].round and slot is not None
    ]
    return max(same, default=None)
