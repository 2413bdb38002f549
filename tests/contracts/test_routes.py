"""Packages and contracts over HTTP."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from service.accounts.rules import Role
from service.institutions.models import SettingRow
from tests.contracts.forms import PACKAGE, covers, packages, prepared, refused, relate
from tests.world import World


class TestPackages:
    async def test_is_read_back_as_it_was_written_by_everyone(self, listed: World) -> None:
        client = await listed.as_role(Role.institution_admin)
        made = await client.post(packages(listed), json=PACKAGE)
        assert made.status_code == 201, made.text
        assert made.json() | PACKAGE | {"items": made.json()["items"]} == made.json()
        elder = await listed.as_role(Role.elder)
        assert (await elder.get(packages(listed))).json()["items"] == [made.json()]
        assert (await elder.get(f"{packages(listed)}/{made.json()['id']}")).json() == made.json()

    async def test_a_new_version_is_a_new_row_and_contracts_keep_the_old_one(self, listed: World) -> None:
        body = await prepared(listed)
        doctor = await listed.as_role(Role.doctor)
        assert (await doctor.post("/contracts", json=body)).status_code == 201
        client = await listed.as_role(Role.institution_admin)
        smaller = PACKAGE | {"valid_from": "2026-06-01", "items": [{"code": "BP", "quantity": 1}]}
        assert (await client.post(packages(listed), json=smaller)).status_code == 201
        versions = (await client.get(packages(listed))).json()["items"]
        assert [(each["valid_from"], each["valid_to"]) for each in versions] == [
            ("2026-01-01", "2026-05-31"),
            ("2026-06-01", None),
        ]
        offered = (await client.get(packages(listed), params={"on": "2026-06-01"})).json()["items"]
        assert [each["items"][0]["quantity"] for each in offered] == [1]
        [cover] = await covers(listed, body["person_id"], date(2026, 7, 1))
        assert {code: quantity for code, quantity, _ in cover.items} == {"BP": 8, "DRESSING": 2}
        refused(await client.post(packages(listed), json=PACKAGE), 409, "packages-overlap")

    async def test_an_ended_version_is_not_signed_any_more(self, listed: World) -> None:
        body = await prepared(listed)
        client = await listed.as_role(Role.institution_admin)
        path = f"{packages(listed)}/{body['package_id']}"
        ended = await client.patch(path, json={"valid_to": "2026-03-01"})
        assert ended.json()["valid_to"] == "2026-03-01"
        refused(await (await listed.as_role(Role.doctor)).post("/contracts", json=body), 409, "package-not-offered")
        refused(await client.patch(path, json={"valid_to": "2026-09-01"}), 409, "ending-invalid")

    async def test_only_the_institution_itself_and_only_who_may_offers_packages(self, listed: World) -> None:
        body = await prepared(listed)
        stranger = await listed.as_role(Role.institution_admin, await listed.add_institution())
        refused(await stranger.post(packages(listed), json=PACKAGE), 404, "not-found")
        path = f"{packages(listed)}/{body['package_id']}"
        refused(await stranger.patch(path, json={"valid_to": "2026-03-01"}), 404, "not-found")
        refused(await (await listed.as_role(Role.nurse)).post(packages(listed), json=PACKAGE), 403, "forbidden")
        refused(await stranger.get(f"{packages(listed)}/{uuid4()}"), 404, "not-found")
        refused(await stranger.get(packages(listed, uuid4())), 404, "not-found")

    async def test_services_must_be_listed(self, world: World) -> None:
        client = await world.as_role(Role.institution_admin)
        body = refused(await client.post(packages(world), json=PACKAGE), 409, "item-unknown")
        assert body["codes"] == "BP、DRESSING"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"items": []},
            {"items": [{"code": "BP", "quantity": 0}]},
            {"items": [{"code": "BP", "quantity": True}]},
            {"items": [{"code": "BP", "quantity": 1}, {"code": "BP", "quantity": 2}]},
            {"capitated_codes": ["BP"]},
            {"items": [{"code": "BP", "quantity": 1, "counting": "hour"}]},
            {"valid_to": "2025-01-01"},
        ],
    )
    async def test_malformed_input_is_refused(self, listed: World, wrong: dict[str, Any]) -> None:
        client = await listed.as_role(Role.institution_admin)
        refused(await client.post(packages(listed), json=PACKAGE | wrong), 422, "malformed")


class TestSigning:
    async def test_grants_the_units_of_the_package(self, listed: World) -> None:
        body = await prepared(listed)
        doctor = await listed.as_role(Role.doctor)
        signed = await doctor.post("/contracts", json=body)
        assert signed.status_code == 201, signed.text
        assert signed.json() | body == signed.json()
        fresh = {"used": 0, "reserved": 0}
        assert signed.json()["items"] == [
            {"code": "BP", "name": "血压测量", "quantity": 8, "counting": "quantity", "remaining": 8} | fresh,
            {"code": "DRESSING", "name": "换药", "quantity": 2, "counting": "visit", "remaining": 2} | fresh,
        ]
        assert (await doctor.get(f"/contracts/{signed.json()['id']}")).json() == signed.json()
        assert (await doctor.get("/contracts")).json()["items"] == [signed.json()]

    @pytest.mark.parametrize(
        ("change", "before", "after"),
        [
            ({"covers_visit_fee": True}, False, True),
            ({"capitated_codes": ["CONSULT"]}, frozenset(), frozenset({"CONSULT"})),
        ],
    )
    async def test_what_else_the_package_says_covers_too(
        self, listed: World, change: dict[str, Any], before: object, after: object
    ) -> None:
        await listed.add_service_item("CONSULT")
        body = await prepared(listed)
        client = await listed.as_role(Role.institution_admin)
        made = await client.post(packages(listed), json=PACKAGE | {"code": "PLUS"} | change)
        other = body | {"person_id": str(await listed.add_patient()), "package_id": made.json()["id"]}
        for each in (body, other):
            assert (await client.post("/contracts", json=each)).status_code == 201
        [field] = change
        assert getattr((await covers(listed, body["person_id"]))[0], field) == before
        assert getattr((await covers(listed, other["person_id"]))[0], field) == after

    async def test_covers_from_its_first_to_its_last_day(self, listed: World) -> None:
        body = await prepared(listed) | {"valid_from": "2026-03-10", "valid_to": "2027-03-09"}
        await (await listed.as_role(Role.doctor)).post("/contracts", json=body)
        covered = [bool(await covers(listed, body["person_id"], day)) for day in
                   (date(2026, 3, 9), date(2026, 3, 10), date(2027, 3, 9), date(2027, 3, 10))]  # fmt: skip
        assert covered == [False, True, True, False]

    async def test_one_family_doctor_at_a_time_also_across_institutions(self, listed: World) -> None:
        body = await prepared(listed)
        doctor = await listed.as_role(Role.doctor)
        assert (await doctor.post("/contracts", json=body)).status_code == 201
        refused(await doctor.post("/contracts", json=body), 409, "family-doctor-taken")
        other = await listed.add_institution()
        elsewhere = await prepared(listed, other) | {"person_id": body["person_id"]}
        stranger = await listed.as_role(Role.doctor, other)
        refused(await stranger.post("/contracts", json=elsewhere), 404, "not-found")
        await relate(listed, body["person_id"], other)
        refused(await stranger.post("/contracts", json=elsewhere), 409, "family-doctor-taken")
        later = elsewhere | {"valid_from": "2027-03-02", "valid_to": "2028-03-01"}
        assert (await stranger.post("/contracts", json=later)).status_code == 201

    async def test_a_refused_signing_leaves_nothing(self, listed: World) -> None:
        body = await prepared(listed)
        doctor = await listed.as_role(Role.doctor)
        await doctor.post("/contracts", json=body)
        refused(await doctor.post("/contracts", json=body), 409, "family-doctor-taken")
        async with listed.owner.connect() as connection:
            count = text("select count(*) from entitlements where person_id = :person")
            assert await connection.scalar(count, {"person": UUID(body["person_id"])}) == 2

    async def test_the_same_key_signs_once(self, listed: World) -> None:
        body, doctor = await prepared(listed), await listed.as_role(Role.doctor)
        answers = [await doctor.post("/contracts", json=body, headers={"Idempotency-Key": "once"}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()
        assert len((await doctor.get("/contracts")).json()["items"]) == 1

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"valid_to": "2027-02-28"}, "term-too-short"),
            ({"signed_on": "2026-03-03", "valid_from": "2026-03-03", "valid_to": "2027-03-02"}, "signing-day-invalid"),
            ({"valid_from": "2026-03-01"}, "signing-day-invalid"),
            ({"signed_on": "2025-12-31"}, "package-not-offered"),
        ],
    )
    async def test_refuses_impossible_days(self, listed: World, change: dict[str, str], code: str) -> None:
        body = await prepared(listed)
        refused(await (await listed.as_role(Role.doctor)).post("/contracts", json=body | change), 409, code)

    async def test_the_minimum_term_is_a_setting(self, listed: World) -> None:
        body = await prepared(listed) | {"valid_to": "2026-09-01"}
        doctor = await listed.as_role(Role.doctor)
        refused(await doctor.post("/contracts", json=body), 409, "term-too-short")
        await listed.add(
            SettingRow(
                region_id=listed.region_id, key="contract.minimum_months", value=6, valid_from=date(2026, 1, 1),
                set_by_account_id=uuid4(), set_at=listed.clock.now(),
            )
        )  # fmt: skip
        assert (await doctor.post("/contracts", json=body)).status_code == 201

    async def test_the_family_doctor_is_a_licensed_doctor_of_the_house(self, listed: World) -> None:
        body, doctor = await prepared(listed), await listed.as_role(Role.doctor)
        nurse = str(await listed.add_practitioner(role="nurse"))
        refused(await doctor.post("/contracts", json=body | {"doctor_id": nurse}), 409, "doctor-not-qualified")
        elsewhere = str(await listed.add_practitioner(role="doctor", institution_id=await listed.add_institution()))
        refused(await doctor.post("/contracts", json=body | {"doctor_id": elsewhere}), 404, "not-found")
        async with listed.owner.begin() as connection:
            await connection.execute(
                text("update qualifications set valid_to = '2026-03-01' where practitioner_id = :id"),
                {"id": UUID(body["doctor_id"])},
            )
        refused(await doctor.post("/contracts", json=body), 409, "doctor-not-qualified")

    async def test_the_person_is_cared_for_here_and_alive(self, listed: World) -> None:
        body, doctor = await prepared(listed), await listed.as_role(Role.doctor)
        stranger = str(await listed.add_patient(institution_id=await listed.add_institution()))
        refused(await doctor.post("/contracts", json=body | {"person_id": stranger}), 404, "not-found")
        refused(await doctor.post("/contracts", json=body | {"person_id": str(uuid4())}), 404, "not-found")
        async with listed.owner.begin() as connection:
            await connection.execute(
                text("update patients set deceased_on = '2026-03-01' where id = :id"), {"id": UUID(body["person_id"])}
            )
        refused(await doctor.post("/contracts", json=body), 409, "person-deceased")

    async def test_only_with_a_package_of_ones_own_institution(self, listed: World) -> None:
        body = await prepared(listed)
        theirs = await prepared(listed, await listed.add_institution())
        doctor = await listed.as_role(Role.doctor)
        for package_id in (theirs["package_id"], str(uuid4())):
            refused(await doctor.post("/contracts", json=body | {"package_id": package_id}), 404, "not-found")

    @pytest.mark.parametrize("role", [Role.nurse, Role.dispatcher, Role.finance, Role.elder, Role.region_admin])
    async def test_only_doctors_and_the_administration_sign(self, listed: World, role: Role) -> None:
        body = await prepared(listed)
        refused(await (await listed.as_role(role)).post("/contracts", json=body), 403, "forbidden")
