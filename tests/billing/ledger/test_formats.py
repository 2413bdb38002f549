"""Which format is given out, and what stands in the file."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from service.billing.ledger import exports, formats
from service.billing.ledger.kinds import FORMS, StatementKind, Unit
from service.billing.ledger.schemas import StatementFormat
from service.billing.ledger.tables import Table, as_json
from service.core.ids import new_id


def table(*rows: dict[str, Any], kind: StatementKind = StatementKind.programmes) -> Table:
    return Table(kind, FORMS[kind], "隆湖卫生服务中心", date(2026, 3, 1), date(2026, 3, 31), rows)


def line(**more: Any) -> dict[str, Any]:
    said = {
        "payer": "财政",
        "programme": "PH",
        "programme_name": "基本公卫",
        "code": "BP",
        "name": "血压测量",
        "persons": 3,
        "units": 4,
        "amount_fen": 123456,
    }
    return said | more


class TestChoice:
    @pytest.mark.parametrize(
        ("accept", "given"),
        [
            (None, "json"),
            ("", "json"),
            ("*/*", "json"),
            ("text/csv", "csv"),
            ("TEXT/CSV; q=0.5, application/json;q=0.4", "csv"),
            ("application/json;q=0.1, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
            ("image/png, text/csv;q=0.2", "csv"),
            ("text/csv;q=0, */*;q=0.1", "json"),
            ("text/csv;q=oops, application/json;q=0.1", "json"),
            ("image/png", "json"),
        ],
    )
    def test_follows_what_is_liked_best(self, accept: str | None, given: str) -> None:
        assert formats.choose(None, accept) == given

    def test_the_query_has_the_last_word(self) -> None:
        assert formats.choose(StatementFormat.xlsx, "text/csv") is StatementFormat.xlsx


class TestCsv:
    def test_opens_in_excel_with_chinese_headings_yuan_and_a_total(self) -> None:
        raw = exports.as_csv(table(line(), line(code="GLU", amount_fen=44, units=1)))
        assert raw.startswith(b"\xef\xbb\xbf")
        lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
        assert lines[0] == ["付费方", "项目", "项目名称", "项目编码", "项目名称", "服务人数", "数量", "金额（元）"]
        assert lines[1] == ["财政", "PH", "基本公卫", "BP", "血压测量", "3", "4", "1234.56"]
        assert lines[-1] == ["合计", "", "", "", "", "", "5", "1235.00"]

    @pytest.mark.parametrize("said", ["=1+1", "+86", "-1", "@SUM(A1)", "\tx"])
    def test_no_text_becomes_a_formula(self, said: str) -> None:
        lines = list(csv.reader(io.StringIO(exports.as_csv(table(line(name=said))).decode("utf-8-sig"))))
        assert lines[1][4] == f"'{said}"

    def test_a_negative_amount_stays_a_number(self) -> None:
        lines = list(csv.reader(io.StringIO(exports.as_csv(table(line(amount_fen=-5))).decode("utf-8-sig"))))
        assert lines[1][-1] == "-0.05"


class TestXlsx:
    def test_holds_numbers_to_the_fen_under_title_and_period(self) -> None:
        book = openpyxl.load_workbook(io.BytesIO(exports.as_xlsx(table(line(amount_fen=10**15 + 7), line(name="=1")))))
        sheet = book.worksheets[0]
        lines = list(sheet.iter_rows(values_only=True))
        assert lines[0][0] == "公共项目经费报表"
        assert lines[1][:2] == ("隆湖卫生服务中心", "2026-03-01 至 2026-03-31")
        assert lines[2][-1] == "金额（元）"
        assert Decimal(str(lines[4][-1])) == Decimal("1234.56")
        assert (lines[4][4], sheet.cell(5, 5).data_type) == ("=1", "s"), "a text, not a formula"
        assert sheet.cell(5, 8).number_format == "#,##0.00"
        assert [sheet.cell(row, 1).font.bold for row in range(1, 5)] == [True, False, True, False]
        assert lines[5][0] == "合计"

    @pytest.mark.parametrize("kind", list(StatementKind))
    def test_every_statement_can_be_written(self, kind: StatementKind) -> None:
        samples: dict[Unit, Any] = {
            Unit.text: "文",
            Unit.day: date(2026, 3, 2),
            Unit.number: 2,
            Unit.fen: 5,
            Unit.yuan: 7,
        }
        form = FORMS[kind]
        made = {each.name: new_id() if each.name == form.persons else samples[each.unit] for each in form.columns}
        given = table(made, kind=kind)
        assert len(form.columns) == len({each.name for each in form.columns})
        assert exports.as_xlsx(given)
        assert exports.as_csv(given)
        assert all(as_json(each, made[each.name]) is not None for each in form.columns)
