"""Practitioners and their qualifications over HTTP: registered by their institution, seen by planning as they are."""

from typing import Any

import pytest
from httpx import AsyncClient

from service.accounts.rules import Role
from service.core.ids import new_id
from service.institutions.models import Station
from tests.world import CENTRE, World

SHIFT = {"start": "2026-03-03T08:00:00+08:00", "end": "2026-03-03T17:00:00+08:00"}


def form(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "institution_id": str(world.institution_id),
        "staff_no": f"N{world.number()}",
        "name": "护士甲",
        "sex": "female",
        "role": "nurse",
        "title": "junior",
        "station_id": str(world.station_id),
        "travel_mode": "ebike",
    } | changes


async def on_duty(admin: AsyncClient, world: World, **changes: Any) -> str:
    """Register a practitioner with a licence and a shift on 3 March; return the id."""
    person = (await admin.post("/practitioners", json=form(world, **changes))).json()["id"]
    licence = {"kind": "licence", "code": "nurse", "certificate_no": f"C-{person}", "valid_from": "2020-01-01"}
    assert (await admin.post(f"/practitioners/{person}/qualifications", json=licence)).status_code == 201
    assert (await admin.post(f"/practitioners/{person}/shifts", json=SHIFT)).status_code == 201
    return person


async def duties(admin: AsyncClient, world: World, on: str = "2026-03-03") -> list[dict[str, Any]]:
    return (await admin.get(f"/institutions/{world.institution_id}/duties", params={"on": on})).json()["items"]


class TestRegisterPractitioner:
    async def test_is_read_by_the_institution_and_by_no_other(self, world):
        admin = await world.as_role(Role.institution_admin)
        created = await admin.post("/practitioners", json=form(world))
        assert created.status_code == 201
        at = f"/practitioners/{created.json()['id']}"
        seen = await admin.get(at)
        assert seen.json() == created.json()
        assert (await admin.get(at, headers={"If-None-Match": seen.headers["ETag"]})).status_code == 304
        elsewhere = await world.as_role(Role.institution_admin, await world.add_institution())
        assert (await elsewhere.get(at)).status_code == 404
        assert (await elsewhere.patch(at, json={"name": "改"})).status_code == 404
        assert (await elsewhere.get("/practitioners")).json()["items"] == []

    async def test_a_staff_number_is_one_persons(self, world):
        admin = await world.as_role(Role.institution_admin)
        body = form(world)
        await admin.post("/practitioners", json=body)
        refused = await admin.post("/practitioners", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "staff-no-taken")
        other, station = new_id(), new_id()
        await world.add_institution(other, station_id=station)
        elsewhere = await world.as_role(Role.institution_admin, other)
        there = body | {"institution_id": str(other), "station_id": str(station)}
        assert (await elsewhere.post("/practitioners", json=there)).status_code == 201

    async def test_institution_station_and_account_must_be_ones_own(self, world):
        admin = await world.as_role(Role.institution_admin)
        other, station = new_id(), new_id()
        await world.add_institution(other, station_id=station)
        stranger = await world.add_account(Role.nurse, other)
        for change in (
            {"institution_id": str(other)},
            {"station_id": str(station)},
            {"station_id": str(new_id())},
            {"account_id": str(stranger)},
            {"account_id": str(new_id())},
        ):
            assert (await admin.post("/practitioners", json=form(world, **change))).status_code == 404

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"role": "wizard"}, "#/role"),
            ({"title": "护师"}, "#/title"),
            ({"sex": "x"}, "#/sex"),
            ({"travel_mode": "horse"}, "#/travel_mode"),
            ({"staff_no": "工号1"}, "#/staff_no"),
            ({"name": "马\u0000"}, "#/name"),
            ({"active": "yes"}, "#/active"),
            ({"team": "一队"}, "#/team"),
            ({"grids": ["CY-03", "CY 04"]}, "#/grids/1"),
            ({"grids": ["CY-03", "CY-03"]}, "#/grids"),
            ({"grids": [f"CY-{at}" for at in range(51)]}, "#/grids"),
        ],
    )
    async def test_points_at_what_is_malformed(self, world, change, pointer):
        admin = await world.as_role(Role.institution_admin)
        answer = await admin.post("/practitioners", json=form(world) | change)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)

    @pytest.mark.parametrize("role", [Role.dispatcher, Role.nurse, Role.region_admin, Role.elder])
    async def test_is_the_institutions_administrators_work(self, world, role):
        assert (await (await world.as_role(role)).post("/practitioners", json=form(world))).status_code == 403


class TestListPractitioners:
    async def test_is_narrowed_by_institution_role_and_activity(self, world):
        admin = await world.as_role(Role.institution_admin)
        nurse = (await admin.post("/practitioners", json=form(world))).json()["id"]
        doctor = (await admin.post("/practitioners", json=form(world, role="doctor", active=False))).json()["id"]

        async def found(**asked: Any) -> list[str]:
            answer = await admin.get("/practitioners", params=asked)
            return [each["id"] for each in answer.json()["items"]]

        assert await found() == [nurse, doctor]
        assert await found(role="doctor") == [doctor]
        assert await found(active="true") == [nurse]
        assert await found(institution_id=str(world.institution_id), limit=1) == [nurse]
        assert (await admin.get("/practitioners", params={"institution_id": str(new_id())})).status_code == 404


class TestChangePractitioner:
    async def test_planning_sees_travel_mode_role_title_and_station_as_changed(self, world):
        admin = await world.as_role(Role.institution_admin)
        person = await on_duty(admin, world)
        north = new_id()
        await world.add(
            Station(
                region_id=world.region_id,
                institution_id=world.institution_id,
                id=north,
                code="S2",
                name="二站",
                lon=106.4,
                lat=39.1,
            )
        )
        (before,) = await duties(admin, world)
        assert (before["travel_mode"], before["lon"], before["lat"]) == ("ebike", *CENTRE)
        assert before["skills"] == ["role:nurse", "title:assistant", "title:junior"]
        change = {
            "travel_mode": "car",
            "role": "therapist",
            "title": "assistant",
            "station_id": str(north),
            "name": "护士乙",
        }
        assert (await admin.patch(f"/practitioners/{person}", json=change)).status_code == 200
        (after,) = await duties(admin, world)
        assert (after["travel_mode"], after["lon"], after["lat"], after["name"]) == ("car", 106.4, 39.1, "护士乙")
        assert after["skills"] == ["role:therapist", "title:assistant"]

    async def test_the_inactive_are_not_on_duty(self, world):
        admin = await world.as_role(Role.institution_admin)
        person = await on_duty(admin, world)
        await admin.patch(f"/practitioners/{person}", json={"active": False})
        assert await duties(admin, world) == []
        await admin.patch(f"/practitioners/{person}", json={"active": True})
        assert [each["practitioner_id"] for each in await duties(admin, world)] == [person]

    async def test_an_account_opens_ones_own_shifts_and_is_one_persons(self, world):
        admin = await world.as_role(Role.institution_admin)
        one, two = await on_duty(admin, world), await on_duty(admin, world)
        account_id = await world.add_account(Role.nurse, world.institution_id)
        nurse = world.client(world.principal(Role.nurse, account_id))
        days = {"from": "2026-03-01", "to": "2026-03-31"}
        assert (await nurse.get("/my/shifts", params=days)).json()["items"] == []
        linked = await admin.patch(f"/practitioners/{one}", json={"account_id": str(account_id)})
        assert linked.json()["account_id"] == str(account_id)
        assert [each["practitioner_id"] for each in (await nurse.get("/my/shifts", params=days)).json()["items"]] == [
            one
        ]
        refused = await admin.patch(f"/practitioners/{two}", json={"account_id": str(account_id)})
        assert (refused.status_code, refused.json()["code"]) == (409, "account-taken")
        await admin.patch(f"/practitioners/{one}", json={"account_id": None})
        assert (await nurse.get("/my/shifts", params=days)).json()["items"] == []
        assert (await admin.patch(f"/practitioners/{two}", json={"account_id": str(account_id)})).status_code == 200

    async def test_what_is_left_out_stays_and_strangers_stations_are_not_found(self, world):
        admin = await world.as_role(Role.institution_admin)
        created = (await admin.post("/practitioners", json=form(world))).json()
        at = f"/practitioners/{created['id']}"
        assert (await admin.patch(at, json={})).json() == created
        assert (await admin.patch(at, json={"name": None, "active": None})).json() == created
        assert (await admin.patch(at, json={"station_id": str(new_id())})).status_code == 404
        other = await world.add_account(Role.nurse, await world.add_institution())
        assert (await admin.patch(at, json={"account_id": str(other)})).status_code == 404


class TestQualifications:
    async def test_a_licence_that_has_ended_licenses_nobody(self, world):
        admin = await world.as_role(Role.institution_admin)
        person = await on_duty(admin, world)
        rows = f"/practitioners/{person}/qualifications"
        assert [each["licensed"] for each in await duties(admin, world)] == [True]
        (licence,) = (await admin.get(rows)).json()["items"]
        ended = await admin.patch(f"{rows}/{licence['id']}", json={"valid_to": "2026-03-02"})
        assert ended.json()["valid_to"] == "2026-03-02"
        assert [each["licensed"] for each in await duties(admin, world)] == [False]
        await admin.patch(f"{rows}/{licence['id']}", json={"valid_to": "2026-03-03"})
        assert [each["licensed"] for each in await duties(admin, world)] == [True]

    async def test_a_skill_counts_on_its_days(self, world):
        admin = await world.as_role(Role.institution_admin)
        person = await on_duty(admin, world)
        skill = {"kind": "skill", "code": "wound_care", "certificate_no": "C2", "valid_from": "2026-03-03"}
        rows = f"/practitioners/{person}/qualifications"
        row = (await admin.post(rows, json=skill)).json()
        assert "wound_care" in (await duties(admin, world))[0]["skills"]
        before = {"start": "2026-03-02T14:00:00+08:00", "end": "2026-03-02T17:00:00+08:00"}
        await admin.post(f"/practitioners/{person}/shifts", json=before)
        assert "wound_care" not in (await duties(admin, world, "2026-03-02"))[0]["skills"]
        refused = await admin.post(rows, json=skill | {"valid_from": "2026-04-01"})
        assert (refused.status_code, refused.json()["code"]) == (409, "qualification-overlaps")
        assert (await admin.patch(f"{rows}/{row['id']}", json={"valid_to": "2026-03-31"})).status_code == 200
        assert (await admin.post(rows, json=skill | {"valid_from": "2026-04-01"})).status_code == 201

    async def test_nothing_ends_before_it_starts_and_rows_of_others_are_not_found(self, world):
        admin = await world.as_role(Role.institution_admin)
        one, two = [str(await world.add_practitioner()) for _ in range(2)]
        row = {"kind": "skill", "code": "rehab", "certificate_no": "C2", "valid_from": "2026-03-03"}
        refused = await admin.post(f"/practitioners/{one}/qualifications", json=row | {"valid_to": "2026-03-02"})
        assert (refused.status_code, refused.json()["code"]) == (422, "qualification-impossible")
        added = (await admin.post(f"/practitioners/{one}/qualifications", json=row)).json()["id"]
        refused = await admin.patch(f"/practitioners/{one}/qualifications/{added}", json={"valid_to": "2026-03-02"})
        assert refused.json()["code"] == "qualification-impossible"
        missed = await admin.patch(f"/practitioners/{two}/qualifications/{added}", json={"valid_to": None})
        assert missed.status_code == 404
        elsewhere = await world.as_role(Role.institution_admin, await world.add_institution())
        assert (await elsewhere.get(f"/practitioners/{one}/qualifications")).status_code == 404
        assert (await elsewhere.post(f"/practitioners/{one}/qualifications", json=row)).status_code == 404
