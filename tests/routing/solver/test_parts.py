"""Large days in parts: what is divided, what stands still, and that nothing gets worse or breaks a rule."""

import random
import time
from dataclasses import replace

import pytest

from service.core import heap
from service.routing.problem import Limits, Link, Plan, Problem, Route, Stop, Sync, Unassigned, Window
from service.routing.referee.check import check_plan
from service.routing.solver import dividing, going_on, parts, slicing, solve, tables
from service.routing.solver.dividing import Part
from service.routing.solver.going_on import Cooling
from service.routing.solver.kernel import writing
from service.routing.solver_progress import Progress
from tests.routing import reproving
from tests.routing.solver import days, large


@pytest.fixture(scope="module")
def town() -> Problem:
    return large.day(320, 36)


def meeting() -> tuple[Problem, Plan]:
    """Two people, each with a visit of his own, and one together at 100; nobody has time for the last."""
    jobs = [
        days.job("own a", 1, (0, 40)),
        days.job("own b", 5, (0, 60)),
        days.job("pair", 3, (80, 100), skills="n,n", sync=Sync.simultaneous),
        days.job("late", 2, (0, 10), drop_penalty=70),
    ]
    problem = days.day([days.person("a"), days.person("b")], jobs, days.HARD)
    one = Route(0, (Stop(0, 0, 20, 40), Stop(2, 0, 100, 120)))
    two = Route(1, (Stop(1, 0, 50, 70), Stop(2, 1, 100, 120)))
    return problem, Plan((one, two), (Unassigned(3, "no_capacity"),))


class TestDividing:
    def test_everybody_and_everything_is_in_one_part_of_a_manageable_size(self, town: Problem) -> None:
        places = dividing.Places(town)
        found = dividing.anew(town, places)
        assert sorted(job for part in found for job in part.jobs) == list(range(320))
        assert sorted(row for part in found for row in part.staff) == list(range(36))
        assert all(60 <= len(part.jobs) <= 150 and len(part.staff) >= 8 for part in found)

    def test_parts_are_near_each_other(self, town: Problem) -> None:
        def extent(jobs: tuple[int, ...]) -> float:
            at = [town.jobs[job].point for job in jobs]
            return float(town.matrices[0][at][:, at].mean())

        whole = extent(tuple(range(320)))
        assert all(extent(part.jobs) < 0.85 * whole for part in dividing.anew(town, dividing.Places(town)))

    def test_linked_jobs_stay_together(self, town: Problem) -> None:
        linked = replace(town, links=tuple(Link(at, 319 - at) for at in range(20)))
        for part in dividing.anew(linked, dividing.Places(linked)):
            assert all((at in part.jobs) == (319 - at in part.jobs) for at in range(20))

    def test_planned_days_are_divided_by_whole_routes_and_otherwise_each_time(self, town: Problem) -> None:
        routes = tuple(
            Route(row, tuple(Stop(job, 0, 40000, 40900) for job in range(row, 300, 36))) for row in range(36)
        )
        plan = Plan(routes, tuple(Unassigned(job, "no_capacity") for job in range(300, 320)))
        people = replace(town, staff=tuple(replace(who, person=at // 2) for at, who in enumerate(town.staff)))
        places, chance = dividing.Places(people), random.Random(1)
        first, second = (dividing.around(people, places, plan, chance) for _ in range(2))
        assert first != second
        for part in first:
            assert {row // 2 for row in part.staff} == {row // 2 for row in part.staff if row % 2}
            assert all((job % 36 in part.staff) for job in part.jobs if job < 300)
        assert sorted(job for part in first for job in part.jobs) == list(range(320))


class TestSlicing:
    def test_a_meeting_with_somebody_outside_stands_still(self) -> None:
        problem, plan = meeting()
        piece = slicing.cut(problem, Part((0,), (0, 2, 3)), slicing.given(plan))
        assert piece.jobs == (((0, 0),), ((2, 0),), ((3, 0),))
        standing = piece.problem.jobs[1]
        assert [(window.start, window.end) for window in standing.windows] == [(100, 100)]
        assert standing.allowed_staff == frozenset({0})
        assert standing.punctual
        assert standing.drop_penalty is None

    def test_what_is_linked_to_others_stands_still_too_and_what_is_left_out_stays_outside(self) -> None:
        problem, plan = meeting()
        linked = replace(problem, links=(Link(0, 1, ordered=False), Link(3, 1, ordered=False)))
        piece = slicing.cut(linked, Part((0,), (0, 2, 3)), slicing.given(plan))
        assert piece.jobs == (((0, 0),), ((2, 0),))
        assert piece.problem.jobs[0].windows[0].start == piece.problem.jobs[0].windows[0].end == 20

    def test_put_back_it_is_the_same_plan(self) -> None:
        problem, plan = meeting()
        for part in (Part((0,), (0, 2, 3)), Part((1,), (1, 2)), Part((0, 1), (0, 1, 2, 3))):
            piece = slicing.cut(problem, part, slicing.given(plan))
            small = slicing.inside(piece, plan)
            assert check_plan(piece.problem, small).violations == ()
            assert slicing.put_back(piece, small, plan) == plan


class TestGoingOn:
    def test_goes_on_from_a_plan_and_ends_no_worse(self) -> None:
        problem = large.day(60, 8, 3)
        first = solve(problem, Limits(60.0, rounds=1), 1)
        better = going_on.improve(problem, first, Limits(60.0, rounds=20), 2, Cooling(0.1, 0.01, last=True))
        assert better is not None
        assert check_plan(problem, better).violations == ()
        assert check_plan(problem, better).total < check_plan(problem, first).total

    def test_takes_up_who_comes_one_after_the_other_between_other_stops(self) -> None:
        # The first comes at 10 and goes on at 45; the second stops elsewhere at 30 and comes at 50.
        jobs = [
            days.job("lagged", 1, (0, 100), duration=10, skills="n,d", sync=Sync.sequential, lag=Window(40, 40)),
            days.job("then", 2, (45, 90), duration=10, drop_penalty=900),
            days.job("before", 1, (30, 40), duration=10, skills="d", drop_penalty=900),
        ]
        problem = days.day([days.person("a"), days.person("b", skills="d")], jobs, days.HARD)
        one = Route(0, (Stop(0, 0, 10, 20), Stop(1, 0, 45, 55)))
        two = Route(1, (Stop(2, 0, 30, 40), Stop(0, 1, 50, 60)))
        plan = Plan((one, two))
        assert check_plan(problem, plan).violations == ()
        chain = going_on.chain_of(tables.build(problem), plan, 1)
        assert chain is not None
        assert writing.routes(chain.day, chain.now) == plan.routes


class TestPlan:
    def test_only_large_days_that_need_the_kernel(self, town: Problem) -> None:
        assert not parts.suits(town)
        assert parts.suits(town, large=300)
        assert not parts.suits(replace(town, jobs=town.jobs[:300]), large=300)
        alone = tuple(replace(job, services=job.services[:1]) for job in town.jobs)
        hungry = tuple(replace(who, lunch=None) for who in town.staff)
        assert not parts.suits(replace(town, jobs=alone, staff=hungry, rules=large.WHOLE_ROUTES), large=300)

    def test_a_day_of_which_all_jobs_are_linked_is_planned_in_one_piece(self) -> None:
        day = large.day(301, 36)
        free = replace(day, links=tuple(Link(at, at + 1, low=-(10**6), ordered=False) for at in range(300)))
        plan = solve(free, Limits(600.0, rounds=2), 1)
        assert check_plan(free, plan).violations == ()
        assert len(plan.unassigned) < 100

    def test_says_why_of_the_whole_day_and_in_time(self) -> None:
        short = large.day(320, 16)
        heap.freeze()  # as the service does: else the collector may look through all that other tests have left
        begun = time.process_time()
        plan = solve(short, Limits(3.0, cpu=True), 1)
        assert time.process_time() - begun <= 3.5
        assert len(plan.unassigned) > 40
        known = [gone for gone in plan.unassigned if gone.reason != "no_place_found"]
        assert len(known) > len(plan.unassigned) / 2
        assert list(reproving.faults(short, replace(plan, unassigned=tuple(known[:20])))) == []

    def test_breaks_no_rule_says_ever_lower_costs_and_can_be_repeated(self, town: Problem) -> None:
        told = list[Progress]()
        plan = parts.plan(town, Limits(600.0, rounds=24), 5, solve, told.append)
        verdict = check_plan(town, plan)
        assert verdict.violations == ()
        costs = [progress.cost for progress in told]
        assert costs == sorted(set(costs), reverse=True)
        assert verdict.total == costs[-1]
        assert len(plan.unassigned) <= 3
        assert parts.plan(town, Limits(600.0, rounds=24), 5, solve, None) == plan
