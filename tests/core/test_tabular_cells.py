"""Cells that people fill in, and numbers that may stand in a table once."""

from datetime import date

import pytest

from service.core.tabular import keys
from service.core.tabular.cells import Cells, read_day
from service.core.tabular.faults import Fault
from service.core.tabular.tables import Column, Merged, Table, read_table
from tests.interop.desk import as_xlsx

COLUMNS = (Column("no", ("编号",), required=True), Column("name", ("姓名",), required=True, secret=True))


def table_of(*rows: str) -> Table:
    return read_table("t.csv", "\n".join(("编号,姓名", *rows)).encode(), COLUMNS)


class TestCells:
    def test_a_secret_is_not_repeated_and_anything_else_is(self) -> None:
        table, faults = table_of("甲,乙"), list[Fault]()
        cells = Cells(table, table.lines[0], faults)
        cells.whole("no", 1, 9)
        cells.matching("name", r"\d+", "要填数字")
        assert [fault.sentence for fault in faults] == ["要填1到9之间的整数，不能是“甲”", "要填数字"]
        assert (cells.all_sound, cells.sound("no")) == (False, False)

    @pytest.mark.parametrize("written", ["2026-3-2", "2026/03/02", "20260302", "2026年3月2日", "2026-03-02T00:00:00"])
    def test_a_day_is_one_day_in_every_form(self, written: str) -> None:
        assert read_day(written) == date(2026, 3, 2)

    @pytest.mark.parametrize("written", ["2026-3/2", "2026-03-02T08:00:00", "26-3-2", "2026-00-01", "2026", ""])
    def test_anything_else_says_why_it_is_none(self, written: str) -> None:
        assert isinstance(read_day(written), str)


class TestKeys:
    def test_a_repeat_names_the_line_before_and_a_secret_only_that(self) -> None:
        table, faults = table_of("1,甲", "1,甲"), list[Fault]()
        keys.note_repeats(table, "no", [(2, "1"), (3, "1"), (4, "")], faults)
        keys.note_repeats(table, "name", [(2, ("x", "甲")), (3, ("x", "甲"))], faults)
        assert [(fault.line, fault.sentence) for fault in faults] == [
            (3, "“1”在第2行已经出现过"),
            (3, "同一个号码在第2行已经出现过"),
        ]


class TestMerged:
    def test_cells_are_filled_or_refused_as_the_caller_chooses(self) -> None:
        data = as_xlsx([["编号", "姓名"], [1, "甲"], [2, None]], merge=["B2:B3"])
        filled = read_table("t", data, COLUMNS)
        assert ([line.cells["name"] for line in filled.lines], filled.faults) == (["甲", "甲"], ())
        refused = read_table("t", data, COLUMNS, Merged.refuse)
        assert [(fault.line, fault.column) for fault in refused.faults] == [(2, "姓名")]
        assert [line.cells["name"] for line in refused.lines] == ["甲", ""]
