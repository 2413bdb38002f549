"""Opening and closing home beds over HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from service.accounts.rules import Role
from service.beds import rules, usecases
from service.beds.models import Bed
from service.core.db.session import transaction
from service.core.ids import new_id
from tests.world import NOW, World

DAY = timedelta(days=1)
TODAY = date(2026, 3, 2)


@dataclass
class Ward:
    """A doctor, an elder, and the doctor's client."""

    world: World
    client: AsyncClient
    doctor_id: UUID
    person_id: UUID

    def opening(self, **changes: object) -> dict[str, Any]:
        return {
            "institution_id": str(self.world.institution_id),
            "person_id": str(self.person_id),
            "doctor_id": str(self.doctor_id),
            "opened_on": "2026-02-02",
        } | changes

    async def open(self, **changes: object) -> Response:
        return await self.client.post("/beds", json=self.opening(**changes))

    async def opened(self, **changes: object) -> str:
        answer = await self.open(**changes)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def close(self, bed_id: str, on: str = "2026-03-02", reason: str = "好转") -> Response:
        return await self.client.post(f"/beds/{bed_id}/closure", json={"closed_on": on, "reason": reason})


@pytest.fixture
async def ward(world: World) -> AsyncIterator[Ward]:
    client = await world.as_role(Role.doctor)
    async with client:
        yield Ward(world, client, await world.add_practitioner(role="doctor"), await world.add_patient())


class TestOpenBed:
    async def test_opens_a_bed_with_a_number_of_its_year(self, ward: Ward) -> None:
        first, second = await ward.open(), await ward.open(person_id=str(await ward.world.add_patient()))
        assert first.status_code == 201, first.text
        assert first.json()["bed_no"] == "JC2026-0001"
        assert second.json()["bed_no"] == "JC2026-0002"
        assert first.json()["payment"] == "per_item"
        assert first.json()["closed_on"] is None
        read = await ward.client.get(f"/beds/{first.json()['id']}")
        assert read.json() == first.json()

    async def test_the_same_key_opens_one_bed(self, ward: Ward) -> None:
        key = {"Idempotency-Key": "bed-1"}
        first = await ward.client.post("/beds", json=ward.opening(), headers=key)
        again = await ward.client.post("/beds", json=ward.opening(), headers=key)
        other = await ward.client.post("/beds", json=ward.opening(opened_on="2026-02-03"), headers=key)
        assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
        assert again.json() == first.json()
        assert again.headers["Idempotency-Replayed"] == "true"

    async def test_a_second_bed_of_the_person_is_409_also_at_another_institution(self, ward: Ward) -> None:
        world = ward.world
        await ward.opened()
        assert (await ward.open(opened_on="2026-02-20")).json()["code"] == "bed-already-open"
        other = await world.add_institution()
        doctor = await world.add_practitioner(role="doctor", institution_id=other, station_id=world.station_id)
        account_id = await world.add_account(Role.elder)
        await world.add_relation(ward.person_id, account_id)
        async with transaction(world.house.sessions, world.principal(Role.elder, account_id).fence, NOW) as session:
            await session.execute(
                text("select patients_relate_institution(:id, :person, :at, 'order')"),
                {"id": new_id(), "person": ward.person_id, "at": other},
            )
        async with await world.as_role(Role.doctor, other) as elsewhere:
            refused = await elsewhere.post("/beds", json=ward.opening(institution_id=str(other), doctor_id=str(doctor)))
            assert refused.status_code == 409
            assert refused.json()["code"] == "bed-already-open"
            # it is told that there is one, never which
            assert (await elsewhere.get("/beds")).json()["items"] == []

    async def test_opens_again_from_the_day_of_the_closing_on(self, ward: Ward) -> None:
        bed_id = await ward.opened()
        assert (await ward.close(bed_id, "2026-02-20")).status_code == 200
        assert (await ward.open(opened_on="2026-02-19")).status_code == 409
        assert (await ward.open(opened_on="2026-02-20")).status_code == 201

    async def test_refuses_tomorrow(self, ward: Ward) -> None:
        assert (await ward.open(opened_on="2026-03-02")).status_code == 201
        refused = await ward.open(opened_on="2026-03-03", person_id=str(await ward.world.add_patient()))
        assert refused.status_code == 409
        assert refused.json()["code"] == "bed-in-the-future"

    @pytest.mark.requirement("R005")
    async def test_refuses_an_institution_without_the_home_bed_mode(self, ward: Ward) -> None:
        world = ward.world
        lacks = await world.add_institution(modes=("round",))
        doctor = await world.add_practitioner(role="doctor", institution_id=lacks, station_id=world.station_id)
        person = await world.add_patient(institution_id=lacks)
        async with await world.as_role(Role.doctor, lacks) as client:
            body = ward.opening(institution_id=str(lacks), doctor_id=str(doctor), person_id=str(person))
            refused = await client.post("/beds", json=body)
        assert refused.status_code == 409
        assert refused.json()["code"] == "home-bed-not-registered"

    async def test_refuses_a_day_before_the_registration(self, ward: Ward) -> None:
        assert (await ward.open(opened_on="2019-12-31")).json()["code"] == "home-bed-not-registered"
        assert (await ward.open(opened_on="2020-01-01")).status_code == 201

    async def test_refuses_a_nurse_as_the_doctor(self, ward: Ward) -> None:
        nurse = await ward.world.add_practitioner(role="nurse")
        refused = await ward.open(doctor_id=str(nurse))
        assert refused.status_code == 409
        assert refused.json()["code"] == "doctor-not-qualified"

    async def test_refuses_a_doctor_whose_licence_had_ended(self, ward: Ward) -> None:
        async with ward.world.owner.begin() as connection:
            await connection.execute(
                text("update qualifications set valid_to = '2026-02-01' where practitioner_id = :id"),
                {"id": ward.doctor_id},
            )
        assert (await ward.open(opened_on="2026-02-02")).json()["code"] == "doctor-not-qualified"
        assert (await ward.open(opened_on="2026-02-01")).status_code == 201

    async def test_refuses_the_dead(self, ward: Ward) -> None:
        await die(ward, "2026-02-20")
        refused = await ward.open()
        assert refused.status_code == 409
        assert refused.json()["code"] == "person-deceased"

    async def test_what_is_not_ones_own_is_404(self, ward: Ward) -> None:
        other = await ward.world.add_institution()
        stranger = await ward.world.add_patient(institution_id=other)
        for changes in (
            {"institution_id": str(other)},
            {"person_id": str(stranger)},
            {"person_id": str(new_id())},
            {"doctor_id": str(new_id())},
        ):
            assert (await ward.open(**changes)).status_code == 404, changes

    async def test_exclusions_are_for_beds_paid_by_the_day(self, ward: Ward) -> None:
        await ward.world.add_agreement(excluded=("BLOOD", "XRAY"))
        refused = await ward.open(excluded_codes=["BLOOD"])
        assert refused.status_code == 422
        twice = await ward.open(payment="per_diem", excluded_codes=["BLOOD", "BLOOD"])
        assert twice.status_code == 422
        opened = await ward.open(payment="per_diem", excluded_codes=["BLOOD"])
        assert opened.json()["payment"] == "per_diem"
        assert opened.json()["excluded_codes"] == ["BLOOD"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"opened_on": "2026-02-30"},
            {"opened_on": None},
            {"payment": "capitation"},
            {"person_id": "one"},
            {"bed_no": "JC1"},
            {"payment": "per_diem", "excluded_codes": ["\0"]},
            {"payment": "per_diem", "excluded_codes": [f"C{no}" for no in range(51)]},
        ],
    )
    async def test_malformed_is_422(self, ward: Ward, changes: dict[str, object]) -> None:
        assert (await ward.open(**changes)).status_code == 422

    async def test_a_nurse_opens_none(self, ward: Ward) -> None:
        async with await ward.world.as_role(Role.nurse) as nurse:
            assert (await nurse.post("/beds", json=ward.opening())).status_code == 403


class TestCloseBed:
    async def test_closes_and_says_with_which_result(self, ward: Ward) -> None:
        bed_id = await ward.opened()
        answer = await ward.close(bed_id, reason="治愈")
        assert answer.status_code == 200, answer.text
        assert (answer.json()["closed_on"], answer.json()["closing_reason"]) == ("2026-03-02", "治愈")

    async def test_a_second_closing_is_409(self, ward: Ward) -> None:
        bed_id = await ward.opened()
        await ward.close(bed_id, "2026-02-20")
        again = await ward.close(bed_id)
        assert again.status_code == 409
        assert again.json()["code"] == "bed-closed"

    async def test_the_closing_day_lies_after_the_opening_and_not_ahead(self, ward: Ward) -> None:
        bed_id = await ward.opened()
        assert (await ward.close(bed_id, "2026-02-02")).json()["code"] == "closes-before-it-opens"
        assert (await ward.close(bed_id, "2026-03-03")).json()["code"] == "bed-in-the-future"
        assert (await ward.close(bed_id, "2026-02-03")).status_code == 200

    async def test_the_reason_agrees_with_the_persons_life(self, ward: Ward) -> None:
        bed_id = await ward.opened()
        assert (await ward.close(bed_id, reason="死亡")).json()["code"] == "closing-reason-wrong"
        await die(ward, "2026-03-01")
        assert (await ward.close(bed_id, reason="好转")).json()["code"] == "closing-reason-wrong"
        assert (await ward.close(bed_id, reason="死亡")).status_code == 200

    async def test_waits_for_the_rounds_that_are_booked(self, ward: Ward) -> None:
        bed_id = await ward.opened()
        home_id = await ward.world.add_home()
        for kind, state, start in (
            ("home_bed_round", "done", NOW), ("home_visit", "accepted", NOW),
            ("home_bed_round", "submitted", NOW - 3 * DAY),
        ):  # fmt: skip
            await ward.world.add_order(
                ward.person_id, home_id, start=start, end=start + DAY / 24, state=state, kind=kind
            )
        booked = await ward.world.add_order(
            ward.person_id, home_id, start=NOW, end=NOW + DAY / 24, state="scheduled", kind="home_bed_round"
        )
        refused = await ward.close(bed_id)
        assert refused.status_code == 409
        assert refused.json()["code"] == "bed-has-open-orders"
        async with ward.world.owner.begin() as connection:
            await connection.execute(text("update orders set state = 'cancelled' where id = :id"), {"id": booked})
        assert (await ward.close(bed_id)).status_code == 200

    async def test_another_institutions_bed_is_404(self, ward: Ward) -> None:
        bed_id = await ward.opened()
        other = await ward.world.add_institution()
        async with await ward.world.as_role(Role.doctor, other) as stranger:
            answer = await stranger.post(f"/beds/{bed_id}/closure", json={"closed_on": "2026-03-02", "reason": "好转"})
        assert answer.status_code == 404

    @pytest.mark.parametrize("body", [{}, {"closed_on": "2026-03-02", "reason": "痊愈"}, {"reason": "好转"}])
    async def test_malformed_is_422(self, ward: Ward, body: dict[str, str]) -> None:
        bed_id = await ward.opened()
        assert (await ward.client.post(f"/beds/{bed_id}/closure", json=body)).status_code == 422


class TestReadBeds:
    async def test_each_filter_narrows_the_list(self, ward: Ward) -> None:
        first = await ward.opened(opened_on="2026-01-10")
        await ward.close(first, "2026-02-01")
        second = await ward.opened(opened_on="2026-02-10", person_id=str(await ward.world.add_patient()))

        async def listed(**query: str) -> list[str]:
            answer = await ward.client.get("/beds", params=query)
            assert answer.status_code == 200, answer.text
            return [each["id"] for each in answer.json()["items"]]

        assert await listed() == [first, second]
        assert await listed(open_on="2026-01-31") == [first]
        assert await listed(open_on="2026-02-01") == []
        assert await listed(open_on="2026-02-10") == [second]
        assert await listed(person_id=str(ward.person_id)) == [first]
        assert await listed(institution_id=str(ward.world.institution_id)) == [first, second]
        assert await listed(institution_id=str(new_id())) == []
        page = (await ward.client.get("/beds", params={"limit": 1})).json()
        assert [each["id"] for each in page["items"]] == [first]
        rest = (await ward.client.get("/beds", params={"limit": 1, "cursor": page["next_cursor"]})).json()
        assert [each["id"] for each in rest["items"]] == [second]

    async def test_a_phone_gets_304_until_the_bed_closes(self, ward: Ward) -> None:
        bed_id = await ward.opened()
        etag = (await ward.client.get(f"/beds/{bed_id}")).headers["etag"]
        seen = {"If-None-Match": etag}
        assert (await ward.client.get(f"/beds/{bed_id}", headers=seen)).status_code == 304
        await ward.close(bed_id)
        assert (await ward.client.get(f"/beds/{bed_id}", headers=seen)).status_code == 200

    async def test_the_elders_side_sees_its_own_where_it_may_view(self, ward: Ward) -> None:
        bed_id = await ward.opened()
        await ward.opened(person_id=str(await ward.world.add_patient()))
        for rights, status, shown in ((["view"], 200, [bed_id]), (["pay"], 403, [])):
            account_id = await ward.world.add_account(Role.family_proxy)
            await ward.world.add_relation(ward.person_id, account_id, kind="proxy", rights=rights)
            async with ward.world.client(ward.world.principal(Role.family_proxy, account_id)) as proxy:
                assert (await proxy.get(f"/beds/{bed_id}")).status_code == status
                assert [each["id"] for each in (await proxy.get("/beds")).json()["items"]] == shown

    async def test_an_unknown_bed_is_404(self, ward: Ward) -> None:
        assert (await ward.client.get(f"/beds/{new_id()}")).status_code == 404


class TestOpenOn:
    async def test_tells_any_institution_that_cares_for_the_person(self, ward: Ward) -> None:
        world = ward.world
        await world.add_agreement(rate="80", ratio="0.95", share="0.5", excluded=("BLOOD",))
        await ward.opened(opened_on="2026-02-02", payment="per_diem")
        bed_id = (await ward.client.get("/beds")).json()["items"][0]["id"]
        await ward.close(bed_id, "2026-02-20")
        account_id = await world.add_account(Role.elder)
        await world.add_relation(ward.person_id, account_id)
        stranger = world.principal(Role.doctor, institution_ids=(await world.add_institution(),))
        elder = world.principal(Role.elder, account_id)
        for who, sees in ((elder, True), (stranger, False)):
            async with transaction(world.house.sessions, who.fence, NOW) as session:
                found = {
                    day: await usecases.open_on(
                        session, region_id=world.region_id, person_id=ward.person_id, on=date(2026, 2, day)
                    )
                    for day in (1, 2, 19, 20)
                }
            assert {day for day, bed in found.items() if bed} == ({2, 19} if sees else set())
            if sees:
                assert found[2] is not None
                assert found[2].institution_id == world.institution_id
                assert found[2].payment == "per_diem"
                assert found[2].excluded_codes == {"BLOOD"}
                assert found[2].terms == rules.DayTerms(Decimal("80"), Decimal("0.95"), 1_500_000, Decimal("0.5"))


class TestConstraint:
    async def test_the_database_lets_nobody_be_in_two_beds(self, ward: Ward) -> None:
        await ward.opened(opened_on="2026-02-02")
        overlapping = Bed(
            region_id=ward.world.region_id, institution_id=ward.world.institution_id, bed_no="JC2026-0099",
            person_id=ward.person_id, doctor_id=ward.doctor_id, opened_on=date(2026, 1, 1), closed_on=date(2026, 2, 3),
        )  # fmt: skip
        with pytest.raises(Exception, match="beds_one_open"):
            await ward.world.add(overlapping)


async def die(ward: Ward, on: str) -> None:
    async with ward.world.owner.begin() as connection:
        await connection.execute(
            text("update patients set deceased_on = :on where id = :id"),
            {"on": date.fromisoformat(on), "id": ward.person_id},
        )
