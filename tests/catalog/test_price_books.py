"""Price books over HTTP: a level's beneath an institution's own, from a file, to a file, compared."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts.rules import Role
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.core.tabular.writing import as_csv, as_xlsx
from tests.world import World

HEADING = ["项目代码", "价格", "起始日期", "截止日期", "类别"]
PRICE = {"code": "BP", "unit_price": "10", "valid_from": "2026-01-01"}
OCTETS = {"Content-Type": "application/octet-stream"}


class Desk:
    """The region's administration and an institution of the first level."""

    def __init__(self, world: World, governor: AsyncClient, chief: AsyncClient) -> None:
        self.world, self.governor, self.chief = world, governor, chief

    @classmethod
    async def open(cls, world: World, *codes: str, level: str | None = "primary") -> "Desk":
        desk = cls(world, await world.as_role(Role.region_admin), await world.as_role(Role.institution_admin))
        if level is not None:
            answer = await desk.governor.patch(desk.house, json={"level": level})
            assert answer.status_code == 200, answer.text
        for code in codes:
            await world.add_service_item(code, name=f"服务{code}")
        return desk

    @property
    def house(self) -> str:
        return f"/institutions/{self.world.institution_id}"

    async def price(self, **more: Any) -> Response:
        return await self.chief.post(f"{self.house}/prices", json=PRICE | more)

    async def level_price(self, level: str = "primary", **more: Any) -> Response:
        return await self.governor.post(f"/price-levels/{level}/prices", json=PRICE | more)

    async def in_force(self, on: str = "2026-03-02") -> list[tuple[str, str, str | None]]:
        answer = await self.chief.get(f"{self.house}/prices-in-force", params={"on": on})
        assert answer.status_code == 200, answer.text
        return sorted((each["code"], each["unit_price"], each["level"]) for each in answer.json()["items"])

    async def load(self, rows: Sequence[Sequence[str]], *, dry_run: bool = False, level: str = "") -> Response:
        return await self.send(as_csv(HEADING, rows), dry_run=dry_run, level=level)

    async def send(self, content: bytes, *, dry_run: bool = False, level: str = "") -> Response:
        path = f"/price-levels/{level}/price-imports" if level else f"{self.house}/price-imports"
        client = self.governor if level else self.chief
        return await client.post(path, content=content, params={"dry_run": str(dry_run).lower()}, headers=OCTETS)

    async def diff(self, **asked: str) -> dict[str, Any]:
        answer = await self.chief.get(f"{self.house}/price-changes", params=asked)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def outcomes(told: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(each["line"], each["column"], each["outcome"]) for each in told["lines"]]


class TestLevels:
    @pytest.mark.requirement("R047")
    async def test_a_level_s_price_holds_until_the_institution_has_its_own_and_after_that_ends(
        self, world: World
    ) -> None:
        desk = await Desk.open(world, "BP", "GLU")
        assert (await desk.level_price()).status_code == 201
        assert (await desk.level_price(code="GLU", unit_price="3")).status_code == 201
        assert (await desk.level_price("secondary", unit_price="15")).status_code == 201
        assert await desk.in_force() == [("BP", "10", "primary"), ("GLU", "3", "primary")]
        own = await desk.price(unit_price="8", valid_from="2026-02-01", valid_to="2026-03-31")
        assert own.status_code == 201
        assert await desk.in_force("2026-01-31") == [("BP", "10", "primary"), ("GLU", "3", "primary")]
        assert await desk.in_force("2026-03-31") == [("BP", "8", None), ("GLU", "3", "primary")]
        assert await desk.in_force("2026-04-01") == [("BP", "10", "primary"), ("GLU", "3", "primary")]

    async def test_an_institution_without_a_level_or_of_another_has_other_prices(self, world: World) -> None:
        desk = await Desk.open(world, "BP", level=None)
        await desk.level_price()
        await desk.level_price("tertiary", unit_price="20")
        assert await desk.in_force() == []
        await desk.governor.patch(desk.house, json={"level": "tertiary"})
        assert await desk.in_force() == [("BP", "20", "tertiary")]

    async def test_only_the_region_says_which_level_an_institution_has_and_what_it_charges(self, world: World) -> None:
        desk = await Desk.open(world, "BP")
        asked = await desk.chief.patch(desk.house, json={"level": "tertiary"})
        assert (asked.status_code, asked.json()["code"]) == (403, "forbidden")
        assert (await desk.chief.post("/price-levels/primary/prices", json=PRICE)).status_code == 403
        assert (await desk.chief.get("/price-levels/primary/prices")).json()["items"] == []

    async def test_drugs_and_consumables_are_never_a_level_s(self, world: World) -> None:
        desk = await Desk.open(world, "BP")
        for category in ("drug", "consumable"):
            answer = await desk.level_price(category=category)
            assert (answer.status_code, answer.json()["code"]) == (422, "own-price-only")
        told = (await desk.load([["BP", "1", "2026-01-01", "", "药品"]], level="primary", dry_run=True)).json()
        assert outcomes(told)[0] == (2, "类别", "wrong")
        sql = (
            "insert into price_rows (region_id, id, level, code, name, unit_price, valid_from, includes, excludes,"
            " insurance_class, self_ratio, category) values (:r, :i, 'primary', 'BP', 'x', 1, '2026-01-01', '{}', '{}',"
            " 'C', 0, 'drug')"
        )
        fence = Fence(world.region_id, region_wide=True)
        with pytest.raises(DBAPIError, match="own_price"):
            async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                await session.execute(text(sql), {"r": world.region_id, "i": new_id()})

    async def test_of_prices_of_a_level_entered_at_once_one_stands(self, world: World) -> None:
        desk = await Desk.open(world, "BP")
        answers = await asyncio.gather(*(desk.level_price(unit_price=str(each)) for each in range(1, 7)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5

    async def test_a_level_s_price_is_ended_by_the_region(self, world: World) -> None:
        desk = await Desk.open(world, "BP")
        made = (await desk.level_price()).json()
        path = f"/price-levels/primary/prices/{made['id']}"
        assert (await desk.governor.patch(path, json={"valid_to": "2026-03-01"})).json()["valid_to"] == "2026-03-01"
        assert await desk.in_force() == []
        other = await desk.governor.patch(
            f"/price-levels/secondary/prices/{made['id']}", json={"valid_to": "2026-02-01"}
        )
        assert other.status_code == 404

    async def test_pages_of_what_is_in_force_leave_nothing_out(self, world: World) -> None:
        desk = await Desk.open(world, "A", "B", "C", "D")
        for code in ("A", "B", "C"):
            await desk.level_price(code=code)
        for code in ("B", "D"):
            await desk.price(code=code, unit_price="7")
        found, cursor = [], None
        while True:
            query = {"limit": "2", "on": "2026-03-02"} | ({"cursor": cursor} if cursor else {})
            page = (await desk.chief.get(f"{desk.house}/prices-in-force", params=query)).json()
            found += [(each["code"], each["unit_price"]) for each in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert sorted(found) == [("A", "10"), ("B", "7"), ("C", "10"), ("D", "7")]


class TestImport:
    ROWS = (
        ["BP", "10.50", "2026-01-01", "", ""],
        ["GLU", "3", "2026-01-01", "2026-06-30", ""],
        ["INSULIN", "28.1234", "2026-01-01", "", "药品"],
    )

    async def test_a_trial_tells_every_line_and_keeps_nothing(self, world: World) -> None:
        desk = await Desk.open(world, "BP", "GLU", "INSULIN")
        answer = await desk.load(self.ROWS, dry_run=True)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["kept"], told["sound"], told["new"]) == (False, True, 3)
        assert outcomes(told) == [(line, "", "new") for line in (2, 3, 4)]
        assert await desk.in_force() == []

    @pytest.mark.parametrize("write", ["csv", "gb18030", "xlsx"])
    async def test_the_same_file_twice_changes_nothing(self, world: World, write: str) -> None:
        desk = await Desk.open(world, "BP", "GLU", "INSULIN")
        content = as_xlsx("价格", HEADING, self.ROWS) if write == "xlsx" else as_csv(HEADING, self.ROWS)
        if write == "gb18030":
            content = content.decode("utf-8-sig").encode("gb18030")
        first = (await desk.send(content)).json()
        assert (first["kept"], first["new"]) == (True, 3)
        listed = (await desk.chief.get(f"{desk.house}/prices")).json()
        assert await desk.in_force() == [("BP", "10.5", None), ("GLU", "3", None), ("INSULIN", "28.1234", None)]
        again = (await desk.send(content)).json()
        assert (again["kept"], again["new"], again["unchanged"], again["wrong"]) == (True, 0, 3, 0)
        assert (await desk.chief.get(f"{desk.house}/prices")).json() == listed

    async def test_a_level_s_file_twice_changes_nothing(self, world: World) -> None:
        desk = await Desk.open(world, "BP", "GLU", "INSULIN")
        rows = self.ROWS[:2]
        assert (await desk.load(rows, level="primary")).json()["new"] == 2
        again = (await desk.load(rows, level="primary")).json()
        assert (again["kept"], again["new"], again["unchanged"], again["wrong"]) == (True, 0, 2, 0)
        assert [(code, level) for code, _, level in await desk.in_force()] == [("BP", "primary"), ("GLU", "primary")]

    async def test_a_new_price_ends_the_old_one_and_the_first_file_still_says_nothing_new(self, world: World) -> None:
        desk = await Desk.open(world, "BP")
        first = [["BP", "10", "2026-01-01", "", ""]]
        await desk.load(first)
        assert (await desk.load([["BP", "12", "2026-05-01", "", ""]])).json()["new"] == 1
        assert [await desk.in_force(on) for on in ("2026-04-30", "2026-05-01")] == [
            [("BP", "10", None)],
            [("BP", "12", None)],
        ]
        assert (await desk.load(first)).json()["unchanged"] == 1

    async def test_faults_of_every_kind_are_told_by_line_and_nothing_is_half_loaded(self, world: World) -> None:
        desk = await Desk.open(world, "BP", "GLU")
        await desk.price(code="GLU", unit_price="3")
        rows = [
            ["BP", "10", "2026-01-01", "", ""],
            ["NOBODY", "1", "2026-01-01", "", ""],
            ["BP", "1.23456", "2026-07-01", "", ""],
            ["BP", "10", "2026-01-01", "", ""],
            ["GLU", "4", "2026-01-01", "", ""],
            ["GLU", "4", "2025-07-01", "", ""],
            ["VISIT_FEE", "4", "2026-01-01", "", ""],
            ["BP", "9", "2026-09-01", "", "器械"],
        ]
        trial = (await desk.load(rows, dry_run=True)).json()
        assert (trial["sound"], trial["wrong"], trial["new"]) == (False, 7, 1)
        assert outcomes(trial) == [
            (2, "", "new"),
            (3, "项目代码", "wrong"),
            (4, "价格", "wrong"),
            (5, "项目代码", "wrong"),
            (6, "价格", "wrong"),
            (7, "起始日期", "wrong"),
            (8, "项目代码", "wrong"),
            (9, "类别", "wrong"),
        ]
        answer = await desk.load(rows)
        assert (answer.status_code, answer.json()["code"], answer.json()["faults"]) == (422, "price-book-refused", 7)
        assert "第3行“项目代码”" in answer.json()["detail"]
        assert len(answer.json()["lines"]) == 7
        assert await desk.in_force() == [("GLU", "3", None)]

    async def test_a_file_that_is_none_is_refused_in_one_sentence(self, world: World) -> None:
        desk = await Desk.open(world, "BP")
        for content in (b"PK\x03\x04", b"\x00" * 100, "价格".encode()):
            answer = await desk.send(content)
            assert (answer.status_code, answer.json()["code"]) == (422, "price-book-refused"), answer.text
            assert (await desk.send(content, dry_run=True)).json()["sound"] is False

    async def test_another_s_book_is_not_there_and_a_level_s_is_the_region_s(self, world: World) -> None:
        desk = await Desk.open(world, "BP")
        other = await world.add_institution()
        content = as_csv(HEADING, [["BP", "10", "2026-01-01", "", ""]])
        assert (await desk.chief.post(f"/institutions/{other}/price-imports", content=content)).status_code == 404
        assert (await desk.chief.post("/price-levels/primary/price-imports", content=content)).status_code == 403
        nurse = await world.as_role(Role.nurse)
        assert (await nurse.post(f"{desk.house}/price-imports", content=content)).status_code == 403
        assert (await desk.send(content, level="primary")).json()["kept"] is True
        assert await desk.in_force() == [("BP", "10", "primary")]

    async def test_without_a_file_even_a_trial_is_refused(self, world: World) -> None:
        desk = await Desk.open(world)
        for level in ("", "primary"):
            answer = await desk.send(b"", dry_run=True, level=level)
            assert (answer.status_code, answer.json()["code"]) == (422, "price-book-refused")

    async def test_of_two_imports_at_once_both_say_the_same_and_the_rows_stand_once(self, world: World) -> None:
        codes = [f"S{each}" for each in range(20)]
        desk = await Desk.open(world, *codes)
        rows = [[code, "10", "2026-01-01", "", ""] for code in codes]
        answers = await asyncio.gather(*(desk.load(rows) for _ in range(4)))
        assert {answer.status_code for answer in answers} <= {200, 409}
        assert 200 in {answer.status_code for answer in answers}
        assert len(await desk.in_force()) == 20


class TestExport:
    @pytest.mark.parametrize("sheet", ["xlsx", "csv"])
    async def test_a_book_written_out_and_read_in_again_changes_nothing(self, world: World, sheet: str) -> None:
        desk = await Desk.open(world, "BP", "DRUG")
        national = {
            "national_code": "011101000010000", "unit": "次", "output": "测得血压", "composition": "含人力、器械",
            "surcharges": [{"name": "夜间加收", "price": "5.50"}], "note": "同日多次按一次计", "includes": ["DRUG"],
        }  # fmt: skip
        await desk.price(**national)
        await desk.price(code="DRUG", category="drug", insurance_class="B", self_ratio="0.1", income_class="memorandum")
        query = {"sheet": sheet, "on": "2026-03-02"}
        answer = await desk.chief.get(f"{desk.house}/price-book", params=query)
        assert answer.status_code == 200
        assert f"prices-2026-03-02.{sheet}" in answer.headers["content-disposition"]
        told = (await desk.send(answer.content)).json()
        assert (told["kept"], told["unchanged"], told["new"]) == (True, 2, 0)

    async def test_a_level_s_book_is_written_out_as_well(self, world: World) -> None:
        desk = await Desk.open(world, "BP")
        await desk.level_price()
        answer = await desk.chief.get("/price-levels/primary/price-book", params={"sheet": "csv", "on": "2026-03-02"})
        assert "BP" in answer.content.decode("utf-8-sig").splitlines()[1]
        assert (await desk.send(answer.content, level="primary")).json()["unchanged"] == 1


class TestDiff:
    async def test_between_two_days_says_what_came_went_and_by_how_much(self, world: World) -> None:
        desk = await Desk.open(world, "BP", "GLU", "NEW")
        await desk.price(unit_price="28")
        await desk.price(unit_price="32.5", valid_from="2026-04-01", unit="次")
        await desk.price(code="GLU", unit_price="3", valid_to="2026-03-31")
        await desk.price(code="NEW", unit_price="9", valid_from="2026-04-01")
        told = await desk.diff(**{"from": "2026-03-01", "to": "2026-04-01"})
        assert [each["code"] for each in told["added"]] == ["NEW"]
        assert told["ended"] == [{"code": "GLU", "name": "服务GLU", "unit_price": "3"}]
        [change] = told["changed"]
        assert (change["old_price"], change["new_price"], change["percent"]) == ("28", "32.5", "16.07")
        assert change["fields"] == ["unit_price", "unit"]
        same = await desk.diff(**{"from": "2026-02-01", "to": "2026-03-01"})
        assert (same["added"], same["ended"], same["changed"]) == ([], [], [])

    async def test_between_the_institution_and_its_level(self, world: World) -> None:
        desk = await Desk.open(world, "BP", "GLU", "OWN")
        await desk.level_price(unit_price="25")
        await desk.level_price(code="GLU", unit_price="3")
        await desk.price(unit_price="24")
        await desk.price(code="OWN", unit_price="1")
        day = {"from": "2026-03-02", "to": "2026-03-02"}
        told = await desk.diff(**day, from_book="level", to_book="own")
        assert [each["code"] for each in told["added"]] == ["OWN"]
        assert [each["code"] for each in told["ended"]] == ["GLU"]
        assert [(each["code"], each["percent"]) for each in told["changed"]] == [("BP", "-4.00")]
        held = await desk.diff(**day, from_book="level", to_book="in_force")
        assert held["ended"] == []
        nothing = await Desk.open(world, level=None)
        await nothing.governor.patch(nothing.house, json={"level": None})
        assert (await nothing.diff(**day, from_book="level", to_book="level"))["added"] == []

    async def test_of_a_level_between_two_days(self, world: World) -> None:
        desk = await Desk.open(world, "BP")
        await desk.level_price()
        await desk.level_price(unit_price="11", valid_from="2026-04-01")
        answer = await desk.chief.get(
            "/price-levels/primary/price-changes", params={"from": "2026-03-31", "to": "2026-04-01"}
        )
        assert [each["percent"] for each in answer.json()["changed"]] == ["10.00"]
