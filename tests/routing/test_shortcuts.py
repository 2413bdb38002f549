"""Plans written by hand that break one rule and are cheaper than the best that trying everything finds: where no change
of the day makes the rule go away. With them each rule of the referee has its case, or a reason why none can be.

Places lie on a line, ten apart, as in `test_exhaustive`.
"""

from dataclasses import dataclass
from typing import Final

import pytest

from service.routing import referee
from service.routing.problem import LUNCH, Lunch, Plan, Problem, Route, Rules, Stop
from service.routing.referee import Rule
from tests.routing import (
    test_exhaustive,
    test_exhaustive_prices,
    test_planted_rides,
    test_referee,
    test_shortcut_rides,
)
from tests.routing.test_exhaustive import NEAR, best, day, job, person


@dataclass(frozen=True)
class Shortcut:
    """A rule, a plan that breaks it, and what it and the best plan cost."""

    rule: Rule
    problem: Problem
    plan: Plan
    cost: int
    best: int


def plan(*stops: Stop) -> Plan:
    """Of one person who does it all."""
    return Plan((Route(0, stops),))


AT_ONCE = day((NEAR,), job(1, (10, 10), drop_penalty=90), job(1, (10, 10), drop_penalty=80))
APART = day((NEAR,), job(1, (10, 10), drop_penalty=90), job(3, (20, 30), drop_penalty=80))
ZIGZAG = day((NEAR,), job(4, (40, 40)), job(1, (80, 80)), job(4, (120, 120)))
PAIR = day((NEAR, person(3)), job(1, skills="n,n"))
GAP = day((NEAR,), job(1, (10, 10)), job(1, (80, 80)), rules=Rules(waiting=1))
LUNCH_DUE = day((person(0, lunch=Lunch(0, 300, 30)),), job(1, (10, 10)), job(1, (80, 80)), rules=Rules(waiting=1))

SHORTCUTS = {
    "two visits at the same time": Shortcut(
        Rule.overlap, AT_ONCE, plan(Stop(0, 0, 10, 20), Stop(1, 0, 10, 20)), 20, 20 + 80
    ),
    "the next visit before one can be there": Shortcut(
        Rule.travel, APART, plan(Stop(0, 0, 10, 20), Stop(1, 0, 30, 40)), 60, 20 + 80
    ),
    "the next visit a unit before one can be there": Shortcut(
        Rule.travel,
        day((NEAR,), job(1, (10, 10), drop_penalty=90), job(3, (20, 39), drop_penalty=80)),
        plan(Stop(0, 0, 10, 20), Stop(1, 0, 39, 49)),
        60,
        20 + 80,
    ),
    "visits in the order of the streets, not of time": Shortcut(
        Rule.order,
        ZIGZAG,
        plan(Stop(0, 0, 40, 50), Stop(2, 0, 120, 130), Stop(1, 0, 80, 90)),
        40 + 30 + 10,
        40 + 30 + 30 + 40,
    ),
    "one of two comes": Shortcut(
        Rule.incomplete_job, PAIR, Plan((Route(0, (Stop(0, 0, 10, 20),)), Route(1, ()))), 20, 20 + 40
    ),
    "lunch for who has none, instead of waiting": Shortcut(
        Rule.lunch_not_due, GAP, plan(Stop(0, 0, 10, 20), Stop(0, LUNCH, 20, 80), Stop(1, 0, 80, 90)), 20, 20 + 60
    ),
    "a second lunch instead of waiting": Shortcut(
        Rule.lunch_repeated,
        LUNCH_DUE,
        plan(Stop(0, 0, 10, 20), Stop(0, LUNCH, 20, 50), Stop(1, LUNCH, 50, 80), Stop(1, 0, 80, 90)),
        20,
        20 + 30,
    ),
}

NOT_READ = "what the plan says there is not read: it serves nobody and saves nothing"
NO_GAIN = "a plan that says it twice, or not at all, does the same work at the same price"
NO_RIDE = "only a ride that fits a way of the day carries anybody: whoever breaks it walks, and that costs more"
STRUCTURAL: Final = {
    Rule.unknown_staff: NOT_READ,
    Rule.unknown_job: NOT_READ,
    Rule.unknown_service: NOT_READ,
    Rule.repeated_route: NO_GAIN,
    Rule.missing_route: NO_GAIN,
    Rule.duplicate_service: "giving it once more takes time and ways, and satisfies nothing that once does not",
    Rule.forgotten_job: NO_GAIN,
    Rule.planned_and_unassigned: NO_GAIN,
    Rule.repeated_unassigned: NO_GAIN,
    Rule.boarding: NO_RIDE,
    Rule.left_aboard: NO_RIDE,
    Rule.two_vehicles: NO_RIDE,
}
"""Rules of how a plan is written: breaking one of them alone is never cheaper, and why."""


@pytest.mark.parametrize("name", SHORTCUTS)
class TestShortcuts:
    def test_breaks_the_rule_and_nothing_else(self, name: str) -> None:
        case = SHORTCUTS[name]
        verdict = referee.check_plan(case.problem, case.plan)
        assert {one.code for one in verdict.violations} == {case.rule}
        assert verdict.total == case.cost

    def test_is_cheaper_than_the_best_plan_there_is(self, name: str) -> None:
        case = SHORTCUTS[name]
        assert best(case.problem).cost == case.best > case.cost


class TestEveryRule:
    def test_has_a_case_or_a_reason_why_none_can_be(self) -> None:
        cases = {case.rule for each in (test_exhaustive, test_exhaustive_prices) for case in each.CASES.values()}
        cases |= {case.rule for case in SHORTCUTS.values()} | {case.rule for case in test_shortcut_rides.CASES.values()}
        assert cases | STRUCTURAL.keys() == set(Rule)
        assert not cases & STRUCTURAL.keys()

    @pytest.mark.parametrize("rule", STRUCTURAL)
    def test_of_writing_is_not_cheaper_to_break(self, rule: Rule) -> None:
        planted = [
            (problem, plan, test_referee.PLAN) for code, problem, plan, _ in test_referee.PLANTED if code is rule
        ]
        planted += [
            (problem, plan, test_planted_rides.PLAN)
            for problem, plan, expected in test_planted_rides.PLANTED.values()
            if any(code is rule for code, _, _ in expected)
        ]
        assert planted
        for problem, broken, right in planted:
            assert referee.check_plan(problem, broken).total >= referee.check_plan(problem, right).total
