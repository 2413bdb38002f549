"""The distribution of due rounds over a period, held against every other one on small cases."""

import itertools
import random
from collections import defaultdict
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from service.core.ids import new_id
from service.orders.rounds.rules import HalfDay
from service.routing.period import apart, greedy, reasons
from service.routing.period.problem import HALVES, Period, Presence, Round, Slot, dues, slots_of
from service.routing.period.solving import solve
from service.routing.period.states import NotKept

MONDAY = date(2026, 3, 2)
NURSE, DOCTOR = frozenset({"licensed"}), frozenset({"licensed", "role:doctor"})


def day(number: int) -> date:
    """Return the so-manieth day from Monday, 0."""
    return MONDAY + timedelta(days=number)


def presence(
    on: int,
    minutes: int = 60,
    *,
    half: HalfDay = HalfDay.morning,
    skills: frozenset[str] = NURSE,
    who: UUID | None = None,
) -> Presence:
    return Presence(who or new_id(), day(on), half, minutes, skills)


def round_of(**changes: Any) -> Round:
    """Return a round due on Monday and every seven days, of half an hour, open on every day of a fortnight."""
    common: dict[str, Any] = {
        "id": new_id(), "last_on": None, "due_from": MONDAY, "due_until": day(99), "every_days": 7, "minimum_days": 1,
        "days": frozenset(day(each) for each in range(14)), "halves": frozenset(HALVES), "minutes": 30,
        "crew": (NURSE,), "place": "here",
    }  # fmt: skip
    return Round(**common | changes)


def period(*rounds: Round, presences: list[Presence], last: int = 6, travel: int = 0) -> Period:
    return Period(MONDAY, day(last), travel, tuple(presences), tuple(rounds))


def told(asked: Period) -> list[tuple[int | None, NotKept | None]]:
    """Return the day's number and the reason of each due round."""
    found = reasons.explained(asked, solve(asked))
    return [((each.slot.on - MONDAY).days if each.slot else None, each.reason) for each in found]


class TestWhatIsDue:
    @pytest.mark.parametrize(
        ("last_on", "due_from", "expected"),
        [
            (None, 0, [0, 7]),
            (None, 3, [3, 10]),
            (-7, 0, [0, 7]),
            (-2, 0, [5, 12]),
            (-30, 0, [0, 7]),
            (-30, 3, [3, 10]),
            (-5, 3, [3, 10]),
            (8, 0, []),
        ],
    )
    def test_every_so_many_days_from_the_last_time_or_from_its_beginning(
        self, last_on: int | None, due_from: int, expected: list[int]
    ) -> None:
        wanted = round_of(last_on=None if last_on is None else day(last_on), due_from=day(due_from))
        found = dues(period(wanted, presences=[], last=13))
        assert [(each.by - MONDAY).days for each in found] == expected

    def test_it_may_come_earlier_by_what_the_shortest_interval_leaves(self) -> None:
        wanted = round_of(last_on=day(-3), minimum_days=5)
        [due] = dues(period(wanted, presences=[], last=6))
        assert (due.by, due.days[0]) == (day(4), day(2))


class TestDistribution:
    def test_is_on_the_day_it_is_due_where_there_is_room(self) -> None:
        wanted = round_of(last_on=day(-4))
        assert told(period(wanted, presences=[presence(each) for each in range(7)])) == [(3, None)]

    def test_a_full_day_s_rounds_come_earlier_not_later(self) -> None:
        rounds = [round_of(last_on=day(-4)) for _ in range(4)]
        found = told(period(*rounds, presences=[presence(each) for each in range(7)]))
        assert sorted(found, key=str) == sorted([(2, None), (2, None), (3, None), (3, None)], key=str)

    def test_neighbours_are_seen_on_one_day(self) -> None:
        rounds = [round_of(last_on=day(-4 + each % 2), place="east" if each < 2 else "west") for each in range(4)]
        found = told(period(*rounds, presences=[presence(each, 100) for each in range(7)], travel=20))
        assert found[0][0] == found[1][0]
        assert found[2][0] == found[3][0]
        assert found[0][0] != found[2][0]
        assert {each[1] for each in found} == {None}

    def test_the_way_to_each_place_takes_its_time(self) -> None:
        rounds = [round_of(place=f"place {each}", days=frozenset({MONDAY})) for each in range(2)]
        roomy = told(period(*rounds, presences=[presence(0, 100)], travel=20))
        tight = told(period(*rounds, presences=[presence(0, 99)], travel=20))
        assert [each[0] for each in roomy] == [0, 0]
        assert sorted(tight, key=str) == [(0, None), (None, NotKept.no_capacity_in_window)]

    def test_the_shortest_interval_holds_between_the_times_of_one_round(self) -> None:
        wanted = round_of(every_days=2, minimum_days=2)
        found = told(period(wanted, presences=[presence(1), presence(2), presence(5), presence(6)]))
        # of the first two days only one, of the last two only one; these two are not late
        assert [each[0] for each in found] == [None, 2, None, 6]

    def test_two_who_go_together_are_two_people(self) -> None:
        pair = round_of(crew=(DOCTOR, NURSE), days=frozenset({MONDAY}))
        doctor = presence(0, skills=DOCTOR)
        assert told(period(pair, presences=[doctor, presence(0)])) == [(0, None)]
        assert told(period(pair, presences=[doctor])) == [(None, NotKept.no_staff_that_week)]

    def test_one_who_is_there_twice_is_not_two_people(self) -> None:
        pair = round_of(crew=(NURSE, NURSE), days=frozenset({MONDAY}))
        nurse = new_id()
        twice = [presence(0, who=nurse), presence(0, who=nurse)]
        assert told(period(pair, presences=twice)) == [(None, NotKept.no_staff_that_week)]
        assert told(period(pair, presences=[*twice, presence(0)])) == [(0, None)]

    def test_a_half_of_the_day_is_not_the_other(self) -> None:
        wanted = round_of(halves=frozenset({HalfDay.afternoon}), days=frozenset({MONDAY}))
        assert told(period(wanted, presences=[presence(0)])) == [(None, NotKept.no_staff_that_week)]
        assert told(period(wanted, presences=[presence(0, half=HalfDay.afternoon)])) == [(0, None)]

    def test_twice_gives_the_same(self) -> None:
        asked = drawn(random.Random(5))
        assert solve(asked) == solve(asked)

    async def test_a_process_of_its_own_says_the_same(self) -> None:
        asked = drawn(random.Random(6))
        assert await apart.solve_apart(asked) == solve(asked)


class TestReasons:
    def test_none_of_its_days_lies_before_it_is_due(self) -> None:
        wanted = round_of(days=frozenset({day(3)}))
        assert told(period(wanted, presences=[presence(3)])) == [(3, NotKept.no_allowed_day)]

    def test_its_days_are_too_near_to_the_last_time(self) -> None:
        wanted = round_of(last_on=day(-3), minimum_days=7, days=frozenset({day(1), day(3)}))
        assert told(period(wanted, presences=[presence(1), presence(3)])) == [(None, NotKept.interval_too_short)]

    def test_a_late_time_pushes_the_next(self) -> None:
        wanted = round_of(every_days=2, minimum_days=2, days=frozenset(day(each) for each in range(4)))
        found = told(period(wanted, presences=[presence(1)], last=3))
        assert found == [(1, NotKept.no_staff_that_week), (None, NotKept.interval_too_short)]

    def test_nobody_who_may_do_it_is_there(self) -> None:
        wanted = round_of(crew=(DOCTOR,))
        assert told(period(wanted, presences=[presence(0)])) == [(None, NotKept.no_staff_that_week)]

    def test_who_may_do_it_is_full(self) -> None:
        rounds = [round_of(crew=(DOCTOR,)) for _ in range(3)]
        found = told(period(*rounds, presences=[presence(0, skills=DOCTOR), presence(0, 600)]))
        assert sorted(found, key=str) == [(0, None), (0, None), (None, NotKept.no_capacity_in_window)]

    def test_what_comes_late_says_why(self) -> None:
        rounds = [round_of() for _ in range(3)]
        found = told(period(*rounds, presences=[presence(0), presence(1)]))
        assert sorted(found, key=str) == [(0, None), (0, None), (1, NotKept.no_capacity_in_window)]


def drawn(chance: random.Random) -> Period:
    """Return a small period drawn by chance: up to six due rounds, three days, two kinds of staff."""
    presences = [
        presence(on, chance.choice((20, 40, 60)), half=half, skills=skills)
        for on in range(3)
        for half in HALVES
        for skills in (NURSE, DOCTOR)
        if chance.random() < 0.5
    ]
    rounds = [
        round_of(
            id=UUID(int=each + 1),
            last_on=chance.choice((None, day(-1), day(-2))),
            every_days=(every := chance.randint(1, 3)),
            minimum_days=chance.randint(1, every),
            days=frozenset(day(on) for on in range(3) if chance.random() < 0.8),
            halves=frozenset(chance.choice((HALVES, HALVES[:1], HALVES[1:]))),
            minutes=chance.choice((20, 30)),
            crew=chance.choice(((NURSE,), (DOCTOR,), (DOCTOR, NURSE))),
            place=chance.choice(("east", "west")),
        )
        for each in range(chance.randint(1, 3))
    ]
    return period(*rounds, presences=presences, last=2, travel=chance.choice((0, 10)))


def price(asked: Period, slots: tuple[Slot | None, ...]) -> tuple[int, int, int, int] | None:
    """Return (left out, days late, ways, days early) of a distribution, or None where it breaks a rule."""
    due_rounds = dues(asked)
    need: dict[Slot, dict[frozenset[str], int]] = defaultdict(lambda: defaultdict(int))
    ways, seen = set(), defaultdict(list)
    for due, slot in zip(due_rounds, slots, strict=True):
        if slot is None:
            continue
        wanted = asked.rounds[due.round]
        if any((slot.on - before).days < wanted.minimum_days for before in seen[due.round]):
            return None
        seen[due.round].append(slot.on)
        for skills in wanted.crew:
            need[slot][skills] += wanted.minutes
        if (key := (wanted.place, wanted.crew, slot)) not in ways:
            ways.add(key)
            for skills in wanted.crew:
                need[slot][skills] += asked.travel_minutes
    if not all(_is_met(asked, slot, wants) for slot, wants in need.items()):
        return None
    off = [(slot.on - due.by).days for due, slot in zip(due_rounds, slots, strict=True) if slot]
    late, early = sum(max(0, each) for each in off), sum(max(0, -each) for each in off)
    return (sum(slot is None for slot in slots), late, len(ways), early)


def _is_met(asked: Period, slot: Slot, need: dict[frozenset[str], int]) -> bool:
    """Return whether each group of wants finds minutes enough among those who can give any of it (Hall)."""
    there = [each for each in asked.presences if (each.on, each.half) == (slot.on, slot.half)]
    return all(
        sum(need[skills] for skills in group)
        <= sum(each.minutes for each in there if any(skills <= each.skills for skills in group))
        for size in range(1, len(need) + 1)
        for group in itertools.combinations(need, size)
    )


@pytest.mark.parametrize("seed", range(60))
def test_no_other_distribution_is_better(seed: int) -> None:
    asked = drawn(random.Random(seed))
    answer = solve(asked)
    every = itertools.product(*((None, *slots_of(asked, due)) for due in dues(asked)))
    best = min(found for each in every if (found := price(asked, each)) is not None)
    assert price(asked, answer.slots) == best
    assert price(asked, greedy.begin(asked)) is not None
    assert answer.proven
