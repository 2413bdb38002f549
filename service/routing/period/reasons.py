"""Why a due round has no day, or only a late one: each reason is checked before it is said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from service.routing.period.problem import Answer, Due, Period, Planned, Slot, dues, owed_on, slots_of
from service.routing.period.states import NotKept


@dataclass(frozen=True, slots=True)
class Beside:
    """Between which other times a due round lies; None = the first, or the last."""

    before: date | None
    after: date | None

    def is_near(self, on: date, gap: timedelta) -> bool:
        """Return whether a day lies within `gap` of the time before or after."""
        behind = self.before is not None and on - self.before < gap
        return behind or (self.after is not None and self.after - on < gap)


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
    gap = timedelta(days=wanted.minimum_days)
    if all(beside.before is not None and day - beside.before < gap for day in in_time):
        return NotKept.interval_too_short
    staffed = [slot.on for slot in slots_of(period, due) if slot.on <= due.by]
    if not staffed:
        return NotKept.no_staff_that_week
    # there may be room on a day that is too near to the time after it, which was kept instead
    if all(beside.is_near(day, gap) for day in staffed):
        return NotKept.interval_too_short
    return NotKept.no_capacity_in_window


def _beside(due_rounds: Sequence[Due], slots: Sequence[Slot | None], at: int) -> Beside:
    """Return when the same round is seen in the period the last time before, and the first time after."""
    same = [
        (place, slot.on)
        for place, (due, slot) in enumerate(zip(due_rounds, slots, strict=True))
        if due.round == due_rounds[at].round and slot is not None
    ]
    return Beside(
        before=max((on for place, on in same if place < at), default=None),
        after=min((on for place, on in same if place > at), default=None),
    )
