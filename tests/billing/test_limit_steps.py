"""The step before the kernel, alone: what limits leave of a visit, and what a bill uses of them."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.billing import limits, making, rules
from service.catalog.limit_rules import LimitPer

ON = date(2026, 3, 2)
DAILY = limits.Limit("L1", "同日会诊只收一次", frozenset({"CONSULT"}), "D2026-03-02", 1)
FEE = limits.Limit("L9", "上门服务费每周只收两次", frozenset({rules.VISIT_FEE}), "W2026-W10", 2)


def items(*found: tuple[str, int]) -> tuple[rules.Item, ...]:
    return tuple(rules.Item(code, quantity) for code, quantity in found)


def price(code: str, **more: object) -> rules.PriceRow:
    row = rules.PriceRow(
        code=code,
        name=code,
        unit_price=Decimal(10),
        valid=rules.Period(date(2026, 1, 1)),
        insurance_class=rules.InsuranceClass.C,
    )
    return replace(row, **more)


def terms(*rows: rules.PriceRow, fee: bool = True) -> rules.Terms:
    always = rules.Period(date(2026, 1, 1))
    return rules.Terms(
        policy=rules.Policy(),
        service_modes=(rules.ServiceMode("home_visit", always),),
        licences={"D1": (always,)},
        prices={row.code: (row,) for row in rows},
        tariffs=(rules.Tariff(always, rules.FeeUnit.visit, (rules.Tier(Decimal(5), Decimal(78)),)),) if fee else (),
    )


def visit(*found: tuple[str, int], visit_id: str = "V1", patient: str = "P1", **more: object) -> rules.Visit:
    made = rules.Visit(visit_id, patient, "home_visit", ON, time(9), True, ("D1",), Decimal(2), items(*found))
    return replace(made, **more)


class TestPeriods:
    @pytest.mark.parametrize(
        ("per", "on", "said"),
        [
            ("day", date(2026, 3, 2), "D2026-03-02"),
            ("week", date(2026, 3, 2), "W2026-W10"),
            ("week", date(2026, 3, 8), "W2026-W10"),
            ("week", date(2026, 3, 9), "W2026-W11"),
            ("week", date(2027, 1, 3), "W2026-W53"),
            ("year", date(2026, 12, 31), "Y2026"),
            ("bed_cycle", date(2026, 3, 2), "BB1"),
        ],
    )
    def test_a_period_is_named_after_the_day_the_week_the_year_or_the_bed(self, per: str, on: date, said: str) -> None:
        assert limits.period_of(LimitPer(per), on, "B1") == said

    def test_without_a_bed_there_is_no_cycle(self) -> None:
        assert limits.period_of(LimitPer.bed_cycle, ON, None) is None


class TestCutting:
    def test_what_is_left_is_kept_and_the_rest_is_cut_with_the_limit_that_says_so(self) -> None:
        found = limits.apply(items(("CONSULT", 3), ("BP", 2)), [DAILY], has_fee=True)
        assert found == limits.Limited(items(("CONSULT", 1), ("BP", 2)), (limits.Cut("CONSULT", 2, DAILY),), None)

    def test_codes_of_one_limit_exclude_one_another_and_the_first_performed_stays(self) -> None:
        levels = limits.Limit("L2", "护理级别互斥", frozenset({"NURSE1", "NURSE2"}), "D2026-03-02", 1)
        found = limits.apply(items(("NURSE2", 1), ("NURSE1", 1)), [levels], has_fee=False)
        assert (found.items, found.cut) == (items(("NURSE2", 1)), (limits.Cut("NURSE1", 1, levels),))

    def test_the_limit_with_the_least_room_decides(self) -> None:
        weekly = limits.Limit("L0", "每周三次", frozenset({"CONSULT"}), "W2026-W10", 3, used=3)
        found = limits.apply(items(("CONSULT", 1)), [DAILY, weekly], has_fee=False)
        assert (found.items, found.cut) == ((), (limits.Cut("CONSULT", 1, weekly),))

    def test_the_same_code_twice_is_one_cut(self) -> None:
        found = limits.apply(items(("CONSULT", 1), ("CONSULT", 1), ("CONSULT", 2)), [DAILY], has_fee=False)
        assert (found.items, found.cut) == (items(("CONSULT", 1)), (limits.Cut("CONSULT", 3, DAILY),))

    def test_more_used_than_allowed_leaves_nothing(self) -> None:
        assert limits.apply(items(("CONSULT", 1)), [replace(DAILY, used=5)], has_fee=False).items == ()

    def test_the_visit_fee_is_cut_only_where_there_is_one(self) -> None:
        full = replace(FEE, used=2)
        assert limits.apply((), [full], has_fee=True).fee == limits.Cut("VISIT_FEE", 1, full)
        assert limits.apply((), [full], has_fee=False).fee is None
        assert limits.apply((), [replace(FEE, used=1)], has_fee=True).fee is None

    @given(
        st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(1, 5))),
        st.lists(
            st.builds(
                lambda number, codes, most, used: limits.Limit(f"L{number}", "t", frozenset(codes), "D", most, used),
                st.integers(0, 999),
                st.sets(st.sampled_from("ABCD"), min_size=1),
                st.integers(1, 6),
                st.integers(0, 7),
            ),
            unique_by=lambda limit: limit.id,
        ),
    )
    def test_nothing_is_lost_and_no_limit_is_passed(
        self, performed: list[tuple[str, int]], rows: list[limits.Limit]
    ) -> None:
        found = limits.apply(items(*performed), rows, has_fee=False)
        for code in "ABCD":
            kept = sum(item.quantity for item in found.items if item.code == code)
            cut = sum(each.quantity for each in found.cut if each.code == code)
            assert kept + cut == sum(quantity for name, quantity in performed if name == code)
        for row in rows:
            assert sum(item.quantity for item in found.items if item.code in row.codes) <= row.left
        assert found == limits.apply(items(*performed), rows[::-1], has_fee=False)


class TestTheBill:
    def make(self, *rows: limits.Limit, on: rules.Terms, of: rules.Visit, **more: object) -> making.Made:
        return making.make(of, terms=on, patient=rules.Patient("P1"), used={}, limits=rows, **more)

    def test_what_is_cut_costs_nothing_and_uses_no_unit_of_a_contract(self) -> None:
        item = rules.ContractItem(5, rules.Counting.quantity)
        deal = rules.Contract("C1", ON, rules.Period(ON), items={"CONSULT": item})
        made = making.make(
            visit(("CONSULT", 3)),
            terms=terms(price("CONSULT")),
            patient=rules.Patient("P1", contracts=(deal,)),
            used={},
            limits=[DAILY],
        )
        assert [used.amount for used in made.settlement.consumptions] == [1]
        assert [(use.limit.id, use.units) for use in made.uses] == [("L1", 1)]

    def test_what_is_included_in_another_service_uses_nothing_of_its_limit(self) -> None:
        on = terms(price("SET", includes=frozenset({"CONSULT"})), price("CONSULT"))
        assert self.make(DAILY, on=on, of=visit(("SET", 1), ("CONSULT", 1))).uses == ()

    def test_what_is_above_the_maximum_of_one_visit_uses_nothing_of_its_limit(self) -> None:
        on = terms(price("CONSULT", per_visit_max=2))
        made = self.make(replace(DAILY, maximum=9), on=on, of=visit(("CONSULT", 5)))
        assert [use.units for use in made.uses] == [2]

    def test_the_gate_is_asked_about_what_is_cut_as_well(self) -> None:
        full = replace(DAILY, used=1)
        with pytest.raises(rules.Refused) as refused:
            self.make(full, on=terms(price("BP")), of=visit(("BP", 1), ("CONSULT", 1)))
        assert refused.value.refusal.facts == {"code": "CONSULT"}

    def test_a_home_beyond_the_last_tier_is_refused_also_where_the_fee_is_cut(self) -> None:
        far = visit(("BP", 1), distance_km=Decimal(9))
        with pytest.raises(rules.Refused):
            self.make(replace(FEE, used=2), on=terms(price("BP")), of=far)

    def test_a_fee_that_is_cut_leaves_the_shares_of_the_others_as_they_are(self) -> None:
        at = {"trip": "T1", "home": "H1"}
        mine, other = visit(("BP", 1), **at), visit(("BP", 1), visit_id="V2", patient="P2", **at)
        cut = self.make(replace(FEE, used=2), on=terms(price("BP")), of=mine, peers=(other,))
        assert (cut.bill.fee, cut.bill.visit_fee_fen) == (None, 0)
        theirs = self.make(FEE, on=terms(price("BP")), of=other, peers=(mine,))
        assert cut.share is not None
        assert (cut.share.amount_fen, theirs.bill.visit_fee_fen) == (3900, 3900)
        assert [use.limit.id for use in theirs.uses] == ["L9"]

    def test_a_fee_that_is_waived_uses_nothing_of_its_limit(self) -> None:
        bed = rules.Bed("B1", ON)
        made = making.make(
            visit(("BP", 1)),
            terms=terms(price("BP")),
            patient=rules.Patient("P1", beds=(bed,)),
            used={},
            limits=[FEE],
        )
        assert (made.bill.visit_fee_fen, made.uses) == (0, ())
