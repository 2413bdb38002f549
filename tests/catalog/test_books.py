"""Price books compared: whose row holds, what a file does, what is different."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.catalog import books
from service.catalog.books import Entry, Fate

JANUARY = date(2026, 1, 1)
APRIL = date(2026, 4, 1)


@dataclass(frozen=True)
class Row:
    code: str
    level: str | None


def line(number: int, first: date, last: date | None = None, yuan: str = "10", code: str = "BP") -> Entry:
    return Entry(code, first, last, {"code": code, "unit_price": Decimal(yuan)}, line=number)


def stands(first: date, last: date | None = None, yuan: str = "10", code: str = "BP") -> Entry:
    return Entry(code, first, last, {"code": code, "unit_price": Decimal(yuan)}, id=uuid4())


class TestOwnBeforeLevel:
    def test_an_own_row_hides_the_level_s_of_its_code_and_no_other(self) -> None:
        rows = [Row("A", "primary"), Row("B", "primary"), Row("B", None), Row("C", None)]
        assert books.own_before_level(rows) == [rows[0], rows[2], rows[3]]


class TestPlanImport:
    def test_a_new_price_ends_the_open_one_the_day_before(self) -> None:
        running = stands(JANUARY)
        plan = books.plan_import([line(2, APRIL, yuan="12")], [running])
        assert [each.fate for each in plan.told] == [Fate.new]
        assert plan.endings == {running.id: date(2026, 3, 31)}
        assert [(each.valid_from, each.valid_to) for each in plan.new] == [(APRIL, None)]

    def test_two_lines_of_one_code_follow_each_other_in_whatever_order(self) -> None:
        plan = books.plan_import([line(2, APRIL, yuan="12"), line(3, JANUARY)], [])
        assert [(each.line, each.fate) for each in plan.told] == [(2, Fate.new), (3, Fate.new)]
        assert [(each.valid_from, each.valid_to) for each in plan.new] == [
            (JANUARY, date(2026, 3, 31)),
            (APRIL, None),
        ]
        assert plan.endings == {}

    @pytest.mark.parametrize(
        ("entry", "column"),
        [
            (line(2, date(2025, 6, 1)), "valid_from"),
            (line(2, APRIL, date(2026, 4, 30)), "valid_from"),
            (line(2, JANUARY, yuan="11"), "unit_price"),
            (line(2, JANUARY, APRIL), "valid_to"),
        ],
    )
    def test_what_contradicts_a_standing_price_is_wrong_where_it_does(self, entry: Entry, column: str) -> None:
        plan = books.plan_import([entry], [stands(JANUARY)])
        assert [(each.line, each.fate, each.column) for each in plan.told] == [(2, Fate.wrong, column)]
        assert plan.new == ()
        assert plan.endings == {}

    def test_the_second_of_two_equal_lines_is_wrong_and_names_the_first(self) -> None:
        plan = books.plan_import([line(2, JANUARY), line(3, JANUARY)], [])
        assert [each.fate for each in plan.told] == [Fate.new, Fate.wrong]
        assert "第2行" in plan.told[1].sentence

    def test_an_open_line_says_nothing_about_the_end_that_came_later(self) -> None:
        plan = books.plan_import([line(2, JANUARY)], [stands(JANUARY, date(2026, 3, 31)), stands(APRIL, yuan="12")])
        assert [each.fate for each in plan.told] == [Fate.unchanged]

    @given(
        st.lists(
            st.tuples(st.integers(0, 60), st.none() | st.integers(0, 20), st.sampled_from(["10", "12"])), max_size=8
        )
    )
    def test_what_is_taken_in_never_overlaps_and_changes_nothing_the_second_time(
        self, drawn: list[tuple[int, int | None, str]]
    ) -> None:
        lines = []
        for number, (first, length, yuan) in enumerate(drawn, start=2):
            starts = JANUARY + timedelta(days=first)
            ends = None if length is None else starts + timedelta(days=length)
            lines.append(line(number, starts, ends, yuan))
        plan = books.plan_import(lines, [])
        written = [stands(each.valid_from, each.valid_to, str(each.terms["unit_price"])) for each in plan.new]
        assert not any(each.meets(other) for each in written for other in written if each.id != other.id)
        new = {each.line for each in plan.told if each.fate is Fate.new}
        again = books.plan_import([each for each in lines if each.line in new], written)
        assert {each.fate for each in again.told} <= {Fate.unchanged}
        assert (again.new, again.endings) == ((), {})


class TestDifferences:
    def test_names_what_came_went_and_changed(self) -> None:
        old = {"A": {"code": "A", "unit_price": Decimal("1")}, "B": {"code": "B", "unit_price": Decimal("2")}}
        new = {"B": {"code": "B", "unit_price": Decimal("3")}, "C": {"code": "C", "unit_price": Decimal("4")}}
        assert [(each.code, each.fields) for each in books.differences(old, new)] == [
            ("A", ()),
            ("B", ("unit_price",)),
            ("C", ()),
        ]
        assert books.differences(old, old) == []

    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ("28", "32.5", "16.07"),
            ("25", "24", "-4.00"),
            ("0", "5", None),
            ("3", "4", "33.33"),
            ("8", "8.0004", "0.01"),
        ],
    )
    def test_percent_is_rounded_half_up_to_two_decimals(self, old: str, new: str, told: str | None) -> None:
        assert books.percent(Decimal(old), Decimal(new)) == told
