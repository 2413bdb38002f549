"""Any story of reserving, using and giving back, told to the ledger and to plain Python at once."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.contracts import errors
from service.contracts.rules import Counting
from tests.contracts.desk import Desk, desk_of, entries
from tests.contracts.papers import claim
from tests.world import World


@dataclass
class Oracle:
    """The ledger in plain Python: what orders hold and settlements used of each code."""

    caps: dict[str, int]
    held: dict[UUID, dict[str, int]] = field(default_factory=dict)
    used: dict[UUID, dict[str, int]] = field(default_factory=dict)

    def total(self, rows: dict[UUID, dict[str, int]], code: str, but: UUID | None = None) -> int:
        return sum(each.get(code, 0) for key, each in rows.items() if key != but)

    def fits(self, wanted: dict[str, int], but_order: UUID | None = None) -> bool:
        return all(
            units + self.total(self.used, code) + self.total(self.held, code, but_order) <= self.caps[code]
            for code, units in wanted.items()
            if units
        )


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "release", "consume", "consume_order", "give_back"]),
        st.integers(0, 3),
        st.dictionaries(st.sampled_from(["BP", "CC"]), st.integers(0, 3), min_size=1),
    ),
    min_size=1,
    max_size=14,
)


class TestAgainstAnOracle:
    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(operations=OPERATIONS, caps=st.tuples(st.integers(0, 5), st.integers(0, 5)))
    @pytest.mark.requirement("R039")
    async def test_the_ledger_says_what_plain_python_says_after_any_story(
        self, world: World, operations: list[tuple[str, int, dict[str, int]]], caps: tuple[int, int]
    ) -> None:
        desk = await desk_of(world, ("BP", caps[0], "quantity"), ("CC", caps[1], "visit"))
        oracle = Oracle({"BP": caps[0], "CC": caps[1]})
        ids = [uuid4() for _ in range(4)]
        for kind, number, wanted in operations:
            await self.tell(desk, oracle, kind, ids[number], wanted)
            await self.compare(desk, oracle)
        await self.add_up(desk)

    async def tell(self, desk: Desk, oracle: Oracle, kind: str, key: UUID, wanted: dict[str, int]) -> None:
        claims = [claim(desk.contract_id, units, code) for code, units in wanted.items()]
        try:
            if kind == "reserve":
                await desk.reserve(key, *claims)
                assert oracle.fits(wanted), "the ledger held more than there was"
                own = Counter(oracle.held.get(key, {}))
                for code, units in wanted.items():
                    own[code] += units
                oracle.held[key] = dict(own)
            elif kind == "release":
                await desk.release(key)
                oracle.held.pop(key, None)
            elif kind in {"consume", "consume_order"}:
                order_id = key if kind == "consume_order" else None
                settlement_id = uuid4()
                await desk.consume(settlement_id, claims, order_id)
                assert oracle.fits(wanted, order_id), "the ledger used more than there was"
                if order_id is not None:
                    oracle.held.pop(order_id, None)
                oracle.used[settlement_id] = dict(wanted)
            elif oracle.used:
                settlement_id = next(iter(oracle.used))
                await desk.give_back(settlement_id)
                oracle.used.pop(settlement_id)
        except errors.EntitlementExhausted:
            assert not oracle.fits(wanted, key if kind == "consume_order" else None), "the ledger refused what fits"

    async def compare(self, desk: Desk, oracle: Oracle) -> None:
        for each in await desk.balances():
            expected = oracle.total(oracle.used, each.code), oracle.total(oracle.held, each.code)
            assert (each.used, each.reserved) == expected
            assert 0 <= each.used + each.reserved <= each.cap
            assert each.counting == (Counting.visit if each.code == "CC" else Counting.quantity)

    async def add_up(self, desk: Desk) -> None:
        chains: dict[UUID, list[Any]] = defaultdict(list)
        for row in await entries(desk.world, desk):
            chains[row["entitlement_id"]].append(row)
        for chain in chains.values():
            sums: Counter[str] = Counter()
            for number, row in enumerate(chain, start=1):
                sums[row["kind"]] += row["units"]
                assert row["seq"] == number
                assert row["used_after"] == sums["consume"] - sums["reverse"] >= 0
                assert row["reserved_after"] == sums["reserve"] - sums["release"] >= 0
