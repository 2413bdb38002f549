"""The search for days of shared vehicles: never against a rule, the best there is on tiny days, in its time."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from service.cli.districts import ALL, SHARED, Feature, district_day
from service.routing import solver
from service.routing.problem import (
    Carer,
    Job,
    Limits,
    Link,
    Plan,
    Problem,
    Rules,
    Service,
    Staff,
    Vehicle,
    Window,
)
from service.routing.referee import Rule
from service.routing.referee.check import check_plan
from service.routing.rules import UnassignedReason
from service.routing.solver_progress import Progress
from tests.routing.solver.days import line
from tests.routing.solver.rides import days, everything

NONE = frozenset[str]()
WALK, CAR = 0, 1


def solved(problem: Problem, rounds: int = 3, seed: int = 1) -> Plan:
    return solver.solve(problem, Limits(600.0, rounds=rounds), seed)


def cost(problem: Problem, plan: Plan) -> int:
    verdict = check_plan(problem, plan)
    assert verdict.violations == ()
    return verdict.total


def rider(name: str, shift: tuple[int, int] = (0, 1000)) -> Staff:
    return Staff(name, NONE, 0, 0, Window(*shift), None, matrix=WALK, rides=True)


def visit(name: str, point: int, start: int, end: int, duration: int = 20, penalty: int | None = None) -> Job:
    return Job(name, point, (Window(start, end),), (Service(duration, NONE),), drop_penalty=penalty)


def day(staff: int, jobs: list[Job], *cars: Vehicle) -> Problem:
    """On a line: ten from place to place by car, a hundred on foot."""
    riders = tuple(rider(f"r{row}") for row in range(staff))
    return Problem(6, (line() * 10, line()), riders, tuple(jobs), Rules(), vehicles=cars)


def car(seats: int = 4, shift: tuple[int, int] = (0, 1000), name: str = "c") -> Vehicle:
    return Vehicle(name, seats, 0, 0, Window(*shift), CAR)


class TestBest:
    @pytest.mark.parametrize(
        ("jobs", "seed"), [(3, seed) for seed in (0, 1, 2, 3, 4, 5, 7, 8, 10, 11)] + [(4, 100), (4, 101), (4, 103)]
    )
    def test_nothing_that_can_be_tried_is_cheaper(self, jobs: int, seed: int) -> None:
        problem = days.tiny(seed, jobs)
        assert cost(problem, solved(problem)) == everything.Search(problem).cost

    @pytest.mark.parametrize("seed", [0, 3, 6, 9])
    def test_one_of_a_crew_hands_in_as_cheaply_as_can_be_tried(self, seed: int) -> None:
        drawn = days.tiny(seed, 2)
        [crew] = [at for at, each in enumerate(drawn.jobs) if len(each.services) > 1]
        delivery = Job("delivery", 0, (Window(0, 900),), (Service(5, NONE),), drop_penalty=0)
        for link in (
            Link(crew, 2, high=200, carer=Carer.same, bound=True),
            Link(crew, 2, high=200, carer=Carer.same),
        ):
            problem = replace(drawn, jobs=(*drawn.jobs, delivery), links=(link,))
            assert cost(problem, solved(problem)) == everything.Search(problem).cost

    def test_the_same_rounds_and_seed_give_the_same_plan(self) -> None:
        problem = days.tiny(0, 4)
        assert solved(problem, rounds=1) == solved(problem, rounds=1)

    def test_two_ride_together_where_one_after_the_other_costs_more(self) -> None:
        problem = day(2, [visit("a", 4, 40, 45), visit("b", 5, 40, 60)], car())
        plan = solved(problem)
        assert cost(problem, plan) == 100
        (tour,) = plan.tours
        assert [(stop.point, stop.off) for stop in tour.stops[1:3]] == [(4, (0,)), (5, (1,))] or [
            (stop.point, stop.off) for stop in tour.stops[1:3]
        ] == [(4, (1,)), (5, (0,))]

    def test_who_has_little_to_walk_walks(self) -> None:
        problem = replace(day(1, [visit("a", 1, 0, 500)], car()), matrices=(line(), line()))
        assert solved(problem).tours == ()


FAR_APART = [visit("a", 5, 50, 55, penalty=900), visit("b", 5, 50, 55, penalty=900)]


class TestEveryRuleBinds:
    """Without the rule the day is cheaper; its plan then breaks that rule on the day as it is."""

    @pytest.mark.parametrize(
        ("rule", "problem", "without"),
        [
            (Rule.seats, day(2, FAR_APART, car(seats=1)), lambda it: replace(it, vehicles=(car(seats=2),))),
            (
                Rule.tour_shift,
                day(1, FAR_APART[:1], car(shift=(20, 1000))),
                lambda it: replace(it, vehicles=(car(shift=(0, 1000)),)),
            ),
            (
                Rule.tour_travel,
                day(1, FAR_APART[:1], Vehicle("c", 4, 0, 0, Window(10, 1000), CAR)),
                lambda it: replace(it, matrices=(it.matrices[0], it.matrices[1] // 2)),
            ),
            (
                Rule.unknown_vehicle,
                day(2, [*FAR_APART[:1], visit("b", 1, 85, 88, penalty=900)], car(seats=1, shift=(0, 150))),
                lambda it: replace(it, vehicles=(*it.vehicles, car(name="d"))),
            ),
            (
                Rule.tour_place,
                day(1, FAR_APART[:1], Vehicle("c", 4, 3, 3, Window(0, 1000), CAR)),
                lambda it: replace(it, vehicles=(car(),)),
            ),
            (
                Rule.not_carried,
                day(1, [visit("a", 1, 0, 200, penalty=900), visit("b", 5, 200, 260, penalty=900)], car(shift=(0, 30))),
                lambda it: replace(it, matrices=(it.matrices[1], it.matrices[1])),
            ),
        ],
    )
    def test_of_vehicles(self, rule: Rule, problem: Problem, without: Callable[[Problem], Problem]) -> None:
        loose = without(problem)
        kept, broken = solved(problem), solved(loose)
        assert cost(loose, broken) < cost(problem, kept)
        found = {each.code for each in check_plan(problem, broken).violations}
        # who walks too fast is there too early wherever he comes from
        assert rule in found or (rule is Rule.not_carried and found & {Rule.shift_start, Rule.shift_end})


class TestReasons:
    def test_the_vehicles_are_elsewhere(self) -> None:
        problem = day(2, FAR_APART, car(seats=1))
        (left,) = solved(problem).unassigned
        assert (left.reason, left.facts["scope"]) == (UnassignedReason.no_ride, "beside_plan")
        more = replace(problem, vehicles=(*problem.vehicles, car(name="d")))
        assert solved(more).unassigned == ()

    def test_no_vehicle_goes_then(self) -> None:
        problem = day(1, [visit("a", 5, 50, 55, penalty=900)], car(shift=(300, 1000)))
        (left,) = solved(problem).unassigned
        assert (left.reason, left.facts["scope"]) == (UnassignedReason.no_ride, "alone")

    def test_not_even_with_a_vehicle_of_one_s_own(self) -> None:
        problem = day(1, [visit("a", 5, 0, 40, penalty=900)], car())
        (left,) = solved(problem).unassigned
        assert (left.reason, left.facts["scope"]) == (UnassignedReason.unreachable, "alone")

    def test_it_costs_more_than_leaving_it_out(self) -> None:
        problem = day(1, [visit("a", 5, 50, 55, penalty=90)], car())
        (left,) = solved(problem).unassigned
        assert (left.reason, left.facts["cost"]) == (UnassignedReason.not_worth_it, 100)


class TestWholeDays:
    @pytest.mark.requirement("R102")
    def test_twenty_people_share_two_vehicles(self) -> None:
        problem = district_day(60, 20, 3, SHARED)
        assert (len(problem.staff), len(problem.vehicles)) == (20, 2)
        told = list[Progress]()
        began = time.monotonic()
        plan = solver.solve(problem, Limits(3.0), 1, told.append)
        assert time.monotonic() - began < 5
        assert check_plan(problem, plan).violations == ()
        assert 1 <= len(plan.tours) <= 2
        assert max(len(stop.on) for tour in plan.tours for stop in tour.stops) > 1
        costs = [each.cost for each in told]
        assert costs == sorted(costs, reverse=True)
        assert check_plan(problem, plan).total < costs[0]

    @pytest.mark.parametrize("seed", range(3))
    def test_every_other_rule_of_a_day_is_kept_too(self, seed: int) -> None:
        problem = district_day(25, 6, seed, ALL | {Feature.vehicles})
        plan = solver.solve(problem, Limits(2.0), seed)
        assert check_plan(problem, plan).violations == ()

    def test_a_small_day_rides_however_little_time_there_is(self) -> None:
        jobs = [visit("near", 2, 200, 220, penalty=5000), visit("far", 5, 300, 320, penalty=5000)]
        plan = solver.solve(day(1, jobs, car()), Limits(0.01), 1)
        assert plan.unassigned == ()
        assert plan.tours

    def test_without_vehicles_who_would_ride_walks(self) -> None:
        problem = replace(days.tiny(4, 4), vehicles=())
        walking = replace(problem, staff=tuple(replace(who, rides=False) for who in problem.staff))
        assert solved(problem) == solved(walking)

    def test_without_riders_vehicles_stay_where_they_are(self) -> None:
        problem = days.tiny(4, 4)
        alone = replace(problem, staff=tuple(replace(who, rides=False) for who in problem.staff))
        assert solved(alone) == solved(replace(alone, vehicles=()))
