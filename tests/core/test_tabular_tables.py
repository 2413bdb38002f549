import io
from datetime import date, time, timedelta
from typing import Any

import openpyxl
import pytest

from service.core.tabular.faults import Fault, FilesRefused
from service.core.tabular.tables import Column, Table, read_table

COLUMNS = (
    Column("order_no", ("订单号",), required=True),
    Column("address", ("地址",), required=True),
    Column("minutes", ("时长分钟", "时长(分钟)")),
)


def read(data: bytes | str) -> Table:
    return read_table("o", data.encode() if isinstance(data, str) else data, COLUMNS)


def cells(data: bytes | str) -> list[tuple[str, ...]]:
    return [tuple(line.cells.get(column.name, "-") for column in COLUMNS) for line in read(data).lines]


def faults(data: bytes | str) -> list[Fault]:
    with pytest.raises(FilesRefused) as refused:
        read(data)
    return list(refused.value.faults)


def workbook(rows: list[list[Any]], merge: tuple[str, ...] = ()) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    for area in merge:
        book.worksheets[0].merge_cells(area)
    book.create_sheet("说明").append(["订单号", "地址"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


class TestCsv:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_reads_the_encodings_of_chinese_offices(self, encoding: str) -> None:
        assert cells("订单号,地址\n001,朝阳街𠮷巷\n".encode(encoding)) == [("001", "朝阳街𠮷巷", "-")]

    def test_takes_english_and_chinese_headings_in_any_order_and_width(self) -> None:
        assert cells("时长（分钟）,ADDRESS , Order_No*\n30,甲,001\n") == [("001", "甲", "30")]

    def test_passes_over_blank_lines_and_keeps_the_files_numbers(self) -> None:
        table = read("\n,,\n订单号,地址\n\n001,甲\n , \n002,乙\n")
        assert [line.number for line in table.lines] == [5, 7]

    def test_counts_a_cell_of_several_lines_where_it_begins(self) -> None:
        table = read('订单号,地址\n001,"甲\n二楼"\n002,乙\n')
        assert [(line.number, line.cells["address"]) for line in table.lines] == [(2, "甲\n二楼"), (4, "乙")]

    def test_short_lines_have_empty_cells(self) -> None:
        assert cells("订单号,地址,时长分钟\n001\n") == [("001", "", "")]

    def test_names_the_headings_that_mean_nothing(self) -> None:
        assert read("订单号,备注,地址,\n001,x,甲,\n").ignored == ("备注",)


class TestXlsx:
    def test_reads_the_first_sheet_below_a_title(self) -> None:
        assert cells(workbook([["三月二日订单"], ["订单号", "地址"], ["001", "甲"]], ("A1:B1",))) == [
            ("001", "甲", "-")
        ]

    def test_a_merged_cell_says_the_same_in_all_its_parts(self) -> None:
        data = workbook([["订单号", "地址", "时长分钟"], ["001", "甲", 30], ["002", None, None]], ("B2:B3", "C2:C3"))
        assert cells(data) == [("001", "甲", "30"), ("002", "甲", "30")]

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            (30, "30"),
            (30.0, "30"),
            (106.3812, "106.3812"),
            (True, "是"),
            (False, "否"),
            (time(8, 30), "08:30:00"),
            (timedelta(hours=24), "24:00:00"),
            (date(2026, 3, 2), "2026-03-02T00:00:00"),
            ("  甲 ", "甲"),
        ],
    )
    def test_cells_say_what_a_person_would_have_typed(self, value: object, said: str) -> None:
        assert cells(workbook([["订单号", "地址"], ["001", value]]))[0][1] == said

    def test_numbers_lines_as_the_sheet_does(self) -> None:
        table = read(workbook([[None], ["订单号", "地址"], [None, None], ["001", "甲"]]))
        assert [line.number for line in table.lines] == [4]


class TestRefusals:
    def test_names_every_missing_and_doubled_column_with_the_headings_line(self) -> None:
        assert faults("\n时长分钟,时长(分钟),订单号\n1,2,3\n") == [
            Fault("o", 2, "地址", "缺少这一列"),
            Fault("o", 2, "时长分钟", "这一列出现了不止一次"),
        ]

    @pytest.mark.parametrize("data", ["", "\n\n", "完全,不同,的表\n1,2,3\n", "订单号\n001\n"])
    def test_says_that_there_is_no_heading(self, data: str) -> None:
        assert [str(fault) for fault in faults(data)] == ["o：没有找到表头，至少要有这些列：订单号、地址"]

    def test_names_cells_beyond_the_heading(self) -> None:
        (fault,) = faults("订单号,地址\n001,甲\n002,乙,,二楼\n")
        assert (fault.line, "二楼" in fault.sentence) == (3, True)

    def test_says_that_a_quote_is_open(self) -> None:
        (fault,) = faults('订单号,地址\n001,"甲\n')
        assert (fault.line, fault.sentence) == (2, "引号没有成对，或含有空字符，读不下去")

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (
                "订单号,地".encode() + b"\xff\xff",
                "既不是 UTF-8 也不是 GB18030 编码的 CSV，也不是 XLSX（第 14 个字节读不下去）："
                "请用 Excel 另存为“CSV UTF-8”或 .xlsx",
            ),
            (b"PK\x03\x04 half a zip", "不是完好的 XLSX 文件"),
            (bytes.fromhex("d0cf11e0a1b11ae1") + b"xls", "是旧版 .xls 或加了密码的文件，请另存为不加密的 .xlsx"),
        ],
    )
    def test_says_what_kind_of_file_it_is_not(self, data: bytes, sentence: str) -> None:
        assert [fault.sentence for fault in faults(data)] == [sentence]

    @pytest.mark.parametrize("keep", [100, 1000, 3000, 4500])
    def test_a_workbook_cut_short_is_refused_not_a_crash(self, keep: int) -> None:
        assert [fault.sentence for fault in faults(workbook([["订单号", "地址"]])[:keep])] == ["不是完好的 XLSX 文件"]
