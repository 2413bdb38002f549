"""Why a job stays out on days of rare rules: alone on the empty day, or beside the plan, and what would make room."""

from dataclasses import replace

import pytest

from service.routing.problem import (
    LUNCH,
    Carer,
    Job,
    Limits,
    Link,
    Lunch,
    Plan,
    Problem,
    Route,
    Staff,
    Stop,
    Sync,
    Unassigned,
)
from service.routing.referee.check import check_plan
from service.routing.solver import reasons, solve
from service.routing.solver.clock import Budget
from tests.routing.solver import days


def told(problem: Problem) -> Unassigned:
    """Solve, and explain the only job that stays out."""
    plan = solve(problem, Limits(30.0, rounds=5), 1)
    (gone,) = plan.unassigned
    return gone


def rare(*jobs: Job, staff: Staff | None = None, links: tuple[Link, ...] = ()) -> Problem:
    """A hard day on which somebody is slow, which only the compiled search knows."""
    people = [staff or days.person(), replace(days.person("slow", skills="x"), pace=2000)]
    return replace(days.day(people, list(jobs), days.HARD), links=links)


class TestAlone:
    def test_nobody_has_the_skills(self) -> None:
        found = told(rare(days.job("a", 1, (0, 200), skills="d")))
        assert found == Unassigned(
            0, "no_qualified_staff", {"scope": "alone", "skills": ["d"], "qualified": 0, "needed": 1}
        )

    def test_the_way_is_too_long(self) -> None:
        found = told(rare(days.job("a", 5, (0, 40))))
        assert found == Unassigned(0, "unreachable", {"scope": "alone", "rule": "travel", "staff": ["a"]})

    def test_no_shift_meets_a_window(self) -> None:
        found = told(rare(days.job("a", 1, (400, 500))))
        assert (found.reason, found.facts["rule"], found.facts["windows"]) == ("outside_shifts", "shift", [(400, 500)])

    def test_the_work_is_more_than_one_may_do(self) -> None:
        found = told(rare(days.job("a", 5, (0, 200)), staff=replace(days.person(), max_work=119)))
        assert (found.reason, found.facts["rule"], found.facts["scope"]) == ("overworked", "max_work", "alone")
        assert (
            solve(
                rare(days.job("a", 5, (0, 200)), staff=replace(days.person(), max_work=120)), Limits(9.0, rounds=2), 1
            ).unassigned
            == ()
        )

    def test_lunch_is_too_far_away(self) -> None:
        lunch = Lunch(40, 80, 20, point=5)
        found = told(rare(days.job("a", 1, (40, 50)), staff=days.person(lunch=lunch)))
        assert (found.reason, found.facts["rule"]) == ("no_lunch", "lunch")

    def test_the_job_that_comes_with_it_has_no_place(self) -> None:
        jobs = days.job("a", 1, (0, 50), drop_penalty=500), days.job("b", 1, (150, 160), drop_penalty=500)
        plan = solve(rare(*jobs, links=(Link(0, 1, high=30, bound=True),)), Limits(30.0, rounds=5), 1)
        assert [(gone.reason, gone.facts["rule"]) for gone in plan.unassigned] == [("linked", "link")] * 2


class TestEveryPlace:
    """Explained without a search: the plan is made by hand, and what has a place is found."""

    def explained(self, problem: Problem, plan: Plan, seconds: float = 30.0) -> Plan:
        return reasons.of_plan(problem, plan, Budget(Limits(seconds)))

    def crew(self, begin: int) -> tuple[Problem, Plan]:
        """Two who each have a visit that begins at `begin`, and then lunch; the crew's visit begins at 50."""
        people = [days.person(name, lunch=Lunch(40, 120, 20), shift=(0, 100)) for name in "ab"]
        jobs = [
            days.job("pair", 1, (50, 50), skills="n,n", sync=Sync.simultaneous, drop_penalty=900),
            days.job("one", 1, (begin, begin), drop_penalty=900),
            days.job("two", 1, (begin, begin), drop_penalty=900),
        ]
        over = begin + 20
        stops = (Route(at, (Stop(at + 1, 0, begin, over), Stop(at + 1, LUNCH, over, over + 20))) for at in range(2))
        return days.day(people, jobs, days.HARD), Plan(tuple(stops), (Unassigned(0, "no_place_found"),))

    def test_a_crew_comes_in_where_both_have_lunch_at_another_time(self) -> None:
        problem, plan = self.crew(20)
        assert check_plan(problem, plan).violations == ()
        found = self.explained(problem, plan)
        assert found.unassigned == ()
        assert check_plan(problem, found).violations == ()

    def test_a_crew_without_a_place_is_told_so(self) -> None:
        problem, plan = self.crew(45)
        found = self.explained(problem, plan)
        assert [(gone.job, gone.reason) for gone in found.unassigned] == [(0, "no_capacity")]
        assert found.routes == plan.routes

    def test_without_time_nobody_says_that_there_is_no_place(self) -> None:
        problem, plan = self.crew(45)
        found = self.explained(problem, plan, 1e-9)
        assert [(gone.job, gone.reason) for gone in found.unassigned] == [(0, "no_place_found")]

    def test_what_holds_at_any_time_is_said_without_time_too(self) -> None:
        problem, _ = self.crew(45)
        other = replace(problem, staff=tuple(replace(who, skills=frozenset("x")) for who in problem.staff))
        idle = Plan((Route(0, ()), Route(1, ())), tuple(Unassigned(job, "no_place_found") for job in range(3)))
        assert {gone.reason for gone in self.explained(other, idle, 1e-9).unassigned} == {"no_qualified_staff"}


class TestBesideThePlan:
    def test_names_the_lateness_that_would_make_room(self) -> None:
        found = told(rare(days.job("b", 1, (50, 55)), days.job("a", 1, (50, 60))))
        assert found.reason == "no_capacity"
        assert found.facts["scope"] == "beside_plan"
        assert found.facts["staff"] == ["a"]
        assert found.facts["rule"] == "time_window"
        assert found.facts["relaxation"] in ({"window_late_seconds": 10}, {"window_late_seconds": 15})

    def test_names_the_overtime_that_would_make_room(self) -> None:
        staff = days.person(shift=(0, 100))
        found = told(rare(days.job("b", 1, (60, 70)), days.job("a", 1, (60, 200)), staff=staff))
        assert found.facts["relaxation"] == {"overtime_seconds": 10}

    def test_names_the_lunch_that_would_make_room(self) -> None:
        # Each visit alone leaves time for lunch, before or after it; both together do not, nor does any lateness.
        staff = days.person(lunch=Lunch(40, 80, 20), shift=(0, 95))
        found = told(rare(days.job("b", 1, (65, 65)), days.job("a", 1, (30, 30)), staff=staff))
        assert found.facts["relaxation"] == {"missed_lunches": 1}

    def test_names_the_rank_that_would_make_room(self) -> None:
        jobs = days.job("b", 1, (20, 20), rank=1, drop_penalty=900), days.job("a", 1, (100, 110), drop_penalty=300)
        found = told(rare(*jobs))
        assert (found.job, found.facts["rule"], found.facts["relaxation"]) == (1, "rank", {"rank_ignored": 1})

    @pytest.mark.parametrize("carer", [Carer.same, Carer.other])
    def test_names_the_link_that_would_make_room(self, carer: Carer) -> None:
        other = days.person("other", skills="n" if carer is Carer.other else "d")
        jobs = [
            days.job("b", 1, (20, 20), drop_penalty=9000, allowed_staff=frozenset({0})),
            days.job("a", 1, (100, 110), drop_penalty=3000, skills="n" if carer is Carer.other else "d"),
        ]
        if carer is Carer.other:
            jobs[1] = replace(jobs[1], allowed_staff=frozenset({0}))
        problem = replace(days.day([days.person(), other], jobs, days.HARD), links=(Link(0, 1, carer=carer),))
        found = told(problem)
        assert (found.job, found.facts["rule"], found.facts["relaxation"]) == (1, "link", {"links_ignored": 1})

    def test_a_place_exists_but_costs_more_than_leaving_the_job_out(self) -> None:
        found = told(rare(days.job("a", 5, (0, 200), drop_penalty=60)))
        assert found.reason == "not_worth_it"
        assert found.facts == {"scope": "beside_plan", "staff": ["a"], "cost": 100, "drop_penalty": 60}
