"""OR-Tools improves a poor day, and each hard rule of the model holds against what would be cheaper."""

from dataclasses import replace

import numpy as np
import pytest

from service.routing.problem import Job, Limits, Lunch, Plan, Problem, Staff, Unassigned
from service.routing.referee.check import check_plan
from service.routing.solver import ortools_stage, tables, timetable
from service.routing.solver import state as states
from service.routing.solver.clock import Budget
from service.routing.solver.state import State
from tests.routing.solver import days

ROUNDS = 60


def start(problem: Problem, *inserted: tuple[int, list[tuple[int, int]], int | None]) -> State:
    state = states.empty(tables.build(problem))
    for job, placed, rank in inserted:
        assert state.insert(job, placed, rank)
    return state


def improved(state: State) -> State:
    """What OR-Tools makes of it; the same day if it finds nothing better. Whatever it is, it keeps the rules."""
    better = ortools_stage.improve(state, 1.0, Budget(Limits(1.0, ROUNDS))) or state
    left_out = tuple(Unassigned(job, "no_capacity") for job in better.absent())
    assert check_plan(state.tables.problem, Plan(timetable.routes(better), left_out)).violations == ()
    return better


def crossed(staff: list[Staff], jobs: list[Job]) -> State:
    """Two people at the ends of the line, each with the visit that is next to the other."""
    west, east = replace(staff[0], start_point=0, end_point=0), replace(staff[1], start_point=5, end_point=5)
    return start(days.day([west, east], jobs, days.HARD), (0, [(1, 0)], None), (1, [(0, 0)], None))


def near_and_far(**more: object) -> list[Job]:
    return [
        days.job("west", 1, (60, 200), drop_penalty=1000, **more),
        days.job("east", 4, (60, 200), drop_penalty=1000),
    ]


class TestBegin:
    """Either way of beginning by itself undoes a poor day; what is no better is not taken."""

    @pytest.mark.parametrize("strategy", ortools_stage.FIRST)
    def test_begins_without_the_poor_day(self, strategy: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ortools_stage, "FIRST", (strategy,))
        state = crossed([days.person("a"), days.person("b")], near_and_far())
        found = ortools_stage.begin(state, 1.0, Budget(Limits(10.0)))
        assert (found.absent(), found.who != state.who, found.total() < state.total()) == ([], True, True)

    def test_keeps_what_is_as_good(self) -> None:
        state = start(days.day([days.person()], near_and_far(), days.HARD), (0, [(0, 0)], None), (1, [(0, 1)], None))
        assert ortools_stage.begin(state, 1.0, Budget(Limits(10.0))) is state

    def test_begins_nothing_when_no_time_is_left(self) -> None:
        state = crossed([days.person("a"), days.person("b")], near_and_far())
        assert ortools_stage.begin(state, 0.0, Budget(Limits(10.0))) is state


class TestImprove:
    def test_gives_visits_to_whom_they_are_near(self) -> None:
        state = crossed([days.person("a"), days.person("b")], near_and_far())
        assert improved(state).who == {0: (0,), 1: (1,)}

    def test_brings_in_a_job_that_was_left_out(self) -> None:
        problem = days.day([days.person()], near_and_far(), days.HARD)
        assert improved(start(problem, (0, [(0, 0)], None))).absent() == []

    def test_drops_a_job_that_costs_more_than_its_penalty(self) -> None:
        problem = days.day([days.person()], [days.job("far", 5, (0, 200), drop_penalty=99)], days.HARD)
        assert improved(start(problem, (0, [(0, 0)], None))).absent() == [0]

    def test_travels_at_each_persons_own_speed(self) -> None:
        slow, fast = days.person("slow"), replace(days.person("fast"), matrix=1)
        problem = days.day([slow, fast], [days.job("a", 5, (0, 200), drop_penalty=1000)], days.HARD)
        problem = replace(problem, matrices=(days.line(), days.line() // 2))
        assert improved(start(problem, (0, [(0, 0)], None))).who == {0: (1,)}

    def test_answers_nothing_when_it_finds_nothing_better(self) -> None:
        problem = days.day([days.person()], [days.job("a", 1, (0, 200), drop_penalty=1000)], days.HARD)
        assert ortools_stage.improve(start(problem, (0, [(0, 0)], None)), 1.0, Budget(Limits(1.0, ROUNDS))) is None


class TestHardRules:
    def test_what_a_person_carries(self) -> None:
        staff = [replace(days.person(name), capacity=2) for name in "ab"]
        jobs = [replace(job, load=load) for job, load in zip(near_and_far(), (1, 2), strict=True)]
        jobs.append(days.job("more east", 4, (60, 200), drop_penalty=1000, load=1))
        assert improved(crossed(staff, jobs)).who == {0: (0,), 1: (1,), 2: (0,)}

    def test_skills(self) -> None:
        staff = [days.person("a", skills="d"), days.person("b")]
        jobs = near_and_far()
        jobs[1] = days.job("east", 4, (60, 200), skills="d", drop_penalty=1000)
        assert improved(crossed(staff, jobs)).who == {0: (1,), 1: (0,)}

    def test_named_and_refused_staff(self) -> None:
        staff = [days.person("a"), days.person("b")]
        assert improved(crossed(staff, near_and_far(allowed_staff=frozenset({1})))).who[0] == (1,)
        assert improved(crossed(staff, near_and_far(forbidden_staff=frozenset({0})))).who[0] == (1,)

    def test_windows_with_a_hole_between_them(self) -> None:
        jobs = [
            days.job("first", 1, (10, 20), drop_penalty=1000),
            days.job("split", 2, (20, 30), (200, 210), drop_penalty=1000),
        ]
        state = start(days.day([days.person()], jobs, days.HARD), (1, [(0, 0)], None))
        found = improved(state)
        assert found.absent() == []
        assert found.routes[0].starts == [10, 200]

    def test_shift_ends(self) -> None:
        jobs = [days.job(name, 5, (100, 200), drop_penalty=1000) for name in ("a", "b")]
        for end, left_out in ((190, 0), (189, 1)):
            state = start(days.day([days.person(shift=(0, end))], jobs, days.HARD), (0, [(0, 0)], None))
            assert len(improved(state).absent()) == left_out

    def test_lunches(self) -> None:
        jobs = [days.job("a", 1, (90, 95), drop_penalty=500), days.job("b", 1, (115, 120), drop_penalty=500)]
        fasting = start(days.day([days.person()], jobs, days.HARD), (0, [(0, 0)], None))
        assert improved(fasting).absent() == []
        eating = days.person(lunch=Lunch(100, 130, 20))
        assert improved(start(days.day([eating], jobs, days.HARD), (0, [(0, 0)], None))).absent() == [1]

    def test_two_people_at_the_same_time(self) -> None:
        pair = days.job("pair", 3, (60, 60), skills="n,n", drop_penalty=5000)
        jobs = [pair, days.job("west", 1, (60, 65), drop_penalty=1000)]
        three = [days.person("a"), days.person("b"), days.person("c")]
        state = start(days.day(three, jobs, days.HARD), (0, [(0, 0), (1, 0)], 0))
        found = improved(state)
        assert len(set(found.who[0])) == 2
        assert set(found.who[0]).isdisjoint(found.who[1])


class TestDecode:
    def test_refuses_routes_in_which_people_wait_for_each_other_in_a_circle(self) -> None:
        jobs = [days.job("x", 1, (0, 300), skills="n,n"), days.job("y", 2, (0, 300), skills="n,n")]
        state = start(
            days.day([days.person("a"), days.person("b")], jobs), (0, [(0, 0), (1, 0)], 0), (1, [(0, 1), (1, 1)], 1)
        )
        x, y = state.tables.nodes
        assert ortools_stage.decode(state, [[x[0], y[0]], [x[1], y[1]]]) is not None
        assert ortools_stage.decode(state, [[x[0], y[0]], [y[1], x[1]]]) is None

    def test_prices_a_day_as_the_search_does(self) -> None:
        state = crossed([days.person("a"), days.person("b")], near_and_far())
        again = ortools_stage.decode(state, [list(route.stops) for route in state.routes])
        assert again is not None
        assert again.total() == state.total()
        assert np.array_equal([route.starts for route in again.routes], [route.starts for route in state.routes])
