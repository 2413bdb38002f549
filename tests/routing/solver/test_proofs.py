"""Proofs about a job left out: the empty day, and the day as planned with its people but not its order."""

from dataclasses import replace

import pytest

from service.routing.problem import Band, Limits, Link, Plan, Problem, Route, Stop, Sync, Unassigned
from service.routing.solver import proofs, reasons
from service.routing.solver.clock import Budget
from tests.routing.solver import days

LIMITS = Limits(20.0, rounds=5)


def alone(problem: Problem, job: int = 0) -> bool | None:
    return proofs.can_be_served_alone(problem, job, LIMITS)


class TestAlone:
    def test_there_and_back_must_fit_the_shift(self) -> None:
        job = days.job("far", 5, (0, 200), duration=20)
        assert alone(days.day([days.person(shift=(0, 120))], [job], days.HARD)) is True
        assert alone(days.day([days.person(shift=(0, 119))], [job], days.HARD)) is False

    def test_two_who_come_together_must_have_a_moment_in_common(self) -> None:
        pair = days.job("pair", 1, (0, 300), skills="n,n", sync=Sync.simultaneous)
        early, late = days.person("early", shift=(0, 100)), days.person("late", shift=(60, 300))
        assert alone(days.day([early, late], [pair], days.HARD)) is True
        later = days.person("later", shift=(61, 300))
        assert alone(days.day([early, later], [pair], days.HARD)) is False

    def test_with_all_that_is_bound_to_it(self) -> None:
        jobs = [days.job("a", 1, (0, 50)), days.job("b", 5, (0, 60)), days.job("other", 2, (0, 0))]
        problem = days.day([days.person()], jobs, days.HARD)
        assert alone(problem) is True
        assert alone(replace(problem, links=(Link(0, 1, bound=True),))) is False
        assert alone(replace(problem, links=(Link(0, 1),))) is True

    def test_does_not_know_what_it_cannot_say(self) -> None:
        problem = days.day([days.person()], [days.job("a", 1, (0, 50))], days.HARD)
        assert alone(replace(problem, traffic=((Band(0, 2000),),))) is None


class TestJoin:
    def plan(self, second: int) -> tuple[Problem, Plan]:
        """One person with two visits planned in an order that leaves no room for the third."""
        jobs = [
            days.job("one", 1, (0, 200)),
            days.job("two", 2, (0, second)),
            days.job("new", 3, (60, 70), drop_penalty=500),
        ]
        stops = (Stop(0, 0, 10, 30), Stop(1, 0, 40, 60))
        problem = days.day([days.person(), days.person("b", skills="x")], jobs, days.HARD)
        return problem, Plan((Route(0, stops), Route(1, ())), (Unassigned(2, "no_capacity"),))

    def test_finds_room_in_another_order(self) -> None:
        problem, plan = self.plan(200)
        assert proofs.can_join(problem, plan, 2, LIMITS) is True

    def test_proves_that_there_is_no_room(self) -> None:
        problem, plan = self.plan(200)
        tight = replace(problem, staff=(replace(problem.staff[0], shift=days.Window(0, 139)), problem.staff[1]))
        assert proofs.can_join(tight, plan, 2, LIMITS) is True
        assert proofs.can_be_served_alone(tight, 2, LIMITS) is True
        narrow = replace(problem, staff=(replace(problem.staff[0], shift=days.Window(0, 119)), problem.staff[1]))
        assert proofs.can_join(narrow, plan, 2, LIMITS) is False

    def test_others_keep_their_people(self) -> None:
        problem, plan = self.plan(200)
        helped = replace(problem, staff=(problem.staff[0], days.person("b", shift=(0, 65))))
        narrow = replace(helped, staff=(replace(problem.staff[0], shift=days.Window(0, 119)), helped.staff[1]))
        # the other could take the first visit, but that is not what was asked
        assert proofs.can_join(narrow, plan, 2, LIMITS) is False

    @pytest.mark.parametrize(
        ("end", "seconds", "reason"),
        [(119, 20.0, "no_capacity"), (139, 20.0, "no_place_found"), (119, 0.05, "no_place_found")],
    )
    def test_what_was_not_tried_wholly_is_said_where_it_is_proven(self, end: int, seconds: float, reason: str) -> None:
        problem, plan = self.plan(200)
        narrow = replace(problem, staff=(replace(problem.staff[0], shift=days.Window(0, end)), problem.staff[1]))
        untold = Plan(plan.routes, (Unassigned(2, "no_place_found", {"scope": "beside_plan"}),))
        [gone] = reasons.put_right(narrow, untold, Budget(Limits(seconds))).unassigned
        assert (gone.reason, gone.facts["scope"]) == (reason, "beside_plan")

    def test_is_never_wrong_for_want_of_time(self) -> None:
        problem, plan = self.plan(200)
        assert proofs.can_join(problem, plan, 2, Limits(1e-9)) is not False
