"""The lists of own prices and of designations: as in the rooms, with the report by line, the same again is nothing."""

from typing import Any

import pytest

from tests.interop.desk import Desk, Lists, lists, outcomes, stopping

PRICE = {
    "机构代码": "RM02", "项目代码": "BP", "项目名称": "血压测量", "类别": "服务", "计价单位": "次",
    "价格（元）": "5.00", "支付分类": "甲", "先行自付比例": "", "起始日期": "2026-01-01",
}  # fmt: skip
DESIGNATION = {"机构代码": "RM02", "险种代码": "resident", "起始日期": "2026-01-01", "截止日期": ""}


def given(**rows: list[dict[str, str]]) -> Lists:
    return lists() | rows


async def prices(desk: Desk) -> list[tuple[Any, ...]]:
    return await desk.rows(
        "select i.code, p.code, p.name, p.category, p.unit_price::text, p.self_ratio::text, p.valid_from::text,"
        " p.valid_to::text from price_rows p"
        " join institutions i on i.region_id = p.region_id and i.id = p.institution_id"
        " where p.region_id = :region order by 1, 2, 7"
    )


async def designations(desk: Desk) -> list[tuple[Any, ...]]:
    return await desk.rows(
        "select plan_code, valid_from::text, valid_to::text from institution_designations"
        " where region_id = :region order by 1, 2"
    )


class TestPrices:
    async def test_are_in_the_institution_s_own_book_and_a_later_one_ends_the_one_before(self, desk: Desk) -> None:
        desk.put(lists())
        report = await desk.load()
        assert (stopping(report), outcomes(report)["prices"]) == ([], {"new": 3})
        assert await prices(desk) == [
            ("RM02", "BP", "血压测量", "service", "5.0000", "0.0000", "2026-01-01", None),
            ("RM02", "GLU", "血糖试纸", "consumable", "3.5000", "0.1000", "2026-01-01", "2026-06-30"),
            ("RM02", "GLU", "血糖试纸", "consumable", "3.2000", "0.1000", "2026-07-01", None),
        ]

    async def test_another_price_of_a_new_day_comes_in_and_ends_the_standing_one(self, desk: Desk) -> None:
        desk.put(lists())
        assert (await desk.load()).kept
        desk.put(given(prices=[PRICE, PRICE | {"价格（元）": "6", "起始日期": "2026-09-01"}]))
        report = await desk.load()
        assert (report.kept, outcomes(report)["prices"]) == (True, {"unchanged": 1, "new": 1})
        assert [row[4:] for row in await prices(desk) if row[1] == "BP"] == [
            ("5.0000", "0.0000", "2026-01-01", "2026-08-31"), ("6.0000", "0.0000", "2026-09-01", None),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("change", "column", "said"),
        [
            ({"价格（元）": "6"}, "价格（元）", "改价请填写新的起始日期"),
            ({"项目代码": "NONE"}, "项目代码", "服务项目目录里没有 NONE"),
            ({"项目代码": "VISIT_FEE"}, "项目代码", "VISIT_FEE"),
            ({"价格（元）": "五元"}, "价格（元）", "小数"),
            ({"类别": "保健品"}, "类别", "要填服务、药品、耗材之一"),
            ({"先行自付比例": "0.1"}, "先行自付比例", "乙类"),
            ({"起始日期": ""}, "起始日期", "不能为空"),
            ({"机构代码": "NONE"}, "机构代码", "机构表和系统里都没有"),
        ],
    )
    @pytest.mark.parametrize("update", [False, True])
    async def test_what_cannot_be_is_told_by_line_and_nothing_comes_in(
        self, desk: Desk, change: dict[str, str], column: str, said: str, update: bool
    ) -> None:
        desk.put(lists())
        assert (await desk.load()).kept
        before = await prices(desk)
        sound = PRICE | {"项目代码": "GLU", "起始日期": "2027-01-01"}
        desk.put(given(prices=[sound, PRICE | change]))
        report = await desk.load(update=update)
        assert not report.kept
        [(file, line, told, sentence)] = stopping(report)
        assert (file, line, told) == ("prices.csv", 3, column)
        assert said in sentence
        assert await prices(desk) == before

    async def test_the_same_code_and_day_twice_names_the_first_line(self, desk: Desk) -> None:
        desk.put(given(prices=[PRICE, PRICE | {"价格（元）": "6"}]))
        report = await desk.load()
        assert stopping(report) == [("prices.csv", 3, "项目代码", "“BP”在第2行已经出现过")]

    async def test_a_trial_tells_line_by_line_and_writes_nothing(self, desk: Desk) -> None:
        desk.put(lists())
        report = await desk.load(dry_run=True)
        assert (report.sound, report.kept) == (True, False)
        told = [(each.line, each.outcome) for each in report.told if each.file == "prices.csv"]
        assert sorted(told) == [(2, "new"), (3, "new"), (4, "new")]
        assert await prices(desk) == []


class TestDesignations:
    async def test_come_in_with_their_days_and_long_term_care_insurance_by_its_name(self, desk: Desk) -> None:
        desk.put(lists())
        report = await desk.load()
        assert (stopping(report), outcomes(report)["designations"]) == ([], {"new": 2})
        assert await designations(desk) == [("LTCI", "2026-01-01", None), ("resident", "2026-01-01", "2028-12-31")]

    async def test_a_blank_last_day_says_nothing_and_another_one_is_changed_only_when_wished(self, desk: Desk) -> None:
        desk.put(lists())
        assert (await desk.load()).kept
        desk.put(given(designations=[DESIGNATION]))
        assert outcomes(await desk.load())["designations"] == {"unchanged": 1}
        desk.put(given(designations=[DESIGNATION | {"截止日期": "2027-12-31"}]))
        report = await desk.load()
        assert (report.kept, outcomes(report)["designations"]) == (False, {"differs": 1})
        assert "截止日期" in stopping(report)[0][3]
        report = await desk.load(update=True)
        assert (report.kept, outcomes(report)["designations"]) == (True, {"updated": 1})
        assert ("resident", "2026-01-01", "2027-12-31") in await designations(desk)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"起始日期": "2026-06-01"}, "已是这一险种的定点机构"),
            ({"截止日期": "2025-12-31", "起始日期": "2029-06-01"}, "不能早于"),
            ({"险种代码": "居民医保"}, "要填字母、数字"),
            ({"险种代码": ""}, "不能为空"),
            ({"机构代码": "NONE"}, "机构表和系统里都没有"),
        ],
    )
    async def test_what_cannot_be_is_told_by_line_and_nothing_comes_in(
        self, desk: Desk, change: dict[str, str], said: str
    ) -> None:
        desk.put(lists())
        assert (await desk.load()).kept
        before = await designations(desk)
        desk.put(given(designations=[DESIGNATION | {"险种代码": "employee"}, DESIGNATION | change]))
        report = await desk.load()
        assert not report.kept
        [(file, line, _, sentence)] = stopping(report)
        assert (file, line) == ("designations.csv", 3)
        assert said in sentence
        assert await designations(desk) == before
