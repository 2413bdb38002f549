"""Every answer is what the contract says: all operations, all roles, seeded ids mixed with anything, all checks.

The tests of this file belong together: the last asks what the others have seen, so it is kept whole by whoever splits.
"""

import itertools
import time

import pytest

from tests.contract import checks
from tests.contract.desk import Desk
from tests.contract.interview import ROLES, Interview, Tally
from tests.contract.seeds import Seeds
from tests.published import CONTRACT

pytestmark = pytest.mark.database

SECONDS = 60
"""Real time of all operations together; each is asked its seeded requests and a first round however long that takes."""
FEW = 2
"""Right and wrong examples each of a round."""
MANY = 40
"""Drawn examples of an operation, at most."""
OPERATIONS = {
    each.ok().definition.raw["operationId"]: each.ok() for each in checks.contract(CONTRACT).get_all_operations()
}
TALLY = Tally()


@pytest.fixture(scope="module")
def until() -> dict[str, float]:
    """The moment at which each operation's share of the time is over, counted from the first."""
    started = time.monotonic()
    share = SECONDS / len(OPERATIONS)
    return {name: started + share * (at + 1) for at, name in enumerate(OPERATIONS)}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_what_the_contract_says(name: str, seeds: Seeds, desk: Desk, until: dict[str, float]) -> None:
    interview = Interview(name, OPERATIONS[name], seeds, desk, TALLY)
    interview.ask_seeded()
    # a round of both kinds whatever the time; then the schema's limits and more rounds in turn
    rounds, limits = interview.rounds(size=FEW), interview.limits()
    next(rounds)
    while time.monotonic() < until[name] and (next(rounds) < MANY or next(limits, None) is not None):
        for _ in itertools.islice(limits, FEW):
            pass


def test_every_operation_was_answered_2xx_and_every_role_was() -> None:
    assert TALLY.never(OPERATIONS) == []
    assert ROLES - {role for role, times in TALLY.heard.items() if times} == set()
