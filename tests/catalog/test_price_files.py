"""Price books as people keep them: every fault named by line and column, and what is written out reads in again."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest

from service.catalog import price_files, rules
from service.catalog.books import Fate
from service.catalog.schemas import PriceCreate
from service.core.tabular.writing import as_csv, as_xlsx

HEADING = ["项目代码", "项目名称", "价格（元）", "起始日期", "截止日期", "类别", "支付分类", "先行自付比例", "加收项"]
SOUND = ["BP", "测血压", "28.00", "2026-01-01", "", "", "", "", ""]


def row(**cells: str) -> list[str]:
    named = dict(zip(["code", "name", "price", "first", "last", "kind", "cls", "ratio", "more"], SOUND, strict=True))
    return list((named | cells).values())


def faults(*rows: Sequence[str], heading: Sequence[str] = HEADING) -> list[tuple[int, str]]:
    reading = price_files.read("价格表", as_csv(heading, rows))
    return [(each.line, each.column) for each in reading.told if each.fate is Fate.wrong]


def one(**cells: str) -> PriceCreate:
    reading = price_files.read("价格表", as_csv(HEADING, [row(**cells)]))
    assert [each for each in reading.told if each.fate is Fate.wrong] == []
    return reading.lines[0].price


class TestReading:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_reads_csv_as_offices_write_it(self, encoding: str) -> None:
        text = as_csv(HEADING, [SOUND]).decode("utf-8-sig")
        [read] = price_files.read("价格表", text.encode(encoding)).lines
        assert (read.number, read.price.code, read.price.name) == (2, "BP", "测血压")
        assert (read.price.unit_price, read.price.valid_from) == (Decimal(28), date(2026, 1, 1))

    def test_reads_a_workbook_with_numbers_and_a_title_above_the_heading(self) -> None:
        content = as_xlsx("价格", ["2026 年价格表"], [HEADING, ["BP", "测血压", 28, "2026年1月1日", *[""] * 5]])
        [read] = price_files.read("价格表", content).lines
        assert (read.number, read.price.unit_price) == (3, 28)

    @pytest.mark.parametrize(
        ("said", "column"),
        [
            ({"code": ""}, "项目代码"),
            ({"code": "测 血压"}, "项目代码"),
            ({"price": ""}, "价格（元）"),
            ({"price": "28.00001"}, "价格（元）"),
            ({"price": "-1"}, "价格（元）"),
            ({"price": "二十八"}, "价格（元）"),
            ({"price": "1e3"}, "价格（元）"),
            ({"first": ""}, "起始日期"),
            ({"first": "2026-02-30"}, "起始日期"),
            ({"last": "2025-12-31"}, "截止日期"),
            ({"kind": "器械"}, "类别"),
            ({"cls": "丁类"}, "支付分类"),
            ({"cls": "甲", "ratio": "0.1"}, "先行自付比例"),
            ({"cls": "乙", "ratio": "120%"}, "先行自付比例"),
            ({"cls": "乙", "ratio": "少许"}, "先行自付比例"),
            ({"more": "儿童加收"}, "加收项"),
            ({"more": "儿童加收:五元"}, "加收项"),
            ({"code": "B" * 41}, "项目代码"),
        ],
    )
    def test_names_the_cell_that_is_wrong_and_reads_on(self, said: dict[str, str], column: str) -> None:
        assert faults(SOUND, row(**said), row(code="GLU")) == [(3, column)]

    @pytest.mark.parametrize(
        "said", [{"code": "测 血压"}, {"price": "1.00001"}, {"more": "儿童加收:五元"}, {"ratio": "2"}]
    )
    def test_says_in_chinese_what_was_wanted(self, said: dict[str, str]) -> None:
        [told] = price_files.read("价格表", as_csv(HEADING, [row(**said)])).told
        assert not set("abcdfghijklmnopqrstuvwxyz ") <= set(told.sentence.casefold())
        assert "请写成" in told.sentence or "要填" in told.sentence or "比例" in told.sentence

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "没有找到表头"),
            (b"\xff\xfe\xfd", "既不是 UTF-8 也不是 GB18030"),
            (b"PK\x03\x04 broken", "不是完好的 XLSX"),
            (bytes.fromhex("d0cf11e0a1b11ae1"), "旧版 .xls"),
            ("项目代码,起始日期\nBP,2026-01-01\n".encode(), "缺少这一列"),
            ("项目代码,价格,起始日期\n".encode(), "没有任何内容"),
        ],
    )
    def test_a_file_that_is_no_price_book_is_one_fault(self, content: bytes, sentence: str) -> None:
        [told] = [each for each in price_files.read("价格表", content).told if each.fate is Fate.wrong]
        assert sentence in told.sentence

    def test_a_workbook_with_a_cell_at_the_far_end_is_refused_before_it_fills_the_memory(self) -> None:
        content = as_xlsx("价格", HEADING, [SOUND, *[[""]] * 2, ["", *[""] * 16_000, "x"]] + [[""]] * 200)
        [told] = price_files.read("价格表", content).told
        assert "太远" in told.sentence

    def test_columns_that_mean_nothing_are_a_note(self) -> None:
        reading = price_files.read("价格表", as_csv([*HEADING, "备注二"], [[*SOUND, "x"]]))
        assert [(each.fate, "备注二" in each.sentence) for each in reading.told] == [(Fate.note, True)]
        assert len(reading.lines) == 1

    @pytest.mark.parametrize(("said", "ratio"), [("10%", "0.1"), ("0.25", "0.25"), ("", "0"), ("12.5%", "0.125")])
    def test_a_share_may_be_written_as_percent(self, said: str, ratio: str) -> None:
        assert one(cls="乙类", ratio=said).self_ratio == Decimal(ratio)

    def test_chinese_words_and_those_of_clients_mean_the_same(self) -> None:
        assert [one(kind=said).category for said in ("药品", "drug", "")] == ["drug", "drug", "service"]
        assert [one(cls=said).insurance_class for said in ("甲", "甲类", "a", "A")] == ["A"] * 4


class TestWriting:
    @pytest.mark.parametrize("xlsx", [True, False])
    def test_what_is_written_out_reads_in_again_word_for_word(self, xlsx: bool) -> None:
        full = PriceCreate.model_validate(
            {
                "code": "INSULIN",
                "name": "胰岛素注射（含材料）",
                "unit_price": "28.1234",
                "per_visit_max": 2,
                "includes": ["BP", "GLU"],
                "excludes": ["WASH"],
                "insurance_class": "B",
                "self_ratio": "0.125",
                "income_class": "memorandum",
                "category": "drug",
                "national_code": "011101000010000",
                "unit": "支",
                "output": "按医嘱给药",
                "composition": "所定价格涵盖计划制定、实施",
                "surcharges": [{"name": "儿童加收", "price": "5.5"}, {"name": "夜间加收", "price": "20"}],
                "note": "同日多次按一次计；不得拆分",
                "valid_from": "2026-01-01",
                "valid_to": "2026-12-31",
            }
        )
        bare = PriceCreate.model_validate(
            {"code": "BP", "name": "测血压", "unit_price": "0", "valid_from": "2026-02-01"}
        )
        reading = price_files.read("价格表", price_files.write([full, bare], xlsx=xlsx))
        assert reading.told == ()
        assert [line.price for line in reading.lines] == [full, bare]

    def test_no_cell_is_a_formula(self) -> None:
        price = PriceCreate.model_validate(
            {"code": "BP", "name": "=1+1", "unit_price": "1", "valid_from": "2026-01-01"}
        )
        assert "'=1+1" in price_files.write([price], xlsx=False).decode()
        [read] = price_files.read("价格表", price_files.write([price], xlsx=True)).lines
        assert read.price.name == "=1+1"

    def test_the_words_of_the_file_are_all_words_there_are(self) -> None:
        shown = price_files.COLUMNS[3].headings[0]
        assert shown == "类别"
        assert {*rules.PriceCategory} == {one(kind=said).category for said in ("服务", "药品", "耗材")}
