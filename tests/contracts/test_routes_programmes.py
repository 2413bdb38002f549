"""Enrolments in programmes and a person's entitlements over HTTP."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import text

from service.accounts.rules import Role
from service.catalog.models import InsuranceRule, Programme, ProgrammeItem
from service.core.ids import new_id
from service.patients.models import Coverage
from tests.contracts.forms import refused
from tests.contracts.papers import sign
from tests.world import World


class TestProgrammeEnrolments:
    async def programme(self, world: World, valid_to: date | None = None) -> UUID:
        programme_id = new_id()
        await world.add(
            Programme(
                region_id=world.region_id, id=programme_id, code=f"B{world.number()}", name="国家基本公共卫生服务",
                payer="基本公共卫生服务补助资金", valid_from=date(2026, 1, 1), valid_to=valid_to,
            ),
            ProgrammeItem(region_id=world.region_id, programme_id=programme_id, code="BP", per_year=4),
        )  # fmt: skip
        return programme_id

    async def test_the_enrolled_have_the_units_of_this_year_from_the_first_day_on(self, listed: World) -> None:
        person, programme_id = await listed.add_patient(), await self.programme(listed)
        doctor = await listed.as_role(Role.doctor)
        body = {"person_id": str(person), "programme_id": str(programme_id), "valid_from": "2026-03-02"}
        made = await doctor.post("/programme-enrolments", json=body)
        assert made.status_code == 201, made.text
        query = {"person_id": str(person)}
        assert (await doctor.get("/programme-enrolments", params=query)).json()["items"] == [made.json()]
        path = f"/patients/{person}/entitlements"
        [told] = (await doctor.get(path)).json()["items"]
        assert told["text"] == "2026 年由基本公共卫生服务补助资金支付的“血压测量”共 4 次，已用 0 次，还可用 4 次。"
        listed.clock.shows -= timedelta(days=1)
        assert (await doctor.get(path)).json()["items"] == []

    async def test_an_ended_enrolment_gives_nothing_any_more(self, listed: World) -> None:
        person, programme_id = await listed.add_patient(), await self.programme(listed)
        doctor = await listed.as_role(Role.doctor)
        body = {"person_id": str(person), "programme_id": str(programme_id), "valid_from": "2026-02-01"}
        made = (await doctor.post("/programme-enrolments", json=body)).json()
        path = f"/programme-enrolments/{made['id']}"
        ended = await doctor.patch(path, json={"valid_to": "2026-03-01"})
        assert ended.json() == made | {"valid_to": "2026-03-01"}
        assert (await doctor.get(f"/patients/{person}/entitlements")).json()["items"] == []
        refused(await doctor.patch(path, json={"valid_to": "2026-04-01"}), 409, "ending-invalid")
        assert (await doctor.post("/programme-enrolments", json=body | {"valid_from": "2026-03-02"})).status_code == 201

    async def test_once_at_a_time_and_within_the_programme(self, listed: World) -> None:
        person = await listed.add_patient()
        programme_id = await self.programme(listed, valid_to=date(2026, 12, 31))
        doctor = await listed.as_role(Role.doctor)
        body = {"person_id": str(person), "programme_id": str(programme_id), "valid_from": "2026-03-02"}
        assert (await doctor.post("/programme-enrolments", json=body)).status_code == 201
        refused(await doctor.post("/programme-enrolments", json=body), 409, "already-enrolled")
        for day in ("2025-12-31", "2027-01-01"):
            refused(
                await doctor.post("/programme-enrolments", json=body | {"valid_from": day}),
                409,
                "enrolment-outside-programme",
            )
        nowhere = body | {"programme_id": str(uuid4())}
        refused(await doctor.post("/programme-enrolments", json=nowhere), 404, "not-found")

    async def test_only_by_staff_who_care_for_the_living_person(self, listed: World) -> None:
        person, programme_id = await listed.add_patient(), await self.programme(listed)
        body = {"person_id": str(person), "programme_id": str(programme_id), "valid_from": "2026-03-02"}
        made = (await (await listed.as_role(Role.doctor)).post("/programme-enrolments", json=body)).json()
        stranger = await listed.as_role(Role.doctor, await listed.add_institution())
        refused(await stranger.post("/programme-enrolments", json=body), 404, "not-found")
        ending = {"valid_to": "2026-12-31"}
        refused(await stranger.patch(f"/programme-enrolments/{made['id']}", json=ending), 404, "not-found")
        refused(await stranger.get("/programme-enrolments", params={"person_id": str(person)}), 404, "not-found")
        nurse = await listed.as_role(Role.nurse)
        refused(await nurse.post("/programme-enrolments", json=body), 403, "forbidden")
        dead = await listed.add_patient()
        async with listed.owner.begin() as connection:
            await connection.execute(
                text("update patients set deceased_on = '2026-03-01' where id = :id"), {"id": dead}
            )
        doctor = await listed.as_role(Role.doctor)
        refused(
            await doctor.post("/programme-enrolments", json=body | {"person_id": str(dead)}), 409, "person-deceased"
        )


class TestEntitlements:
    async def test_shows_contract_programme_and_insurance_in_words(self, listed: World) -> None:
        person = await listed.add_patient()
        await sign(listed, person)
        await listed.add(
            InsuranceRule(
                region_id=listed.region_id, plan_code="RESIDENT", name="居民医保", deductible_fen=10_000,
                pay_ratio=Decimal(1), yearly_cap_fen=1_200_000, valid_from=date(2026, 1, 1),
            ),
            Coverage(region_id=listed.region_id, person_id=person, plan_code="RESIDENT", valid_from=date(2026, 1, 1)),
        )  # fmt: skip
        account = await listed.add_account(Role.elder)
        await listed.add_relation(person, account)
        elder = listed.client(listed.principal(Role.elder, account))
        answer = await elder.get(f"/patients/{person}/entitlements")
        assert answer.status_code == 200, answer.text
        assert [each["text"] for each in answer.json()["items"]] == [
            "签约服务包“血压测量”共 8 次，已用 0 次，还可用 8 次。",
            "2026 年居民医保年度支付限额 12000.00 元，已支付 0.00 元，还可支付 12000.00 元。",
            "2026 年居民医保起付线 100.00 元，已累计 0.00 元，还差 100.00 元。",
        ]
        headers = {"If-None-Match": answer.headers["etag"]}
        assert (await elder.get(f"/patients/{person}/entitlements", headers=headers)).status_code == 304

    async def test_is_for_those_who_look_after_the_person(self, listed: World) -> None:
        person = await listed.add_patient()
        refused(await (await listed.as_role(Role.elder)).get(f"/patients/{person}/entitlements"), 404, "not-found")
        refused(await (await listed.as_role(Role.finance)).get(f"/patients/{person}/entitlements"), 403, "forbidden")
        refused(await listed.client().get(f"/patients/{person}/entitlements"), 401, "unauthenticated")
