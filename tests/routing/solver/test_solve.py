"""Whole runs: time, repeatability, progress, and the referee's verdict on live days."""

import random
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from service.routing.problem import Limits, Plan, Problem, Staff, Sync, Window
from service.routing.referee.check import check_plan
from service.routing.solver import kernel, solve, solve_plain, tables
from service.routing.solver.clock import Budget
from service.routing.solver.ortools_engine import solve_ortools
from service.routing.solver_progress import Phase, Progress
from tests.routing.solver import days


def live(jobs: int, staff: int, seed: int) -> Problem:
    chance = random.Random(seed)
    people = [days.person(f"s{at}", skills="nd" if at % 2 else "n", shift=(0, 480)) for at in range(staff)]
    visits = []
    for at in range(jobs):
        opening = chance.randrange(0, 380)
        visits.append(
            days.job(
                f"j{at}",
                chance.randrange(1, 30),
                (opening, opening + chance.randrange(20, 90)),
                duration=chance.randrange(5, 30),
                skills=chance.choice(["n", "n", "n", "d", "n,d"]),
                sync=Sync.simultaneous,
                drop_penalty=2000,
            )
        )
    return days.day(people, visits, days.HARD, points=30)


def soft(jobs: int) -> Problem:
    chance = random.Random(jobs)
    people = [days.person(f"s{at}", skills="nd", shift=(0, 300)) for at in range(4)]
    visits = [
        days.job(
            f"j{at}",
            chance.randrange(1, 30),
            (opening := chance.randrange(0, 250), opening + 30),
            skills=chance.choice(["n", "n", "n,d"]),
            sync=Sync.sequential,
            lag=Window(0, 30),
        )
        for at in range(jobs)
    ]
    return days.day(people, visits, days.SOFT, points=30)


class TestLimits:
    @pytest.mark.parametrize("problem", [live(60, 6, 1), soft(40)], ids=["live", "soft"])
    def test_stops_within_half_a_second_of_the_limit(self, problem: Problem) -> None:
        begun = time.process_time()
        solve(problem, Limits(1.5, cpu=True), 1)
        assert time.process_time() - begun <= 2.0

    def test_a_small_day_is_soon_over_without_compiled_code_too(self) -> None:
        begun = time.monotonic()
        solve_plain(live(3, 2, 1), Limits(60.0), 1)
        assert time.monotonic() - begun < 10.0

    @pytest.mark.parametrize("limits", [Limits(9.0, cpu=True, workers=3), Limits(9.0), Limits(9.0, workers=0)])
    def test_one_works_alone_where_the_time_of_all_together_counts(self, limits: Limits) -> None:
        assert Budget(limits).workers == 1
        assert len(kernel.Search(tables.build(live(9, 3, 1)), Budget(limits), 1).chains) == 1

    def test_a_part_of_the_time_can_be_kept_for_what_looks_at_no_clock(self) -> None:
        whole = Budget(Limits(3600.0, workers=2))
        part = whole.less(3500.0)
        assert part.left() == pytest.approx(whole.left() - 3500.0, abs=1.0)
        assert (part.workers, part.is_spent(), whole.less(3601.0).is_spent()) == (2, False, True)

    def test_what_fails_in_any_of_the_workers_comes_out(self) -> None:
        search = kernel.Search(tables.build(live(9, 3, 1)), Budget(Limits(9.0, rounds=2, workers=2)), 1)
        del search.chains[1].mix
        with pytest.raises(AttributeError):
            search.improve(1.0, lambda: None)

    @pytest.mark.parametrize("problem", [live(25, 4, 2), soft(15)], ids=["live", "soft"])
    def test_gives_the_same_plan_for_the_same_rounds_and_seed(self, problem: Problem) -> None:
        limits = Limits(120.0, rounds=40)
        assert solve(problem, limits, 7) == solve(problem, limits, 7)


class TestPlans:
    def test_a_live_day_keeps_every_hard_rule_and_is_priced_as_the_referee_does(self) -> None:
        problem, told = live(60, 6, 3), list[Progress]()
        plan = solve(problem, Limits(1.5), 1, told.append)
        verdict = check_plan(problem, plan)
        assert verdict.violations == ()
        assert verdict.total == told[-1].cost
        assert told[-1].unassigned == len(plan.unassigned)

    def test_reports_every_phase_of_a_live_day_and_never_a_worse_cost(self) -> None:
        told = list[Progress]()
        solve(live(60, 6, 3), Limits(1.5, cpu=True), 1, told.append)
        costs = [progress.cost for progress in told]
        assert costs == sorted(costs, reverse=True)
        assert told[0].phase is Phase.construct
        assert told[-1].phase is Phase.explain
        assert costs[-1] < costs[0]

    def test_a_day_without_jobs_or_without_staff_is_a_plan(self) -> None:
        assert solve(days.day([days.person()], [], days.HARD), Limits(0.2), 1).unassigned == ()
        alone = solve(days.day([], [days.job("a", 1, (0, 9), drop_penalty=5)], days.HARD), Limits(0.2), 1)
        assert [gone.reason for gone in alone.unassigned] == ["no_qualified_staff"]


class TestPunctualRows:
    @pytest.mark.parametrize("engine", [solve, solve_plain, solve_ortools])
    def test_overtime_is_only_for_a_row_that_nothing_of_the_persons_follows(
        self, engine: Callable[[Problem, Limits, int], Plan]
    ) -> None:
        visit = days.job("visit", 1, (30, 40), drop_penalty=500)
        last = days.person(shift=(0, 59))

        def left_out(*people: Staff) -> int:
            plan = engine(days.day(list(people), [visit], days.SOFT), Limits(1.0, cpu=engine is not solve_ortools), 1)
            return len(plan.unassigned)

        assert left_out(last) == 0
        assert left_out(replace(last, punctual=True)) == 1
        assert left_out(replace(last, punctual=True, shift=Window(0, 60))) == 0
