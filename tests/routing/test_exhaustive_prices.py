"""Trying everything, where a rule has a price or one switch of the rules changes what binds: on both sides of the price
at which it pays to do otherwise.

Places lie on a line, ten apart, as in `test_exhaustive`; every figure is worked out by hand.
"""

from dataclasses import replace
from typing import Any

import pytest

from service.routing import referee
from service.routing.problem import Problem, Rules, Window
from service.routing.referee import Rule
from tests.routing.test_exhaustive import FAR, NEAR, ONE, Case, best, day, job, person, with_job, with_person


def ruled(problem: Problem, **rules: Any) -> Problem:
    return replace(problem, rules=Rules(**rules))


SHORT = with_person(ONE, 0, shift=Window(0, 25))  # near is back at 30
LATE = day((NEAR,), job(1, (0, 5), drop_penalty=70))  # there at 10
AGAIN = day((NEAR,), job(1, (0, 5), drop_penalty=70), job(1, (0, 15), drop_penalty=70))  # 5 late each
ENDING = day((NEAR,), job(1, (0, 35), duration=30, drop_penalty=500))  # from 10 to 40

CASES = {
    "a row that must be punctual": Case(
        Rule.shift_end,
        ruled(SHORT, overtime=1),
        20 + 5,
        ruled(with_person(SHORT, 0, punctual=True), overtime=1),
        40,
    ),
    "lateness that may have no maximum": Case(
        Rule.too_late, ruled(LATE, tardiness=1), 25, ruled(LATE, tardiness=1, max_tardiness=None), 70
    ),
    "end of all services in their windows": Case(
        Rule.too_late, ENDING, 20, ruled(ENDING, window_end_at_service_end=True), 500
    ),
}


@pytest.mark.parametrize("name", CASES)
class TestEverySwitchBinds:
    def test_without_it_the_best_plan_breaks_the_rule_and_nothing_else(self, name: str) -> None:
        case = CASES[name]
        found = best(case.free)
        assert found.cost == case.free_cost
        assert {one.code for one in referee.check_plan(case.bound, found.plan).violations} == {case.rule}

    def test_with_it_the_best_plan_costs_what_a_hand_finds(self, name: str) -> None:
        case = CASES[name]
        found = best(case.bound)
        assert found.cost == case.bound_cost
        assert referee.check_plan(case.bound, found.plan).feasible


SHARED = day((NEAR, NEAR), job(2), job(2))  # one for both 40, works 60; one each 80, works 50
LONG_DAY = day((person(0, 0, 100), FAR), job(1))  # near idle 70 and far 300; or near 100 and far 250
WAITING = day((NEAR, person(3, 25, 300)), job(1, (60, 60)))  # leaving with the shift near waits 50, far 15

PRICED: dict[str, tuple[Problem, int]] = {
    "overtime at 3": (ruled(SHORT, overtime=3), 20 + 15),
    "overtime at 5": (ruled(SHORT, overtime=5), 40),
    "idleness at 0": (ruled(LONG_DAY, max_idle=0), 20),
    "idleness at 1": (ruled(LONG_DAY, max_idle=1), 40 + 250),
    "the worst lateness at 2": (ruled(LATE, tardiness=1, max_tardiness=2), 20 + 5 + 10),
    "the worst lateness at 10": (ruled(LATE, tardiness=1, max_tardiness=10), 70),
    "the worst of two latenesses is paid once": (ruled(AGAIN, tardiness=1, max_tardiness=3), 20 + 10 + 15),
    "balance of work at 0": (ruled(SHARED), 40),
    "balance of work at 1": (ruled(SHARED, balance=1), 80),
    "no skill at 19": (ruled(with_job(ONE, 0, services=job(1, skills="d").services), unqualified=19), 39),
    "no skill at 21": (ruled(with_job(ONE, 0, services=job(1, skills="d").services), unqualified=21), 40),
    "another than preferred at 19": (ruled(with_job(ONE, 0, preferred_staff=frozenset({1})), not_preferred=19), 39),
    "another than preferred at 21": (ruled(with_job(ONE, 0, preferred_staff=frozenset({1})), not_preferred=21), 40),
    "to be avoided at 19": (ruled(with_job(ONE, 0, forbidden_staff=frozenset({0})), forbidden=19), 39),
    "to be avoided at 21": (ruled(with_job(ONE, 0, forbidden_staff=frozenset({0})), forbidden=21), 40),
    "waiting, leaving in time": (ruled(WAITING, waiting=1), 20),
    "waiting, leaving with the shift": (ruled(WAITING, waiting=1, leave_at_shift_start=True), 40 + 15),
}


class TestPrices:
    @pytest.mark.parametrize("name", PRICED)
    def test_the_best_plan_costs_what_a_hand_finds(self, name: str) -> None:
        problem, cost = PRICED[name]
        assert best(problem).cost == cost
