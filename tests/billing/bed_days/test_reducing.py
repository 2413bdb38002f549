"""What is taken off bed days: by what holds each day, day by day, within a cap per bill."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.billing.bed_days import reducing
from service.billing.bed_days.reducing import DatedGroup, DatedRule, Offers
from service.billing.reductions import Rule
from service.billing.rules import Period

FIRST = date(2026, 3, 1)
ALWAYS = Period(date(2026, 1, 1))


def rule(
    name: str = "R1",
    ratio: str = "0.5",
    *,
    groups: tuple[str, ...] = (),
    codes: tuple[str, ...] = (),
    cap_fen: int | None = None,
    valid: Period = ALWAYS,
) -> DatedRule:
    return DatedRule(Rule(name, "减免", frozenset(groups), frozenset(codes), Decimal(ratio), cap_fen), valid)


def days(*fen: int, first: date = FIRST) -> list[tuple[date, int]]:
    return [(first + timedelta(days=at), each) for at, each in enumerate(fen)]


def told(taken: reducing.Taken) -> list[tuple[int, int, str, int]]:
    return [(each.first.day, each.last.day, each.rule.id, each.amount_fen) for each in taken.applied]


class TestApply:
    def test_days_in_a_row_are_rounded_once_and_come_to_the_sum(self) -> None:
        taken = reducing.apply([days(*[333] * 3)], Offers((rule(ratio="0.5"),)))
        assert told(taken) == [(1, 3, "R1", 500)]
        assert list(taken.days.values()) == [167, 166, 167]

    def test_a_rule_holds_on_its_days_only(self) -> None:
        offers = Offers((rule(valid=Period(date(2026, 3, 2), date(2026, 3, 3))),))
        taken = reducing.apply([days(100, 100, 100, 100)], offers)
        assert told(taken) == [(2, 3, "R1", 100)]
        assert taken.days == {date(2026, 3, 2): 50, date(2026, 3, 3): 50}

    def test_it_reaches_its_audience_while_it_belongs_to_it(self) -> None:
        member = DatedGroup("low_income", Period(date(2026, 3, 3)))
        offers = Offers((rule(groups=("low_income", "disabled")),), (member,))
        assert told(reducing.apply([days(100, 100, 100)], offers)) == [(3, 3, "R1", 50)]
        assert told(reducing.apply([days(100, 100, 100)], Offers(offers.rules))) == []

    @pytest.mark.parametrize(("codes", "found"), [((), 1), (("BED_DAY",), 1), (("BP", "BED_DAY"), 1), (("BP",), 0)])
    def test_it_is_of_bed_days_when_it_says_so_or_names_nothing(self, codes: tuple[str, ...], found: int) -> None:
        assert len(told(reducing.apply([days(100)], Offers((rule(codes=codes),))))) == found

    def test_the_rule_that_takes_off_most_of_a_run_is_taken_and_a_cap_holds_for_the_bill(self) -> None:
        capped, plain = rule("A", "1", cap_fen=250), rule("B", "0.3")
        lines = [days(100, 100, first=date(2026, 12, 30)), days(100, 100, first=date(2027, 1, 1))]
        taken = reducing.apply(lines, Offers((capped, plain)))
        assert [(each.rule.id, each.amount_fen) for each in taken.applied] == [("A", 200), ("B", 60)]

    def test_a_run_ends_where_another_rule_begins_to_hold(self) -> None:
        later = rule("B", "1", valid=Period(date(2026, 3, 3)))
        assert told(reducing.apply([days(100, 100, 100)], Offers((rule("A"), later)))) == [
            (1, 2, "A", 100), (3, 3, "B", 100),
        ]  # fmt: skip

    @given(
        own=st.lists(st.integers(0, 5000), min_size=1, max_size=30),
        ratio=st.integers(1, 10_000),
        cap_fen=st.none() | st.integers(1, 20_000),
        begins=st.integers(0, 29),
    )
    def test_no_day_has_more_taken_off_than_it_costs_and_all_come_to_what_was_applied(
        self, own: list[int], ratio: int, cap_fen: int | None, begins: int
    ) -> None:
        of = rule(ratio=f"{Decimal(ratio) / 10_000:f}", cap_fen=cap_fen, valid=Period(FIRST + timedelta(days=begins)))
        taken = reducing.apply([days(*own)], Offers((of, rule("R2", "0.1"))))
        assert sum(taken.days.values()) == sum(each.amount_fen for each in taken.applied)
        assert all(0 <= taken.days.get(day, 0) <= fen for day, fen in days(*own))
        of_first = sum(each.amount_fen for each in taken.applied if each.rule.id == "R1")
        assert cap_fen is None or of_first <= cap_fen
