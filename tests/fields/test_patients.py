"""What is written about people and homes decides who is served, what it costs, and who may act for them."""

from typing import Any

import pytest

from service.accounts.rules import Role
from service.core import geo
from tests.fields.town import DAY, NORTH, Town, changed, made, shown


class TestPeople:
    async def test_one_is_visited_where_one_is_registered_to_live(self, town: Town) -> None:
        await town.offer("BP")
        near, far = await town.home(), await town.home(place=NORTH)
        person = await town.person(near)
        assert (await town.quote(person, "BP"))["distance_metres"] == 0
        await changed(town.desk, f"/patients/{person}", {"home_id": far})
        assert (await town.quote(person, "BP"))["distance_metres"] > 1000
        await changed(town.desk, f"/patients/{person}", {"home_id": None})
        assert (await town.quote(person, "BP"))["code"] == "home-unknown"
        assert (await town.quote(await town.person(None), "BP"))["code"] == "home-unknown"

    async def test_whoever_registers_somebody_cares_for_him_and_finds_him_by_name_and_phone(self, town: Town) -> None:
        other = await town.world.add_institution()
        desk = await town.world.as_role(Role.dispatcher, other)
        both = await town.world.as_role(Role.dispatcher, town.world.institution_id, other)
        body = {
            "institution_id": str(other), "name": "居民丁", "sex": "female", "born_on": "1945-05-01",
            "id_number": town.world.id_number(), "phone": "13812345678",
        }  # fmt: skip
        person = (await made(both, "/patients", body))["id"]
        for query in ({"name": "民丁"}, {"phone": "13812345678"}):
            assert [each["id"] for each in (await shown(desk, "/patients", **query))["items"]] == [person]
            assert (await shown(town.desk, "/patients", **query))["items"] == []
        assert (await shown(desk, "/patients", name="民戊"))["items"] == []
        assert (await shown(desk, "/patients", phone="13912345678"))["items"] == []

    async def test_sex_and_birthday_must_be_those_of_the_card(self, town: Town) -> None:
        right = {
            "institution_id": town.at, "name": "居民甲", "sex": "female", "born_on": "1945-05-01",
            "id_number": town.world.id_number(),
        }  # fmt: skip
        for wrong in ({"sex": "male"}, {"born_on": "1945-05-02"}):
            refused = await town.desk.post("/patients", json=right | wrong)
            assert refused.json()["code"] == "id-number-disagrees"
        assert (await town.desk.post("/patients", json=right)).status_code == 201

    async def test_an_institution_reads_why_it_cares_for_somebody(self, town: Town) -> None:
        other = await town.world.add_institution()
        number, desk = town.world.id_number(), await town.world.as_role(Role.dispatcher, other)
        person = await town.person(await town.home(), id_number=number)
        ask = {"institution_id": str(other), "id_number": number, "name": "居民甲", "because": "转入本辖区居住"}
        await made(desk, "/patients/admissions", ask)
        assert (await shown(desk, f"/patients/{person}"))["cared_for_because"] == "转入本辖区居住"
        third = await town.world.add_institution()
        ward = await town.world.as_role(Role.dispatcher, third)
        await made(ward, "/patients/admissions", ask | {"institution_id": str(third), "because": "医共体转介"})
        assert (await shown(ward, f"/patients/{person}"))["cared_for_because"] == "医共体转介"
        assert (await shown(town.desk, f"/patients/{person}"))["cared_for_because"] == "登记"


class TestKeyGroups:
    async def test_open_the_booking_on_their_days(self, town: Town) -> None:
        await town.offer("BP")
        person = await town.person(await town.home())
        rows = f"/patients/{person}/key-groups"
        await town.set("orders.max_open_per_person", 100)

        async def booked(*days: str) -> list[int]:
            return [(await town.order(person, "BP", on=day)).status_code for day in days]

        await made(town.desk, rows, {"key_group": "low_income", "valid_from": "2026-01-01"})
        assert await booked(DAY) == [409]
        group = {"key_group": "chronic", "valid_from": "2026-03-04", "valid_to": "2026-03-10"}
        row = await made(town.desk, rows, group)
        assert await booked(DAY, "2026-03-04", "2026-03-10", "2026-03-11") == [409, 201, 201, 409]
        await changed(town.desk, f"{rows}/{row['id']}", {"valid_to": "2026-03-09"})
        assert await booked("2026-03-10") == [409]


class TestCoverages:
    async def test_the_insurance_of_the_day_pays(self, town: Town) -> None:
        await town.offer("BP", insurance_class="A")
        for plan, ratio in (("RESIDENT", "0.5"), ("EMPLOYEE", "0.9")):
            await town.rule(plan, deductible="0.00", pay_ratio=ratio)
        person = await town.elder()
        rows = f"/patients/{person}/coverages"
        await made(town.desk, rows, {"plan_code": "RESIDENT", "valid_from": "2026-03-02", "valid_to": "2026-03-05"})
        second = await made(town.desk, rows, {"plan_code": "EMPLOYEE", "valid_from": "2026-03-06"})

        async def patient(*days: str) -> list[int]:
            return [(await town.quote(person, "BP", on=day))["patient_fen"] for day in days]

        assert await patient("2026-03-01", "2026-03-02", "2026-03-05", "2026-03-06") == [1000, 500, 500, 100]
        await changed(town.desk, f"{rows}/{second['id']}", {"valid_to": "2026-03-06"})
        assert await patient("2026-03-06", "2026-03-07") == [100, 1000]


class TestHomes:
    @pytest.mark.parametrize("how", ["registered", "changed"])
    async def test_the_place_in_its_datum_decides_the_distance(self, town: Town, how: str) -> None:
        await town.offer("BP")
        lon, lat = geo.wgs84_to_gcj02(NORTH["lon"], NORTH["lat"])
        distances = []
        for datum in ("gcj02", "wgs84"):
            place = {"lon": lon, "lat": lat, "datum": datum}
            home = await town.home(**({"place": place} if how == "registered" else {}))
            if how == "changed":
                await changed(town.desk, f"/homes/{home}", {"place": place})
            distances.append((await town.quote(await town.person(home), "BP"))["distance_metres"])
        assert 1105 < distances[0] < 1115
        assert abs(distances[1] - distances[0]) > 50

    async def test_is_seen_by_the_institution_that_registered_it(self, town: Town) -> None:
        other = await town.world.add_institution()
        both = await town.world.as_role(Role.dispatcher, town.world.institution_id, other)
        body = {"address": "甲", "place": NORTH, "floor": 1}
        homes = [(await made(both, "/homes", body | {"institution_id": str(at)}))["id"] for at in (town.at, other)]
        assert [(await town.desk.get(f"/homes/{each}")).status_code for each in homes] == [200, 404]

    @pytest.mark.parametrize("how", ["registered", "changed"])
    async def test_those_who_live_in_a_care_institution_have_its_rounds(self, town: Town, how: str) -> None:
        await town.offer("BP")
        care = {"care_institution_id": str(await town.world.add_institution(kind="care_institution", modes=()))}
        private = await town.home()
        home = await town.home(**(care if how == "registered" else {}))
        if how == "changed":
            await changed(town.desk, f"/homes/{home}", care)
        people = [await town.elder(each) for each in (private, home)]
        told: list[Any] = [await town.order(each, "BP", kind="institution_round") for each in people]
        assert [each.status_code for each in told] == [409, 201]
        assert told[0].json()["code"] == "not-a-care-home"

    async def test_a_pin_of_wechats_map_decides_the_distance_and_names_the_home(self, town: Town) -> None:
        await town.offer("BP")
        lon, lat = geo.wgs84_to_gcj02(NORTH["lon"], NORTH["lat"])
        pin = {"longitude": lon, "latitude": lat, "name": "朝阳小区", "address": "大武口区朝阳东街"}
        body = {"institution_id": town.at, "address": "3号楼", "floor": 1}
        told = []
        for changes in ({}, {"longitude": lon + 0.01}, {"latitude": lat + 0.01}, {"name": "西苑"}, {"address": "乙街"}):
            home = await made(town.desk, "/homes", body | {"pin": pin | changes})
            metres = (await town.quote(await town.person(home["id"]), "BP"))["distance_metres"]
            told.append((round(metres, -2), home["address"]))
        assert told == [
            (1100, "大武口区朝阳东街朝阳小区3号楼"),
            (1400, "大武口区朝阳东街朝阳小区3号楼"),
            (2200, "大武口区朝阳东街朝阳小区3号楼"),
            (1100, "大武口区朝阳东街西苑3号楼"),
            (1100, "乙街朝阳小区3号楼"),
        ]

    async def test_is_booked_once_a_person_has_said_where_it_is(self, town: Town) -> None:
        await town.offer("BP")
        home = await made(town.desk, "/homes", {"institution_id": town.at, "address": "朝阳东街88号"})
        person = await town.elder(home["id"])
        refused = await town.order(person, "BP")
        assert (refused.status_code, refused.json()["code"]) == (409, "home-not-placed")
        assert (await town.quote(person, "BP"))["code"] == "home-not-placed"
        lon, lat = geo.wgs84_to_gcj02(NORTH["lon"], NORTH["lat"])
        distances = []
        for place in (
            {"lon": lon, "lat": lat, "datum": "gcj02"},
            {"lon": lon, "lat": lat, "datum": "wgs84"},
            {"lon": lon + 0.01, "lat": lat, "datum": "gcj02"},
            {"lon": lon, "lat": lat + 0.01, "datum": "gcj02"},
        ):
            seen = (await shown(town.desk, f"/homes/{home['id']}"))["placing_revision"]
            word = {"revision": seen, "reason": "asked_resident", "place": place}
            path = f"/homes/{home['id']}/placing"
            late = await town.desk.post(path, json=word | {"revision": seen + 1})
            assert late.json()["code"] == "home-placed-meanwhile"
            assert (await town.desk.post(path, json=word)).status_code == 200
            distances.append((await town.quote(person, "BP"))["distance_metres"])
        assert 1105 < distances[0] < 1115
        assert min(abs(each - distances[0]) for each in distances[1:]) > 50
        assert (await shown(town.desk, f"/homes/{home['id']}"))["placed_because"] == "asked_resident"
        assert (await town.order(person, "BP")).status_code == 201


class TestProxies:
    async def test_may_do_what_he_was_granted_and_nothing_else(self, town: Town) -> None:
        await town.offer("BP")
        person = await town.elder()
        told = []
        for rights in (["view"], ["view", "book"]):
            account = await town.world.add_account(Role.family_proxy)
            grant = {"account_id": str(account), "relation": "child", "rights": rights, "paper_no": "授-1"}
            await made(town.desk, f"/patients/{person}/proxies", grant)
            proxy = town.world.client(town.world.principal(Role.family_proxy, account))
            told.append((await proxy.post("/quotes", json=town.asked(person, "BP"))).status_code)
        assert told == [403, 201]
