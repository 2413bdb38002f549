"""Every answer is what the contract says: all operations, all roles, seeded ids mixed with anything, all checks.

The tests of this file belong together: the last asks what the others have seen, so it is kept whole by whoever splits.
"""

import time
from collections.abc import Iterator

import pytest

from tests.contract import checks
from tests.contract.desk import Desk
from tests.contract.interview import ROLES, Interview, Tally
from tests.contract.seeds import Seeds

pytestmark = pytest.mark.database

SECONDS = 80
"""Real time for what is drawn; the seeded requests of every operation are asked however long they take."""
CONTRACT = checks.contract()
OPERATIONS = {
    each.ok().definition.raw["operationId"]: each.ok() for each in CONTRACT.get_all_operations()
}
TALLY = Tally()


@pytest.fixture(scope="module")
def until() -> Iterator[dict[str, float]]:
    """The moment at which each operation's share of the time is over, counted from the first."""
    started = time.monotonic()
    share = SECONDS / len(OPERATIONS)
    yield {name: started + share * (at + 1) for at, name in enumerate(OPERATIONS)}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_what_the_contract_says(
    name: str, seeds: Seeds, desk: Desk, until: dict[str, float]
) -> None:
    interview = Interview(name, OPERATIONS[name], seeds, desk, TALLY)
    interview.ask_seeded()
    interview.ask_limits(every=8)
    for _ in interview.rounds(until[name], examples=40):
        pass


def test_every_operation_was_answered_2xx_and_every_role() -> None:
    assert TALLY.never(OPERATIONS) == []
    assert set().union(*TALLY.roles.values()) >= ROLES
