"""Generated periods: every due round is planned or says why not, nothing is overdrawn, every interval is kept.

Written from what the words mean, beside the planner: who is due when is counted here anew, capacity is a flow of
minutes from people to what is asked of them, and each reason is tried out by putting the round where it does not fit.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import permutations
from uuid import UUID

import pytest

from service.orders.rounds.rules import HalfDay
from service.routing.period import filling, reasons
from service.routing.period.problem import (
    HALVES,
    Answer,
    Crew,
    Going,
    Party,
    Period,
    Planned,
    Presence,
    Round,
    Slot,
    dues,
)
from service.routing.period.solving import solve
from service.routing.period.states import NotKept

FIRST = date(2026, 3, 2)
SEEDS = (*range(34), 163, 253, 321, 329, 346, 383)
"""The last ones have room on a day that is too near to a later time of the same round."""
INSTITUTIONS = ("at:a", "at:b")
SKILLS = ("wound", "rehab")


def generated(seed: int) -> Period:
    """Return a period of a week of two institutions, of up to 16 rounds for more than there is often time."""
    chance = random.Random(seed)
    days = [FIRST + timedelta(days=each) for each in range(chance.choice((3, 5, 7)))]
    presences = [
        Presence(who, on, half, chance.choice((30, 60, 90)), frozenset({at, *_some(chance, 2)}))
        for at in INSTITUTIONS
        for who in (UUID(int=chance.getrandbits(128)) for _ in range(chance.randint(1, 3)))
        for on in days
        for half in HALVES
        if chance.random() < 0.5
    ]  # fmt: skip
    signed = frozenset(day for day in days if chance.random() < 0.7)
    rounds = tuple(_round(chance, days, signed) for _ in range(chance.randint(4, 16)))
    return Period(days[0], days[-1], chance.choice((0, 10, 20)), tuple(presences), rounds)


def crowded() -> Period:
    """Return a fortnight of a hundred rounds for four people: more than the search proves anything of."""
    chance = random.Random(2)
    days = [FIRST + timedelta(days=each) for each in range(14)]
    staff = [(UUID(int=each), frozenset({INSTITUTIONS[each % 2], *SKILLS[: each % 3]})) for each in range(4)]
    presences = tuple(Presence(who, on, half, 180, skills) for who, skills in staff for on in days for half in HALVES)
    rounds = tuple(_round(chance, days, frozenset(days)) for _ in range(100))
    return Period(days[0], days[-1], 15, presences, rounds)


def _some(chance: random.Random, most: int) -> list[str]:
    return chance.sample(SKILLS, chance.randint(0, most))


def _round(chance: random.Random, days: list[date], signed: frozenset[date]) -> Round:
    at = chance.choice(INSTITUTIONS)
    first = frozenset({at, *_some(chance, 1)})
    own: Crew = (first, frozenset({at})) if chance.random() < 0.2 else (first,)
    parties = [Party(frozenset(days), own)]
    if at == "at:a" and chance.random() < 0.7:
        away = tuple(each - {at} | {"at:b"} for each in own)
        parties.append(Party(signed, away, (AGREED,) * len(away), chance.choice((0, 15, 60)) * len(away)))
    every = chance.randint(1, 7)
    return Round(
        id=UUID(int=chance.getrandbits(128)),
        last_on=chance.choice((None, *(days[0] - timedelta(days=each) for each in (1, 2, 4, 9)))),
        due_from=chance.choice((days[0], days[0], days[1])),
        due_until=chance.choice((days[-1], days[-1] + timedelta(days=9), days[1])),
        every_days=every,
        minimum_days=chance.randint(1, every),
        days=frozenset(day for day in days if chance.random() < 0.8),
        halves=frozenset(chance.choice((HALVES, HALVES, HALVES[:1], HALVES[1:]))),
        minutes=chance.choice((20, 30, 40)),
        parties=tuple(parties),
        place=chance.choice(("north", "south", "care:house")),
    )


AGREED = UUID(int=7)


@dataclass(frozen=True)
class Done:
    """A due round as it came out."""

    round: Round
    told: Planned
    going: Going | None


@cache
def outcome(seed: int, *, searched: bool = True) -> list[Done]:
    """Return what becomes of a generated period: searched, or where the search came to an end with nothing."""
    period = generated(seed)
    if searched:
        answer = solve(period)
        assert answer.proven
    else:
        answer = Answer(filling.fill(period, [None for _ in dues(period)]), proven=False)
    return came_out(period, answer)


def came_out(period: Period, answer: Answer) -> list[Done]:
    rounds = {each.id: each for each in period.rounds}
    return [
        Done(rounds[told.round_id], told, going)
        for told, going in zip(reasons.explained(period, answer), answer.goings, strict=True)
    ]


def owed(period: Period, each: Round) -> list[date]:
    """Return the days on which a round is due within a period, counted day by day."""
    found: list[date] = []
    on = period.first
    first = max(each.due_from, each.last_on + timedelta(days=each.every_days) if each.last_on else each.due_from)
    while on <= min(period.last, each.due_until):
        if on >= first and (not found or (on - found[-1]).days == each.every_days):
            found.append(on)
        on += timedelta(days=1)
    return found


def fits(period: Period, done: Iterable[tuple[Round, Going]]) -> bool:
    """Return whether those who are there have the minutes that goings ask for, way and all, by the greatest flow."""
    asked: defaultdict[Slot, Counter[frozenset[str]]] = defaultdict(Counter)
    ways = set()
    for each, going in done:
        way = 0 if (each.place, going.crew, going.slot) in ways else period.travel_minutes
        ways.add((each.place, going.crew, going.slot))
        for skills in going.crew:
            asked[going.slot][skills] += each.minutes + way
    return all(
        _flow([each for each in period.presences if Slot(each.on, each.half) == slot], wants)
        == sum(wants.values())
        for slot, wants in asked.items()
    )  # fmt: skip


def _flow(there: list[Presence], wants: Counter[frozenset[str]]) -> int:
    """Return how many of the wanted minutes can be given at once (Ford and Fulkerson)."""
    given: Counter[tuple[int, frozenset[str]]] = Counter()
    left, met = {at: each.minutes for at, each in enumerate(there)}, Counter[frozenset[str]]()

    def push(skills: frozenset[str], most: int, tried: set[int]) -> int:
        for at, each in enumerate(there):
            if at in tried or not skills <= each.skills:
                continue
            tried.add(at)
            if left[at]:
                part = min(most, left[at])
                left[at] -= part
                given[at, skills] += part
                return part
            for other in [other for who, other in given if who == at and given[at, other]]:
                part = push(other, min(most, given[at, other]), tried)
                if part:
                    given[at, other] -= part
                    given[at, skills] += part
                    return part
        return 0

    for skills, minutes in wants.items():
        while met[skills] < minutes and (part := push(skills, minutes - met[skills], set())):
            met[skills] += part
    return sum(met.values())


def can_go(period: Period, each: Round, on: date) -> list[Going]:
    """Return who of a round's parties could go on an empty day, each member another person with time for it."""
    found = []
    for half in sorted(each.halves):
        able = [one for one in period.presences if (one.on, one.half) == (on, half) and one.minutes >= each.minutes]
        people = list({one.practitioner_id: one.skills for one in able}.values())
        for party in each.parties:
            seated = any(
                all(skills <= one for skills, one in zip(party.crew, who, strict=True))
                for who in permutations(people, len(party.crew))
            )
            if on in party.days and seated:
                found.append(Going(Slot(on, HalfDay(half)), party.crew, party.by, party.price_minutes))
    return found


def open_days(period: Period, done: Done) -> list[date]:
    """Return the open days by the one on which it is due, none that is further before it than the interval leaves."""
    each, by = done.round, done.told.due_on
    early = by - timedelta(days=each.every_days - each.minimum_days)
    return sorted(on for on in each.days if max(period.first, early) <= on <= by)


def too_near(each: Round, on: date, others: Iterable[date]) -> bool:
    return any(abs((on - other).days) < each.minimum_days for other in others)


def is_true(period: Period, every: list[Done], done: Done) -> bool:
    """Return whether a reason is so, tried out."""
    each, days = done.round, open_days(period, done)
    seen = [other.going.slot.on for other in every if other.round is each and other.going and other is not done]
    seen += [each.last_on] if each.last_on else []
    goings = [going for on in days for going in can_go(period, each, on)]
    beside = [(other.round, other.going) for other in every if other.going and other is not done]
    if done.told.reason is NotKept.no_allowed_day:
        return not any(on <= done.told.due_on for on in each.days)
    if done.told.reason is NotKept.interval_too_short:
        # days there are, but none of them is far enough from the other times, or nobody is there on those that are
        if not days:
            return any(on <= done.told.due_on for on in each.days)
        return all(too_near(each, on, seen) for on in {going.slot.on for going in goings} or days)
    if done.told.reason is NotKept.no_staff_that_week:
        return not goings and bool(days)
    apart = [going for going in goings if not too_near(each, going.slot.on, seen)]
    return bool(apart) and not any(fits(period, [*beside, (each, going)]) for going in apart)


both_ways = pytest.mark.parametrize("searched", [True, False])


@both_ways
@pytest.mark.parametrize("seed", SEEDS)
def test_every_due_round_is_planned_or_says_truly_why_not(seed: int, searched: bool) -> None:
    period, every = generated(seed), outcome(seed, searched=searched)
    assert Counter((each.round.id, each.told.due_on) for each in every) == Counter(
        (each.id, on) for each in period.rounds for on in owed(period, each)
    )
    for done in every:
        in_time = done.going is not None and done.going.slot.on <= done.told.due_on
        assert in_time == (done.told.reason is None)
        assert in_time or is_true(period, every, done), done


@both_ways
@pytest.mark.parametrize("seed", SEEDS)
def test_no_minute_is_given_twice_and_every_interval_kept(seed: int, searched: bool) -> None:
    period, every = generated(seed), outcome(seed, searched=searched)
    assert fits(period, [(done.round, done.going) for done in every if done.going])
    for done in every:
        if done.going is None:
            continue
        on = done.going.slot.on
        others = [
            other.going.slot.on for other in every if other.round is done.round and other is not done and other.going
        ]
        assert not too_near(done.round, on, [*others, *([done.round.last_on] if done.round.last_on else [])])
        assert on in done.round.days
        assert done.going in can_go(period, done.round, on)
        assert done.told.by == done.going.by


def test_a_period_too_large_to_be_proven_denies_no_room_that_is_there() -> None:
    period = crowded()
    answer = solve(period)
    assert not answer.proven
    every = came_out(period, answer)
    assert fits(period, [(done.round, done.going) for done in every if done.going])
    assert [done for done in every if done.told.reason is not None and not is_true(period, every, done)] == []


def test_the_generated_periods_know_every_reason_and_lean_on_neighbours() -> None:
    """What is never drawn is not tested."""
    every = [done for seed in SEEDS for done in outcome(seed)]
    told = Counter(done.told.reason for done in every)
    assert {reason for reason in NotKept if reason is not NotKept.home_unseen} <= told.keys()
    assert sum(bool(done.told.by) for done in every) > 40
    assert sum(done.told.reason is not None and done.going is not None for done in every) > 20
