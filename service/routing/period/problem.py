"""A period as frozen data: who is there for how long in which half of which day, and which rounds are due when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from service.orders.rounds.rules import HalfDay
from service.routing.building import staffing
from service.routing.period.states import NotKept

HALVES = (HalfDay.morning, HalfDay.afternoon)
"""The halves of a day, in order."""


@dataclass(frozen=True, slots=True)
class Presence:
    """So many minutes in a row of one member of staff that nothing else has taken, in one half of a day.

    Who is away in between is there twice.
    """

    practitioner_id: UUID
    on: date
    half: HalfDay
    minutes: int
    skills: frozenset[str]


@dataclass(frozen=True, slots=True)
class Round:
    """Somebody who is seen every `every_days` days, at least `minimum_days` apart.

    `last_on`: when he was last seen or is ordered to be, None = never; `due_from` … `due_until` (both included):
    when he is to be seen at all;
    `days`: the days of the period that are open to him. Each of `crew` gives `minutes`, and needs those skills; who
    is seen in the same `place` in the same half costs the way there once.
    """

    id: UUID
    last_on: date | None
    due_from: date
    due_until: date
    every_days: int
    minimum_days: int
    days: frozenset[date]
    halves: frozenset[HalfDay]
    minutes: int
    crew: tuple[frozenset[str], ...]
    place: str


@dataclass(frozen=True, slots=True)
class Period:
    """The days first … last (both included), and what they must hold; `travel_minutes`: the way to each place."""

    first: date
    last: date
    travel_minutes: int
    presences: tuple[Presence, ...]
    rounds: tuple[Round, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """The `seq`-th time (from 1) that a round is due: by `by`, on one of `days`; later ones of them are too late."""

    round: int
    seq: int
    by: date
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """A half of a day."""

    on: date
    half: HalfDay


@dataclass(frozen=True, slots=True)
class Answer:
    """What a solver says of each due round, in their order: its slot, or None; whether nothing better exists."""

    slots: tuple[Slot | None, ...]
    proven: bool


@dataclass(frozen=True, slots=True)
class Planned:
    """A due round with its day and half; with a reason where it has none, or only one after the day it is due by.

    `owed_on`: when it fell due by its own count.
    """

    round_id: UUID
    seq: int
    due_on: date
    owed_on: date
    slot: Slot | None
    reason: NotKept | None


def dues(period: Period) -> tuple[Due, ...]:
    """Return every time that a round is due within a period, round by round, each with the days open to it.

    A round falls due every `every_days` days from when it was last seen, or from when it is to begin; what is overdue
    is due on the first day on which it is to be seen at all. It may come earlier by as much as the shortest interval
    leaves, and, too late, later.
    """
    return tuple(due for at, each in enumerate(period.rounds) for due in _dues_of(period, at, each))


def owed_on(each: Round, by: date) -> date:
    """Return when a round that is due by a day fell due by its own count, which no period puts off.

    That is the last day of the count up to then: periods that begin on different days mean the same time by it.
    """
    first = _first_due(each)
    return first + timedelta(days=(by - first).days // each.every_days * each.every_days)


def _first_due(each: Round) -> date:
    by = each.due_from if each.last_on is None else each.last_on + timedelta(days=each.every_days)
    return max(by, each.due_from)


def _dues_of(period: Period, at: int, each: Round) -> Iterator[Due]:
    by, seq = max(_first_due(each), period.first), 1
    early = timedelta(days=each.every_days - each.minimum_days)
    soonest = period.first
    if each.last_on is not None:
        soonest = max(soonest, each.last_on + timedelta(days=each.minimum_days))
    while by <= min(period.last, each.due_until):
        begins = max(soonest, by - early)
        yield Due(at, seq, by, tuple(sorted(day for day in each.days if begins <= day <= period.last)))
        by, seq = by + timedelta(days=each.every_days), seq + 1


def slots_of(period: Period, due: Due) -> tuple[Slot, ...]:
    """Return the slots open to a due round in which enough people with its skills are there at all."""
    wanted = period.rounds[due.round]
    return tuple(
        Slot(day, half)
        for day in due.days
        for half in HALVES
        if half in wanted.halves and is_staffed(period, wanted, Slot(day, half))
    )


def is_staffed(period: Period, wanted: Round, slot: Slot) -> bool:
    """Return whether a slot has a person for each member of a round's crew, with time enough for it."""
    there = {
        each.practitioner_id: each.skills
        for each in period.presences
        if each.on == slot.on and each.half is slot.half and each.minutes >= wanted.minutes
    }
    return staffing.suffice(there.values(), wanted.crew)
