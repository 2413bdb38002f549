"""Every role at every operation, and at least 500 examples of each, in four parts that go on where they were cut short.

`make test-long PART=test_long_conformance_1`; what is done stands in .hypothesis/contract (`tests/resuming.py`).
"""

import pytest

from tests import resuming
from tests.contract.desk import Desk
from tests.contract.interview import Interview, Tally
from tests.contract.seeds import Seeds
from tests.contract.test_conformance import OPERATIONS

pytestmark = [pytest.mark.database, pytest.mark.long]

PARTS = 4
EXAMPLES = 500
"""Drawn examples of an operation; the schema's limits are asked besides, all of them."""
ROUND = 25


def test_long_conformance_1(seeds: Seeds, desk: Desk) -> None:
    run_part(1, seeds, desk)


def test_long_conformance_2(seeds: Seeds, desk: Desk) -> None:
    run_part(2, seeds, desk)


def test_long_conformance_3(seeds: Seeds, desk: Desk) -> None:
    run_part(3, seeds, desk)


def test_long_conformance_4(seeds: Seeds, desk: Desk) -> None:
    run_part(4, seeds, desk)


def run_part(part: int, seeds: Seeds, desk: Desk) -> None:
    """Interview every fourth operation, but those that an earlier run has done with."""
    tally, names = Tally(), list(OPERATIONS)[part - 1 :: PARTS]
    with resuming.part(f"conformance-{part}", "contract") as done:
        for name in names:
            if name not in done:
                done.keep(name, interview_at_length(name, seeds, desk, tally))
        assert tally.never(tally.statuses) == []
        assert all(done.found[name] >= EXAMPLES for name in names)


def interview_at_length(name: str, seeds: Seeds, desk: Desk, tally: Tally) -> int:
    """Return how many requests of an operation were answered as the contract says."""
    before, interview = desk.answered, Interview(name, OPERATIONS[name], seeds, desk, tally)
    interview.ask_seeded()
    interview.ask_as_everybody()
    for _ in interview.limits():
        pass
    limits = sum(tally.statuses[name].values())
    for _ in interview.rounds(ROUND):
        # a round of a small operation may be exhausted before it is full
        if sum(tally.statuses[name].values()) - limits >= EXAMPLES:
            break
    return desk.answered - before
