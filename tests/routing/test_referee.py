"""One planted breach per rule, each named exactly; the valid plan and its slack are worked out by hand.

Places lie on a line, ten apart; the second person travels half as fast. The valid day:

    A  leaves 10 · job 0 20–40 · job 1 60–90 · lunch at job 2's 200–230 · job 2 260–285 · job 3 300–310 · back 350
    B  leaves 20 ·              job 1 60–100 ·                                           job 3 330–340 · back 420
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.routing import referee
from service.routing.problem import (
    LUNCH,
    Carer,
    Job,
    Link,
    Lunch,
    Plan,
    Problem,
    Route,
    Rules,
    Service,
    Staff,
    Stop,
    Sync,
    Unassigned,
    Window,
)
from service.routing.referee import Rule
from service.routing.referee.explain import SENTENCES
from tests.routing import test_planted_rides

LINE = np.array([[abs(a - b) * 10 for b in range(6)] for a in range(6)], dtype=np.int64)
NURSE, DOCTOR = frozenset({"nurse"}), frozenset({"nurse", "doctor"})

A, B = 0, 1
STAFF = (
    Staff("A", DOCTOR, 0, 0, Window(0, 500), Lunch(180, 300, 30), matrix=0),
    Staff("B", NURSE, 0, 0, Window(0, 500), None, matrix=1),
)
JOBS = (
    Job("0", 1, (Window(10, 100),), (Service(20, frozenset({"doctor"})),)),
    Job("1", 2, (Window(50, 200),), (Service(30, NURSE), Service(40, NURSE)), Sync.simultaneous),
    Job("2", 3, (Window(250, 300), Window(350, 400)), (Service(25, frozenset({"doctor"})),), drop_penalty=100),
    Job("3", 4, (Window(0, 500),), (Service(10, NURSE),) * 2, Sync.sequential, Window(20, 40), drop_penalty=700),
    Job("4", 5, (), (Service(15, NURSE),), drop_penalty=55),
)
PROBLEM = Problem(6, (LINE, LINE * 2), STAFF, JOBS, Rules(travel=1, waiting=2, max_idle=3))
PLAN = Plan(
    routes=(
        Route(
            A,
            (
                Stop(0, 0, 20, 40),
                Stop(1, 0, 60, 90),
                Stop(2, LUNCH, 200, 230),
                Stop(2, 0, 260, 285),
                Stop(3, 0, 300, 310),
            ),
        ),
        Route(B, (Stop(1, 1, 60, 100), Stop(3, 1, 330, 340))),
    ),
    unassigned=(Unassigned(4, "no_capacity"),),
)


def with_stops(staff: int, change: Callable[[list[Stop]], None]) -> Plan:
    """Return the valid plan with one person's stops changed."""
    stops = list(PLAN.routes[staff].stops)
    change(stops)
    routes = tuple(Route(staff, tuple(stops)) if route.staff == staff else route for route in PLAN.routes)
    return replace(PLAN, routes=routes)


def with_stop(staff: int, position: int, **changes: int) -> Plan:
    """Return the valid plan with one stop changed."""
    return with_stops(staff, lambda stops: stops.__setitem__(position, replace(stops[position], **changes)))


def with_job(index: int, **changes: Any) -> Problem:
    jobs = tuple(replace(job, **changes) if position == index else job for position, job in enumerate(PROBLEM.jobs))
    return replace(PROBLEM, jobs=jobs)


def with_person(index: int, **changes: Any) -> Problem:
    staff = tuple(replace(one, **changes) if position == index else one for position, one in enumerate(PROBLEM.staff))
    return replace(PROBLEM, staff=staff)


def linked(*links: Link) -> Problem:
    return replace(PROBLEM, links=links)


def moved(staff: int, position: int, start: int) -> Plan:
    """Return the valid plan with one stop begun at another time, its length kept."""
    stop = PLAN.routes[staff].stops[position]
    return with_stop(staff, position, start=start, end=start + stop.end - stop.start)


def two_lunches(stops: list[Stop]) -> None:
    stops[2:3] = [Stop(1, LUNCH, 180, 210), Stop(2, LUNCH, 220, 250)]


HANDED_IN_BY_A = replace(with_stops(A, lambda stops: stops.append(Stop(4, 0, 340, 355))), unassigned=())
HANDED_IN_BY_B = replace(with_stops(B, lambda stops: stops.append(Stop(4, 0, 360, 375))), unassigned=())
ENDLESS = replace(PROBLEM, staff=tuple(replace(one, shift=None) for one in STAFF))
ROUTE_A, ROUTE_B = PLAN.routes

PLANTED: list[tuple[Rule, Problem, Plan, tuple[int | None, int | None]]] = [
    (Rule.unknown_staff, PROBLEM, replace(PLAN, routes=(*PLAN.routes, Route(2, ()))), (2, None)),
    (Rule.unknown_job, PROBLEM, with_stops(B, lambda stops: stops.append(Stop(5, 0, 400, 410))), (B, 5)),
    (Rule.unknown_job, PROBLEM, replace(PLAN, unassigned=(*PLAN.unassigned, Unassigned(-1, "x"))), (None, -1)),
    (Rule.unknown_service, PROBLEM, with_stops(B, lambda stops: stops.append(Stop(0, 1, 400, 410))), (B, 0)),
    (Rule.repeated_route, PROBLEM, replace(PLAN, routes=(*PLAN.routes, Route(A, ()))), (A, None)),
    (Rule.missing_route, replace(PROBLEM, staff=(*STAFF, replace(STAFF[1], id="C"))), PLAN, (2, None)),
    (
        Rule.duplicate_service,
        with_job(3, lag=Window(-99, 99)),
        with_stops(B, lambda stops: stops.append(Stop(3, 1, 345, 355))),
        (None, 3),
    ),
    (Rule.incomplete_job, PROBLEM, with_stops(B, lambda stops: stops.pop()), (None, 3)),
    (Rule.forgotten_job, PROBLEM, replace(PLAN, unassigned=()), (None, 4)),
    (Rule.mandatory_left_out, with_job(4, drop_penalty=None), PLAN, (None, 4)),
    (Rule.planned_and_unassigned, PROBLEM, replace(PLAN, unassigned=(*PLAN.unassigned, Unassigned(2, "x"))), (None, 2)),
    (Rule.repeated_unassigned, PROBLEM, replace(PLAN, unassigned=PLAN.unassigned * 2), (None, 4)),
    (
        Rule.same_staff,
        PROBLEM,
        replace(
            PLAN,
            routes=(
                Route(A, (*ROUTE_A.stops, replace(ROUTE_B.stops[1], start=320, end=330))),
                Route(B, ROUTE_B.stops[:1]),
            ),
        ),
        (A, 3),
    ),
    (Rule.not_simultaneous, PROBLEM, moved(B, 0, 61), (None, 1)),
    (Rule.lag, PROBLEM, moved(B, 1, 341), (None, 3)),
    (Rule.lag, PROBLEM, moved(B, 1, 319), (None, 3)),
    (Rule.too_early, with_job(2, windows=(Window(261, 300),)), PLAN, (A, 2)),
    (Rule.too_late, with_job(2, windows=(Window(250, 259), Window(350, 400))), PLAN, (A, 2)),
    (Rule.duration, PROBLEM, with_stop(A, 3, end=284), (A, 2)),
    (Rule.order, with_job(3, sync=Sync.independent), moved(A, 4, 255), (A, 3)),
    (Rule.overlap, with_job(3, sync=Sync.independent), moved(A, 4, 284), (A, 3)),
    (Rule.travel, PROBLEM, moved(A, 4, 294), (A, 3)),
    (Rule.shift_start, with_person(A, shift=Window(11, 500)), PLAN, (A, 0)),
    (Rule.shift_end, with_person(B, shift=Window(0, 419)), PLAN, (B, 3)),
    (Rule.lunch_missing, PROBLEM, with_stops(A, lambda stops: stops.pop(2)), (A, None)),
    (Rule.lunch_not_due, PROBLEM, with_stops(B, lambda stops: stops.insert(1, Stop(3, LUNCH, 200, 230))), (B, 3)),
    (Rule.lunch_repeated, PROBLEM, with_stops(A, two_lunches), (A, None)),
    (Rule.lunch_window, PROBLEM, moved(A, 2, 179), (A, 2)),
    (Rule.lunch_window, with_person(A, lunch=Lunch(180, 229, 30)), PLAN, (A, 2)),
    (Rule.lunch_duration, PROBLEM, with_stop(A, 2, end=229), (A, 2)),
    (Rule.lunch_place, PROBLEM, with_stop(A, 2, job=3), (A, 3)),
    (Rule.lunch_place, PROBLEM, with_stop(A, 2, job=-1), (A, None)),
    (Rule.unqualified, with_job(2, services=(Service(25, frozenset({"doctor", "drip"})),)), PLAN, (A, 2)),
    (Rule.not_allowed, with_job(2, allowed_staff=frozenset({B})), PLAN, (A, 2)),
    (Rule.forbidden, with_job(2, forbidden_staff=frozenset({A})), PLAN, (A, 2)),
    (
        Rule.not_preferred,
        replace(with_job(2, preferred_staff=frozenset({B})), rules=Rules(not_preferred=None)),
        PLAN,
        (A, 2),
    ),
    (
        Rule.overload,
        replace(
            PROBLEM,
            staff=(replace(STAFF[A], capacity=17), STAFF[B]),
            jobs=tuple(replace(job, load=load) for job, load in zip(JOBS, (3, 4, 5, 6, 7), strict=True)),
        ),
        PLAN,
        (A, None),
    ),
    (Rule.rank, with_job(2, rank=1), PLAN, (A, 3)),
    (Rule.max_work, with_person(B, max_work=209), PLAN, (B, None)),
    (Rule.link_gap, linked(Link(0, 2, low=221)), PLAN, (None, 2)),
    (Rule.link_gap, linked(Link(1, 2, low=161)), PLAN, (None, 2)),
    (Rule.link_gap, linked(Link(2, 0, high=219, ordered=False)), PLAN, (None, 0)),
    (Rule.link_order, linked(Link(2, 0)), PLAN, (None, 0)),
    (Rule.link_carer, linked(Link(0, 2, carer=Carer.other)), PLAN, (None, 2)),
    (Rule.link_carer, linked(Link(2, 4, carer=Carer.same)), HANDED_IN_BY_B, (None, 4)),
    (Rule.link_carer, linked(Link(3, 4, carer=Carer.same)), HANDED_IN_BY_B, (None, 4)),
    (Rule.link_bound, linked(Link(2, 4, bound=True)), PLAN, (None, 2)),
]


class TestCheckPlan:
    def test_lets_a_valid_plan_pass(self) -> None:
        assert referee.check_plan(PROBLEM, PLAN).violations == ()

    @pytest.mark.parametrize(
        ("rule", "problem", "plan", "about"), PLANTED, ids=lambda case: str(case) if isinstance(case, Rule) else ""
    )
    def test_names_the_one_rule_that_is_broken(
        self, rule: Rule, problem: Problem, plan: Plan, about: tuple[int | None, int | None]
    ) -> None:
        found = referee.check_plan(problem, plan).violations
        assert [(one.code, one.staff, one.job) for one in found] == [(rule, *about)]

    @pytest.mark.parametrize(("crew", "plan", "gap"), [
        (1, HANDED_IN_BY_A, 240), (1, HANDED_IN_BY_B, 260), (3, HANDED_IN_BY_A, 30),
    ])  # fmt: skip
    def test_whoever_of_a_crew_gives_what_one_person_gives_is_the_same_and_of_those_apart_the_first(
        self, crew: int, plan: Plan, gap: int
    ) -> None:
        link = Link(crew, 4, low=gap, high=gap, carer=Carer.same)
        assert referee.check_plan(linked(link), plan).violations == ()
        for other in (replace(link, high=gap - 1, low=0), replace(link, low=gap + 1, high=None)):
            [found] = referee.check_plan(linked(other), plan).violations
            assert (found.code, found.job) == (Rule.link_gap, 4)

    def test_every_rule_has_a_planted_breach(self) -> None:
        assert {case[0] for case in PLANTED} | test_planted_rides.RULES == set(Rule)

    def test_every_rule_can_be_said_in_chinese(self) -> None:
        assert set(SENTENCES) == set(Rule)
        assert len(set(SENTENCES.values())) == len(Rule)

    def test_says_whose_stop_breaks_a_rule(self) -> None:
        (found,) = referee.check_plan(PROBLEM, moved(A, 4, 294)).violations
        assert referee.explain(PROBLEM, found) == "路上时间不够（任务3、人员A）"

    def test_says_what_is_unknown_without_a_name(self) -> None:
        found = referee.check_plan(PROBLEM, replace(PLAN, routes=(*PLAN.routes, Route(2, ())))).violations
        assert [referee.explain(PROBLEM, one) for one in found] == ["路线里出现了不存在的人员"]

    def test_names_all_breaches_at_once(self) -> None:
        plan = replace(with_stop(A, 3, end=284), unassigned=())
        codes = [one.code for one in referee.check_plan(with_person(B, shift=Window(0, 419)), plan).violations]
        assert sorted(codes) == [Rule.duration, Rule.forgotten_job, Rule.shift_end]

    def test_says_the_figures_that_do_not_fit(self) -> None:
        (found,) = referee.check_plan(PROBLEM, moved(A, 4, 294)).violations
        assert found.facts == {"start": 294, "free": 285, "leg": 10}

    def test_counts_the_day_from_zero_for_people_without_a_shift(self) -> None:
        plan = replace(PLAN, routes=(Route(A, (Stop(0, 0, 9, 29), *ROUTE_A.stops[1:])), ROUTE_B))
        found = referee.check_plan(replace(ENDLESS, jobs=with_job(0, windows=()).jobs), plan).violations
        assert [(one.code, one.facts["departure"]) for one in found] == [(Rule.shift_start, -1)]

    def test_who_leaves_at_shift_start_cannot_be_anywhere_sooner(self) -> None:
        problem = replace(with_person(A, shift=Window(11, 500)), rules=Rules(leave_at_shift_start=True))
        (found,) = referee.check_plan(problem, PLAN).violations
        assert (found.code, found.staff, found.job) == (Rule.shift_start, A, 0)
        on_time = replace(problem, staff=with_person(A, shift=Window(10, 500)).staff)
        assert referee.check_plan(on_time, PLAN).feasible

    def test_an_idle_person_needs_no_lunch(self) -> None:
        problem = Problem(6, (LINE, LINE), STAFF, ())
        assert referee.check_plan(problem, Plan((Route(A, ()), Route(B, ())))).feasible

    def test_lunch_may_be_had_before_leaving_the_start_point(self) -> None:
        problem = Problem(6, (LINE,), STAFF[:1], (Job("0", 1, (), (Service(5, NURSE),)),))
        plan = Plan((Route(0, (Stop(-1, LUNCH, 180, 210), Stop(0, 0, 220, 225))),))
        assert referee.check_plan(problem, plan).feasible

    def test_two_services_of_an_independent_job_still_need_two_people(self) -> None:
        problem = Problem(
            6, (LINE,), (replace(STAFF[1], matrix=0),), (Job("0", 1, (), (Service(5, NURSE),) * 2, Sync.independent),)
        )
        plan = Plan((Route(0, (Stop(0, 0, 20, 25), Stop(0, 1, 30, 35))),))
        assert [one.code for one in referee.check_plan(problem, plan).violations] == [Rule.same_staff]


class TestHardAndPriced:
    """A rule with a price is not a breach, one without is."""

    @pytest.mark.parametrize(
        ("rule", "problem", "price"),
        [
            (Rule.too_late, with_job(2, windows=(Window(250, 259),)), {"tardiness": 1}),
            (Rule.shift_end, with_person(B, shift=Window(0, 419)), {"overtime": 1}),
            (Rule.unqualified, with_job(2, services=(Service(25, frozenset({"drip"})),)), {"unqualified": 1}),
            (Rule.forbidden, with_job(2, forbidden_staff=frozenset({A})), {"forbidden": 1}),
        ],
    )
    def test_a_price_turns_a_breach_into_a_cost(self, rule: Rule, problem: Problem, price: dict[str, int]) -> None:
        hard = referee.check_plan(problem, PLAN)
        priced = referee.check_plan(replace(problem, rules=replace(PROBLEM.rules, **price)), PLAN)
        assert [one.code for one in hard.violations] == [rule]
        assert priced.feasible
        assert priced.total > hard.total

    def test_overtime_cannot_be_bought_where_something_of_the_persons_follows(self) -> None:
        problem = replace(with_person(B, shift=Window(0, 419), punctual=True), rules=Rules(overtime=1))
        assert [one.code for one in referee.check_plan(problem, PLAN).violations] == [Rule.shift_end]
        in_time = replace(problem, staff=with_person(B, shift=Window(0, 420), punctual=True).staff)
        assert referee.check_plan(in_time, PLAN).feasible

    def test_lateness_is_also_hard_when_only_its_maximum_is(self) -> None:
        problem = replace(with_job(2, windows=(Window(250, 259),)), rules=Rules(tardiness=1, max_tardiness=None))
        assert [one.code for one in referee.check_plan(problem, PLAN).violations] == [Rule.too_late]

    def test_a_missed_lunch_may_be_bought(self) -> None:
        plan = with_stops(A, lambda stops: stops.pop(2))
        verdict = referee.check_plan(replace(PROBLEM, rules=Rules(missed_lunch=70)), plan)
        assert verdict.feasible
        assert verdict.component("missed_lunch").cost == 70

    def test_windows_may_bind_the_end_of_the_service(self) -> None:
        problem = with_job(2, windows=(Window(250, 284),))
        assert referee.check_plan(problem, PLAN).feasible
        by_end = replace(problem, rules=Rules(window_end_at_service_end=True))
        (found,) = referee.check_plan(by_end, PLAN).violations
        assert (found.code, found.facts["late"]) == (Rule.too_late, 1)


class TestMutations:
    @given(
        st.sampled_from([(A, 0, 10, 30), (A, 2, 180, 230), (A, 3, 250, 265), (A, 4, 295, 310), (B, 1, 320, 340)]),
        st.integers(-30, 600),
    )
    def test_a_moved_stop_passes_exactly_within_its_slack(self, stop: tuple[int, int, int, int], start: int) -> None:
        staff, position, earliest, latest = stop
        assert referee.check_plan(PROBLEM, moved(staff, position, start)).feasible == (earliest <= start <= latest)

    @given(st.sampled_from([(A, 1), (B, 0)]), st.integers(-30, 600))
    def test_half_of_a_pair_cannot_move_at_all(self, half: tuple[int, int], start: int) -> None:
        assume(start != 60)
        assert not referee.check_plan(PROBLEM, moved(*half, start)).feasible

    @given(st.data())
    def test_a_stop_lost_doubled_stretched_or_given_to_another_is_caught(self, data: st.DataObject) -> None:
        staff = data.draw(st.sampled_from([A, B]))
        position = data.draw(st.integers(0, len(PLAN.routes[staff].stops) - 1))
        stop = PLAN.routes[staff].stops[position]
        kind = data.draw(st.sampled_from(["lose", "double", "stretch", "give", "other job", "other service"]))
        if kind == "lose":
            plan = with_stops(staff, lambda stops: stops.remove(stop))
        elif kind == "double":
            plan = with_stops(staff, lambda stops: stops.insert(position, stop))
        elif kind == "stretch":
            plan = with_stop(staff, position, end=stop.end + data.draw(st.integers(-50, 50).filter(bool)))
        elif kind == "give":
            other = list(PLAN.routes[1 - staff].stops)
            other.insert(data.draw(st.integers(0, len(other))), stop)
            rest = tuple(one for one in PLAN.routes[staff].stops if one is not stop)
            plan = replace(PLAN, routes=(Route(staff, rest), Route(1 - staff, tuple(other))))
        elif kind == "other job":
            plan = with_stop(staff, position, job=data.draw(st.integers(-2, 6).filter(lambda job: job != stop.job)))
            assume(
                not (stop.service == LUNCH and plan.routes[staff].stops[position].job == 1)
            )  # lunch where one comes from
        else:
            plan = with_stop(
                staff, position, service=data.draw(st.integers(-3, 3).filter(lambda one: one != stop.service))
            )
        assert not referee.check_plan(PROBLEM, plan).feasible

    @given(st.lists(st.integers(-1, 6), max_size=4).filter(lambda jobs: jobs != [4]))
    def test_any_other_list_of_jobs_left_out_is_caught(self, jobs: list[int]) -> None:
        plan = replace(PLAN, unassigned=tuple(Unassigned(job, "no_capacity") for job in jobs))
        assert not referee.check_plan(PROBLEM, plan).feasible
