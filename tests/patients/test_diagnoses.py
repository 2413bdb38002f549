"""Diagnoses over HTTP: the person's in the whole region, a code once at a time, ended or withdrawn, never rewritten."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts.rules import Role
from service.core.db.session import transaction
from service.core.principal import Principal
from service.patients import errors, usecases
from tests.contracts.forms import refused, relate
from tests.contracts.papers import fence
from tests.world import World


async def codes(world: World, person_id: UUID, on: date, *institution_ids: UUID) -> set[str]:
    async with transaction(world.house.sessions, fence(world, *institution_ids), world.clock.now()) as session:
        return set(await usecases.diagnosed_on(session, region_id=world.region_id, person_id=person_id, on=on))


def form(world: World, **more: Any) -> dict[str, Any]:
    own = {"institution_id": str(world.institution_id), "code": "E11.900", "name": "2型糖尿病"}
    return own | {"valid_from": "2026-01-01"} | more


class TestDiagnoses:
    async def test_says_what_was_found_by_whom_and_where_it_is_from(self, world: World) -> None:
        principal, person_id = world.principal(Role.doctor), await world.add_patient()
        doctor, rows = world.client(principal), f"/patients/{person_id}/diagnoses"
        made = await doctor.post(rows, json=form(world, source="check_up"))
        assert made.status_code == 201, made.text
        assert (await doctor.get(rows)).json()["items"] == [made.json()]
        told = made.json()
        del told["id"]
        assert told == {
            "code": "E11.900", "name": "2型糖尿病", "source": "check_up", "valid_from": "2026-01-01", "valid_to": None,
            "recorded_by_institution_id": str(world.institution_id),
            "recorded_by_account_id": str(principal.account_id), "recorded_at": "2026-03-02T01:00:00Z",
            "withdrawn_at": None, "withdrawn_by_account_id": None, "withdrawn_because": None,
        }  # fmt: skip

    async def test_is_known_to_whoever_cares_for_the_person_and_to_no_stranger(self, world: World) -> None:
        person_id, other = await world.add_patient(), await world.add_institution()
        doctor = await world.as_role(Role.doctor)
        assert (await doctor.post(f"/patients/{person_id}/diagnoses", json=form(world))).status_code == 201
        assert await codes(world, person_id, date(2026, 3, 2), other) == set()
        await relate(world, str(person_id), other)
        assert await codes(world, person_id, date(2026, 3, 2), other) == {"E11.900"}

    async def test_a_code_is_recorded_once_at_a_time_whoever_does_it(self, world: World) -> None:
        doctor, person_id = await world.as_role(Role.doctor), await world.add_patient()
        rows = f"/patients/{person_id}/diagnoses"
        made = (await doctor.post(rows, json=form(world))).json()
        elsewhere = await world.add_institution()
        await relate(world, str(person_id), elsewhere)
        theirs = await world.as_role(Role.doctor, elsewhere)
        again = form(world, institution_id=str(elsewhere), valid_from="2026-02-01")
        refused(await theirs.post(rows, json=again), 409, "diagnosis-already")
        assert (await theirs.post(rows, json=again | {"code": "I10.x00", "name": "高血压"})).status_code == 201
        ended = await theirs.patch(f"{rows}/{made['id']}", json={"valid_to": "2026-01-31"})
        assert ended.json() == made | {"valid_to": "2026-01-31"}
        assert (await theirs.post(rows, json=again)).status_code == 201
        refused(await doctor.patch(f"{rows}/{made['id']}", json={"valid_to": None}), 409, "diagnosis-already")
        assert await codes(world, person_id, date(2026, 1, 31)) == {"E11.900"}

    async def test_what_was_withdrawn_counts_on_no_day_and_gives_way_but_stays_on_record(self, world: World) -> None:
        principal, person_id = world.principal(Role.doctor), await world.add_patient()
        doctor, rows = world.client(principal), f"/patients/{person_id}/diagnoses"
        made = (await doctor.post(rows, json=form(world))).json()
        row = f"{rows}/{made['id']}"
        withdrawn = await doctor.post(f"{row}/withdrawal", json={"because": "登记错人"})
        assert withdrawn.status_code == 200, withdrawn.text
        assert withdrawn.json() == made | {
            "withdrawn_at": "2026-03-02T01:00:00Z", "withdrawn_by_account_id": str(principal.account_id),
            "withdrawn_because": "登记错人",
        }  # fmt: skip
        assert await codes(world, person_id, date(2026, 3, 2)) == set()
        assert (await doctor.post(rows, json=form(world))).status_code == 201
        assert len((await doctor.get(rows)).json()["items"]) == 2
        refused(await doctor.post(f"{row}/withdrawal", json={"because": "再次"}), 409, "diagnosis-withdrawn")
        refused(await doctor.patch(row, json={"valid_to": "2026-02-01"}), 409, "diagnosis-withdrawn")

    async def test_refuses_what_cannot_be(self, world: World) -> None:
        doctor, person_id = await world.as_role(Role.doctor), await world.add_patient()
        rows = f"/patients/{person_id}/diagnoses"
        refused(await doctor.post(rows, json=form(world, valid_from="2026-03-03")), 422, "diagnosis-in-future")
        refused(await doctor.post(rows, json=form(world, valid_to="2025-12-31")), 422, "ends-before-start")
        assert (await doctor.post(rows, json=form(world, code="E11"))).status_code == 422
        elsewhere = form(world, institution_id=str(await world.add_institution()))
        refused(await doctor.post(rows, json=elsewhere), 404, "not-found")
        refused(await doctor.patch(f"{rows}/{uuid4()}", json={"valid_to": None}), 404, "not-found")
        made = (await doctor.post(rows, json=form(world))).json()
        refused(await doctor.patch(f"{rows}/{made['id']}", json={"valid_to": "2025-12-31"}), 422, "ends-before-start")
        other = f"/patients/{await world.add_patient()}/diagnoses/{made['id']}"
        refused(await doctor.patch(other, json={"valid_to": None}), 404, "not-found")
        refused(await doctor.post(f"{other}/withdrawal", json={"because": "错"}), 404, "not-found")

    async def test_who_does_not_care_for_the_person_neither_reads_nor_writes(self, world: World) -> None:
        person_id, elsewhere = await world.add_patient(), await world.add_institution()
        stranger = await world.as_role(Role.doctor, elsewhere)
        rows = f"/patients/{person_id}/diagnoses"
        refused(await stranger.get(rows), 404, "not-found")
        refused(await stranger.post(rows, json=form(world, institution_id=str(elsewhere))), 404, "not-found")

    @pytest.mark.parametrize(
        ("role", "reads"),
        [
            (Role.nurse, 200), (Role.institution_admin, 200), (Role.dispatcher, 403), (Role.phone_agent, 403),
            (Role.finance, 403),
        ],
    )  # fmt: skip
    async def test_a_diagnosis_is_a_doctor_s_and_read_by_who_treats(self, world: World, role: Role, reads: int) -> None:
        person_id, client = await world.add_patient(), await world.as_role(role)
        rows = f"/patients/{person_id}/diagnoses"
        assert (await client.get(rows)).status_code == reads
        refused(await client.post(rows, json=form(world)), 403, "forbidden")

    async def test_the_elder_reads_his_own(self, world: World) -> None:
        doctor, person_id = await world.as_role(Role.doctor), await world.add_patient()
        await doctor.post(f"/patients/{person_id}/diagnoses", json=form(world))
        account_id = await world.add_account(Role.elder)
        await world.add_relation(person_id, account_id)
        elder = world.client(world.principal(Role.elder, account_id))
        told = await elder.get(f"/patients/{person_id}/diagnoses")
        assert [each["code"] for each in told.json()["items"]] == ["E11.900"]


class TestTheTable:
    """Past the application's own checks, as its role."""

    async def execute(self, world: World, by: Principal, sql: str, **values: Any) -> None:
        async with transaction(world.house.sessions, by.fence, world.clock.now()) as session:
            await session.execute(text(sql), values)

    async def test_nobody_rewrites_what_was_found_nor_revives_what_was_withdrawn(self, world: World) -> None:
        by, person_id = world.principal(Role.doctor), await world.add_patient()
        doctor = world.client(by)
        made = (await doctor.post(f"/patients/{person_id}/diagnoses", json=form(world))).json()
        for column in ("code = 'I10.x00'", "valid_from = '2025-01-01'", f"recorded_by_account_id = '{uuid4()}'"):
            with pytest.raises(DBAPIError, match="permission denied"):
                await self.execute(world, by, f"update diagnoses set {column} where id = :id", id=made["id"])
        path = f"/patients/{person_id}/diagnoses/{made['id']}/withdrawal"
        assert (await doctor.post(path, json={"because": "误登"})).status_code == 200
        revive = (
            "update diagnoses set withdrawn_at = null, withdrawn_by_account_id = null, withdrawn_because = null"
            " where id = :id"
        )
        with pytest.raises(errors.DiagnosisWithdrawn):
            await self.execute(world, by, revive, id=made["id"])

    async def test_nobody_records_one_in_another_s_name(self, world: World) -> None:
        by, person_id = world.principal(Role.doctor), await world.add_patient()
        add = (
            "insert into diagnoses (region_id, id, person_id, code, name, valid_from, recorded_by_institution_id,"
            " recorded_by_account_id, recorded_at)"
            " values (:region, :id, :person, 'E11.900', '糖尿病', '2026-01-01', :institution, :account, now())"
        )
        own = {
            "region": world.region_id, "person": person_id, "institution": world.institution_id,
            "account": by.account_id,
        }  # fmt: skip
        for forged in ({"account": uuid4()}, {"institution": await world.add_institution()}):
            with pytest.raises(DBAPIError, match="row-level security"):
                await self.execute(world, by, add, id=uuid4(), **(own | forged))
        await self.execute(world, by, add, id=uuid4(), **own)
