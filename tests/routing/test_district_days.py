"""Days of a district with everything in them, solved and looked into by other hands than the solver's.

`make test-long PART=test_thousand_days`: 1,000 days of 10 to 60 visits, every fifth with shared vehicles, keep every
rule and cost what is said;
`PART=test_thousand_reasons`: on the same days every reason of a visit left out is questioned, and each that does not
hold is told. Both go on where they were cut short (`tests/resuming.py`). What failed is told with the number of its
day: `look(number)` and `question(number)` do one again.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from service.cli.districts import ALL, Feature, district_day
from service.routing import solver
from service.routing.problem import Limits, Plan, Problem
from service.routing.referee.check import check_plan
from service.routing.solver_progress import Progress
from tests import resuming
from tests.routing import reproving

DAYS = 1000
SHORT = DAYS // 100
FIFTH = 5
ROUNDS = 12
"""Thousands of proposals, or of rounds, for each day: enough to fill it, not to finish it."""


@pytest.fixture(scope="module", autouse=True)
def ready() -> None:
    solver.warm()


TRIED_WHOLLY = ALL - {Feature.crews, Feature.promises}
"""Where a visit left out is tried at every place and moment; crews are tried at places drawn at random, and who is
early for a promised start waits for it even where that makes the visit impossible.
"""


def drawn(number: int, features: frozenset[Feature] = ALL) -> Problem:
    chance = random.Random(f"day {number}")
    visits = chance.randrange(10, 61)
    # from days with room to days of which a part must stay out
    return district_day(visits, max(3, visits // chance.randrange(4, 12)), number, features)


def solved(problem: Problem, number: int) -> tuple[Plan, int]:
    """Solve a day in rounds; the plan and what it is said to cost."""
    told = list[Progress]()
    return solver.solve(problem, Limits(600.0, rounds=ROUNDS), number, told.append), told[-1].cost


@dataclass(frozen=True)
class Looked:
    """How many visits of a day are left out, and what is wrong with it."""

    left_out: int
    faults: list[str]


def look(number: int) -> Looked:
    """Solve a day with everything in it, and tell which rules it breaks and whether its price is another than said."""
    problem = drawn(number, ALL if number % FIFTH else ALL | {Feature.vehicles})
    plan, said = solved(problem, number)
    verdict = check_plan(problem, plan)
    found = [f"day {number} breaks {each}" for each in verdict.violations[:5]]
    if verdict.total != said:
        found.append(f"day {number} is said to cost {said} and costs {verdict.total}")
    return Looked(len(plan.unassigned), found)


def question(number: int, features: frozenset[Feature] = ALL) -> Looked:
    """Solve a day and tell which of its reasons do not hold."""
    problem = drawn(number, features)
    plan, _ = solved(problem, number)
    return Looked(len(plan.unassigned), [f"day {number}: {fault}" for fault in reproving.faults(problem, plan)])


@pytest.mark.parametrize("number", range(DAYS, DAYS + SHORT))
def test_a_day_keeps_every_rule_and_costs_what_is_said(number: int) -> None:
    assert look(number).faults == []


def test_the_reason_of_every_visit_left_out_holds() -> None:
    found = [question(number, TRIED_WHOLLY) for number in range(DAYS, DAYS + SHORT)]
    assert [fault for each in found for fault in each.faults] == []
    assert sum(each.left_out for each in found) > SHORT


@pytest.mark.long
def test_thousand_days() -> None:
    assert through("days", look).faults == []


@pytest.mark.long
def test_thousand_reasons() -> None:
    found = through("reasons", question)
    assert found.left_out > DAYS
    assert found.faults == []


def through(name: str, what: Callable[[int], Looked]) -> Looked:
    """Go through all days, but those that an earlier run has done with; return what they come to together."""
    with resuming.part(f"looked-{name}") as done:
        for number in range(DAYS):
            if number not in done:
                found = what(number)
                done.keep(number, [found.left_out, found.faults])
        days: list[Looked] = [Looked(*each) for each in done.found.values()]
        faults, left_out = [fault for each in days for fault in each.faults], sum(each.left_out for each in days)
        wrong = sum(1 for each in days if each.faults)
        # what the long part says of itself
        print(f"{len(days)} days, {left_out} left out; {wrong} have {len(faults)} faults", *faults, sep="\n")  # noqa: T201
    return Looked(left_out, faults)
