"""Ratios, and when they are not told."""

from datetime import date
from decimal import Decimal

import pytest

from service.quality import errors, rules

MARCH = date(2026, 3, 1)


class TestRatios:
    def test_are_shares_of_the_orders_and_on_time_of_the_visits(self) -> None:
        [found] = rules.ratios([rules.MonthCounts(MARCH, orders=12, planned=9, unassigned=3, visited=8, on_time=7)], 8)
        assert found == rules.MonthRatios(
            MARCH, Decimal("0.7500"), Decimal("0.2500"), Decimal("0.6667"), Decimal("0.8750")
        )

    def test_of_too_few_are_not_told(self) -> None:
        [found] = rules.ratios([rules.MonthCounts(MARCH, orders=10, planned=9, unassigned=1, visited=9, on_time=9)], 10)
        assert (found.planned, found.on_time) == (Decimal("0.9000"), None)
        [few] = rules.ratios([rules.MonthCounts(MARCH, orders=9, planned=9, unassigned=0, visited=9, on_time=9)], 10)
        assert {few.planned, few.unassigned, few.visited, few.on_time} == {None}


class TestMonths:
    @pytest.mark.parametrize(
        ("first", "last"),
        [(date(2026, 3, 1), date(2026, 2, 1)), (date(2024, 3, 1), MARCH), (MARCH, date(2026, 4, 1))],
    )
    def test_too_many_out_of_order_or_to_come_are_refused(self, first: date, last: date) -> None:
        with pytest.raises(errors.MonthsDoNotFit):
            rules.refuse_months(first, last, date(2026, 3, 31))

    def test_two_years_up_to_this_month_are_not(self) -> None:
        rules.refuse_months(date(2024, 4, 1), MARCH, MARCH)
