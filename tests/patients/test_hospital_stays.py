"""Stays in hospital over HTTP: half-open days, one at a time, known to every institution that cares for the person."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from service.accounts.rules import Role
from service.core.db.session import transaction
from service.patients import usecases
from tests.contracts.forms import refused, relate
from tests.contracts.papers import fence
from tests.world import World


async def hospital(world: World, person_id: UUID, on: date, *institution_ids: UUID) -> str | None:
    async with transaction(world.house.sessions, fence(world, *institution_ids), world.clock.now()) as session:
        found = await usecases.hospital_on(session, region_id=world.region_id, person_id=person_id, on=on)
    return found.hospital if found else None


def form(**more: Any) -> dict[str, Any]:
    return {"hospital": "第二人民医院", "admitted_on": "2026-03-02", "discharged_on": "2026-03-05"} | more


class TestHospitalStays:
    async def test_the_day_of_admission_counts_and_that_of_discharge_does_not(self, world: World) -> None:
        desk, person_id = await world.as_role(Role.doctor), await world.add_patient()
        assert (await desk.post(f"/patients/{person_id}/hospital-stays", json=form())).status_code == 201
        days = (date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 4), date(2026, 3, 5))
        assert [await hospital(world, person_id, day) for day in days] == [None, "第二人民医院", "第二人民医院", None]

    async def test_is_known_to_whoever_cares_for_the_person_and_to_no_stranger(self, world: World) -> None:
        person_id, other = await world.add_patient(), await world.add_institution()
        desk = await world.as_role(Role.dispatcher)
        assert (await desk.post(f"/patients/{person_id}/hospital-stays", json=form())).status_code == 201
        assert await hospital(world, person_id, date(2026, 3, 2), other) is None
        await relate(world, str(person_id), other)
        assert await hospital(world, person_id, date(2026, 3, 2), other) == "第二人民医院"

    async def test_ends_with_the_discharge_and_refuses_what_cannot_be(self, world: World) -> None:
        desk, person_id = await world.as_role(Role.doctor), await world.add_patient()
        rows = f"/patients/{person_id}/hospital-stays"
        made = (await desk.post(rows, json=form(discharged_on=None))).json()
        assert await hospital(world, person_id, date(2026, 9, 1)) == "第二人民医院"
        row = f"{rows}/{made['id']}"
        refused(await desk.patch(row, json={"discharged_on": "2026-03-01"}), 422, "ends-before-start")
        assert (await desk.patch(row, json={"discharged_on": "2026-03-04"})).json()["discharged_on"] == "2026-03-04"
        assert await hospital(world, person_id, date(2026, 3, 4)) is None
        refused(await desk.post(rows, json=form(admitted_on="2026-03-03")), 409, "hospital-stays-overlap")
        assert (await desk.post(rows, json=form(hospital="三院", admitted_on="2026-03-04"))).status_code == 201
        refused(await desk.patch(row, json={"discharged_on": None}), 409, "hospital-stays-overlap")
        refused(await desk.patch(f"{rows}/{uuid4()}", json={"discharged_on": None}), 404, "not-found")
        told = (await desk.get(rows)).json()["items"]
        assert [each["hospital"] for each in told] == ["第二人民医院", "三院"]

    @pytest.mark.parametrize("role", [Role.doctor, Role.dispatcher])
    async def test_who_does_not_care_for_the_person_neither_reads_nor_writes(self, world: World, role: Role) -> None:
        person_id = await world.add_patient()
        stranger = await world.as_role(role, await world.add_institution())
        rows = f"/patients/{person_id}/hospital-stays"
        refused(await stranger.get(rows), 404, "not-found")
        refused(await stranger.post(rows, json=form()), 404, "not-found")

    async def test_the_elder_reads_his_own(self, world: World) -> None:
        desk, person_id = await world.as_role(Role.doctor), await world.add_patient()
        await desk.post(f"/patients/{person_id}/hospital-stays", json=form())
        account_id = await world.add_account(Role.elder)
        await world.add_relation(person_id, account_id)
        elder = world.client(world.principal(Role.elder, account_id))
        told = await elder.get(f"/patients/{person_id}/hospital-stays")
        assert [each["admitted_on"] for each in told.json()["items"]] == ["2026-03-02"]
