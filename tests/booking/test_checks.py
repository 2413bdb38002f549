"""Who and what may be booked, over HTTP: each hard rule with its boundary, and the refusal it gives."""

from datetime import timedelta
from decimal import Decimal

import pytest

from service.accounts.rules import Role
from service.core.ids import new_id
from service.patients.models import Home
from tests.booking.scene import Scene
from tests.world import CENTRE, NOW


class TestPerson:
    @pytest.mark.requirement("R001")
    @pytest.mark.parametrize("group", ["disabled", "dementia", "chronic", "advanced_age", "disability"])
    async def test_each_group_served_at_home_may_book(self, scene: Scene, group: str) -> None:
        scene.person_id = await scene.add_elder(group)
        await scene.add_carer(scene.person_id)
        async with await scene.world.as_role(Role.dispatcher) as staff:
            assert (await scene.place(staff)).status_code == 201

    @pytest.mark.requirement("R001")
    @pytest.mark.parametrize("groups", [(), ("low_income",)])
    async def test_others_may_not_unless_the_setting_lets_them(self, scene: Scene, groups: tuple[str, ...]) -> None:
        scene.person_id = await scene.add_elder(*groups)
        async with await scene.world.as_role(Role.dispatcher) as staff:
            refused = await scene.place(staff)
            assert (refused.status_code, refused.json()["code"]) == (409, "not-eligible")
            await scene.set("orders.require_key_group", False)
            assert (await scene.place(staff)).status_code == 201

    @pytest.mark.requirement("R001")
    async def test_the_group_must_hold_on_the_service_date(self, scene: Scene) -> None:
        await scene.run("update key_group_rows set valid_to = '2026-03-02' where person_id = :id", id=scene.person_id)
        async with scene.elder() as elder:
            assert (await scene.place(elder)).json()["code"] == "not-eligible"

    @pytest.mark.requirement("R129")
    async def test_dementia_needs_a_carer_who_is_known(self, scene: Scene) -> None:
        scene.person_id = await scene.add_elder("dementia", "disabled")
        async with await scene.world.as_role(Role.dispatcher) as staff:
            refused = await scene.place(staff)
            assert (refused.status_code, refused.json()["code"]) == (409, "carer-missing")
            await scene.add_carer(scene.person_id, until=NOW - timedelta(days=1))
            assert (await scene.place(staff)).json()["code"] == "carer-missing"
            await scene.add_carer(scene.person_id)
            assert (await scene.place(staff)).status_code == 201

    @pytest.mark.requirement("R002")
    @pytest.mark.parametrize("reason", [None, "", "  "])
    async def test_a_mobility_reason_is_needed(self, scene: Scene, reason: str | None) -> None:
        body = scene.asked(mobility_reason=reason)
        if reason is None:
            del body["mobility_reason"]
        async with scene.elder() as elder:
            assert (await elder.post("/orders", json=body)).status_code == 422

    async def test_the_dead_are_not_booked_for(self, scene: Scene) -> None:
        await scene.run("update patients set deceased_on = '2026-03-01' where id = :id", id=scene.person_id)
        async with scene.elder() as elder:
            refused = await scene.place(elder)
            assert (refused.status_code, refused.json()["code"]) == (409, "person-deceased")
            assert (await scene.place(elder, draft=True)).status_code == 409

    async def test_a_person_without_a_home_cannot_be_visited(self, scene: Scene) -> None:
        await scene.run("update patients set home_id = null where id = :id", id=scene.person_id)
        async with scene.elder() as elder:
            refused = await scene.place(elder)
        assert (refused.status_code, refused.json()["code"]) == (409, "home-missing")

    async def test_has_as_many_open_orders_as_the_setting_allows(self, scene: Scene) -> None:
        await scene.set("orders.max_open_per_person", 2)
        async with scene.elder() as elder:
            first = await scene.placed(elder)
            await scene.placed(elder)
            refused = await scene.place(elder)
            assert (refused.status_code, refused.json()["code"]) == (409, "too-many-open-orders")
            assert (refused.json()["open_orders"], refused.json()["limit"]) == (2, 2)
            # a draft is no open order; a cancelled one is none any more
            await scene.placed(elder, draft=True)
            await elder.post(f"/orders/{first['id']}/cancellation", json={"reason": "不需要了"})
            assert (await scene.place(elder)).status_code == 201


class TestHome:
    @pytest.mark.parametrize(("placed", "status"), [("review", 409), ("located", 201)])
    async def test_a_machines_guess_is_no_place_to_go_to_until_it_is_sure(self, scene: Scene, placed, status):
        world = scene.world
        guessed = Home(
            region_id=world.region_id, registered_by_institution_id=world.institution_id,
            address_sealed=world.house.cipher.seal("甲", context="homes.address"), lon=CENTRE[0], lat=CENTRE[1],
            datum="gcj02", placed=placed, source="amap", confidence=Decimal("0.5"),
        )  # fmt: skip
        await world.add(guessed)
        await scene.run("update patients set home_id = :home where id = :id", home=guessed.id, id=scene.person_id)
        answer = await scene.place(scene.elder())
        assert answer.status_code == status
        assert status == 201 or answer.json()["code"] == "home-not-placed"
        assert (await scene.place(scene.elder(), draft=True)).status_code == 201


class TestInstitution:
    @pytest.mark.requirement("R005")
    @pytest.mark.parametrize(
        ("modes", "kind"), [(("home_bed",), "home_visit"), ((), "home_visit"), (("round",), "home_bed_round")]
    )
    async def test_needs_the_registered_mode_of_the_kind(self, scene: Scene, modes: tuple[str, ...], kind: str) -> None:
        lacks = await scene.world.add_institution(modes=modes)
        await scene.add_prices(lacks)
        async with scene.elder() as elder:
            refused = await scene.place(elder, institution_id=str(lacks), kind=kind)
        assert (refused.status_code, refused.json()["code"]) == (409, "mode-not-registered")

    @pytest.mark.requirement("R005")
    async def test_the_mode_must_be_registered_on_the_service_date(self, scene: Scene) -> None:
        await scene.run(
            "update service_modes set valid_to = '2026-03-03' where institution_id = :at", at=scene.world.institution_id
        )
        async with scene.elder() as elder:
            assert (await scene.place(elder)).status_code == 201
            later = {"wished_start": "2026-03-04T08:00:00+08:00", "wished_end": "2026-03-04T10:00:00+08:00"}
            assert (await scene.place(elder, **later)).json()["code"] == "mode-not-registered"

    async def test_the_licence_must_be_in_force(self, scene: Scene) -> None:
        await scene.run(
            "update institutions set licence_to = '2026-03-02' where id = :at", at=scene.world.institution_id
        )
        async with scene.elder() as elder:
            assert (await scene.place(elder)).json()["code"] == "mode-not-registered"

    async def test_a_service_without_a_price_is_refused(self, scene: Scene) -> None:
        await scene.world.add_service_item("UNPRICED")
        async with scene.elder() as elder:
            refused = await scene.place(elder, items=[{"code": "UNPRICED"}])
        assert (refused.status_code, refused.json()["code"]) == (409, "price-missing")

    async def test_a_home_beyond_the_last_tier_is_refused(self, scene: Scene) -> None:
        await scene.add_tariff(tiers=[{"up_to_km": "1", "price": "30"}])
        far = await scene.world.add_home(lat=CENTRE[1] + 0.02)
        scene.person_id = await scene.add_elder("disabled", home_id=far)
        async with await scene.world.as_role(Role.dispatcher) as staff:
            refused = await scene.place(staff)
        assert (refused.status_code, refused.json()["code"]) == (409, "outside-service-area")


class TestKinds:
    async def test_a_bed_round_needs_an_open_bed_of_this_institution(self, scene: Scene) -> None:
        world = scene.world
        asked = {"kind": "home_bed_round", "items": [{"code": "BEDROUND"}]}
        doctor_id = await world.add_practitioner(role="doctor")
        async with scene.elder() as elder, await world.as_role(Role.doctor) as doctor:
            refused = await scene.place(elder, **asked)
            assert (refused.status_code, refused.json()["code"]) == (409, "bed-missing")
            opening = {
                "institution_id": str(world.institution_id), "person_id": str(scene.person_id),
                "doctor_id": str(doctor_id), "opened_on": "2026-02-20",
            }  # fmt: skip
            bed = (await doctor.post("/beds", json=opening)).json()
            order = await scene.placed(elder, **asked)
            # the bed of one institution is no reason for the rounds of another
            other = await world.add_institution()
            await scene.add_prices(other)
            elsewhere = await scene.place(elder, institution_id=str(other), **asked)
            assert elsewhere.json()["code"] == "bed-missing"
            closing = {"closed_on": "2026-03-02", "reason": "好转"}
            assert (await doctor.post(f"/beds/{bed['id']}/closure", json=closing)).status_code == 409
            await elder.post(f"/orders/{order['id']}/cancellation", json={"reason": "已好转"})
            assert (await doctor.post(f"/beds/{bed['id']}/closure", json=closing)).status_code == 200
            assert (await scene.place(elder, **asked)).json()["code"] == "bed-missing"

    @pytest.mark.parametrize(
        ("payment", "excluded", "patient_fen"),
        [("per_item", [], 2000), ("per_diem", [], 0), ("per_diem", ["BEDROUND"], 2000)],
    )
    async def test_how_the_bed_is_paid_decides_what_a_round_costs(
        self, scene: Scene, payment: str, excluded: list[str], patient_fen: int
    ) -> None:
        world = scene.world
        doctor_id = await world.add_practitioner(role="doctor")
        await world.add_agreement(excluded=("BEDROUND",))
        opening = {
            "institution_id": str(world.institution_id), "person_id": str(scene.person_id),
            "doctor_id": str(doctor_id), "opened_on": "2026-02-20", "payment": payment, "excluded_codes": excluded,
        }  # fmt: skip
        async with scene.elder() as elder, await world.as_role(Role.doctor) as doctor:
            assert (await doctor.post("/beds", json=opening)).status_code == 201
            answer = await scene.place(elder, kind="home_bed_round", items=[{"code": "BEDROUND"}])
        assert answer.status_code == 201, answer.text
        assert answer.json()["quote"]["patient_fen"] == patient_fen

    @pytest.mark.requirement("R013")
    async def test_a_round_of_a_care_institution_goes_to_its_residents(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            refused = await scene.place(elder, kind="institution_round")
            assert (refused.status_code, refused.json()["code"]) == (409, "not-a-care-home")
            care = await scene.world.add_institution(kind="care_institution", modes=())
            await scene.run("update homes set care_institution_id = :at where id = :id", at=care, id=scene.home_id)
            assert (await scene.place(elder, kind="institution_round")).status_code == 201

    @pytest.mark.requirement("R003")
    async def test_a_service_is_asked_for_in_its_kinds_only(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            refused = await scene.place(elder, items=[{"code": "BEDROUND"}])
            assert (refused.status_code, refused.json()["code"]) == (409, "item-not-for-kind")
            assert refused.json()["kind"] == "home_visit"


class TestItems:
    async def test_infusion_is_not_given_at_home_and_says_why(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            refused = await scene.place(elder, items=[{"code": "REHAB"}, {"code": "INFUSION"}])
        assert (refused.status_code, refused.json()["code"]) == (409, "item-not-at-home")
        assert "静脉输液有严重过敏风险，请到机构就诊" in refused.json()["detail"]

    async def test_a_service_nobody_listed_is_refused(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            for draft in (False, True):
                refused = await scene.place(elder, items=[{"code": "NOTHING"}], draft=draft)
                assert refused.json()["code"] == "item-unknown"

    @pytest.mark.parametrize(
        "items",
        [
            [],
            [{"code": "REHAB", "quantity": 0}],
            [{"code": "REHAB", "quantity": 100}],
            [{"code": "REHAB", "quantity": 10**30}],
            [{"code": "REHAB", "quantity": 1.5}],
            [{"code": "REHAB"}, {"code": "REHAB"}],
            [{"code": "\0"}],
            [{"code": "REHAB", "price": 1}],
            [{"code": f"C{no}"} for no in range(21)],
        ],
    )
    async def test_malformed_items_are_422(self, scene: Scene, items: list[dict[str, object]]) -> None:
        async with scene.elder() as elder:
            assert (await scene.place(elder, items=items)).status_code == 422


class TestWindow:
    async def place(self, scene: Scene, start: str, end: str, **changes: object) -> dict[str, object]:
        async with scene.elder() as elder:
            answer = await scene.place(elder, wished_start=f"{start}+08:00", wished_end=f"{end}+08:00", **changes)
        return {"status": answer.status_code, **answer.json()}

    async def test_must_not_have_begun(self, scene: Scene) -> None:
        refused = await self.place(scene, "2026-03-02T08:59:00", "2026-03-02T12:00:00")
        assert (refused["status"], refused["code"]) == (409, "window-past")
        assert (await self.place(scene, "2026-03-02T09:00:00", "2026-03-02T12:00:00"))["status"] == 201

    async def test_opens_as_many_days_ahead_as_the_setting_says(self, scene: Scene) -> None:
        assert (await self.place(scene, "2026-03-16T09:00:00", "2026-03-16T12:00:00"))["status"] == 201
        refused = await self.place(scene, "2026-03-17T09:00:00", "2026-03-17T12:00:00")
        assert (refused["status"], refused["code"]) == (409, "window-too-far-ahead")
        assert refused["last_day"] == "2026-03-16"
        await scene.set("orders.booking_days_ahead", 15)
        assert (await self.place(scene, "2026-03-17T09:00:00", "2026-03-17T12:00:00"))["status"] == 201

    async def test_lies_within_one_local_day(self, scene: Scene) -> None:
        assert (await self.place(scene, "2026-03-03T22:00:00", "2026-03-04T00:00:00"))["status"] == 201
        for end in ("2026-03-04T00:00:01", "2026-03-03T22:00:00", "2026-03-03T21:00:00"):
            refused = await self.place(scene, "2026-03-03T22:00:00", end)
            assert (refused["status"], refused["code"]) == (422, "window-not-one-day")

    async def test_holds_all_units_of_the_services(self, scene: Scene) -> None:
        twice = [{"code": "REHAB", "quantity": 2}]
        refused = await self.place(scene, "2026-03-03T08:00:00", "2026-03-03T08:59:00", items=twice)
        assert (refused["status"], refused["code"], refused["minutes"]) == (409, "window-too-short", 60)
        assert (await self.place(scene, "2026-03-03T08:00:00", "2026-03-03T09:00:00", items=twice))["status"] == 201

    async def test_a_fasting_draw_cuts_the_window(self, scene: Scene) -> None:
        answer = await self.place(scene, "2026-03-03T08:00:00", "2026-03-03T12:00:00", items=[{"code": "BLOOD"}])
        order = answer["order"]
        assert isinstance(order, dict)
        assert order["wished_start"] == "2026-03-03T00:00:00Z"
        assert order["wished_end"] == "2026-03-03T01:50:00Z"  # begun by 09:30, done by 09:50

    async def test_a_fasting_draw_is_not_booked_for_the_afternoon(self, scene: Scene) -> None:
        refused = await self.place(scene, "2026-03-03T14:00:00", "2026-03-03T16:00:00", items=[{"code": "BLOOD"}])
        assert (refused["status"], refused["code"]) == (409, "window-too-late")
        assert refused["latest_start"] == "09:30"

    @pytest.mark.parametrize(
        "start",
        ["2026-03-03T08:00:00", "2026-03-03", "9999-12-31T23:00:00Z", "0001-01-01T00:00:00+14:00", "soon", None, 1e40],
    )
    async def test_a_moment_that_is_none_is_422(self, scene: Scene, start: object) -> None:
        async with scene.elder() as elder:
            assert (await scene.place(elder, wished_start=start)).status_code == 422
            assert (await scene.place(elder, wished_end=start)).status_code == 422


class TestPreferredPractitioner:
    async def test_is_kept_when_he_works_there(self, scene: Scene) -> None:
        nurse = await scene.world.add_practitioner()
        async with scene.elder() as elder:
            order = await scene.placed(elder, preferred_practitioner_id=str(nurse))
        assert order["preferred_practitioner_id"] == str(nurse)

    async def test_is_404_when_he_does_not(self, scene: Scene) -> None:
        world = scene.world
        other = await world.add_institution()
        elsewhere = await world.add_practitioner(institution_id=other, station_id=world.station_id)
        gone = await world.add_practitioner()
        await scene.run("update practitioners set active = false where id = :id", id=gone)
        async with scene.elder() as elder:
            for nobody in (elsewhere, gone, new_id()):
                assert (await scene.place(elder, preferred_practitioner_id=str(nobody))).status_code == 404
