"""The solver on days of one rule each, whose best price a hand and trying everything find."""

import pytest

from service.routing.problem import Limits
from service.routing.referee import check_plan
from service.routing.solver import solve
from tests.routing.test_exhaustive import CASES


@pytest.mark.parametrize("name", CASES)
def test_finds_the_best_plan_with_the_rule_and_without(name: str) -> None:
    case = CASES[name]
    for problem, cost in ((case.free, case.free_cost), (case.bound, case.bound_cost)):
        verdict = check_plan(problem, solve(problem, Limits(20.0, rounds=20), 1))
        assert verdict.violations == ()
        assert verdict.total == cost
