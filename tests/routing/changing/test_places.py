"""Where one more job could go: compared with every place tried by hand, and with the referee's price of the day."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.routing import referee
from service.routing.changing import places
from service.routing.changing.places import Place, Refused
from service.routing.problem import (
    LUNCH,
    Band,
    Carer,
    Link,
    Lunch,
    Plan,
    Problem,
    Route,
    Rules,
    Staff,
    Stop,
    Sync,
    Unassigned,
    Window,
)
from service.routing.rules import UnassignedReason
from tests.routing.solver.days import HARD, day, job, person, problems

PRICED = Rules(travel=1, not_preferred=5)
ALL_PRICED = Rules(
    travel=1, waiting=1, max_idle=1, tardiness=2, overtime=2, missed_lunch=20, not_preferred=5, balance=1
)


def nothing(problem: Problem) -> Plan:
    """Return the plan in which nobody does anything."""
    left = tuple(Unassigned(at, "no_capacity") for at in range(len(problem.jobs)))
    return Plan(tuple(Route(staff, ()) for staff in range(len(problem.staff))), left)


def found(problem: Problem, plan: Plan, at: int, **more: int) -> list[Place]:
    """Return the places of a job that has some."""
    answer = places.places(problem, plan, at, **more)
    assert isinstance(answer, list), answer
    return answer


def filled(problem: Problem, jobs: range) -> Plan:
    """Return a plan with jobs put in one after the other at their best place, where they have one."""
    plan = nothing(problem)
    for at in jobs:
        answer = places.places(problem, plan, at, limit=1)
        plan = answer[0].plan if isinstance(answer, list) else plan
    return plan


class TestEveryPlace:
    @pytest.mark.parametrize("rules", [PRICED, ALL_PRICED], ids=["hard", "priced"])
    @settings(max_examples=60, deadline=None)
    @given(data=st.data())
    def test_costs_what_the_referee_says_that_the_whole_day_then_costs_more(
        self, rules: Rules, data: st.DataObject
    ) -> None:
        problem = data.draw(problems(rules, droppable=True))
        plan = nothing(problem)
        for at, wanted in enumerate(problem.jobs):
            before = referee.check_plan(problem, plan)
            answer = places.places(problem, plan, at)
            for place in answer if isinstance(answer, list) else ():
                verdict = referee.check_plan(problem, place.plan)
                assert verdict.feasible, verdict.violations
                assert place.cost == verdict.total - before.total + (wanted.drop_penalty or 0)
            if isinstance(answer, list):
                assert [each.cost for each in answer] == sorted(each.cost for each in answer)
                plan = answer[0].plan

    @settings(max_examples=60, deadline=None)
    @given(problems(PRICED, droppable=True))
    def test_leaves_everybody_his_visits_in_their_order_and_names_all_that_begin_at_another_time(
        self, problem: Problem
    ) -> None:
        plan = filled(problem, range(len(problem.jobs) - 1))
        last = len(problem.jobs) - 1
        answer = places.places(problem, plan, last)
        for place in answer if isinstance(answer, list) else ():
            pushed = {(each.staff, each.job, each.service): (each.before, each.after) for each in place.pushes}
            for before, after in zip(plan.routes, place.plan.routes, strict=True):
                kept = [stop for stop in after.stops if stop.service != LUNCH and stop.job != last]
                was = [stop for stop in before.stops if stop.service != LUNCH]
                assert [(each.job, each.service) for each in kept] == [(each.job, each.service) for each in was]
                for one, other in zip(was, kept, strict=True):
                    moved = pushed.pop((before.staff, one.job, one.service), (one.start, one.start))
                    assert moved == (one.start, other.start)
            assert not pushed

    @settings(max_examples=75, deadline=None)
    @given(st.data())
    def test_is_found_wherever_trying_all_gaps_by_hand_finds_one(self, data: st.DataObject) -> None:
        problem = data.draw(simple_days())
        last = len(problem.jobs) - 1
        plan = filled(problem, range(last))
        by_hand = {
            (staff, at): cost
            for staff in range(len(problem.staff))
            for at in range(len(plan.routes[staff].stops) + 1)
            for cost in [by_trying(problem, plan, last, staff, at)]
            if cost is not None
        }
        answer = places.places(problem, plan, last, limit=100)
        if isinstance(answer, Refused):
            assert not by_hand
            return
        assert {(each.staff[0], each.positions[0]): each.cost for each in answer} == by_hand


@st.composite
def simple_days(draw: st.DrawFn) -> Problem:
    """Two people without lunches, one window and one service per job, travel and a wish priced."""
    staff = [person("a", shift=(0, draw(st.integers(120, 260)))), person("b", shift=(30, 240))]
    jobs = []
    for at in range(draw(st.integers(2, 6))):
        opens = draw(st.integers(0, 180))
        wish = draw(st.sampled_from([None, frozenset({0})]))
        window = (opens, opens + draw(st.integers(0, 90)))
        point, length = draw(st.integers(1, 5)), draw(st.integers(5, 30))
        jobs.append(job(f"j{at}", point, window, duration=length, drop_penalty=500, preferred_staff=wish))
    return day(staff, jobs, PRICED)


def by_trying(problem: Problem, plan: Plan, wanted: int, staff: int, at: int) -> int | None:
    """Return what a row then costs more, everything in it as early as it can be; None where that is too late."""
    order = [each.job for each in plan.routes[staff].stops]
    with_it = [*order[:at], wanted, *order[at:]]
    who, travel = problem.staff[staff], problem.matrices[0]
    assert who.shift is not None
    free, here = who.shift.start, who.start_point
    for each in with_it:
        there = problem.jobs[each]
        start = max(free + int(travel[here, there.point]), there.windows[0].start)
        if start > there.windows[0].end:
            return None
        free, here = start + there.services[0].duration, there.point
    if free + int(travel[here, who.end_point]) > who.shift.end:
        return None
    wish = problem.jobs[wanted].preferred_staff
    return length(problem, with_it) - length(problem, order) + (5 if wish is not None and staff not in wish else 0)


def length(problem: Problem, order: list[int]) -> int:
    """Return the travel of a row that does some jobs."""
    points = [0, *(problem.jobs[each].point for each in order), 0]
    return sum(int(problem.matrices[0][leg]) for leg in pairwise(points)) if order else 0


class TestSliding:
    def test_nobody_slides_where_a_gap_is_wide_enough(self) -> None:
        problem = day([person()], [job("a", 1, (0, 20)), job("b", 1, (100, 200)), job("new", 1, (0, 200))], HARD)
        plan = one_row(problem, Stop(0, 0, 10, 30), Stop(1, 0, 120, 140))
        best = found(problem, plan, 2)[0]
        assert (best.cost, best.pushes) == (0, ())

    def test_those_behind_slide_later_and_are_named_with_both_times(self) -> None:
        problem = day([person(shift=(0, 90))], [job("a", 1, (10, 40)), job("new", 1, (0, 15))], HARD)
        plan = one_row(problem, Stop(0, 0, 12, 32))
        [best] = found(problem, plan, 1)
        assert (best.positions, best.starts) == ((0,), (10,))
        assert [(each.job, each.before, each.after) for each in best.pushes] == [(0, 12, 30)]

    def test_those_before_slide_earlier_where_those_behind_cannot_slide(self) -> None:
        jobs = [job("a", 1, (10, 60)), job("b", 1, (80, 80)), job("new", 1, (30, 60))]
        problem = day([person()], jobs, HARD)
        plan = one_row(problem, Stop(0, 0, 50, 70), Stop(1, 0, 80, 100))
        between = next(each for each in found(problem, plan, 2) if each.positions == (1,))
        assert between.starts == (60,)
        assert [(each.job, each.before, each.after) for each in between.pushes] == [(0, 50, 40)]

    def test_a_partner_slides_along_and_so_do_those_behind_him(self) -> None:
        jobs = [
            job("both", 1, (0, 100), skills="n,n"),
            job("behind", 1, (0, 100)),
            job("new", 1, (0, 20), skills="x"),
        ]
        problem = day([person("a", skills="nx"), person("b", skills="n")], jobs, HARD)
        first = (Stop(0, 0, 10, 30),)
        second = (Stop(0, 1, 10, 30), Stop(1, 0, 30, 50))
        plan = Plan((Route(0, first), Route(1, second)), (Unassigned(2, "no_capacity"),))
        ahead = next(each for each in found(problem, plan, 2) if each.positions == (0,))
        assert ahead.starts == (10,)
        moved = {(each.staff, each.job): each.after for each in ahead.pushes}
        assert moved == {(0, 0): 30, (1, 0): 30, (1, 1): 50}

    def test_what_begins_before_the_moment_stays_and_nobody_leaves_before_it(self) -> None:
        problem = day([person()], [job("a", 1, (0, 200)), job("new", 2, (0, 200))], HARD)
        plan = one_row(problem, Stop(0, 0, 10, 30))
        best = found(problem, plan, 1, frozen_until=50)
        assert [(each.positions, each.starts, each.pushes) for each in best] == [((1,), (60,), ())]


class TestTraffic:
    """Half as long again until 100, on a way of 10 that begins at 37, or at 35 at the earliest."""

    @pytest.mark.parametrize(
        ("window", "starts"),
        [((45, 60), (17, 52)), ((45, 50), (15, 50)), ((200, 250), (17, 200))],
        ids=["as soon as one is there", "the one before makes way", "long after"],
    )
    def test_begins_when_the_traffic_lets_one_be_there(self, window: tuple[int, int], starts: tuple[int, int]) -> None:
        bands = (Band(0, 1500), Band(100, 1000))
        jobs = [job("a", 1, (0, 20)), job("new", 2, window)]
        problem = replace(day([person()], jobs, HARD), traffic=(bands,))
        plan = Plan((Route(0, (Stop(0, 0, 17, 37),)),), (Unassigned(1, "no_capacity"),))
        [place] = found(problem, plan, 1, limit=1)
        assert tuple(stop.start for stop in place.plan.routes[0].stops) == starts


class TestLunches:
    LUNCH = Lunch(60, 120, 20)

    def test_somebody_without_work_gets_his_lunch_with_it(self) -> None:
        problem = day([person(lunch=self.LUNCH)], [job("new", 1, (50, 110))], HARD)
        best = found(problem, nothing(problem), 0)[0]
        assert [stop.service == LUNCH for stop in best.plan.routes[0].stops].count(True) == 1
        assert best.cost == 20

    def test_a_lunch_beside_the_new_visit_is_had_at_a_door_that_is_still_next_to_it(self) -> None:
        problem = day([person(lunch=self.LUNCH)], [job("a", 1, (0, 200)), job("new", 2, (80, 110))], HARD)
        plan = one_row(problem, Stop(0, LUNCH, 60, 80), Stop(0, 0, 80, 100))
        for place in found(problem, plan, 1, limit=9):
            assert referee.check_plan(problem, place.plan).feasible
        assert {each.positions for each in found(problem, plan, 1, limit=9)} >= {(1,), (2,)}


class TestSeveralPeople:
    def test_a_visit_of_two_takes_two_people_at_one_time(self) -> None:
        staff = [person("a", skills="n"), person("b", skills="d"), person("c", skills="n")]
        problem = day(staff, [job("new", 1, (0, 100), skills="n,d")], HARD)
        answer = found(problem, nothing(problem), 0)
        assert {each.staff for each in answer} == {(0, 1), (2, 1)}
        assert all(each.starts == (10, 10) for each in answer)

    def test_services_one_after_the_other_keep_their_distance(self) -> None:
        wanted = job("new", 1, (0, 100), skills="n,n", sync=Sync.sequential, lag=Window(30, 40))
        problem = day([person("a"), person("b")], [wanted], HARD)
        for place in found(problem, nothing(problem), 0):
            assert 30 <= place.starts[1] - place.starts[0] <= 40

    def test_links_say_who_may_come_and_when(self) -> None:
        jobs = [job("first", 1, (0, 50)), job("then", 1, (0, 200))]
        link = Link(0, 1, low=40, high=50, carer=Carer.other)
        problem = replace(day([person("a"), person("b")], jobs, HARD), links=(link,))
        plan = Plan((Route(0, (Stop(0, 0, 10, 30),)), Route(1, ())), (Unassigned(1, "no_capacity"),))
        answer = found(problem, plan, 1)
        assert {each.staff for each in answer} == {(1,)}
        assert all(40 <= each.starts[0] - (10 + 20) <= 50 for each in answer)

    def test_a_linked_visit_before_slides_where_that_lets_the_later_one_follow_in_time(self) -> None:
        jobs = [job("first", 1, (10, 100)), job("then", 1, (150, 160))]
        problem = replace(day([person("a"), person("b")], jobs, HARD), links=(Link(0, 1, low=40, high=50),))
        plan = Plan((Route(0, (Stop(0, 0, 10, 30),)), Route(1, ())), (Unassigned(1, "no_capacity"),))
        best = found(problem, plan, 1)[0]
        assert best.starts == (150,)
        assert [(each.job, each.before, each.after) for each in best.pushes] == [(0, 10, 80)]


class TestRanks:
    def test_the_infectious_come_behind_the_others_and_before_nobody(self) -> None:
        jobs = [job("a", 1, (0, 200), rank=1), job("b", 1, (0, 200), rank=1), job("new", 1, (0, 200), rank=2)]
        plan = Plan((Route(0, (Stop(0, 0, 10, 30), Stop(1, 0, 30, 50))),), (Unassigned(2, "no_capacity"),))
        assert {each.positions for each in found(day([person()], jobs, HARD), plan, 2, limit=9)} == {(2,)}

    def test_who_catches_easily_comes_before_all_others(self) -> None:
        jobs = [job("a", 1, (0, 200), rank=1), job("b", 1, (0, 200), rank=1), job("new", 1, (0, 200), rank=0)]
        plan = Plan((Route(0, (Stop(0, 0, 10, 30), Stop(1, 0, 30, 50))),), (Unassigned(2, "no_capacity"),))
        assert {each.positions for each in found(day([person()], jobs, HARD), plan, 2, limit=9)} == {(0,)}


class TestReasons:
    @pytest.mark.parametrize(
        ("staff", "wanted", "reason"),
        [
            (person(skills="n"), job("j", 1, (0, 90), skills="d"), UnassignedReason.no_qualified_staff),
            (person(), job("j", 1, (0, 90), allowed_staff=frozenset()), UnassignedReason.excluded_staff),
            (replace(person(), capacity=1), job("j", 1, (0, 90), load=2), UnassignedReason.too_heavy),
            (person(shift=(0, 50)), job("j", 1, (60, 90)), UnassignedReason.outside_shifts),
            (person(shift=(0, 50)), job("j", 5, (0, 30)), UnassignedReason.unreachable),
        ],
    )
    def test_says_what_rules_it_out_on_an_empty_day(
        self, staff: Staff, wanted: object, reason: UnassignedReason
    ) -> None:
        problem = day([staff], [wanted], HARD)
        assert places.places(problem, nothing(problem), 0) == Refused(reason)

    def test_says_that_the_day_is_full_where_only_the_others_are_in_the_way(self) -> None:
        problem = day([person(shift=(0, 50))], [job("a", 1, (0, 20)), job("new", 1, (0, 20))], HARD)
        plan = one_row(problem, Stop(0, 0, 10, 30))
        assert places.places(problem, plan, 1) == Refused(UnassignedReason.no_capacity)


def one_row(problem: Problem, *stops: Stop) -> Plan:
    """Return a plan of one person; what he does not do is left out."""
    done = {each.job for each in stops}
    left = tuple(Unassigned(at, "no_capacity") for at in range(len(problem.jobs)) if at not in done)
    return Plan((Route(0, stops),), left)


def test_the_travel_of_the_fastest_mode_does_not_count_for_somebody_on_foot() -> None:
    walking, riding = np.array([[0, 40], [40, 0]]), np.array([[0, 10], [10, 0]])
    staff = (replace(person("walks"), matrix=0), replace(person("rides"), matrix=1))
    problem = Problem(2, (walking, riding), staff, (job("j", 1, (0, 100)),), HARD)
    assert [(each.staff, each.cost) for each in found(problem, nothing(problem), 0)] == [((1,), 20), ((0,), 80)]
