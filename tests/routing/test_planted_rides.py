"""A day with a shared car, and errors planted in its tour: each is named, and nothing else that need not follow.

Places lie on a line, ten apart by car and forty on foot. P and Q ride, R walks and is idle. The plan is tight:

    P  rides 0–30 · dressing 30–50 at 3 · walks · drip 90–100 at 4 · rides 100–140
    Q  rides 0–50 · injection 50–60 at 5 · rides 60–70 · blood 70–85 at 4 · waits · rides 100–140
    C  leaves 0 at 0 · 30 at 3 · 50–60 at 5 · 70–100 at 4 · back 140
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from service.routing import referee
from service.routing.problem import (
    Band,
    Job,
    Plan,
    Problem,
    Route,
    Rules,
    Service,
    Staff,
    Stop,
    Tour,
    TourStop,
    Vehicle,
    Window,
)
from service.routing.referee import Rule

LINE = np.array([[abs(a - b) * 10 for b in range(6)] for a in range(6)], dtype=np.int64)
NONE = frozenset[str]()
P, Q, R = range(3)
DRESSING, DRIP, INJECTION, BLOOD = range(4)
WALK, CAR = range(2)

STAFF = (
    Staff("P", NONE, 0, 0, Window(0, 200), None, rides=True),
    Staff("Q", NONE, 0, 0, Window(0, 200), None, rides=True),
    Staff("R", NONE, 0, 0, Window(0, 200), None),
)
JOBS = (
    Job("dressing", 3, (Window(30, 30),), (Service(20, NONE),)),
    Job("drip", 4, (), (Service(10, NONE),)),
    Job("injection", 5, (), (Service(10, NONE),)),
    Job("blood", 4, (), (Service(15, NONE),)),
)
C = Vehicle("C", 2, 0, 0, Window(0, 140), CAR)
D = Vehicle("D", 2, 0, 0, None, CAR)
PROBLEM = Problem(6, (LINE * 4, LINE), STAFF, JOBS, Rules(), vehicles=(C, D))
STOPS = (
    TourStop(0, 0, 0, on=(P, Q)),
    TourStop(3, 30, 30, off=(P,)),
    TourStop(5, 50, 60, off=(Q,), on=(Q,)),
    TourStop(4, 70, 100, off=(Q,), on=(P, Q)),
    TourStop(0, 140, 140, off=(P, Q)),
)
PLAN = Plan(
    (
        Route(P, (Stop(DRESSING, 0, 30, 50), Stop(DRIP, 0, 90, 100))),
        Route(Q, (Stop(INJECTION, 0, 50, 60), Stop(BLOOD, 0, 70, 85))),
        Route(R, ()),
    ),
    tours=(Tour(0, STOPS),),
)

Found = tuple[Rule, int | None, int | None]
NO_ONE = None


def at(position: int, **changes: Any) -> Plan:
    """Return the plan with one stop of the tour changed."""
    return replace(PLAN, tours=(Tour(0, tuple(_changed(STOPS, position, changes))),))


def at_two(first: tuple[int, dict[str, Any]], second: tuple[int, dict[str, Any]]) -> Plan:
    return replace(PLAN, tours=(Tour(0, tuple(_changed(_changed(STOPS, *first), *second))),))


def _changed(stops: tuple[TourStop, ...], position: int, changes: dict[str, Any]) -> tuple[TourStop, ...]:
    return tuple(replace(stop, **changes) if each == position else stop for each, stop in enumerate(stops))


def with_stops(*stops: TourStop) -> Plan:
    return replace(PLAN, tours=(Tour(0, stops),))


def beside(vehicle: int, *stops: TourStop) -> Plan:
    return replace(PLAN, tours=(*PLAN.tours, Tour(vehicle, stops)))


def car(**changes: Any) -> Problem:
    return replace(PROBLEM, vehicles=(replace(C, **changes), D))


def person(row: int, **changes: Any) -> Problem:
    return replace(
        PROBLEM, staff=tuple(replace(each, **changes) if index == row else each for index, each in enumerate(STAFF))
    )


def slow(*bands: Band) -> Problem:
    return replace(PROBLEM, vehicles=(replace(C, shift=None), D), traffic=((), bands))


PLANTED: dict[str, tuple[Problem, Plan, list[Found]]] = {
    "a rider forgotten at the door": (
        PROBLEM,
        at_two((2, {"on": ()}), (3, {"off": ()})),
        [(Rule.not_carried, Q, BLOOD)],
    ),
    "a rider forgotten in the evening": (
        PROBLEM,
        at_two((3, {"on": (Q,)}), (4, {"off": (Q,)})),
        [(Rule.shift_end, P, DRIP)],
    ),
    "a rider forgotten in the morning": (
        PROBLEM,
        at_two((0, {"on": (Q,)}), (1, {"off": ()})),
        [(Rule.shift_start, P, DRESSING)],
    ),
    "one seat too few": (car(seats=1), PLAN, [(Rule.seats, NO_ONE, None), (Rule.seats, NO_ONE, None)]),
    "one second too early at the first door": (PROBLEM, at(1, arrive=29), [(Rule.tour_travel, NO_ONE, None)]),
    "one second too early at the last": (PROBLEM, at(4, arrive=139), [(Rule.tour_travel, NO_ONE, None)]),
    "a way as if there were no traffic": (
        slow(Band(0, 1000), Band(60, 1500)),
        PLAN,
        [(Rule.tour_travel, NO_ONE, None), (Rule.tour_travel, NO_ONE, None)],
    ),
    "a way as if it were never anything but slow": (slow(Band(0, 1000), Band(101, 1500)), PLAN, []),
    "it leaves before it comes": (
        PROBLEM,
        at(1, arrive=31),
        [(Rule.tour_travel, NO_ONE, None), (Rule.ride_elsewhere, P, None), (Rule.shift_start, P, DRESSING)],
    ),
    "gets off at another door": (
        PROBLEM,
        at_two((1, {"off": ()}), (2, {"off": (P, Q)})),
        [(Rule.ride_elsewhere, P, None), (Rule.shift_start, P, DRESSING)],
    ),
    "gets on at another door": (
        PROBLEM,
        at_two((3, {"on": (Q,)}), (2, {"on": (P, Q)})),
        [(Rule.ride_elsewhere, P, None), (Rule.shift_end, P, DRIP)],
    ),
    "gets on one second before the visit is over": (
        PROBLEM,
        at(2, depart=59),
        [(Rule.ride_elsewhere, Q, None), (Rule.not_carried, Q, BLOOD)],
    ),
    "gets off one second after the visit has begun": (
        PROBLEM,
        at(3, arrive=71),
        [(Rule.ride_elsewhere, Q, None), (Rule.not_carried, Q, BLOOD)],
    ),
    "gets on before the shift": (
        person(Q, shift=Window(1, 200)),
        PLAN,
        [(Rule.ride_elsewhere, Q, None), (Rule.shift_start, Q, INJECTION)],
    ),
    "somebody whom nobody drives": (
        PROBLEM,
        at_two((1, {"on": (R,)}), (2, {"off": (Q, R)})),
        [(Rule.not_a_rider, R, None), (Rule.not_a_rider, R, None)],
    ),
    "somebody whom nobody knows": (
        PROBLEM,
        at_two((1, {"on": (7,)}), (2, {"off": (Q, 7)})),
        [(Rule.unknown_staff, 7, None), (Rule.unknown_staff, 7, None)],
    ),
    "somebody with nothing to do": (
        person(R, rides=True),
        at_two((1, {"on": (R,)}), (2, {"off": (Q, R)})),
        [(Rule.ride_elsewhere, R, None)],
    ),
    "gets off who is not aboard": (PROBLEM, at(2, off=(P, Q)), [(Rule.boarding, P, None)]),
    "gets on who is aboard": (
        PROBLEM,
        at(1, off=(P,), on=(Q,)),
        [(Rule.boarding, Q, None), (Rule.ride_elsewhere, Q, None), (Rule.shift_start, Q, INJECTION)],
    ),
    "somebody left aboard": (PROBLEM, at(4, off=(Q,)), [(Rule.left_aboard, P, None), (Rule.shift_end, P, DRIP)]),
    "somebody in two cars": (
        PROBLEM,
        beside(1, TourStop(0, 0, 0, on=(P,)), TourStop(3, 30, 30, off=(P,)), TourStop(0, 60, 60)),
        [(Rule.two_vehicles, P, None), (Rule.ride_elsewhere, P, None)],
    ),
    "a car at two places": (
        PROBLEM,
        beside(0, TourStop(0, 0, 0), TourStop(0, 0, 0)),
        [(Rule.repeated_tour, NO_ONE, None)],
    ),
    "a car that there is not": (PROBLEM, beside(2, TourStop(0, 0, 0)), [(Rule.unknown_vehicle, NO_ONE, None)]),
    "a car that begins elsewhere": (car(start_point=1), PLAN, [(Rule.tour_place, NO_ONE, None)]),
    "a car that ends elsewhere": (car(end_point=1), PLAN, [(Rule.tour_place, NO_ONE, None)]),
    "a car before its shift": (car(shift=Window(1, 140)), PLAN, [(Rule.tour_shift, NO_ONE, None)]),
    "a car after its shift": (car(shift=Window(0, 139)), PLAN, [(Rule.tour_shift, NO_ONE, None)]),
    "one second too much work, with the rides": (person(P, max_work=139), PLAN, [(Rule.max_work, P, None)]),
    "as much work as there may be": (person(P, max_work=140), PLAN, []),
}

RULES = {rule for _, _, expected in PLANTED.values() for rule, _, _ in expected}


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
        assert all(referee.explain(problem, one) for one in referee.check_plan(problem, plan).violations)

    def test_says_which_vehicle(self) -> None:
        (found,) = referee.check_plan(PROBLEM, at(1, arrive=29)).violations
        assert referee.explain(PROBLEM, found) == "车辆路上时间不够（车辆C）"

    def test_every_rule_of_vehicles_is_planted(self) -> None:
        rules = {Rule.seats, Rule.not_a_rider, Rule.boarding, Rule.left_aboard, Rule.two_vehicles, Rule.not_carried}
        assert rules <= RULES
        assert {rule for rule in Rule if rule.startswith(("tour_", "ride_"))} <= RULES


class TestPrices:
    def test_the_car_s_way_and_walks_are_travel_and_sitting_in_it_is_not(self) -> None:
        assert referee.check_plan(PROBLEM, PLAN).component("travel").amount == 100 + 40

    def test_waiting_for_the_car_is_waiting(self) -> None:
        problem = replace(PROBLEM, rules=Rules(waiting=1))
        assert referee.check_plan(problem, PLAN).component("waiting").amount == 15

    @pytest.mark.parametrize(("row", "idle"), [(P, 200 - 140), (Q, 200 - 140 + 15), (R, 200)])
    def test_so_it_is_idle(self, row: int, idle: int) -> None:
        problem = replace(
            PROBLEM,
            rules=Rules(max_idle=1),
            staff=tuple(replace(each, shift=each.shift if at == row else None) for at, each in enumerate(STAFF)),
        )
        assert referee.check_plan(problem, PLAN).component("max_idle").amount == idle

    def test_the_rides_are_work_to_share(self) -> None:
        # P 30 + 20 + 40 + 10 + 40, Q 50 + 10 + 10 + 15 + 40, R 0: mean 88 1/3
        problem = replace(PROBLEM, rules=Rules(balance=1))
        assert referee.check_plan(problem, PLAN).component("balance").amount == 52 + 37 + 89
