"""Random billing cases: the kernel against a second settlement, what holds of every bill, and what follows from what.

The second settlement, the strategies and the relations know the kernel only as a function from a case to its result.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.billing import case as billing_case
from tests.billing.oracle import dice, invariants, places, relations, strategies, whole

Json = dict[str, Any]

# the same cases on every run: what is found today is found tomorrow
STEADY = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def refuse_float(literal: str) -> None:
    raise AssertionError(f"a float: {literal}")


def as_bytes(case: Json) -> str:
    """Settle a case by the kernel, as `xunzhen bill --json` prints it."""
    return billing_case.dump(billing_case.run_case(billing_case.read_case(json.dumps(case).encode())))


@contextmanager
def told(note: str) -> Iterator[None]:
    """Say of an assertion that fails what it was about."""
    try:
        yield
    except AssertionError as broken:
        broken.add_note(note)
        raise


def agree(case: Json) -> set[str]:
    """Assert that both settlements agree and that every invariant holds; return what the case came by."""
    printed = as_bytes(case)
    result = json.loads(printed, parse_float=refuse_float)
    expected, seen = whole.settle_and_tell(case)
    assert result == expected
    assert as_bytes(case) == printed, "S7: the same bytes"
    invariants.check(case, result)
    return seen


def relate(case: Json, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
    """Assert every relation of a case."""
    thrown, known = dice.drawn(draw), {}

    def run(other: Json) -> Json:
        # most relations settle the case itself too
        text = json.dumps(other)
        if text not in known:
            known[text] = as_bytes(other)
        return json.loads(known[text])

    for relation in relations.RELATIONS:
        with told(f"relation: {relation.__name__}"):
            relation(case, thrown, run)


class TestAgainstASecondSettlement:
    @pytest.mark.parametrize("seed", range(0, 1000, 100))
    def test_a_thousand_random_cases(self, seed):
        for each in range(seed, seed + 100):
            with told(f"seed {each}"):
                agree(strategies.make_case(dice.seeded(each)))

    @settings(STEADY, max_examples=100)
    @given(strategies.cases())
    def test_a_hundred_that_are_made_small_where_they_fail(self, case):
        agree(case)

    @pytest.mark.long
    @settings(STEADY, max_examples=20_000)
    @given(strategies.cases())
    def test_twenty_thousand_random_cases(self, case):
        agree(case)

    @pytest.mark.long
    def test_a_million_bills(self):
        bills, seed = 0, 0
        while bills < 1_000_000:
            case = strategies.make_case(dice.seeded(seed))
            result = json.loads(as_bytes(case), parse_float=refuse_float)
            assert result == whole.settle_case(case), f"seed {seed}"
            bills += sum(entry["status"] == "settled" for entry in result["events"])
            seed += 1


class TestRelations:
    @settings(STEADY, max_examples=100)
    @given(strategies.cases(), st.data())
    def test_hold_of_a_hundred_random_cases(self, case, data):
        relate(case, data.draw)

    @pytest.mark.long
    @settings(STEADY, max_examples=20_000)
    @given(strategies.cases(), st.data())
    def test_hold_of_twenty_thousand_random_cases(self, case, data):
        relate(case, data.draw)


class TestTheCasesThemselves:
    def test_come_by_every_place_of_the_rules(self):
        counts: Counter[str] = Counter()
        for seed in range(1000):
            counts.update(whole.settle_and_tell(strategies.make_case(dice.seeded(seed)))[1])
        assert {place: counts[place] for place in places.PLACES | counts.keys() if counts[place] < 5} == {}
