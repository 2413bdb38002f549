"""A period as frozen data: who is there for how long in which half of which day, and which rounds are due when."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from service.orders.rounds.rules import HalfDay
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


Crew = tuple[frozenset[str], ...]
"""What each member of a crew must have."""


@dataclass(frozen=True, slots=True)
class Party:
    """A crew that may go on some days: of one's own staff, or with help from neighbours.

    `by`: the agreement by which each member comes who is not one's own; `price_minutes`: what all of these cost.
    """

    days: frozenset[date]
    crew: Crew
    by: tuple[UUID, ...] = ()
    price_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    """Somebody who is seen every `every_days` days, at least `minimum_days` apart.

    `last_on`: when he was last seen or is ordered to be, None = never; `due_from` … `due_until` (both included):
    when he is to be seen at all;
    `days`: the days of the period that are open to him. One of the `parties` goes, own staff's first; each of its crew
    gives `minutes`, and needs those skills. Who is seen in the same `place` in the same half by the same crew costs the
    way there once.
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
    parties: tuple[Party, ...]
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
class Going:
    """Who goes to a round in which half of which day; `by` and `price_minutes` as of a party."""

    slot: Slot
    crew: Crew
    by: tuple[UUID, ...] = ()
    price_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a solver says of each due round, in their order: who goes when, or None; whether nothing better exists."""

    goings: tuple[Going | None, ...]
    proven: bool

    @property
    def slots(self) -> tuple[Slot | None, ...]:
        """When somebody goes to each due round, None = never."""
        return tuple(each.slot if each else None for each in self.goings)


@dataclass(frozen=True, slots=True)
class Planned:
    """A due round with its day and half; with a reason where it has none, or only one after the day it is due by.

    `owed_on`: when it fell due by its own count; `by`: the agreements by which neighbours' staff go there.
    """

    round_id: UUID
    seq: int
    due_on: date
    owed_on: date
    slot: Slot | None
    reason: NotKept | None
    by: tuple[UUID, ...] = ()


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


def goings_of(period: Period, due: Due) -> tuple[Going, ...]:
    """Return who may go to a due round when: the parties of its days, in the slots in which enough people with their
    skills are there at all, each with time enough for it.
    """
    wanted = period.rounds[due.round]
    there: defaultdict[Slot, dict[UUID, frozenset[str]]] = defaultdict(dict)
    for each in period.presences:
        if each.minutes >= wanted.minutes:
            there[Slot(each.on, each.half)][each.practitioner_id] = each.skills
    return tuple(
        Going(Slot(day, half), party.crew, party.by, party.price_minutes)
        for day in due.days
        for half in HALVES
        if half in wanted.halves
        for party in wanted.parties
        if day in party.days and _can_go(list(there[Slot(day, half)].values()), party.crew)
    )


def slots_of(period: Period, due: Due) -> tuple[Slot, ...]:
    """Return the slots open to a due round in which some party of it is there at all."""
    return tuple(dict.fromkeys(going.slot for going in goings_of(period, due)))


def _can_go(there: Sequence[frozenset[str]], crew: Crew) -> bool:
    """Return whether there is a person of his own for each member of a crew.

    Of a crew with help from neighbours no member need ask for what another does: all ways of seating it are tried.
    """
    if not crew:
        return True
    return any(
        crew[0] <= each and _can_go([*there[:at], *there[at + 1 :]], crew[1:])
        # who is as able as somebody tried before will not do better
        for at, each in enumerate(there)
        if each not in there[:at]
    )
