"""OR-Tools alone: its price is the referee's, and on small days it proves what the compiled search finds."""

from dataclasses import replace

import pytest

from service.routing.problem import Band, Limits, Problem
from service.routing.referee.check import check_plan
from service.routing.referee.verdict import Rule
from service.routing.solver import exact, judging, ortools_engine, solve
from service.routing.solver.clock import Budget
from service.routing.solver.exact import Effort, Scope
from service.routing.solver.exact import scope as scoping
from tests.routing.solver import days, large, small

QUICKLY = Limits(30.0, rounds=20)


def whole(problem: Problem) -> Scope:
    every = tuple(range(len(problem.jobs)))
    return Scope(problem, tuple(range(len(problem.staff))), every, exact.nothing(problem))


class TestPrice:
    @pytest.mark.parametrize("seed", range(24))
    def test_whatever_a_day_asks_for_the_model_prices_as_the_referee_does(self, seed: int) -> None:
        problem = small.day(seed, 3, everything=True)
        answer = exact.solve(whole(problem), Effort(Budget(QUICKLY), amount=0.4))
        assert answer.plan is not None
        verdict = check_plan(problem, answer.plan)
        assert {violation.code for violation in verdict.violations} <= {Rule.mandatory_left_out}
        owed = len(verdict.violations) * scoping.penalty(problem, range(len(problem.jobs)))
        assert verdict.total == answer.cost - owed


class TestProof:
    @pytest.mark.parametrize("seed", range(36))
    def test_the_compiled_search_finds_what_is_proven_to_be_best(self, seed: int) -> None:
        """Without a price on waiting, where it never pays to begin a meeting later than one could."""
        drawn = small.day(seed, 3)
        problem = replace(drawn, rules=replace(drawn.rules, waiting=0, max_idle=0))
        plan, proven = ortools_engine.prove(problem, QUICKLY)
        assert proven
        found = judging.cost(problem, solve(problem, Limits(30.0, rounds=30), 1))
        assert found == judging.cost(problem, plan)


class TestEngine:
    def test_plans_a_day_that_is_too_large_to_be_planned_whole(self) -> None:
        problem = large.day(24, 5, 4)
        plan = ortools_engine.solve_ortools(problem, Limits(60.0, rounds=6), 1, amount=0.2)
        assert check_plan(problem, plan).violations == ()
        assert len(plan.unassigned) <= 18
        assert all(gone.reason for gone in plan.unassigned)

    def test_says_why_a_job_stays_out(self) -> None:
        problem = days.day([days.person()], [days.job("a", 1, (0, 90), skills="x", drop_penalty=9)], days.HARD)
        plan = ortools_engine.solve_ortools(problem, QUICKLY, 1)
        assert [gone.reason for gone in plan.unassigned] == ["no_qualified_staff"]

    def test_says_what_it_cannot_express(self) -> None:
        problem = days.day([days.person()], [days.job("a", 1, (0, 90))], days.HARD)
        jam = replace(problem, traffic=((Band(0, 1000), Band(60, 1500)),))
        with pytest.raises(ortools_engine.CannotSay, match="traffic"):
            ortools_engine.solve_ortools(jam, QUICKLY, 1)
        endless = days.day([days.person()], [days.job("a", 1, (0, 1 << 50))], days.HARD)
        with pytest.raises(ortools_engine.CannotSay, match="numbers"):
            ortools_engine.prove(endless, QUICKLY)
