"""A day with everything in it, and errors planted in its plan: each is named, and nothing else that need not follow.

Places lie on a line, ten apart. B is a quarter slower at work, and from 100 on takes half as long again on the road.
Rows A and E are two shifts of one person; A has lunch at point 2, B wherever a visit is. The plan is tight:

    A  0 · morning 10–20, specimen 20–40 at 1 · laboratory 50–55 at 0 · lift 90–110 at 3 · lunch 120–140 · bath 165–175
       at 4 · back 215
    E  220 · evening 230–240 at 1 · dressing 250–260 at 2 · back 280
    B  leaves 5 at 70 · lift 90–120 at 3 · lunch there 120–150 · bath 165–175 at 4 · infectious 190–210 at 5, at home
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from service.routing import referee
from service.routing.problem import (
    LUNCH,
    Band,
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
    Unassigned,
    Window,
)
from service.routing.referee import Rule

LINE = np.array([[abs(a - b) * 10 for b in range(6)] for a in range(6)], dtype=np.int64)
N, D = frozenset({"n"}), frozenset({"n", "d"})

A, E, B = 0, 1, 2
STAFF = (
    Staff("A", D, 0, 0, Window(0, 215), Lunch(60, 140, 20, point=2), max_work=245, person=1),
    Staff("E", D, 0, 0, Window(220, 300), None, max_work=245, person=1),
    Staff("B", N, 5, 5, Window(0, 210), Lunch(100, 200, 30), matrix=1, capacity=4, pace=1250),
)
SPECIMEN, LIFT, BATH, MORNING, EVENING, LABORATORY, INFECTIOUS, OUT, DRESSING = range(9)
JOBS = (
    Job("specimen", 1, (Window(0, 20),), (Service(20, N),), drop_penalty=90),
    Job("lift", 3, (Window(90, 160),), (Service(24, N), Service(20, frozenset({"d"}))), load=1),
    Job("bath", 4, (), (Service(8, N), Service(10, N)), load=1),
    Job("morning", 1, (), (Service(10, N),)),
    Job("evening", 1, (), (Service(10, N),)),
    Job("laboratory", 0, (), (Service(5, N),), drop_penalty=30),
    Job(
        "infectious",
        5,
        (Window(150, 400),),
        (Service(16, N),),
        rank=9,
        load=2,
        promised=100,
        promised_staff=frozenset({A}),
    ),
    Job("out", 3, (Window(0, 300),), (Service(50, N),), drop_penalty=40),
    Job(
        "dressing",
        2,
        (Window(240, 260),),
        (Service(10, frozenset(), frozenset({"d", "x"})),),
        ends_in_window=True,
        promised=250,
        promised_staff=frozenset({A}),
    ),
)
LINKS = (
    Link(SPECIMEN, LABORATORY, high=10, bound=True),
    Link(MORNING, EVENING, low=170, high=210, carer=Carer.same),
    Link(INFECTIOUS, SPECIMEN, ordered=False, carer=Carer.other),
    Link(BATH, INFECTIOUS, low=15),
)
PROBLEM = Problem(
    6,
    (LINE, LINE),
    STAFF,
    JOBS,
    Rules(arrival=7, changed=50, moved=9, moved_step=30),
    LINKS,
    ((), (Band(0, 1000), Band(100, 1500))),
)
PLAN = Plan(
    (
        Route(
            A,
            (
                Stop(MORNING, 0, 10, 20),
                Stop(SPECIMEN, 0, 20, 40),
                Stop(LABORATORY, 0, 50, 55),
                Stop(LIFT, 1, 90, 110),
                Stop(-1, LUNCH, 120, 140),
                Stop(BATH, 1, 165, 175),
            ),
        ),
        Route(E, (Stop(EVENING, 0, 230, 240), Stop(DRESSING, 0, 250, 260))),
        Route(
            B,
            (
                Stop(LIFT, 0, 90, 120),
                Stop(LIFT, LUNCH, 120, 150),
                Stop(BATH, 0, 165, 175),
                Stop(INFECTIOUS, 0, 190, 210),
            ),
        ),
    ),
    (Unassigned(OUT, "no_capacity"),),
)
NO_ONE, NOWHERE = None, None

Stops = tuple[Stop, ...]
Found = tuple[Rule, int | None, int | None]


def at(row: int, position: int, start: int, end: int | None = None, plan: Plan = PLAN, **changes: int) -> Plan:
    """Return the plan with one stop at another time, as long as before unless its end is given."""
    stop = plan.routes[row].stops[position]
    end = start + stop.end - stop.start if end is None else end
    stops = list(plan.routes[row].stops)
    stops[position] = replace(stop, start=start, end=end, **changes)
    return with_stops(row, *stops, plan=plan)


def with_stops(row: int, *stops: Stop, plan: Plan = PLAN) -> Plan:
    return replace(plan, routes=tuple(Route(row, stops) if each.staff == row else each for each in plan.routes))


def without(row: int, position: int, *left_out: int) -> Plan:
    stops = PLAN.routes[row].stops
    plan = with_stops(row, *stops[:position], *stops[position + 1 :])
    return replace(plan, unassigned=(*plan.unassigned, *(Unassigned(job, "x") for job in left_out)))


def person(row: int, **changes: Any) -> Problem:
    staff = tuple(replace(each, **changes) if index == row else each for index, each in enumerate(STAFF))
    return replace(PROBLEM, staff=staff)


def job(index: int, **changes: Any) -> Problem:
    return replace(PROBLEM, jobs=tuple(replace(each, **changes) if each is JOBS[index] else each for each in JOBS))


def link(index: int, **changes: Any) -> Problem:
    return replace(PROBLEM, links=tuple(replace(each, **changes) if each is LINKS[index] else each for each in LINKS))


STOPS_A, STOPS_E, STOPS_B = (route.stops for route in PLAN.routes)
LOOSE_B = person(B, shift=Window(0, 300))
TIRELESS = replace(PROBLEM, staff=tuple(replace(each, max_work=None) for each in STAFF))

PLANTED: dict[str, tuple[Problem, Plan, list[Found]]] = {
    "one second too little for the way": (PROBLEM, at(A, 2, 49), [(Rule.travel, A, LABORATORY)]),
    "one second too little for the way to lunch": (PROBLEM, at(A, 4, 119), [(Rule.travel, A, NOWHERE)]),
    "one second too little for the way in traffic": (link(3, low=0), at(B, 3, 189), [(Rule.travel, B, INFECTIOUS)]),
    "a way as if there were no traffic": (link(3, low=0), at(B, 3, 185), [(Rule.travel, B, INFECTIOUS)]),
    "a way as if the traffic of the start were that of the leg": (
        replace(PROBLEM, traffic=((), (Band(0, 1000), Band(70, 1000), Band(100, 1500), Band(150, 1501)))),
        PLAN,
        [(Rule.travel, B, BATH), (Rule.travel, B, INFECTIOUS)],
    ),
    "traffic at the start of the shift": (
        replace(TIRELESS, traffic=((Band(0, 1100), Band(1, 1000)), PROBLEM.traffic[1])),
        PLAN,
        [(Rule.shift_start, A, MORNING)],
    ),
    "lunch at a visit instead of its own place": (PROBLEM, at(A, 4, 120, job=LIFT), [(Rule.lunch_place, A, LIFT)]),
    "lunch at neither visit around it": (PROBLEM, at(B, 1, 120, job=OUT), [(Rule.lunch_place, B, OUT)]),
    "lunch one second too short": (PROBLEM, at(B, 1, 120, 149), [(Rule.lunch_duration, B, LIFT)]),
    "lunch at its own place too short": (PROBLEM, at(A, 4, 120, 139), [(Rule.lunch_duration, A, NOWHERE)]),
    "lunch one second late": (PROBLEM, at(A, 4, 121), [(Rule.lunch_window, A, NOWHERE)]),
    "no lunch": (PROBLEM, without(A, 4), [(Rule.lunch_missing, A, NOWHERE)]),
    "a pair one second apart": (
        PROBLEM,
        at(A, 3, 91, plan=at(A, 4, 121)),
        [(Rule.not_simultaneous, NO_ONE, LIFT), (Rule.lunch_window, A, NOWHERE)],
    ),
    "a pair one second apart and in its window": (
        job(LIFT, windows=()),
        at(B, 0, 89),
        [(Rule.not_simultaneous, NO_ONE, LIFT)],
    ),
    "a skill lost": (person(A, skills=N), PLAN, [(Rule.unqualified, A, LIFT)]),
    "the one of several skills lost": (person(E, skills=N), PLAN, [(Rule.unqualified, E, DRESSING)]),
    "two pairs in opposite orders, written in time": (
        LOOSE_B,
        with_stops(
            B,
            Stop(BATH, 0, 90, 100),
            Stop(BATH, LUNCH, 110, 140),
            Stop(LIFT, 0, 155, 185),
            Stop(INFECTIOUS, 0, 215, 235),
        ),
        [(Rule.not_simultaneous, NO_ONE, LIFT), (Rule.not_simultaneous, NO_ONE, BATH)],
    ),
    "two pairs in opposite orders, written at their times": (
        PROBLEM,
        with_stops(B, STOPS_B[2], STOPS_B[0], STOPS_B[1], STOPS_B[3]),
        [(Rule.order, B, LIFT)],
    ),
    "the infectious first": (
        replace(PROBLEM, links=LINKS[:2], jobs=job(INFECTIOUS, windows=()).jobs),
        with_stops(B, Stop(INFECTIOUS, 0, 30, 50), *STOPS_B[:3]),
        [(Rule.rank, B, LIFT), (Rule.rank, B, BATH)],
    ),
    "the specimen one second late": (PROBLEM, at(A, 2, 51), [(Rule.link_gap, NO_ONE, LABORATORY)]),
    "the laboratory before the specimen": (
        PROBLEM,
        with_stops(A, Stop(LABORATORY, 0, 0, 5), Stop(SPECIMEN, 0, 15, 35), Stop(MORNING, 0, 35, 45), *STOPS_A[3:]),
        [(Rule.link_order, NO_ONE, LABORATORY)],
    ),
    "the specimen without the laboratory": (
        PROBLEM,
        without(A, 2, LABORATORY),
        [(Rule.link_bound, NO_ONE, SPECIMEN)],
    ),
    "the laboratory without the specimen": (
        PROBLEM,
        without(A, 1, SPECIMEN),
        [(Rule.link_bound, NO_ONE, LABORATORY)],
    ),
    "another nurse in the evening": (
        PROBLEM,
        with_stops(B, Stop(MORNING, 0, 40, 53), *STOPS_B, plan=without(A, 0)),
        [(Rule.link_carer, NO_ONE, EVENING)],
    ),
    "the evening's shift is that of somebody else": (
        person(E, person=2),
        PLAN,
        [(Rule.link_carer, NO_ONE, EVENING)],
    ),
    "nobody of the crew hands in what it has taken": (
        replace(person(E, person=2), links=(Link(LIFT, EVENING, carer=Carer.same),)),
        PLAN,
        [(Rule.link_carer, NO_ONE, EVENING)],
    ),
    "one of the crew hands it in one second too late after the last was done": (
        replace(PROBLEM, links=(Link(LIFT, EVENING, high=109, carer=Carer.same),)),
        PLAN,
        [(Rule.link_gap, NO_ONE, EVENING)],
    ),
    "the same at both where others were asked for": (
        replace(PROBLEM, links=(*LINKS, Link(SPECIMEN, DRESSING, carer=Carer.other))),
        PLAN,
        [(Rule.link_carer, NO_ONE, DRESSING)],
    ),
    "a gap one second too short": (link(3, low=16), PLAN, [(Rule.link_gap, NO_ONE, INFECTIOUS)]),
    "a gap one second too long": (
        PROBLEM,
        at(E, 0, 231),
        [(Rule.link_gap, NO_ONE, EVENING), (Rule.travel, E, DRESSING)],
    ),
    "at once where only the order was free": (
        replace(PROBLEM, links=(*LINKS, Link(LIFT, BATH, low=46, ordered=False))),
        PLAN,
        [(Rule.link_gap, NO_ONE, BATH)],
    ),
    "back one second after the shift": (PROBLEM, at(B, 3, 191), [(Rule.shift_end, B, INFECTIOUS)]),
    "one second before the window": (
        PROBLEM,
        at(B, 0, 89, plan=at(A, 3, 89)),
        [(Rule.too_early, A, LIFT), (Rule.too_early, B, LIFT)],
    ),
    "one second after the window": (PROBLEM, at(A, 1, 21, plan=at(A, 2, 51)), [(Rule.too_late, A, SPECIMEN)]),
    "over one second after the window": (PROBLEM, at(E, 1, 251), [(Rule.too_late, E, DRESSING)]),
    "late where only that job must be on time": (
        replace(job(SPECIMEN, windows=(Window(0, 19),), punctual=True), rules=Rules(tardiness=1)),
        PLAN,
        [(Rule.too_late, A, SPECIMEN)],
    ),
    "a service as long as for the usual pace": (PROBLEM, at(B, 0, 90, 114), [(Rule.duration, B, LIFT)]),
    "a service rounded down": (
        person(B, pace=1251),
        PLAN,
        [(Rule.duration, B, each) for each in (LIFT, BATH, INFECTIOUS)],
    ),
    "a job given twice": (
        TIRELESS,
        with_stops(E, *STOPS_E, Stop(MORNING, 0, 270, 280)),
        [(Rule.duplicate_service, NO_ONE, MORNING), (Rule.link_order, NO_ONE, EVENING)],
    ),
    "a job without a link given twice": (
        TIRELESS,
        with_stops(E, STOPS_E[0], Stop(DRESSING, 0, 250, 260), Stop(DRESSING, 0, 260, 270)),
        [(Rule.duplicate_service, NO_ONE, DRESSING), (Rule.too_late, E, DRESSING)],
    ),
    "a job given and left out": (
        PROBLEM,
        replace(PLAN, unassigned=(*PLAN.unassigned, Unassigned(BATH, "x"))),
        [(Rule.planned_and_unassigned, NO_ONE, BATH)],
    ),
    "half of a pair missing": (PROBLEM, without(B, 2), [(Rule.incomplete_job, NO_ONE, BATH)]),
    "a job forgotten": (PROBLEM, replace(PLAN, unassigned=()), [(Rule.forgotten_job, NO_ONE, OUT)]),
    "one second too much work over both shifts": (
        replace(PROBLEM, staff=tuple(replace(each, max_work=each.max_work and 244) for each in STAFF)),
        PLAN,
        [(Rule.max_work, A, NOWHERE)],
    ),
    "both of a pair by shifts of one person": (
        replace(
            PROBLEM,
            staff=tuple(replace(each, person=1, max_work=None) for each in STAFF),
            jobs=tuple(replace(each, rank=0) for each in JOBS),
            links=LINKS[:2],
        ),
        PLAN,
        [(Rule.same_staff, A, LIFT), (Rule.same_staff, A, BATH)],
    ),
    "whoever catches easily in the shift after somebody infectious": (
        job(BATH, rank=5),
        PLAN,
        [(Rule.rank, E, EVENING), (Rule.rank, E, DRESSING)],
    ),
    "one piece too many to carry": (person(B, capacity=3), PLAN, [(Rule.overload, B, NOWHERE)]),
}


class TestPlantedErrors:
    def test_the_plan_is_right(self) -> None:
        assert referee.check_plan(PROBLEM, PLAN).violations == ()

    @pytest.mark.parametrize("error", PLANTED)
    def test_is_named_and_nothing_else_is(self, error: str) -> None:
        problem, plan, expected = PLANTED[error]
        found = [(one.code, one.staff, one.job) for one in referee.check_plan(problem, plan).violations]
        assert sorted(found, key=repr) == sorted(expected, key=repr)

    @pytest.mark.parametrize("error", PLANTED)
    def test_can_be_said_to_people(self, error: str) -> None:
        problem, plan, _ = PLANTED[error]
        said = [referee.explain(problem, one) for one in referee.check_plan(problem, plan).violations]
        assert all(said)
        assert len(set(said)) == len(said)

    def test_the_rules_of_links_ranks_and_work_are_all_planted(self) -> None:
        planted = {rule for _, _, expected in PLANTED.values() for rule, _, _ in expected}
        assert planted >= {each for each in Rule if each.startswith("link_")} | {Rule.rank, Rule.max_work}


class TestPlantedPrices:
    """A price that a wrong plan, or a wrong reading, would get otherwise."""

    def test_the_plan_costs_what_a_hand_finds(self) -> None:
        verdict = referee.check_plan(PROBLEM, PLAN)
        # travel A 10+0+10+30+10+20+40, E 10+10+20, B 20+0+15+15+0; doors A 1, 0, 3, 4, E 1, 2, B 3, 4, 5
        assert {name: cost for name, cost in verdict.costs.items() if cost} == {
            "total": 210 + 63 + 50 + 27 + 40,
            "travel": 120 + 40 + 50,
            "arrival": 9 * 7,
            "changed": 50,
            "moved": 3 * 9,
            "left_out": 40,
        }

    @pytest.mark.parametrize(
        ("component", "changes", "plan", "cost"),
        [
            ("changed", {"promised_staff": frozenset({B})}, PLAN, 0),
            ("changed", {"promised_staff": None}, PLAN, 0),
            ("changed", {"promised_staff": frozenset()}, PLAN, 50),
            ("moved", {"promised": 161}, PLAN, 0),
            ("moved", {"promised": 160}, PLAN, 9),
            ("moved", {"promised": 219}, PLAN, 0),
            ("moved", {"promised": 220}, PLAN, 9),
            ("moved", {"promised": None}, PLAN, 0),
            ("arrival", {"point": 4}, PLAN, 8 * 7),
        ],
    )
    def test_of_one_promise(self, component: str, changes: dict[str, Any], plan: Plan, cost: int) -> None:
        assert referee.check_plan(job(INFECTIOUS, **changes), plan).costs[component] == cost

    def test_a_pair_begun_late_is_moved_once_and_changed_twice(self) -> None:
        problem = job(LIFT, promised=0, promised_staff=frozenset())
        costs = referee.check_plan(problem, PLAN).costs
        assert costs["moved"] == (3 + 3) * 9
        assert costs["changed"] == (1 + 2) * 50

    @pytest.mark.parametrize(
        ("change", "arrivals"),
        [
            (lambda stops: (stops[1], stops[0], *stops[2:]), 4),
            (lambda stops: (stops[0], stops[2], stops[1], *stops[3:]), 5),
            (lambda stops: stops[1:], 4),
            (lambda stops: stops[2:], 3),
            (lambda stops: stops[:4], 3),
        ],
        ids=["the other way round", "there and back again", "one visit less", "a home less", "a lunch less"],
    )
    def test_one_home_is_one_arrival(self, change: Callable[[Stops], Stops], arrivals: int) -> None:
        verdict = referee.check_plan(PROBLEM, with_stops(A, *change(STOPS_A)))
        assert verdict.component("arrival").amount == arrivals + 2 + 3
