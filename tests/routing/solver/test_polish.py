"""Exact polish: better where it can be, never worse, and never against a rule."""

import random
from dataclasses import replace
from typing import Any

import pytest

from service.routing.problem import Band, Limits, Plan, Problem, Route, Stop, Unassigned
from service.routing.referee.check import check_plan
from service.routing.solver import judging, polish, solve
from service.routing.solver.clock import Budget
from tests.routing.solver import days, large


def polished(problem: Problem, plan: Plan, rounds: int = 6, **effort: Any) -> Plan:
    return polish.improve(problem, plan, Budget(Limits(60.0)), 1.0, 1, rounds=rounds, **effort)


def crossed() -> tuple[Problem, Plan]:
    """Two people at the ends of the line, each with the visit that is next to the other."""
    west = days.person("west")
    east = replace(days.person("east"), start_point=5, end_point=5)
    jobs = [days.job(name, point, (60, 200), drop_penalty=1000) for name, point in (("near west", 1), ("near east", 4))]
    routes = (Route(0, (Stop(1, 0, 60, 80),)), Route(1, (Stop(0, 0, 60, 80),)))
    return days.day([west, east], jobs, days.HARD), Plan(routes)


class TestImprove:
    def test_gives_visits_to_whom_they_are_near(self) -> None:
        problem, plan = crossed()
        better = polished(problem, plan)
        assert check_plan(problem, better).violations == ()
        assert [route.stops[0].job for route in better.routes] == [0, 1]

    def test_brings_in_a_job_that_was_left_out(self) -> None:
        problem, plan = crossed()
        alone = Plan((plan.routes[0], Route(1, ())), (Unassigned(0, "no_capacity"),))
        assert polished(problem, alone).unassigned == ()

    def test_keeps_the_meeting_with_somebody_outside_the_neighbourhood(self) -> None:
        pair = days.job("pair", 3, (100, 120), skills="n,n", drop_penalty=900)
        problem = days.day([days.person("a"), days.person("b")], [pair], days.HARD)
        plan = Plan((Route(0, (Stop(0, 0, 110, 130),)), Route(1, (Stop(0, 1, 110, 130),))))
        better = polished(problem, plan, most=1)
        assert check_plan(problem, better).violations == ()
        assert check_plan(problem, better).total == check_plan(problem, plan).total

    @pytest.mark.parametrize("rules", [large.LIVE, large.SOFT], ids=["live", "soft"])
    def test_never_makes_a_day_worse_and_can_be_repeated(self, rules: large.Rules) -> None:
        problem = large.day(20, 4, 2, rules)
        plan = solve(problem, Limits(60.0, rounds=1), 1)
        better = polished(problem, plan, rounds=3, amount=0.1)
        assert check_plan(problem, better).violations == ()
        before, after = judging.cost(problem, plan), judging.cost(problem, better)
        assert before is not None
        assert after is not None
        assert after <= before
        assert polished(problem, plan, rounds=3, amount=0.1) == better


class TestNeighbourhood:
    def test_holds_whole_routes_and_few_jobs(self) -> None:
        problem = large.day(60, 12, 3)
        plan = solve(problem, Limits(60.0, rounds=1), 1)
        chance = random.Random(1)
        for _ in range(10):
            scope = polish.neighbourhood(problem, plan, chance)
            planned = {stop.job for row in scope.free for stop in plan.routes[row].stops if stop.service >= 0}
            assert planned <= set(scope.jobs)
            assert len(scope.free) == 1 or len(planned) <= polish.MOST
            assert len(set(scope.jobs) - planned) <= polish.NEWCOMERS


class TestSuits:
    def test_not_days_whose_travel_depends_on_the_hour(self) -> None:
        problem, _ = crossed()
        assert polish.suits(problem)
        assert not polish.suits(replace(problem, traffic=((Band(0, 1000), Band(60, 1500)),)))
