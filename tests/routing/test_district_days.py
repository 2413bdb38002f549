"""Days of a district with everything in them, solved and looked into by other hands than the solver's.

`make test-long PART=test_thousand_days`: 1,000 days of 10 to 60 visits keep every rule and cost what is said;
`PART=test_thousand_reasons`: on the same days every reason of a visit left out holds. What is done stands in a small
file, in the directory that XUNZHEN_STORM_DIR names or in .hypothesis/days; a part that has come to its end begins anew.
What failed is told with the number of its day: `look(number)` does one again.
"""

import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from service.cli.districts import ALL, Feature, district_day
from service.routing import solver
from service.routing.problem import Limits, Plan, Problem
from service.routing.referee.check import check_plan
from service.routing.solver_progress import Progress
from tests.routing import reproving

DAYS = 1000
SHORT = DAYS // 100
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


def look(number: int) -> list[str]:
    """Solve a day with everything in it, and tell which rules it breaks and whether its price is another than said."""
    problem = drawn(number)
    plan, said = solved(problem, number)
    verdict = check_plan(problem, plan)
    found = [f"day {number} breaks {each}" for each in verdict.violations[:5]]
    if verdict.total != said:
        found.append(f"day {number} is said to cost {said} and costs {verdict.total}")
    return found


def question(number: int, features: frozenset[Feature] = ALL) -> list[str]:
    """Solve a day and tell which of its reasons do not hold."""
    problem = drawn(number, features)
    plan, _ = solved(problem, number)
    return [f"day {number}: {fault}" for fault in reproving.faults(problem, plan)]


@pytest.mark.parametrize("number", range(DAYS, DAYS + SHORT))
def test_a_day_keeps_every_rule_and_costs_what_is_said(number: int) -> None:
    assert look(number) == []


@pytest.mark.parametrize("number", range(DAYS, DAYS + SHORT))
def test_the_reason_of_every_visit_left_out_holds(number: int) -> None:
    assert question(number, TRIED_WHOLLY) == []


@pytest.mark.long
def test_thousand_days() -> None:
    assert through("days", look) == []


@pytest.mark.long
def test_thousand_reasons() -> None:
    assert through("reasons", question) == []


def through(name: str, what: Callable[[int], list[str]]) -> list[str]:
    """Go through all days, but those that an earlier run has done with; return what is wrong."""
    state = Path(os.environ.get("XUNZHEN_STORM_DIR", ".hypothesis/days")) / f"{name}.json"
    state.parent.mkdir(parents=True, exist_ok=True)
    done: dict[str, list[str]] = json.loads(state.read_text()) if state.exists() else {}
    for number in range(DAYS):
        if str(number) not in done:
            done[str(number)] = what(number)
            draft = state.with_suffix(".new")
            draft.write_text(json.dumps(done))
            draft.replace(state)  # whole, whenever it is cut short
    faults = [fault for found in done.values() for fault in found]
    wrong = sum(1 for found in done.values() if found)
    # what the long part says of itself
    print(f"{len(done)} days, {wrong} of them with {len(faults)} faults", *faults, sep="\n")  # noqa: T201
    state.unlink()
    return faults
