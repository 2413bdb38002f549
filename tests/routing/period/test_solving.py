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
from service.routing.period.problem import HALVES, Going, Party, Period, Presence, Round, Slot, dues
from service.routing.period.solving import solve
from service.routing.period.states import NotKept

MONDAY = date(2026, 3, 2)
NURSE, DOCTOR = frozenset({"licensed"}), frozenset({"licensed", "role:doctor"})
HERE, NEAR = frozenset({"at:here"}), frozenset({"at:near"})
BY = UUID(int=99)
EVERY_DAY = frozenset(MONDAY + timedelta(days=each) for each in range(100))


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
        "place": "here",
    }  # fmt: skip
    parties = (Party(EVERY_DAY, changes.pop("crew", (NURSE,))), *changes.pop("helps", ()))
    return Round(**common | {"parties": parties} | changes)


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


class TestHelp:
    def helped(self, *, price: int = 60, **changes: Any) -> Round:
        """Return a round to which a neighbour's nurse may come."""
        return round_of(helps=(Party(EVERY_DAY, (NEAR,), (BY,), price),), **changes)

    def test_own_staff_come_first_and_neighbours_where_they_have_no_room(self) -> None:
        rounds = [self.helped(days=frozenset({MONDAY})) for _ in range(3)]
        asked = period(*rounds, presences=[presence(0), presence(0, skills=NEAR)])
        assert told(asked) == [(0, None)] * 3
        found = reasons.explained(asked, solve(asked))
        assert sorted(each.by for each in found) == [(), (), (BY,)]

    def test_a_free_neighbour_still_comes_only_where_own_staff_have_no_room(self) -> None:
        asked = period(self.helped(price=0), presences=[presence(0), presence(0, skills=NEAR)])
        [found] = reasons.explained(asked, solve(asked))
        assert found.by == ()

    def test_rather_a_neighbour_than_too_late_and_rather_early_than_a_neighbour(self) -> None:
        there = presence(3, skills=NEAR)
        late = period(self.helped(last_on=day(-4)), presences=[there, presence(4)])
        early = period(self.helped(last_on=day(-4)), presences=[there, presence(1)])
        assert [(each.slot.on, each.by) for each in solve(late).goings if each] == [(day(3), (BY,))]
        assert [(each.slot.on, each.by) for each in solve(early).goings if each] == [(day(1), ())]

    def test_what_it_costs_is_weighed_against_ways(self) -> None:
        """Together they are one way and a neighbour's, apart two ways."""

        def goes(price: int) -> list[tuple[int, int]]:
            rounds = [round_of(last_on=day(-4)), self.helped(last_on=day(-4), price=price)]
            staff = [presence(2, 50), presence(3, 50), presence(3, 50, skills=NEAR)]
            return sorted(((each.slot.on - MONDAY).days, len(each.by)) for each in solve(
                period(*rounds, presences=staff, travel=20)
            ).goings if each)  # fmt: skip

        assert goes(15) == [(2, 0), (3, 0)]
        assert goes(0) == [(3, 0), (3, 1)]

    def test_nobody_s_time_is_given_twice(self) -> None:
        own = round_of(crew=(NEAR,), days=frozenset({MONDAY}))
        asked = period(own, self.helped(days=frozenset({MONDAY})), presences=[presence(0, 59, skills=NEAR)])
        assert sorted(map(str, told(asked))) == sorted(map(str, [(0, None), (None, NotKept.no_capacity_in_window)]))

    def test_an_agreement_counts_on_its_days_only(self) -> None:
        party = Party(frozenset({day(2)}), (NEAR,), (BY,), 60)
        asked = period(round_of(helps=(party,)), presences=[presence(each, skills=NEAR) for each in range(5)])
        assert told(asked) == [(2, NotKept.no_staff_that_week)]

    def test_one_of_each_institution_make_a_pair(self) -> None:
        mixed = Party(EVERY_DAY, (HERE, NEAR), (BY,), 60)
        pair = round_of(crew=(HERE, HERE), helps=(mixed,), days=frozenset({MONDAY}))
        assert told(period(pair, presences=[presence(0, skills=HERE), presence(0, skills=NEAR)])) == [(0, None)]
        assert told(period(pair, presences=[presence(0, skills=NEAR), presence(0, skills=NEAR)])) == [
            (None, NotKept.no_staff_that_week)
        ]


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


def drawn_helped(chance: random.Random) -> Period:
    """Return a small period of two institutions, each with rounds of its own, one of which may help the other out."""
    presences = [
        presence(on, chance.choice((20, 40, 60)), half=half, skills=skills)
        for on in range(3)
        for half in HALVES
        for skills in (HERE, NEAR)
        if chance.random() < 0.5
    ]
    rounds = []
    for each in range(chance.randint(1, 3)):
        at, pair = chance.choice((HERE, HERE, NEAR)), chance.random() < 0.3
        signed = frozenset(day(on) for on in range(3) if chance.random() < 0.8)
        cost = chance.choice((0, 15, 60))
        helps: tuple[Party, ...] = ()
        if at is HERE:
            crews = ((HERE, NEAR), (NEAR, HERE), (NEAR, NEAR)) if pair else ((NEAR,),)
            helps = tuple(Party(signed, crew, (BY,) * crew.count(NEAR), cost * crew.count(NEAR)) for crew in crews)
        rounds.append(
            round_of(
                id=UUID(int=each + 1),
                last_on=chance.choice((None, day(-1))),
                every_days=(every := chance.randint(2, 3)),
                minimum_days=chance.randint(1, every),
                days=frozenset(day(on) for on in range(3) if chance.random() < 0.9),
                halves=frozenset(chance.choice((HALVES[:1], HALVES[1:], HALVES))),
                minutes=20,
                crew=(at, at) if pair else (at,),
                helps=helps,
                place=chance.choice(("east", "west")),
            )
        )
    return period(*rounds, presences=presences, last=2, travel=chance.choice((0, 10)))


Price = tuple[int, int, int, int, int]


def price(asked: Period, goings: tuple[Going | None, ...]) -> Price | None:
    """Return (left out, days late, minutes of ways and help, days early, who helps) of a distribution, or None where it
    breaks a rule.
    """
    due_rounds = dues(asked)
    need: dict[Slot, dict[frozenset[str], int]] = defaultdict(lambda: defaultdict(int))
    ways: set[tuple[str, tuple[frozenset[str], ...], Slot]] = set()
    seen: defaultdict[int, list[date]] = defaultdict(list)
    for due, going in zip(due_rounds, goings, strict=True):
        if going is None:
            continue
        wanted, slot = asked.rounds[due.round], going.slot
        if any((slot.on - before).days < wanted.minimum_days for before in seen[due.round]):
            return None
        seen[due.round].append(slot.on)
        for skills in going.crew:
            need[slot][skills] += wanted.minutes
        if (key := (wanted.place, going.crew, slot)) not in ways:
            ways.add(key)
            for skills in going.crew:
                need[slot][skills] += asked.travel_minutes
    if not all(_is_met(asked, slot, wants) for slot, wants in need.items()):
        return None
    off = [(going.slot.on - due.by).days for due, going in zip(due_rounds, goings, strict=True) if going]
    late, early = sum(max(0, each) for each in off), sum(max(0, -each) for each in off)
    helped = sum(each.price_minutes for each in goings if each), sum(len(each.by) for each in goings if each)
    minutes = len(ways) * max(1, asked.travel_minutes) + helped[0]
    return (sum(each is None for each in goings), late, minutes, early, helped[1])


def _is_met(asked: Period, slot: Slot, need: dict[frozenset[str], int]) -> bool:
    """Return whether each group of wants finds minutes enough among those who can give any of it (Hall)."""
    there = [each for each in asked.presences if (each.on, each.half) == (slot.on, slot.half)]
    return all(
        sum(need[skills] for skills in group)
        <= sum(each.minutes for each in there if any(skills <= each.skills for skills in group))
        for size in range(1, len(need) + 1)
        for group in itertools.combinations(need, size)
    )


def best_of(asked: Period) -> Price:
    """Return the price of the best of all distributions."""
    # who may go is drawn up here anew: every party on each of its days
    every = [
        [None, *(
            Going(Slot(on, half), party.crew, party.by, party.price_minutes)
            for on in due.days for half in asked.rounds[due.round].halves for party in asked.rounds[due.round].parties
            if on in party.days and _could_go(asked, Slot(on, half), party.crew, asked.rounds[due.round].minutes)
        )]
        for due in dues(asked)
    ]  # fmt: skip
    return min(found for each in itertools.product(*every) if (found := price(asked, each)) is not None)


def _could_go(asked: Period, slot: Slot, crew: tuple[frozenset[str], ...], minutes: int) -> bool:
    """Return whether some of those who are there, each another person with time for it, are such a crew."""
    there = [each for each in asked.presences if (each.on, each.half) == (slot.on, slot.half)]
    able = [each.skills for each in there if each.minutes >= minutes]
    return any(
        all(skills <= each for skills, each in zip(crew, who, strict=True))
        for who in itertools.permutations(able, len(crew))
    )


@pytest.mark.parametrize("seed", range(60))
def test_no_other_distribution_is_better(seed: int) -> None:
    asked = drawn(random.Random(seed))
    answer = solve(asked)
    assert price(asked, answer.goings) == best_of(asked)
    assert price(asked, greedy.begin(asked)) is not None
    assert answer.proven


@pytest.mark.parametrize("seed", range(60))
def test_no_other_distribution_with_help_from_neighbours_is_better(seed: int) -> None:
    asked = drawn_helped(random.Random(seed))
    answer = solve(asked)
    assert price(asked, answer.goings) == best_of(asked)
    assert price(asked, greedy.begin(asked)) is not None
    assert answer.proven
