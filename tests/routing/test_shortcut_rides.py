"""The rules of shared vehicles: for each a plan that is right and cheap on a day without the rule, and breaks it on the
day as it is, where nothing that can be tried costs as little.

From place to place it is ten by car and a hundred on foot. Who is not carried on the first way of the day would have to
leave before the shift: that he breaks besides, where the ride is one that the referee does not count.
"""

from dataclasses import dataclass, replace

import pytest

from service.routing import referee
from service.routing.problem import (
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
    Unassigned,
    Vehicle,
    Window,
)
from service.routing.referee import Rule
from tests.routing.solver.rides import everything
from tests.routing.test_exhaustive import LINE

NONE = frozenset[str]()
WALK, CAR = 0, 1


@dataclass(frozen=True)
class Case:
    """A rule, a day on which the plan is right (None: there is none), the plan and its price there, the day with the
    rule, the best price there, and what the plan breaks there besides.
    """

    rule: Rule
    free: Problem | None
    plan: Plan
    cost: int
    bound: Problem
    bound_cost: int
    also: frozenset[Rule] = frozenset()


def rider(shift: tuple[int, int] = (0, 1000), *, rides: bool = True) -> Staff:
    return Staff("r", NONE, 0, 0, Window(*shift), None, matrix=WALK, rides=rides)


def visit(point: int, start: int, end: int) -> Job:
    return Job(f"at {point}", point, (Window(start, end),), (Service(20, NONE),), drop_penalty=900)


def car(seats: int = 1, shift: tuple[int, int] = (0, 1000), home: int = 0) -> Vehicle:
    return Vehicle("c", seats, home, home, Window(*shift), CAR)


def day(staff: tuple[Staff, ...], jobs: tuple[Job, ...], *cars: Vehicle) -> Problem:
    return Problem(6, (LINE * 10, LINE), staff, jobs, Rules(), vehicles=cars)


def there(vehicle: int, row: int, *, arrive: int = 50, end: int = 70, back: int = 120) -> Tour:
    """A tour that brings a row to place 5, waits for it and brings it back."""
    return Tour(
        vehicle,
        (
            TourStop(0, 0, 0, on=(row,)),
            TourStop(5, arrive, end, off=(row,), on=(row,)),
            TourStop(0, back, back, off=(row,)),
        ),
    )


P = rider()
AT_FIVE = visit(5, 50, 55)
ONE = day((P,), (AT_FIVE,), car())
TWO = day((P, P), (AT_FIVE, AT_FIVE), car())
SERVED = (Route(0, (Stop(0, 0, 50, 70),)),)
BOTH = (*SERVED, Route(1, (Stop(1, 0, 50, 70),)))
TOGETHER = Tour(
    0,
    (
        TourStop(0, 0, 0, on=(0, 1)),
        TourStop(5, 50, 70, off=(0, 1), on=(0, 1)),
        TourStop(0, 120, 120, off=(0, 1)),
    ),
)
EARLY = day((P,), (visit(5, 40, 45),), car())
ON_FOOT = day((P,), (visit(1, 10, 15), visit(2, 60, 65)), car(shift=(0, 25)))

CASES = {
    "one seat for two": Case(
        Rule.seats, replace(TWO, vehicles=(car(2),)), Plan(BOTH, tours=(TOGETHER,)), 100, TWO, 100 + 900
    ),
    "a car before its shift": Case(
        Rule.tour_shift,
        ONE,
        Plan(SERVED, tours=(there(0, 0),)),
        100,
        replace(ONE, vehicles=(car(shift=(20, 1000)),)),
        900,
    ),
    "a car after its shift": Case(
        Rule.tour_shift,
        ONE,
        Plan(SERVED, tours=(there(0, 0),)),
        100,
        replace(ONE, vehicles=(car(shift=(0, 95)),)),
        # it brings her there and cannot be back in time, nor does she walk in time
        900,
    ),
    "a car too fast": Case(
        Rule.tour_travel,
        replace(EARLY, matrices=(LINE * 10, LINE * 9 // 10)),
        Plan((Route(0, (Stop(0, 0, 45, 65),)),), tours=(there(0, 0, arrive=45, end=65, back=115),)),
        90,
        EARLY,
        900,
    ),
    "a car that stands elsewhere": Case(
        Rule.tour_place,
        ONE,
        Plan(SERVED, tours=(there(0, 0),)),
        100,
        replace(ONE, vehicles=(car(home=3),)),
        900,
    ),
    "one car on two tours": Case(
        Rule.repeated_tour, None, Plan(BOTH, tours=(there(0, 0), there(0, 1))), 200, TWO, 100 + 900
    ),
    "a car more than there are": Case(
        Rule.unknown_vehicle,
        replace(TWO, vehicles=(car(), car())),
        Plan(BOTH, tours=(there(0, 0), there(1, 1))),
        200,
        TWO,
        100 + 900,
        frozenset({Rule.shift_start}),
    ),
    "who has no seat in it": Case(
        Rule.not_a_rider,
        ONE,
        Plan(SERVED, tours=(there(0, 0),)),
        100,
        replace(ONE, staff=(rider(rides=False),)),
        900,
        frozenset({Rule.shift_start}),
    ),
    "getting on before the shift": Case(
        Rule.ride_elsewhere,
        ONE,
        Plan(SERVED, tours=(there(0, 0),)),
        100,
        replace(ONE, staff=(rider((6, 1000)),)),
        900,
        frozenset({Rule.shift_start}),
    ),
    "walking as fast as a car": Case(
        Rule.not_carried,
        replace(ON_FOOT, matrices=(LINE, LINE)),
        Plan(
            (Route(0, (Stop(0, 0, 10, 30), Stop(1, 0, 60, 80))),),
            tours=(Tour(0, (TourStop(0, 0, 0, on=(0,)), TourStop(1, 10, 10, off=(0,)), TourStop(0, 20, 20))),),
        ),
        20 + 10 + 20,
        ON_FOOT,
        20 + 100 + 900,
    ),
}


@pytest.mark.parametrize("name", CASES)
class TestEveryRuleOfVehiclesBinds:
    def test_without_the_rule_the_plan_is_right(self, name: str) -> None:
        case = CASES[name]
        verdict = referee.check_plan(case.free or case.bound, case.plan)
        assert verdict.feasible is (case.free is not None)
        assert verdict.total == case.cost

    def test_with_the_rule_the_plan_breaks_it_and_nothing_else(self, name: str) -> None:
        case = CASES[name]
        found = {one.code for one in referee.check_plan(case.bound, case.plan).violations}
        assert found == {case.rule} | case.also

    def test_with_the_rule_nothing_that_can_be_tried_costs_as_little(self, name: str) -> None:
        case = CASES[name]
        assert everything.Search(case.bound).cost == case.bound_cost > case.cost

    def test_without_the_car_the_visits_would_be_left_out(self, name: str) -> None:
        bound = CASES[name].bound
        out = Plan(
            tuple(Route(row, ()) for row in range(len(bound.staff))),
            tuple(Unassigned(job, "x") for job in range(len(bound.jobs))),
        )
        verdict = referee.check_plan(bound, out)
        assert verdict.feasible
        assert verdict.total == 900 * len(bound.jobs) >= CASES[name].bound_cost
