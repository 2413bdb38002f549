"""Days of a district with everything in them, solved and looked into by other hands than the solver's.

`make test-long PART=test_thousand_days`: 1,000 days of 10 to 60 visits. What is done stands in a small file, in the
directory that XUNZHEN_STORM_DIR names or in .hypothesis/days; a part that has come to its end begins anew. The days
that failed are told by their number: `check(number)` does one again.
"""

import json
import os
import random
from pathlib import Path

import pytest

from service.cli.districts import ALL, district_day
from service.routing import solver
from service.routing.problem import Limits, Problem
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


def drawn(number: int) -> Problem:
    chance = random.Random(f"day {number}")
    visits = chance.randrange(10, 61)
    # from days with room to days of which a part must stay out
    return district_day(visits, max(3, visits // chance.randrange(4, 12)), number, ALL)


def check(number: int) -> list[str]:
    """Solve a day and tell what is wrong with the answer."""
    problem, told = drawn(number), list[Progress]()
    plan = solver.solve(problem, Limits(600.0, rounds=ROUNDS), number, told.append)
    verdict = check_plan(problem, plan)
    if verdict.violations:
        return [f"day {number} breaks {each}" for each in verdict.violations[:5]]
    found = [f"day {number}: {fault}" for fault in reproving.faults(problem, plan)]
    if verdict.total != told[-1].cost:
        found.append(f"day {number} is said to cost {told[-1].cost} and costs {verdict.total}")
    return found


@pytest.mark.parametrize("number", range(DAYS, DAYS + SHORT))
def test_a_day_keeps_every_rule_and_costs_what_is_said_and_every_reason_holds(number: int) -> None:
    assert check(number) == []


@pytest.mark.long
def test_thousand_days() -> None:
    directory = Path(os.environ.get("XUNZHEN_STORM_DIR", ".hypothesis/days"))
    directory.mkdir(parents=True, exist_ok=True)
    state = directory / "days.json"
    done: dict[str, list[str]] = json.loads(state.read_text()) if state.exists() else {}
    for number in range(DAYS):
        if str(number) not in done:
            done[str(number)] = check(number)
            state.write_text(json.dumps(done))
    faults = [fault for found in done.values() for fault in found]
    print(f"{len(done)} days, {len(faults)} faults", *faults, sep="\n")  # noqa: T201 — what the long part says of itself
    state.unlink()
    assert len(done) == DAYS
    assert faults == []
