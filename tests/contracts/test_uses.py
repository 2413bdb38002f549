"""Uses that are not a visit's: posted by clinic, phone desk and HIS to the same ledger, once each."""

import asyncio
from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from service.accounts.rules import Role
from service.catalog.models import InsuranceRule
from service.institutions.designation_models import InstitutionDesignation
from service.patients.models import Coverage
from tests.contracts.desk import Desk, desk_of, entries
from tests.contracts.forms import refused, relate
from tests.contracts.papers import claim
from tests.world import World


def use(desk: Desk, **more: Any) -> dict[str, Any]:
    return {
        "institution_id": str(desk.world.institution_id), "external_no": "HIS-1", "person_id": str(desk.person_id),
        "source": "contract", "contract_id": str(desk.contract_id), "code": "BP", "units": 1,
        "service_on": "2026-03-02",
    } | more  # fmt: skip


async def post(client: AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post("/entitlement-uses", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


class TestRecordUse:
    @pytest.mark.parametrize("role", [Role.doctor, Role.phone_agent, Role.institution_admin])
    async def test_a_number_is_one_use_however_often_it_is_sent(self, world: World, role: Role) -> None:
        desk = await desk_of(world, ("BP", 3, "quantity"))
        client = await world.as_role(role)
        made = await post(client, use(desk, units=2))
        again = await client.post("/entitlement-uses", json=use(desk, units=2))
        assert (again.status_code, again.json()) == (200, made)
        assert await desk.stands() == (2, 0)
        refused(await client.post("/entitlement-uses", json=use(desk, units=1)), 409, "use-differs")
        assert await desk.stands() == (2, 0)

    async def test_is_refused_when_too_little_is_left_booked_units_included(self, world: World) -> None:
        desk = await desk_of(world, ("BP", 3, "quantity"))
        await desk.reserve(uuid4(), claim(desk.contract_id, 2))
        client = await world.as_role(Role.phone_agent)
        refused(await client.post("/entitlement-uses", json=use(desk, units=2)), 409, "entitlement-exhausted")
        assert (await client.get("/entitlement-uses")).json()["items"] == []
        await post(client, use(desk, units=1))
        assert await desk.stands() == (1, 2)

    async def test_the_same_number_at_once_uses_once(self, world: World) -> None:
        desk = await desk_of(world)
        client = await world.as_role(Role.doctor)
        answers = await asyncio.gather(*(client.post("/entitlement-uses", json=use(desk)) for _ in range(6)))
        assert Counter(each.status_code for each in answers) == {201: 1, 200: 5}
        assert await desk.stands() == (1, 0)

    async def test_each_institution_has_its_own_numbers_and_a_package_its_places(self, world: World) -> None:
        desk, other = await desk_of(world), await world.add_institution()
        await relate(world, str(desk.person_id), other)
        await post(await world.as_role(Role.doctor), use(desk))
        theirs = await world.as_role(Role.doctor, other)
        refused(await theirs.post("/entitlement-uses", json=use(desk)), 404, "not-found")
        elsewhere = use(desk, institution_id=str(other))
        refused(await theirs.post("/entitlement-uses", json=elsewhere), 409, "not-valid-here")

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"service_on": "2026-03-03"}, "use-in-the-future"),
            ({"service_on": "2026-01-04"}, "not-valid-here"),
            ({"code": "SUGAR"}, "entitlement-unknown"),
            (
                {"source": "public_program", "contract_id": None, "programme_id": str(UUID(int=7))},
                "entitlement-unknown",
            ),
        ],
    )  # fmt: skip
    async def test_refuses_what_does_not_pay(self, world: World, change: dict[str, Any], code: str) -> None:
        desk = await desk_of(world)
        client = await world.as_role(Role.doctor)
        refused(await client.post("/entitlement-uses", json=use(desk, **change)), 409, code)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"units": 0}, {"units": True}, {"units": None}, {"code": None}, {"amount": "1.00"}, {"contract_id": None},
            {"source": "per_diem"}, {"external_no": ""}, {"source": "ltci"},
        ],
    )  # fmt: skip
    async def test_refuses_what_makes_no_sense(self, world: World, wrong: dict[str, Any]) -> None:
        desk = await desk_of(world)
        client = await world.as_role(Role.doctor)
        assert (await client.post("/entitlement-uses", json=use(desk, **wrong))).status_code == 422

    async def test_money_of_an_insurance_is_used_where_it_is_designated(self, world: World) -> None:
        desk = await desk_of(world)
        await world.add(
            InsuranceRule(
                region_id=world.region_id, plan_code="RESIDENT", name="居民医保", deductible_fen=10_000, pay_ratio=1,
                yearly_cap_fen=100_000, valid_from=date(2026, 1, 1),
            ),
            Coverage(
                region_id=world.region_id, person_id=desk.person_id, plan_code="RESIDENT", valid_from=date(2026, 1, 1)
            ),
        )  # fmt: skip
        body = use(
            desk, source="insurance_deductible", contract_id=None, code=None, units=None, plan_code="RESIDENT",
            amount="60.50",
        )  # fmt: skip
        client = await world.as_role(Role.doctor)
        refused(await client.post("/entitlement-uses", json=body), 409, "not-valid-here")
        await world.add(
            InstitutionDesignation(
                region_id=world.region_id, institution_id=world.institution_id, plan_code="RESIDENT",
                valid_from=date(2026, 1, 1),
            )
        )  # fmt: skip
        assert (await post(client, body))["units"] == 6050
        stands = {each.source: each.used for each in await desk.balances()}
        assert stands["insurance_deductible"] == 6050
        more = body | {"external_no": "HIS-2"}
        refused(await client.post("/entitlement-uses", json=more), 409, "entitlement-exhausted")


class TestReverseUse:
    async def test_gives_back_what_it_used_once(self, world: World) -> None:
        desk = await desk_of(world)
        client = await world.as_role(Role.doctor)
        made = await post(client, use(desk, units=3))
        path = f"/entitlement-uses/{made['id']}/reversal"
        back = await client.post(path, json={"reason": "退费"})
        assert back.status_code == 201
        assert (back.json()["reversal_reason"], await desk.stands()) == ("退费", (0, 0))
        refused(await client.post(path, json={"reason": "退费"}), 409, "use-reversed")
        assert await desk.stands() == (0, 0)
        assert [each["kind"] for each in await entries(world, desk)] == ["consume", "reverse"]
        # the old message, come late, uses nothing again
        late = await client.post("/entitlement-uses", json=use(desk, units=3))
        assert (late.status_code, late.json()) == (200, back.json())
        assert (await client.get(f"/entitlement-uses/{made['id']}")).json() == back.json()
        listed = await client.get("/entitlement-uses", params={"person_id": str(desk.person_id)})
        assert listed.json()["items"] == [back.json()]

    async def test_another_institution_neither_reads_nor_takes_back(self, world: World) -> None:
        desk, other = await desk_of(world), await world.add_institution()
        made = await post(await world.as_role(Role.doctor), use(desk))
        await relate(world, str(desk.person_id), other)
        theirs = await world.as_role(Role.doctor, other)
        refused(await theirs.get(f"/entitlement-uses/{made['id']}"), 404, "not-found")
        answer = await theirs.post(f"/entitlement-uses/{made['id']}/reversal", json={"reason": "x"})
        refused(answer, 404, "not-found")
        assert (await theirs.get("/entitlement-uses")).json()["items"] == []
        assert await desk.stands() == (1, 0)
