"""What a limit (限次) or a reduction (减免) says decides what a quote says."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.fields.town import DAY, Town, changed, line, made

NEXT = "2026-03-04"
LIMIT = {
    "code": "ONCE",
    "title": "同日只收一次",
    "codes": ["BP"],
    "per": "day",
    "maximum": 1,
    "valid_from": "2026-01-01",
}
OFF = {"code": "POOR", "title": "低收入减免", "ratio": "0.5", "valid_from": "2026-01-01"}
FEE = {
    "unit": "visit", "tiers": [{"up_to_km": None, "price": "50"}], "distance_base": "institution",
    "distance_method": "great_circle", "valid_from": "2026-01-01",
}  # fmt: skip


class TestLimits:
    async def charged(self, town: Town, person: str, *, on: str = DAY) -> tuple[int, int]:
        """Return what three units of two services would come to, service by service (fen)."""
        items = [{"code": "BP", "quantity": 3}, {"code": "EKG", "quantity": 3}]
        told = await town.quote(person, items=items, start_at=f"{on}T09:00:00+08:00")
        return tuple(sum(each["gross_fen"] for each in told["lines"] if each["code"] == code) for code in ("BP", "EKG"))

    async def start(self, town: Town) -> str:
        for code in ("BP", "EKG"):
            await town.offer(code)
        return await town.elder()

    @pytest.mark.parametrize(
        ("said", "comes_to"),
        [
            ({}, (1000, 3000)),
            ({"codes": ["EKG"]}, (3000, 1000)),
            ({"codes": ["BP", "EKG"]}, (1000, 0)),
            ({"maximum": 2}, (2000, 3000)),
            ({"per": "week"}, (1000, 3000)),
            # no bed is open
            ({"per": "bed_cycle"}, (3000, 3000)),
            ({"valid_from": NEXT}, (3000, 3000)),
            ({"valid_to": "2026-03-02"}, (3000, 3000)),
        ],
    )
    async def test_each_field_changes_what_is_charged(
        self, town: Town, said: dict[str, Any], comes_to: tuple[int, int]
    ) -> None:
        person = await self.start(town)
        await made(town.governor, "/price-limits", LIMIT | said)
        assert await self.charged(town, person) == comes_to

    async def test_a_new_one_of_its_code_takes_its_place_and_one_of_another_code_stands_beside_it(
        self, town: Town
    ) -> None:
        person = await self.start(town)
        await made(town.governor, "/price-limits", LIMIT)
        await made(town.governor, "/price-limits", LIMIT | {"maximum": 3, "valid_from": "2026-02-01"})
        assert (await self.charged(town, person))[0] == 3000
        await made(town.governor, "/price-limits", LIMIT | {"code": "TWICE", "maximum": 2})
        assert (await self.charged(town, person))[0] == 2000
        again = await town.governor.post("/price-limits", json=LIMIT | {"valid_from": "2026-01-15"})
        assert (again.status_code, again.json()["code"]) == (409, "price-limits-overlap")

    async def test_its_title_is_the_reason_on_the_line(self, town: Town) -> None:
        person = await self.start(town)
        await made(town.governor, "/price-limits", LIMIT | {"title": "一天一次"})
        told = await town.quote(person, items=[{"code": "BP", "quantity": 2}])
        assert [each["reason"] for each in told["lines"]] == ["服务BP10元×1＝10.00元", "服务BP×1：一天一次，本次不收"]

    async def test_an_ended_one_cuts_nothing_the_day_after(self, town: Town) -> None:
        person = await self.start(town)
        row = await made(town.governor, "/price-limits", LIMIT)
        await changed(town.governor, f"/price-limits/{row['id']}", {"valid_to": DAY})
        assert [(await self.charged(town, person, on=on))[0] for on in (DAY, NEXT)] == [1000, 3000]

    async def test_a_service_that_is_not_listed_is_refused(self, town: Town) -> None:
        answer = await town.governor.post("/price-limits", json=LIMIT | {"codes": ["NONE"]})
        assert (answer.status_code, answer.json()["code"]) == (409, "item-unknown")


@pytest.mark.parametrize("whose", ["region", "institution"])
class TestReductions:
    def at(self, town: Town, whose: str) -> tuple[AsyncClient, str]:
        if whose == "region":
            return town.governor, "/reduction-rules"
        return town.chief, f"{town.house}/reduction-rules"

    async def start(self, town: Town) -> str:
        for code in ("BP", "EKG"):
            await town.offer(code)
        await made(town.chief, f"{town.house}/visit-fee-tariffs", FEE)
        person = await town.elder()
        group = {"key_group": "low_income", "valid_from": "2026-01-01"}
        await made(town.desk, f"/patients/{person}/key-groups", group)
        return person

    @pytest.mark.parametrize(
        ("said", "off"),
        [
            ({}, 1000),
            ({"ratio": "0.3"}, 600),
            ({"key_groups": ["low_income"]}, 1000),
            ({"key_groups": ["dementia"]}, 0),
            ({"codes": ["EKG"]}, 500),
            ({"codes": ["VISIT_FEE"]}, 2500),
            ({"bill_cap": "7.01"}, 701),
            ({"valid_from": NEXT}, 0),
            ({"valid_to": "2026-03-02"}, 0),
        ],
    )
    async def test_each_field_changes_what_is_taken_off(
        self, town: Town, whose: str, said: dict[str, Any], off: int
    ) -> None:
        person = await self.start(town)
        await made(*self.at(town, whose), OFF | said)
        told = await town.quote(person, "BP", "EKG")
        assert (told["gross_fen"], told["reduction_fen"], told["patient_fen"]) == (7000, off, 7000 - off)

    async def test_a_new_one_of_its_code_takes_its_place_and_its_title_is_read(self, town: Town, whose: str) -> None:
        person = await self.start(town)
        await made(*self.at(town, whose), OFF)
        await made(*self.at(town, whose), OFF | {"ratio": "0.1", "title": "一成", "valid_from": "2026-02-01"})
        told = await town.quote(person, "BP")
        assert told["reduction_fen"] == 100
        assert line(told, "BP")["fundings"][0]["reason"] == "服务BP：一成，减免1.00元"
        await made(*self.at(town, whose), OFF | {"code": "MORE", "ratio": "0.4"})
        assert (await town.quote(person, "BP"))["reduction_fen"] == 400

    async def test_an_ended_one_takes_nothing_off_the_day_after(self, town: Town, whose: str) -> None:
        person = await self.start(town)
        client, path = self.at(town, whose)
        row = await made(client, path, OFF)
        await changed(client, f"{path}/{row['id']}", {"valid_to": DAY})
        assert [(await town.quote(person, "BP", on=on))["reduction_fen"] for on in (DAY, NEXT)] == [500, 0]
