"""Trying everything, on days whose best plan a hand finds: one for each rule that it would be cheaper to break.

Places lie on a line, ten apart; a unit of travel costs one. Who does most of the work lives at point 0.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from service.routing import referee
from service.routing.problem import (
    Band,
    Carer,
    Job,
    Link,
    Lunch,
    Matrix,
    Plan,
    Problem,
    Rules,
    Service,
    Staff,
    Sync,
    Window,
)
from service.routing.referee import Rule
from tests.routing import exhaustive

LINE: Matrix = np.array([[abs(a - b) * 10 for b in range(6)] for a in range(6)], dtype=np.int64)


def person(home: int, *shift: int, skills: str = "n", **more: Any) -> Staff:
    return Staff(
        f"at {home}", frozenset(skills), home, home, Window(*(shift or (0, 300))), more.pop("lunch", None), **more
    )


def job(point: int, *windows: tuple[int, int], skills: str = "n", duration: int = 10, **more: Any) -> Job:
    services = tuple(Service(duration, frozenset(each)) for each in skills.split(","))
    return Job(f"at {point}", point, tuple(Window(*each) for each in windows), services, **more)


def day(staff: tuple[Staff, ...], *jobs: Job, rules: Rules | None = None, **more: Any) -> Problem:
    return Problem(6, (LINE, LINE), staff, jobs, rules or Rules(), **more)


def with_job(problem: Problem, at: int, **changes: Any) -> Problem:
    jobs = tuple(replace(each, **changes) if index == at else each for index, each in enumerate(problem.jobs))
    return replace(problem, jobs=jobs)


def with_person(problem: Problem, at: int, **changes: Any) -> Problem:
    staff = tuple(replace(each, **changes) if index == at else each for index, each in enumerate(problem.staff))
    return replace(problem, staff=staff)


def linked(problem: Problem, *links: Link) -> Problem:
    return replace(problem, links=links)


@dataclass(frozen=True)
class Case:
    """A rule, the day without it and its best price, the day with it and its best price."""

    rule: Rule
    free: Problem
    free_cost: int
    bound: Problem
    bound_cost: int


NEAR, FAR = person(0), person(3, skills="nd")
ONE = day((NEAR, FAR), job(1))  # near 20, far 40
TWO = day((NEAR, FAR), job(1), job(1))  # near 20, far 40; one each 60
SPREAD = day((NEAR, person(4)), job(1, (0, 10)), job(2))  # near 40; one each 20 + 40
HOLDING = with_job(with_job(TWO, 0, load=1), 1, load=1)
SHIFTS = day((person(0, 0, 40), person(0, 50, 100), person(4)), job(1, (0, 20)), job(1, (60, 80)))  # 40; or 20 + 60
URGENT = day((NEAR, FAR), job(1, (0, 20), duration=30))  # near 20; far 40, just in time
PAIR = day((person(0, 0, 40), person(3, 50, 200)), job(1, skills="n,n", sync=Sync.independent, drop_penalty=70))
TRIO = day(
    (person(0, 0, 40), person(1, 0, 40), person(3, 50, 200)),
    job(1, skills="n,n,n", sync=Sync.independent, drop_penalty=70),
)
AT_ONCE = day(
    (NEAR, FAR), job(1, (20, 20), duration=20, drop_penalty=80), job(1, (20, 29), skills="d", drop_penalty=70)
)
TRIP = day((NEAR,), job(1, drop_penalty=90), job(5, drop_penalty=30))  # the first alone 20 + 30; both 100
HANDING_IN = Link(0, 1, bound=True, carer=Carer.same)
CREW = day((person(1), person(1), person(4, skills="x")), job(1, skills="n,n"), job(5, skills=""))  # the third 20
BUSY = day(  # the first sees to the third job in time, or to what he and the second, who must go, have taken
    (person(2, skills="nd"), person(2, 0, 40), person(1, skills="d")),
    job(3, (0, 10), skills="n,n"),
    job(0, skills=""),
    job(5, (40, 50), skills="d"),
)
SLOW_AFTER_20 = ((Band(0, 1000), Band(20, 3000)), ())

CASES = {
    "skill": Case(Rule.unqualified, ONE, 20, with_job(ONE, 0, services=(Service(10, frozenset("d")),)), 40),
    "one of skills": Case(
        Rule.unqualified, ONE, 20, with_job(ONE, 0, services=(Service(10, frozenset(), frozenset("dx")),)), 40
    ),
    "allowed staff": Case(Rule.not_allowed, ONE, 20, with_job(ONE, 0, allowed_staff=frozenset({1})), 40),
    "forbidden staff": Case(Rule.forbidden, ONE, 20, with_job(ONE, 0, forbidden_staff=frozenset({0})), 40),
    "preferred staff": Case(
        Rule.not_preferred,
        replace(ONE, rules=Rules(not_preferred=None)),
        20,
        replace(with_job(ONE, 0, preferred_staff=frozenset({1})), rules=Rules(not_preferred=None)),
        40,
    ),
    "end of a window": Case(Rule.too_late, SPREAD, 40, with_job(SPREAD, 1, windows=(Window(0, 20),)), 60),
    "start of a window": Case(
        Rule.too_early,
        with_person(ONE, 0, shift=Window(0, 60)),
        20,
        with_job(with_person(ONE, 0, shift=Window(0, 60)), 0, windows=(Window(100, 200),)),
        40,
    ),
    "gap between windows": Case(
        Rule.too_late,
        day((person(0, 0, 60), FAR), job(1, (0, 9), (10, 40))),
        20,
        day((person(0, 0, 60), FAR), job(1, (0, 9), (45, 60))),
        40,
    ),
    "end of the service in the window": Case(
        Rule.too_late,
        day((NEAR,), job(1, (0, 35), duration=30, drop_penalty=500)),
        20,
        day((NEAR,), job(1, (0, 35), duration=30, drop_penalty=500, ends_in_window=True)),
        500,
    ),
    "punctual": Case(
        Rule.too_late,
        day((NEAR, FAR), job(1, (0, 5), drop_penalty=70), rules=Rules(tardiness=1)),
        25,
        day((NEAR, FAR), job(1, (0, 5), drop_penalty=70, punctual=True), rules=Rules(tardiness=1)),
        70,
    ),
    "pace": Case(
        Rule.duration,
        day((person(0, 0, 59), FAR), job(1, duration=20)),
        20,
        day((person(0, 0, 59, pace=2000), FAR), job(1, duration=20)),
        40,
    ),
    "end of the shift": Case(Rule.shift_end, ONE, 20, with_person(ONE, 0, shift=Window(0, 29)), 40),
    "start of the shift": Case(Rule.shift_start, URGENT, 20, with_person(URGENT, 0, shift=Window(15, 300)), 40),
    "lunch": Case(Rule.lunch_missing, URGENT, 20, with_person(URGENT, 0, lunch=Lunch(10, 50, 30)), 40),
    "window of lunch": Case(
        Rule.lunch_window,
        with_person(URGENT, 0, lunch=Lunch(10, 300, 30)),
        20,
        with_person(URGENT, 0, lunch=Lunch(10, 50, 30)),
        40,
    ),
    "length of lunch": Case(
        Rule.lunch_duration,
        with_person(URGENT, 0, lunch=Lunch(10, 50, 5)),
        20,
        with_person(URGENT, 0, lunch=Lunch(10, 50, 30)),
        40,
    ),
    "place of lunch": Case(
        Rule.lunch_place,
        day((person(0, lunch=Lunch(0, 300, 30)),), job(1, (0, 10))),
        20,
        day((person(0, lunch=Lunch(0, 300, 30, point=5)),), job(1, (0, 10))),
        10 + 40 + 50,
    ),
    "two people are two human beings": Case(
        Rule.same_staff,
        day((NEAR, NEAR, FAR), job(1, skills="n,n")),
        40,
        day((replace(NEAR, person=1), replace(NEAR, person=1), FAR), job(1, skills="n,n")),
        60,
    ),
    "together": Case(Rule.not_simultaneous, PAIR, 60, with_job(PAIR, 0, sync=Sync.simultaneous), 70),
    "one after the other": Case(
        Rule.lag,
        with_job(PAIR, 0, sync=Sync.sequential, lag=Window(0, 100)),
        60,
        with_job(PAIR, 0, sync=Sync.sequential, lag=Window(0, 5)),
        70,
    ),
    "three together": Case(Rule.not_simultaneous, TRIO, 60, with_job(TRIO, 0, sync=Sync.simultaneous), 70),
    "not so soon after the other": Case(  # near begins by 20, far by 170
        Rule.lag,
        with_job(PAIR, 0, sync=Sync.sequential, lag=Window(0, 200)),
        60,
        with_job(PAIR, 0, sync=Sync.sequential, lag=Window(161, 200)),
        70,
    ),
    "load": Case(Rule.overload, HOLDING, 20, with_person(HOLDING, 0, capacity=1), 40),
    "must be done": Case(Rule.mandatory_left_out, day((NEAR,), job(5, drop_penalty=30)), 30, day((NEAR,), job(5)), 100),
    "rank": Case(Rule.rank, SPREAD, 40, with_job(SPREAD, 0, rank=1), 60),
    "rank in another shift of one person": Case(
        Rule.rank,
        with_person(with_person(with_job(SHIFTS, 1, rank=1), 0, person=4), 1, person=4),
        40,
        with_person(with_person(with_job(SHIFTS, 0, rank=1), 0, person=4), 1, person=4),
        80,
    ),
    "work of a day": Case(Rule.max_work, TWO, 20, with_person(TWO, 0, max_work=39), 40),
    "work of two shifts of one person": Case(
        Rule.max_work,
        SHIFTS,
        40,
        with_person(with_person(SHIFTS, 0, person=4, max_work=59), 1, person=4, max_work=59),
        80,
    ),
    "gap too short": Case(
        Rule.link_gap,
        with_person(TWO, 0, shift=Window(0, 100)),
        20,
        linked(with_person(TWO, 0, shift=Window(0, 100)), Link(0, 1, low=100)),
        40,
    ),
    "gap too long": Case(
        Rule.link_gap,
        day((NEAR,), job(1, (0, 10), drop_penalty=80), job(1, (100, 110), drop_penalty=70)),
        20,
        linked(
            day((NEAR,), job(1, (0, 10), drop_penalty=80), job(1, (100, 110), drop_penalty=70)), Link(0, 1, high=79)
        ),
        90,
    ),
    "either first but not at once": Case(Rule.link_gap, AT_ONCE, 60, linked(AT_ONCE, Link(0, 1, ordered=False)), 90),
    "order": Case(
        Rule.link_order,
        day((NEAR, person(4)), job(1), job(2, (0, 20))),
        40,
        linked(day((NEAR, person(4)), job(1), job(2, (0, 20))), Link(0, 1)),
        60,
    ),
    "same carer": Case(
        Rule.link_carer,
        day((person(1), person(4, skills="nd")), job(1), job(2, skills="d")),
        40,
        linked(
            day((person(1), person(4, skills="nd")), job(1), job(2, skills="d")),
            Link(0, 1, ordered=False, carer=Carer.same),
        ),
        60,
    ),
    **{
        f"one of a crew ({sync})": Case(
            Rule.link_carer,
            linked(with_job(CREW, 0, sync=sync, lag=Window(5, 15)), replace(HANDING_IN, carer=Carer.anybody)),
            20,
            linked(with_job(CREW, 0, sync=sync, lag=Window(5, 15)), HANDING_IN),
            80,
        )
        for sync in Sync
    },
    **{
        f"one of a crew in time ({sync})": Case(
            Rule.link_gap,
            linked(with_job(BUSY, 0, sync=sync, lag=Window(0, 5)), HANDING_IN),
            120,
            linked(with_job(BUSY, 0, sync=sync, lag=Window(0, 5)), replace(HANDING_IN, high=40)),
            160,
        )
        for sync in Sync
    },
    "another carer": Case(Rule.link_carer, TWO, 20, linked(TWO, Link(0, 1, ordered=False, carer=Carer.other)), 60),
    "another shift is no other carer": Case(
        Rule.link_carer,
        linked(SHIFTS, Link(0, 1, carer=Carer.other)),
        40,
        linked(with_person(with_person(SHIFTS, 0, person=4), 1, person=4), Link(0, 1, carer=Carer.other)),
        80,
    ),
    "both or none": Case(Rule.link_bound, TRIP, 50, linked(TRIP, Link(0, 1, bound=True)), 100),
    "traffic": Case(
        Rule.travel,
        with_job(with_person(SPREAD, 1, matrix=1), 1, windows=(Window(0, 35),)),
        40,
        replace(with_job(with_person(SPREAD, 1, matrix=1), 1, windows=(Window(0, 35),)), traffic=SLOW_AFTER_20),
        10 + 30 + 40,
    ),
}


def best(problem: Problem) -> exhaustive.Best:
    found = exhaustive.solve(problem)
    assert found is not None
    return found


@pytest.mark.parametrize("name", CASES)
class TestEveryRuleBinds:
    def test_without_the_rule_the_best_plan_breaks_it_and_nothing_else(self, name: str) -> None:
        case = CASES[name]
        found = best(case.free)
        assert found.cost == case.free_cost
        assert {one.code for one in referee.check_plan(case.bound, found.plan).violations} == {case.rule}

    def test_with_the_rule_the_best_plan_costs_what_a_hand_finds(self, name: str) -> None:
        case = CASES[name]
        found = best(case.bound)
        assert found.cost == case.bound_cost
        assert referee.check_plan(case.bound, found.plan).feasible


class TestPrices:
    def test_begins_later_where_that_saves_waiting(self) -> None:
        problem = day((NEAR,), job(1, (0, 60)), job(2, (80, 90)), rules=Rules(waiting=1))
        found = best(problem)
        assert (found.cost, [stop.start for stop in found.plan.routes[0].stops][-1]) == (40, 80)

    def test_waits_where_a_pair_does_not_let_it_begin_later(self) -> None:
        # the first visit must begin at 10 and the second at 80: sixty pass between them, ten of them on the way
        problem = day((NEAR,), job(1, (0, 10)), job(2, (80, 80)), rules=Rules(waiting=1))
        assert best(problem).cost == 40 + 50

    def test_keeps_a_promised_start_to_the_step(self) -> None:
        problem = day((NEAR,), job(1, promised=55), rules=Rules(moved=5, moved_step=10))
        found = best(problem)
        assert found.cost == 20
        assert abs(found.plan.routes[0].stops[0].start - 55) < 10

    def test_breaks_a_promised_start_by_as_few_steps_as_it_can(self) -> None:
        problem = day((NEAR,), job(1, (0, 30), promised=55), rules=Rules(moved=5, moved_step=10))
        assert best(problem).cost == 20 + 2 * 5

    @pytest.mark.parametrize(("price", "cost"), [(19, 39), (21, 40)])
    def test_sends_whom_was_promised_when_that_is_worth_it(self, price: int, cost: int) -> None:
        problem = replace(with_job(ONE, 0, promised_staff=frozenset({1})), rules=Rules(changed=price))
        assert best(problem).cost == cost

    def test_visits_at_one_home_are_one_arrival(self) -> None:
        problem = day((NEAR,), job(1), job(2), job(1), rules=Rules(arrival=7))
        assert best(problem).cost == 40 + 2 * 7

    def test_goes_once_more_to_a_door_where_a_window_asks_for_it(self) -> None:
        problem = day((NEAR,), job(1, (0, 10)), job(2, (30, 30)), job(1, (50, 60)), rules=Rules(arrival=7))
        assert best(problem).cost == 40 + 3 * 7

    def test_shares_travel_where_that_is_priced(self) -> None:
        # one person does both: 40 of travel and 20 + 20 from the mean; one each: 40 and 40, nothing from the mean
        problem = day((NEAR, NEAR), job(2), job(2), rules=Rules(travel_balance=2))
        assert best(problem).cost == 80
        assert best(replace(problem, rules=Rules())).cost == 40

    @pytest.mark.parametrize(("tardiness", "cost"), [(None, 20 + 5), (9, 20 + 45), (20, 70)])
    def test_pays_the_lateness_of_the_job(self, tardiness: int | None, cost: int) -> None:
        problem = day((NEAR,), job(1, (0, 5), drop_penalty=70, tardiness=tardiness), rules=Rules(tardiness=1))
        assert best(problem).cost == cost

    def test_waits_for_a_later_window_where_lateness_is_dearer(self) -> None:
        problem = day((person(0, 0, 45),), job(1, (0, 5), (40, 50)), rules=Rules(tardiness=1))
        assert best(problem).cost == 25
        assert best(with_job(problem, 0, windows=(Window(0, 5), Window(12, 50)))).cost == 20

    def test_has_lunch_alone_where_missing_it_costs(self) -> None:
        idle = person(0, lunch=Lunch(0, 90, 10))
        assert best(day((idle,), rules=Rules(missed_lunch=9))).cost == 0

    def test_leaves_before_the_traffic(self) -> None:
        # leaving the first at 20 takes ten, from 21 on thrice as much; the way back falls into it anyhow
        problem = day((NEAR,), job(1, (0, 50)), job(2), traffic=((Band(0, 1000), Band(21, 3000)), ()))
        assert best(problem).cost == 10 + 10 + 60

    def test_begins_later_where_the_traffic_has_gone_by_then(self) -> None:
        problem = day((NEAR,), job(1), traffic=((Band(0, 1000), Band(15, 3000), Band(30, 1000)), ()))
        assert best(problem).cost == 20


class TestSolve:
    def test_answers_none_when_what_must_be_done_cannot_be(self) -> None:
        assert exhaustive.solve(day((NEAR,), job(1, skills="d"))) is None

    def test_a_day_without_anything_costs_nothing(self) -> None:
        assert best(day((NEAR, FAR))) == exhaustive.Best(Plan(best(day((NEAR, FAR))).plan.routes), 0)

    def test_two_pairs_met_in_opposite_orders_deadlock(self) -> None:
        # both meet at 1 until 20 and at 2 from 20 on; whoever must be first at the other door cannot be
        pairs = (job(1, (0, 20), skills="n,n"), job(2, (0, 300), skills="n,n"))
        assert best(day((NEAR, NEAR), *pairs)).cost == 80
        held = linked(day((NEAR, NEAR), *pairs), Link(1, 0))
        assert exhaustive.solve(held) is None
