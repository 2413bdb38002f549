"""What is said of a visit left out does not hold where another lunch, a later start or another window makes room."""

from dataclasses import replace

import pytest

from service.routing.problem import LUNCH, Band, Limits, Lunch, Plan, Problem, Route, Rules, Stop, Unassigned
from service.routing.referee.check import check_plan
from service.routing.rules import UnassignedReason
from service.routing.solver import reasons
from service.routing.solver.clock import Budget
from service.routing.solver.second_look import SecondLook
from tests.routing.solver.days import HARD, day, job, person

LATE = Rules(travel=1, tardiness=1)


def looked(problem: Problem, plan: Plan, seconds: float = 60.0) -> tuple[Plan, bool]:
    return SecondLook(problem, plan, Budget(Limits(seconds))).take()


def beside_a_lunch(drop: int) -> tuple[Problem, Plan]:
    """Two visits with the lunch between them; there is room for a third behind them only where it is had after all."""
    jobs = [job("a", 1, (10, 30)), job("b", 2, (40, 70)), job("new", 3, (60, 75), drop_penalty=drop)]
    problem = day([person(shift=(0, 160), lunch=Lunch(50, 120, 20))], jobs, HARD)
    stops = (Stop(0, 0, 10, 30), Stop(1, LUNCH, 50, 70), Stop(1, 0, 70, 90))
    return problem, Plan((Route(0, stops),), (Unassigned(2, UnassignedReason.no_capacity),))


class TestTake:
    def test_brings_in_what_has_room_when_lunch_is_had_elsewhere(self) -> None:
        problem, plan = beside_a_lunch(drop=500)
        better, came_in = looked(problem, plan)
        assert came_in
        assert better.unassigned == ()
        assert check_plan(problem, better).violations == ()

    def test_says_what_a_place_costs_that_is_not_worth_it(self) -> None:
        jobs = [job("a", 1, (10, 10)), job("new", 5, (0, 250), drop_penalty=30)]
        problem = day([person()], jobs, HARD)
        plan = Plan((Route(0, (Stop(0, 0, 10, 30),)),), (Unassigned(1, UnassignedReason.no_capacity),))
        [gone] = looked(problem, plan)[0].unassigned
        assert gone.reason == UnassignedReason.not_worth_it
        assert (gone.facts["cost"], gone.facts["drop_penalty"], gone.facts["staff"]) == (80, 30, ["a"])

    def test_leaves_alone_what_is_true(self) -> None:
        jobs = [job("a", 1, (0, 20)), job("new", 1, (0, 20), drop_penalty=500)]
        problem = day([person(shift=(0, 50))], jobs, HARD)
        gone = Unassigned(1, UnassignedReason.no_capacity, {"scope": "beside_plan"})
        plan = Plan((Route(0, (Stop(0, 0, 10, 30),)),), (gone,))
        assert looked(problem, plan) == (plan, False)

    def test_says_nothing_new_without_time(self) -> None:
        problem, plan = beside_a_lunch(drop=500)
        assert looked(problem, plan, 0.0) == (plan, False)

    @pytest.mark.parametrize(("drop", "left"), [(500, 0), (1, 1)])
    def test_what_comes_in_is_asked_about_no_more(self, drop: int, left: int) -> None:
        problem, plan = beside_a_lunch(drop)
        found = reasons.put_right(problem, plan, Budget(Limits(60.0)))
        assert len(found.unassigned) == left

    def test_late_for_the_first_window_is_possible_where_the_second_is_too_late_for_the_way_home(self) -> None:
        wanted = job("new", 3, (10, 20), (60, 90), duration=20, drop_penalty=500)
        problem = day([person(shift=(0, 85))], [wanted], LATE)
        problem = replace(problem, traffic=((Band(0, 1000),),))
        plan = Plan((Route(0, ()),), (Unassigned(0, UnassignedReason.unreachable),))
        [gone] = looked(problem, plan)[0].unassigned
        assert gone.reason == UnassignedReason.no_place_found

    def test_is_as_early_as_the_one_before_can_make_way_where_being_late_has_its_price(self) -> None:
        jobs = [job("a", 1, (10, 60)), job("new", 1, (0, 0), drop_penalty=50, rank=1)]
        problem = day([person()], jobs, LATE)
        plan = Plan((Route(0, (Stop(0, 0, 60, 80),)),), (Unassigned(1, UnassignedReason.no_capacity),))
        better, came_in = looked(problem, plan)
        assert came_in
        assert [(stop.job, stop.start) for stop in better.routes[0].stops] == [(0, 10), (1, 30)]
