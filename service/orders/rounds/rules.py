"""What a round plan is: how often, on which days, in which half of the day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from service.core.clock import at_local
from service.institutions.rules import SettingsOn, settings
from service.orders.rounds import errors
from service.orders.rules import OrderKind, Window


class HalfDay(StrEnum):
    """In which half of the day somebody is to be seen."""

    morning = "morning"
    afternoon = "afternoon"
    any = "any"


@dataclass(frozen=True, slots=True)
class Hours:
    """Between which local times a round of each half is wished for; the day's plan says the minute."""

    morning: tuple[time, time] = (time(8), time(12))
    afternoon: tuple[time, time] = (time(13), time(17, 30))

    def of(self, half: HalfDay) -> tuple[time, time]:
        """Return when a half begins and ends; either half: from the morning's beginning to the afternoon's end."""
        if half is HalfDay.any:
            return self.morning[0], self.afternoon[1]
        return self.morning if half is HalfDay.morning else self.afternoon


def hours_of(values: SettingsOn) -> Hours:
    """Return the hours that an institution's settings of a day say."""
    return Hours(values.of(settings.ROUNDS_MORNING), values.of(settings.ROUNDS_AFTERNOON))


@dataclass(frozen=True, slots=True)
class RoundPlanFacts:
    """A round plan in force from … to (both days included); `weekdays`: 1 = Monday … 7 = Sunday."""

    id: UUID
    institution_id: UUID
    kind: OrderKind
    person_id: UUID
    items: tuple[tuple[str, int], ...]
    every_days: int
    minimum_days: int
    weekdays: frozenset[int]
    half_day: HalfDay
    mobility_reason: str
    valid_from: date
    valid_to: date | None
    entered_by_account_id: UUID
    entered_at: datetime


def window_of(on: date, half: HalfDay, hours: Hours) -> Window:
    """Return the window that an order of a day's half asks for."""
    opens, closes = hours.of(half)
    return Window(at_local(on, opens), at_local(on, closes))


def is_open(plan: RoundPlanFacts, on: date) -> bool:
    """Return whether a round plan is in force on a day, and the weekday one of its own."""
    in_force = plan.valid_from <= on and (plan.valid_to is None or on <= plan.valid_to)
    return in_force and on.isoweekday() in plan.weekdays


def is_far_enough(plan: RoundPlanFacts, on: date, seen: Iterable[date]) -> bool:
    """Return whether a day keeps the shortest interval to every other on which the person is seen."""
    return all(abs((on - each).days) >= plan.minimum_days for each in seen)


def refuse_on(plan: RoundPlanFacts, on: date, seen: Iterable[date]) -> None:
    """Refuse to order a round on a day that its plan does not ask for.

    Raises:
        errors.NotDueThen: the plan is not open that day.
        errors.SeenTooSoon: the person is seen within the shortest interval.
    """
    if not is_open(plan, on):
        raise errors.NotDueThen(on=on)
    if not is_far_enough(plan, on, seen):
        raise errors.SeenTooSoon()


def refuse_days(every_days: int, minimum_days: int) -> None:
    """Refuse a minimum interval longer than the interval itself.

    Raises:
        errors.IntervalImpossible: names both.
    """
    if minimum_days > every_days:
        raise errors.IntervalImpossible(every_days=every_days, minimum_days=minimum_days)


def refuse_end(valid_from: date, valid_to: date | None) -> None:
    """Refuse a plan that ends before it starts.

    Raises:
        errors.RoundPlanImpossible: names both days.
    """
    if valid_to is not None and valid_to < valid_from:
        raise errors.RoundPlanImpossible(valid_from=valid_from, valid_to=valid_to)
