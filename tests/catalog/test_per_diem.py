"""Per-diem agreements over HTTP: the region enters them, everyone reads them, a new one ends the running one."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient, Response

from service.accounts.rules import Role
from service.core.ids import new_id
from tests.world import World


@pytest.fixture
async def governor(world: World) -> AsyncIterator[AsyncClient]:
    async with await world.as_role(Role.region_admin) as client:
        yield client


def path(world: World) -> str:
    return f"/institutions/{world.institution_id}/per-diem-agreements"


async def agree(world: World, client: AsyncClient, **more: Any) -> Response:
    body = {
        "kind": "treatment", "daily_rate": "80.00", "pay_ratio": "0.95", "year_cap": "15000.00",
        "valid_from": "2026-01-01",
    }  # fmt: skip
    return await client.post(path(world), json=body | more)


class TestAdd:
    @pytest.mark.requirement("R062")
    async def test_says_what_was_agreed(self, world: World, governor: AsyncClient) -> None:
        answer = await agree(
            world, governor, plan_code="EMPLOYEE", excluded_codes=["DRUG"], institution_share="0.5",
            income_class="memorandum", valid_to="2026-12-31",
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        assert answer.json() == {
            "id": answer.json()["id"], "institution_id": str(world.institution_id), "kind": "treatment",
            "plan_code": "EMPLOYEE", "daily_rate": "80", "pay_ratio": "0.95", "year_cap_fen": 1_500_000,
            "excluded_codes": ["DRUG"], "institution_share": "0.5", "income_class": "memorandum",
            "valid_from": "2026-01-01", "valid_to": "2026-12-31",
        }  # fmt: skip

    async def test_an_open_one_of_the_same_kind_and_insurance_ends_the_day_before(
        self, world: World, governor: AsyncClient
    ) -> None:
        first = (await agree(world, governor)).json()
        others = [
            (await agree(world, governor, **each)).json()
            for each in ({"plan_code": "RESIDENT"}, {"kind": "palliative"})
        ]
        second = (await agree(world, governor, valid_from="2026-03-01")).json()
        shown = {each["id"]: each["valid_to"] for each in (await governor.get(path(world))).json()["items"]}
        assert shown == {first["id"]: "2026-02-28", second["id"]: None} | {each["id"]: None for each in others}

    @pytest.mark.parametrize("plan_code", [None, "EMPLOYEE"])
    async def test_two_on_the_same_days_are_refused(
        self, world: World, governor: AsyncClient, plan_code: str | None
    ) -> None:
        await agree(world, governor, plan_code=plan_code, valid_to="2026-06-30")
        refused = await agree(world, governor, plan_code=plan_code, valid_from="2026-06-30")
        assert (refused.status_code, refused.json()["code"]) == (409, "agreements-overlap")
        assert (await agree(world, governor, plan_code=plan_code, valid_from="2026-07-01")).status_code == 201

    async def test_only_the_region_enters_one(self, world: World) -> None:
        for role in (Role.institution_admin, Role.finance, Role.doctor):
            async with await world.as_role(role) as client:
                assert (await agree(world, client)).status_code == 403
                assert (await client.get(path(world))).status_code == 200

    async def test_an_unknown_institution_is_404(self, world: World, governor: AsyncClient) -> None:
        unknown = f"/institutions/{new_id()}/per-diem-agreements"
        assert (await governor.get(unknown)).status_code == 404
        body = {"kind": "treatment", "daily_rate": "80", "pay_ratio": "1", "year_cap": "1", "valid_from": "2026-01-01"}
        assert (await governor.post(unknown, json=body)).status_code == 404

    @pytest.mark.parametrize(
        "change",
        [
            {"kind": "hotel"}, {"daily_rate": 80}, {"daily_rate": "80.00001"}, {"pay_ratio": "1.01"},
            {"institution_share": "-0.1"}, {"year_cap": "1.005"}, {"excluded_codes": ["A", "A"]},
            {"valid_to": "2025-12-31"}, {"income_class": "other"}, {"plan_code": ""},
        ],
    )  # fmt: skip
    async def test_malformed_is_422(self, world: World, governor: AsyncClient, change: dict[str, Any]) -> None:
        assert (await agree(world, governor, **change)).status_code == 422


class TestEnd:
    async def test_is_ended_on_a_day_and_not_lengthened(self, world: World, governor: AsyncClient) -> None:
        made = (await agree(world, governor)).json()
        one = f"{path(world)}/{made['id']}"
        assert (await governor.patch(one, json={"valid_to": "2026-06-30"})).json()["valid_to"] == "2026-06-30"
        for day in ("2025-12-31", "2026-07-01"):
            assert (await governor.patch(one, json={"valid_to": day})).json()["code"] == "ending-invalid"
        other = f"/institutions/{await world.add_institution()}/per-diem-agreements/{made['id']}"
        assert (await governor.patch(other, json={"valid_to": "2026-06-01"})).status_code == 404


class TestList:
    async def test_a_day_narrows_the_list_and_pages_follow(self, world: World, governor: AsyncClient) -> None:
        ids = [
            str(await world.add_agreement(valid_from=date(2026, month, 1), valid_to=date(2026, month, 28)))
            for month in (1, 2, 3)
        ]
        shown = (await governor.get(path(world), params={"on": "2026-02-14"})).json()["items"]
        assert [each["id"] for each in shown] == [ids[1]]
        page = (await governor.get(path(world), params={"limit": 2})).json()
        assert [each["id"] for each in page["items"]] == ids[:2]
        rest = (await governor.get(path(world), params={"cursor": page["next_cursor"]})).json()
        assert [each["id"] for each in rest["items"]] == ids[2:]
