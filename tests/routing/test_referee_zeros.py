"""Zero is a figure like others to the referee, and an empty set says nobody: neither is the same as nothing said.

One person, or two, at places on a line, ten apart; one visit at place 1 from 10 to 20, back home at 30.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from service.routing import referee
from service.routing.problem import LUNCH, Job, Link, Lunch, Plan, Problem, Route, Rules, Stop, Sync, Unassigned, Window
from service.routing.referee import Rule
from tests.routing.test_exhaustive import NEAR, day, job, person, with_job, with_person

GIVEN = Plan((Route(0, (Stop(0, 0, 10, 20),)),))
LEFT_OUT = Plan((Route(0, ()),), (Unassigned(0, "x"),))
BOTH = Plan((Route(0, (Stop(0, 0, 10, 20),)), Route(1, (Stop(0, 1, 10, 20),))))


def one(rules: Rules | None = None, **changes: Any) -> Problem:
    """A day of one visit that says what `changes` say."""
    return day((NEAR,), replace(job(1, (0, 50), drop_penalty=90), **changes), rules=rules)


def at_home(lunch_at: int, *, home: int = 1) -> Problem:
    return day((person(home, lunch=Lunch(0, 300, 30, point=lunch_at)),), job(1))


def in_turn(*starts: int) -> Plan:
    return Plan(tuple(Route(row, (Stop(0, row, start, start + 10),)) for row, start in enumerate(starts)))


THREE = day((NEAR,) * 3, Job("three", 1, (), (job(1).services[0],) * 3, Sync.sequential, Window(5, 10)))
EITHER = day((NEAR, NEAR), job(1), job(1))

SAID: Mapping[str, tuple[Problem, Plan, set[Rule]]] = {
    "nobody is admitted": (one(allowed_staff=frozenset()), GIVEN, {Rule.not_allowed}),
    "nobody is preferred": (
        one(Rules(not_preferred=None), preferred_staff=frozenset()),
        GIVEN,
        {Rule.not_preferred},
    ),
    "nothing may be carried": (with_person(one(load=1), 0, capacity=0), GIVEN, {Rule.overload}),
    "nothing is carried": (with_person(one(load=0), 0, capacity=0), GIVEN, set()),
    "no work at all": (with_person(one(), 0, max_work=0), GIVEN, {Rule.max_work}),
    "the lowest of what two rows say of a person's work": (
        day((person(0, max_work=30, person=1), person(0, max_work=29, person=1)), job(1)),
        Plan((Route(0, (Stop(0, 0, 10, 20),)), Route(1, ()))),
        {Rule.max_work},
    ),
    "left out for nothing": (one(drop_penalty=0), LEFT_OUT, set()),
    "the person of number 0": (
        day((person(0, person=0), person(0, person=0)), job(1, skills="n,n")),
        BOTH,
        {Rule.same_staff},
    ),
    "lunch at place 0, had at the visit": (
        at_home(0),
        Plan((Route(0, (Stop(0, 0, 10, 20), Stop(0, LUNCH, 20, 50))),)),
        {Rule.lunch_place},
    ),
    "lunch at place 0, had there without the way": (
        at_home(0),
        Plan((Route(0, (Stop(0, 0, 10, 20), Stop(-1, LUNCH, 20, 50))),)),
        {Rule.travel},
    ),
    "at once or not at all": (
        replace(day((NEAR,), job(1), job(1)), links=(Link(0, 1, high=0),)),
        Plan((Route(0, (Stop(0, 0, 10, 20), Stop(1, 0, 21, 31))),)),
        {Rule.link_gap},
    ),
    "either first, and the second is": (
        replace(EITHER, links=(Link(0, 1, low=5, high=10, ordered=False),)),
        Plan((Route(0, (Stop(0, 0, 30, 40),)), Route(1, (Stop(1, 0, 10, 20),)))),
        set(),
    ),
    "the third after the second, not after the first": (THREE, in_turn(10, 20, 30), set()),
    "the third too soon after the second": (THREE, in_turn(10, 15, 19), {Rule.lag}),
    "late for nothing": (one(tardiness=0, windows=(Window(0, 5),)), GIVEN, set()),
    "late for nothing where others pay": (one(Rules(tardiness=9), tardiness=0, windows=(Window(0, 5),)), GIVEN, set()),
    "overtime for nothing": (with_person(one(Rules(overtime=0)), 0, shift=Window(0, 25)), GIVEN, set()),
    "no lunch for nothing": (with_person(one(Rules(missed_lunch=0)), 0, lunch=Lunch(0, 90, 5)), GIVEN, set()),
    "no skill for nothing": (with_person(one(Rules(unqualified=0)), 0, skills=frozenset()), GIVEN, set()),
    "to be avoided for nothing": (one(Rules(forbidden=0), forbidden_staff=frozenset({0})), GIVEN, set()),
    "before the day begins": (
        with_person(one(windows=()), 0, shift=Window(-50, 90)),
        Plan((Route(0, (Stop(0, 0, 9, 19),)),)),
        {Rule.shift_start},
    ),
}


class TestZero:
    @pytest.mark.parametrize("what", SAID)
    def test_is_not_nothing(self, what: str) -> None:
        problem, plan, broken = SAID[what]
        assert {found.code for found in referee.check_plan(problem, plan).violations} == broken

    def test_a_price_of_its_own_of_zero_is_one(self) -> None:
        problem = one(Rules(tardiness=9), tardiness=0, windows=(Window(0, 5),))
        assert referee.check_plan(problem, GIVEN).costs["tardiness"] == 0

    def test_a_start_promised_at_zero_is_a_promise(self) -> None:
        problem = with_job(one(Rules(moved=3, moved_step=5)), 0, promised=0)
        assert referee.check_plan(problem, GIVEN).costs["moved"] == 2 * 3
