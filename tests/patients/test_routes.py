"""People over HTTP: registered once, admitted elsewhere, found, changed."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from httpx import AsyncClient

from service.accounts.rules import Role
from service.core.ids import new_id
from service.patients.numbers import check_digit
from tests.world import World

BORN = date(1945, 5, 1)


def form(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "institution_id": str(world.institution_id),
        "name": "居民甲",
        "sex": "female",
        "born_on": str(BORN),
        "id_number": world.id_number(BORN),
        "phone": "13812345678",
    } | changes


class TestRegisterPatient:
    async def test_registers_by_the_card_and_cares_from_then_on(self, world):
        desk = await world.as_role(Role.dispatcher)
        asked = form(world)
        answer = await desk.post("/patients", json=asked)
        assert answer.status_code == 201
        person = answer.json()
        number = str(asked["id_number"])
        assert person["id_number_masked"] == number[:4] + "*" * 10 + number[-4:]
        assert person["phone_masked"] == "+86138****5678"
        assert number not in answer.text
        assert "13812345678" not in answer.text
        seen = await desk.get(f"/patients/{person['id']}")
        assert seen.json()["name"] == "居民甲"
        again = await desk.get(f"/patients/{person['id']}", headers={"If-None-Match": seen.headers["ETag"]})
        assert again.status_code == 304

    @pytest.mark.requirement("R181")
    async def test_refuses_a_number_already_registered_and_names_the_next_step(self, world):
        desk = await world.as_role(Role.dispatcher)
        bodies = (f"640202{BORN:%Y%m%d}{no:03d}" for no in range(1, 999, 2))
        body = next(each for each in bodies if check_digit(each) == "X")
        man = form(world, sex="male", id_number=body + "X")
        assert (await desk.post("/patients", json=man)).status_code == 201
        again = await desk.post("/patients", json=man | {"name": "别名", "id_number": body + "x"})
        assert (again.status_code, again.json()["code"]) == (409, "person-already-registered")
        assert "接诊登记" in again.json()["detail"]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"id_number": "640202194505010021"}, "id-number-invalid"),
            ({"born_on": "1945-05-02"}, "id-number-disagrees"),
            ({"sex": "male"}, "id-number-disagrees"),
            ({"phone": "12345678"}, "phone-invalid"),
        ],
    )
    async def test_refuses_what_the_card_or_the_number_plan_contradicts(self, world, change, code):
        desk = await world.as_role(Role.dispatcher)
        answer = await desk.post("/patients", json=form(world) | change)
        assert (answer.status_code, answer.json()["code"]) == (422, code)

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"id_number": "123"}, "#/id_number"),
            ({"name": "  "}, "#/name"),
            ({"name": "王\u0000"}, "#/name"),
            ({"born_on": "1800-01-01"}, "#/born_on"),
            ({"sex": "x"}, "#/sex"),
            ({"nickname": "王"}, "#/nickname"),
            ({"phone": "\ud800123456"}, "#/phone"),
        ],
    )
    async def test_points_at_what_is_malformed(self, world, change, pointer):
        desk = await world.as_role(Role.dispatcher)
        body = json.dumps(form(world) | change)
        answer = await desk.post("/patients", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422
        assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]

    async def test_refuses_a_number_whose_owner_is_not_born_yet(self, world):
        desk = await world.as_role(Role.dispatcher)
        tomorrow = date(2026, 3, 3)
        answer = await desk.post(
            "/patients", json=form(world, born_on=str(tomorrow), id_number=world.id_number(tomorrow))
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "id-number-invalid")

    async def test_refuses_another_institution_and_a_home_out_of_sight(self, world):
        desk = await world.as_role(Role.dispatcher)
        other = await world.add_institution()
        home = await world.add_home()
        assert (await desk.post("/patients", json=form(world, institution_id=str(other)))).status_code == 404
        assert (await desk.post("/patients", json=form(world, home_id=str(new_id())))).status_code == 404
        elsewhere = await world.as_role(Role.dispatcher, other)
        refused = await elsewhere.post("/patients", json=form(world, institution_id=str(other), home_id=str(home)))
        assert refused.status_code == 404
        assert (await desk.post("/patients", json=form(world, home_id=str(home)))).json()["home_id"] == str(home)

    async def test_a_key_makes_it_happen_once(self, world):
        desk = await world.as_role(Role.dispatcher)
        asked, key = form(world), {"Idempotency-Key": "register-1"}
        first = await desk.post("/patients", json=asked, headers=key)
        again = await desk.post("/patients", json=asked, headers=key)
        assert again.status_code == 201
        assert again.json() == first.json()
        assert again.headers["Idempotency-Replayed"] == "true"

    @pytest.mark.parametrize("role", [Role.nurse, Role.finance, Role.elder, Role.region_admin])
    async def test_is_not_everyones_work(self, world, role):
        assert (await (await world.as_role(role)).post("/patients", json=form(world))).status_code == 403


class TestAdmitPatient:
    async def admission(self, world: World) -> tuple[AsyncClient, dict[str, str], str]:
        desk = await world.as_role(Role.dispatcher)
        asked = form(world)
        person = (await desk.post("/patients", json=asked)).json()
        other = await world.add_institution()
        ask = {
            "institution_id": str(other),
            "id_number": str(asked["id_number"]),
            "name": "居民甲",
            "because": "转入本辖区",
        }
        return await world.as_role(Role.dispatcher, other), ask, person["id"]

    async def test_another_institution_sees_a_person_only_after_admitting_him(self, world):
        elsewhere, ask, person_id = await self.admission(world)
        assert (await elsewhere.get(f"/patients/{person_id}")).status_code == 404
        admitted = await elsewhere.post("/patients/admissions", json=ask)
        assert (admitted.status_code, admitted.json()["id"]) == (201, person_id)
        assert (await elsewhere.get(f"/patients/{person_id}")).status_code == 200
        again = await elsewhere.post("/patients/admissions", json=ask)
        assert (again.status_code, again.json()["id"]) == (201, person_id)

    async def test_a_wrong_name_and_an_unknown_number_look_the_same(self, world):
        elsewhere, ask, person_id = await self.admission(world)
        wrong_name = await elsewhere.post("/patients/admissions", json=ask | {"name": "居民乙"})
        unknown = await elsewhere.post("/patients/admissions", json=ask | {"id_number": world.id_number(BORN)})
        assert wrong_name.status_code == unknown.status_code == 404
        assert wrong_name.json() == unknown.json()
        assert (await elsewhere.get(f"/patients/{person_id}")).status_code == 404

    async def test_one_admits_only_to_ones_own_institution(self, world):
        elsewhere, ask, _ = await self.admission(world)
        refused = await elsewhere.post("/patients/admissions", json=ask | {"institution_id": str(world.institution_id)})
        assert refused.status_code == 404

    async def test_a_new_name_is_what_the_next_admission_needs(self, world):
        elsewhere, ask, person_id = await self.admission(world)
        desk = await world.as_role(Role.dispatcher)
        assert (await desk.patch(f"/patients/{person_id}", json={"name": "居民丙"})).json()["name"] == "居民丙"
        assert (await elsewhere.post("/patients/admissions", json=ask)).status_code == 404
        assert (await elsewhere.post("/patients/admissions", json=ask | {"name": "居民丙"})).status_code == 201


class TestListPatients:
    async def names(self, client: AsyncClient, **search: str) -> list[str]:
        answer = await client.get("/patients", params=search)
        assert answer.status_code == 200, answer.text
        return [each["name"] for each in answer.json()["items"]]

    async def test_finds_by_number_phone_and_part_of_the_name(self, world):
        desk = await world.as_role(Role.dispatcher)
        asked = form(world)
        await desk.post("/patients", json=asked)
        await desk.post("/patients", json=form(world, name="住%户", phone="0952-2012345"))
        assert await self.names(desk) == ["居民甲", "住%户"]
        assert await self.names(desk, id_number=asked["id_number"]) == ["居民甲"]
        assert await self.names(desk, id_number=world.id_number(BORN)) == []
        assert await self.names(desk, phone="+86 952 2012345") == ["住%户"]
        assert await self.names(desk, name="甲") == ["居民甲"]
        assert await self.names(desk, name="%") == ["住%户"]

    async def test_shows_nobody_of_other_institutions(self, world):
        desk = await world.as_role(Role.dispatcher)
        asked = form(world)
        await desk.post("/patients", json=asked)
        elsewhere = await world.as_role(Role.dispatcher, await world.add_institution())
        assert await self.names(elsewhere) == []
        assert await self.names(elsewhere, id_number=asked["id_number"]) == []

    async def test_goes_on_from_page_to_page_and_takes_no_cursor_of_another_list(self, world):
        desk = await world.as_role(Role.dispatcher)
        ids = [str(await world.add_patient()) for _ in range(5)]
        seen, cursor = [], None
        for _ in range(3):
            page = (await desk.get("/patients", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
            seen += [each["id"] for each in page["items"]]
            cursor = page["next_cursor"]
        assert (seen, cursor) == (ids, None)
        homes = (await desk.get("/homes", params={"limit": 2})).json()["next_cursor"]
        assert (await desk.get("/patients", params={"cursor": homes})).status_code == 422

    @pytest.mark.requirement("R032")
    async def test_finds_the_people_of_a_key_group_on_a_day(self, world):
        desk = await world.as_role(Role.dispatcher)
        one, two, _ = [str(await world.add_patient()) for _ in range(3)]
        for person, group, first, last in (
            (one, "disabled", "2026-01-01", "2026-02-28"),
            (one, "chronic", "2026-01-01", None),
            (two, "disabled", "2026-03-02", None),
        ):
            row = {"key_group": group, "valid_from": first, "valid_to": last}
            assert (await desk.post(f"/patients/{person}/key-groups", json=row)).status_code == 201

        async def found(group: str, **on: str) -> list[str]:
            answer = await desk.get("/patients", params={"key_group": group, **on})
            return [each["id"] for each in answer.json()["items"]]

        assert await found("disabled", on="2026-02-28") == [one]
        assert await found("disabled", on="2026-03-01") == []
        assert await found("disabled") == [two]
        assert await found("chronic", on="2026-03-02") == [one]
        assert await found("dementia") == []


class TestChangePatient:
    async def test_a_phone_is_found_under_its_new_number_only(self, world):
        desk = await world.as_role(Role.dispatcher)
        person = (await desk.post("/patients", json=form(world))).json()["id"]
        await desk.patch(f"/patients/{person}", json={"phone": "13912345678"})
        found = [
            len((await desk.get("/patients", params={"phone": phone})).json()["items"])
            for phone in ("13812345678", "13912345678")
        ]
        assert found == [0, 1]
        cleared = await desk.patch(f"/patients/{person}", json={"phone": None})
        assert cleared.json()["phone_masked"] is None
        assert (await desk.get("/patients", params={"phone": "13912345678"})).json()["items"] == []
        assert (await desk.patch(f"/patients/{person}", json={"phone": "abcdef"})).json()["code"] == "phone-invalid"

    async def test_nobody_serves_or_acts_for_the_dead_unless_it_was_a_mistake(self, world):
        desk = await world.as_role(Role.dispatcher)
        person = await world.add_patient()
        proxy = {
            "account_id": str(await world.add_account(Role.family_proxy)),
            "relation": "child",
            "rights": ["view"],
            "paper_no": "W-1",
        }
        await desk.post(f"/patients/{person}/key-groups", json={"key_group": "disabled", "valid_from": "2026-01-01"})
        assert (await desk.get(f"/patients/{person}")).json()["may_be_served_at_home"] is True
        dead = await desk.patch(f"/patients/{person}", json={"deceased_on": "2026-03-02"})
        assert (dead.json()["deceased_on"], dead.json()["may_be_served_at_home"]) == ("2026-03-02", False)
        refused = await desk.post(f"/patients/{person}/proxies", json=proxy)
        assert (refused.status_code, refused.json()["code"]) == (409, "person-deceased")
        assert (await desk.patch(f"/patients/{person}", json={"deceased_on": None})).json()["may_be_served_at_home"]
        assert (await desk.post(f"/patients/{person}/proxies", json=proxy)).status_code == 201

    @pytest.mark.parametrize("day", ["1945-04-30", "2026-03-03"])
    async def test_refuses_a_death_before_birth_or_tomorrow(self, world, day):
        desk = await world.as_role(Role.dispatcher)
        refused = await desk.patch(f"/patients/{await world.add_patient()}", json={"deceased_on": day})
        assert (refused.status_code, refused.json()["code"]) == (422, "death-impossible")

    async def test_moves_a_person_to_a_home_in_sight_only(self, world):
        desk = await world.as_role(Role.dispatcher)
        person, home = await world.add_patient(), await world.add_home()
        assert (await desk.patch(f"/patients/{person}", json={"home_id": str(home)})).json()["home_id"] == str(home)
        assert (await desk.patch(f"/patients/{person}", json={"home_id": str(new_id())})).status_code == 404
        assert (await desk.patch(f"/patients/{person}", json={"home_id": None})).json()["home_id"] is None

    async def test_what_is_left_out_stays(self, world):
        desk = await world.as_role(Role.dispatcher)
        person = (await desk.post("/patients", json=form(world, home_id=str(await world.add_home())))).json()
        changed = (await desk.patch(f"/patients/{person['id']}", json={"name": None})).json()
        assert {name: changed[name] for name in person} == person

    async def test_being_a_proxy_is_not_being_his_doctor(self, world):
        other = await world.add_institution()
        doctor_id = await world.add_account(Role.doctor, other)
        doctor = world.client(world.principal(Role.doctor, doctor_id, (other,)))
        mother = await world.add_patient()
        await world.add_relation(mother, doctor_id, kind="proxy", rights=["view"])
        assert (await doctor.get(f"/patients/{mother}")).status_code == 200
        assert (await doctor.patch(f"/patients/{mother}", json={"name": "改名"})).status_code == 404

    async def test_other_institutions_find_nobody_to_change(self, world):
        elsewhere = await world.as_role(Role.dispatcher, await world.add_institution())
        assert (await elsewhere.patch(f"/patients/{await world.add_patient()}", json={"name": "改"})).status_code == 404


class TestReadPatient:
    async def test_key_groups_and_age_make_priority(self, world):
        desk = await world.as_role(Role.dispatcher)
        person = await world.add_patient(born_on=date(1961, 3, 3))
        plain = (await desk.get(f"/patients/{person}")).json()
        assert (plain["priority"], plain["may_be_served_at_home"], plain["key_groups"]) == (0, False, [])
        world.clock.shows = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)  # midnight in Shanghai: his 65th birthday
        old = (await desk.get(f"/patients/{person}")).json()
        assert old["priority"] > 0
        await desk.post(f"/patients/{person}/key-groups", json={"key_group": "disabled", "valid_from": "2026-03-03"})
        disabled = (await desk.get(f"/patients/{person}")).json()
        assert disabled["priority"] > old["priority"]
        assert (disabled["key_groups"], disabled["may_be_served_at_home"]) == (["disabled"], True)
