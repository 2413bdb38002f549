"""What the referee has read of one plan spares him nothing but reading: every verdict is the same without it."""

import random
from dataclasses import replace

import pytest

from service.cli.districts import ALL, Feature
from service.routing.problem import Plan, Problem, Route, Stop
from service.routing.referee import Known, check_plan
from tests.routing.test_district_days import drawn, solved

DAYS = range(4)
CHANGES = 60


@pytest.mark.parametrize("number", DAYS)
def test_plans_beside_one_that_is_known_are_judged_as_by_themselves(number: int) -> None:
    problem = drawn(number, ALL if number % 2 else ALL | {Feature.vehicles})
    plan, _ = solved(problem, number)
    chance, known = random.Random(number), Known()
    assert check_plan(problem, plan, known) == check_plan(problem, plan)
    differ = 0
    for _ in range(CHANGES):
        other = changed(problem, plan, chance)
        verdict = check_plan(problem, other, known)
        assert verdict == check_plan(problem, other)
        differ += verdict != check_plan(problem, plan)
    assert differ > CHANGES // 2


def changed(problem: Problem, plan: Plan, chance: random.Random) -> Plan:
    """A plan with a stop later, one gone, one of somebody else's, or two rows changed for each other."""
    routes = [list(route.stops) for route in plan.routes]
    row = chance.choice([at for at, stops in enumerate(routes) if stops])
    at, other = chance.randrange(len(routes[row])), chance.randrange(len(routes))
    stop: Stop = routes[row][at]
    match chance.randrange(4):
        case 0:
            later = chance.choice((60, 900, 3600))
            routes[row][at] = replace(stop, start=stop.start + later, end=stop.end + later)
        case 1:
            del routes[row][at]
        case 2:
            del routes[row][at]
            routes[other].append(stop)
        case _:
            routes[row], routes[other] = routes[other], routes[row]
    numbers = range(len(problem.staff))
    told = tuple(Route(staff, tuple(stops)) for staff, stops in zip(numbers, routes, strict=True))
    return Plan(told, plan.unassigned, plan.tours)
