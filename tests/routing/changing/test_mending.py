"""What is done at once after a disruption: as little as can be, and nothing that the referee objects to."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.routing import insert as bench
from service.routing import referee
from service.routing.changing import mending, opening, settling
from service.routing.changing.settling import settle
from service.routing.changing.sliding import Draft
from service.routing.problem import Plan, Problem, Route, Stop, Unassigned, Window
from tests.routing.changing.test_places import PRICED, filled
from tests.routing.solver.days import HARD, day, job, person, problems


class TestMend:
    @settings(max_examples=60, deadline=None)
    @given(problems(PRICED, droppable=True), st.integers(0, 3), st.integers(0, 6), st.integers(0, 20))
    def test_answers_what_the_referee_lets_pass_whoever_falls_ill_and_whatever_takes_longer(
        self, problem: Problem, ill: int, slow: int, more: int
    ) -> None:
        plan = filled(problem, range(len(problem.jobs)))
        staff, jobs = list(problem.staff), list(problem.jobs)
        away = ill % len(staff)
        staff[away] = replace(staff[away], shift=Window(0, 0), lunch=None)
        late = slow % len(jobs)
        services = tuple(replace(each, duration=each.duration + more) for each in jobs[late].services)
        jobs[late] = replace(jobs[late], services=services)
        now = replace(problem, staff=tuple(staff), jobs=tuple(jobs))
        mended = mending.mend(now, plan)
        assert not referee.check_plan(now, mended).violations
        assert mended.routes[away].stops == ()

    @settings(max_examples=60, deadline=None)
    @given(problems(PRICED, droppable=True))
    def test_changes_nothing_where_nothing_happened_and_all_are_planned(self, problem: Problem) -> None:
        plan = filled(problem, range(len(problem.jobs)))
        assume(not plan.unassigned)
        assert mending.mend(problem, plan).routes == plan.routes

    def test_those_behind_a_longer_visit_come_later_and_one_that_cannot_goes_to_somebody_else(self) -> None:
        jobs = [job("a", 1, (0, 30), drop_penalty=500), job("b", 1, (20, 40), drop_penalty=500)]
        problem = day([person(), person("b")], jobs, HARD)
        plan = Plan((Route(0, (Stop(0, 0, 10, 30), Stop(1, 0, 30, 50))), Route(1, ())))
        longer = replace(problem, jobs=(job("a", 1, (0, 30), duration=28, drop_penalty=500), jobs[1]))
        assert [stop.start for stop in mending.mend(longer, plan).routes[0].stops] == [10, 38]
        far_longer = replace(problem, jobs=(job("a", 1, (0, 30), duration=60, drop_penalty=500), jobs[1]))
        mended = mending.mend(far_longer, plan)
        assert [[stop.job for stop in route.stops] for route in mended.routes] == [[0], [1]]

    @pytest.mark.parametrize(("visits", "staff"), [(100, 10), (300, 30)])
    def test_hardly_tries_in_vain_when_one_of_the_staff_falls_ill(
        self, visits: int, staff: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tried = Counter[bool]()

        def counted(*asked: Any) -> Draft | None:
            found = settle(*asked)
            tried[found is not None] += 1
            return found

        problem = bench.day(visits, staff)
        plan = bench.filled(problem, visits)
        people = list(problem.staff)
        people[1] = replace(people[1], shift=Window(0, 0), lunch=None)
        ill = replace(problem, staff=tuple(people))
        monkeypatch.setattr(settling, "settle", counted)
        mended = mending.mend(ill, plan)
        assert tried[False] <= tried[True]
        assert mended.routes[1].stops == ()
        assert not referee.check_plan(ill, mended).violations


class TestOpenings:
    def test_are_the_half_hours_in_which_the_plan_can_keep_a_visit(self) -> None:
        hour = 3600
        staff = [person(shift=(8 * hour, 11 * hour))]
        jobs = [job("a", 1, (8 * hour, 9 * hour), duration=hour), job("new", 1, (0, 1), duration=hour)]
        problem = day(staff, jobs, HARD)
        start = 8 * hour + 10
        plan = Plan((Route(0, (Stop(0, 0, start, start + hour),)),), (Unassigned(1, "no_capacity"),))
        found = opening.openings(problem, plan, 1, opening.half_hours(8 * hour, 11 * hour))
        # at eight the other one slides to nine at the latest; behind it there is time until the way home
        assert [each.window.start / hour for each in found] == [9.0, 9.5]
        frozen = opening.openings(problem, plan, 1, opening.half_hours(8 * hour, 11 * hour), frozen_until=10 * hour)
        assert frozen == []
