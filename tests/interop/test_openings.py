"""The list of what was used before the go-live: put in with its source, the same again changes nothing."""

from typing import Any

import pytest

from tests.interop.desk import Desk, Lists, as_xlsx, id_number, lists, outcomes, stopping

HEADING = ("机构代码", "身份证号", "类别", "服务包代码", "项目代码", "已用", "截至日期", "数据来源", "凭证号")
ROW = ("RM02", id_number(number=1), "签约", "BASIC", "BP", "3", "2026-03-01", "原 HIS 结转", "QC-1")


def given(*rows: tuple[str, ...]) -> Lists:
    return lists() | {"openings": [dict(zip(HEADING, row, strict=True)) for row in rows]}


async def entries(desk: Desk) -> list[tuple[Any, ...]]:
    return await desk.rows(
        "select e.source, e.code, x.kind, x.units, x.because, x.document_no from entitlement_entries x"
        " join entitlements e on e.region_id = x.region_id and e.id = x.entitlement_id where e.region_id = :region"
    )


class TestOpenings:
    async def test_come_in_beside_the_contracts_they_belong_to_and_once(self, desk: Desk) -> None:
        desk.put(given(ROW))
        report = await desk.load()
        assert (stopping(report), outcomes(report)["openings"]) == ([], {"new": 1})
        expected = [("contract", "BP", "opening", 3, "原 HIS 结转", "QC-1")]
        assert await entries(desk) == expected
        again = await desk.load()
        assert (again.kept, outcomes(again)["openings"]) == (True, {"unchanged": 1})
        assert await entries(desk) == expected

    async def test_a_workbook_serves_as_well_and_more_than_the_cap_is_taken(self, desk: Desk) -> None:
        desk.put({name: rows for name, rows in lists().items() if name != "openings"})
        desk.put_file("期初.xlsx", as_xlsx([HEADING, (*ROW[:5], "20", *ROW[6:])]))
        assert (await desk.load()).kept
        assert [row[3] for row in await entries(desk)] == [20]

    async def test_another_figure_of_what_stands_is_refused_and_nothing_changes(self, desk: Desk) -> None:
        desk.put(given(ROW))
        assert (await desk.load()).kept
        desk.put(given((*ROW[:5], "4", *ROW[6:])))
        report = await desk.load()
        assert not report.kept
        assert [(name, line) for name, line, _, _ in stopping(report)] == [("openings.csv", 2)]
        assert [row[3] for row in await entries(desk)] == [3]

    @pytest.mark.parametrize(
        ("at", "said", "column"),
        [
            (2, "赠送", "类别"),
            (3, "PLUS", "服务包代码"),
            (3, "", "服务包代码"),
            (4, "", "项目代码"),
            (5, "0", "已用"),
            (5, "-1", "已用"),
            (5, "1.5", "已用"),
            (6, "2026-02-01", "服务包代码"),
            (7, "", "数据来源"),
        ],
    )
    async def test_names_the_cell_that_is_wrong_and_loads_nothing(
        self, desk: Desk, at: int, said: str, column: str
    ) -> None:
        row = list(ROW)
        row[at] = said
        desk.put(given(tuple(row)))
        report = await desk.load()
        assert not report.kept
        assert [(name, line, where) for name, line, where, _ in stopping(report)] == [("openings.csv", 2, column)]
        assert await entries(desk) == []

    @pytest.mark.parametrize("kind", ["limit", "per_diem"])
    @pytest.mark.parametrize("rest", [("", "", "3"), ("BASIC", "BP", "3"), ("", "", "12.50")])
    async def test_what_only_the_system_counts_is_one_clear_line_and_nothing_is_stored(
        self, desk: Desk, kind: str, rest: tuple[str, ...]
    ) -> None:
        desk.put(given((*ROW[:2], kind, *rest, *ROW[6:])))
        report = await desk.load()
        assert not report.kept
        assert stopping(report) == [
            (
                "openings.csv",
                2,
                "类别",
                "要填签约、公共项目、医保基金、起付线、长护险、contract、public_program、insurance_fund、"
                f"insurance_deductible、ltci之一，不能是“{kind}”",
            )
        ]
        assert await entries(desk) == []
        assert await desk.rows("select id from contracts where region_id = :region") == []

    async def test_one_entitlement_stands_in_one_line(self, desk: Desk) -> None:
        desk.put(given(ROW, (*ROW[:5], "2", "2026-03-02", *ROW[7:])))
        report = await desk.load()
        assert not report.kept
        assert {name for name, _, _, _ in stopping(report)} == {"openings.csv"}
