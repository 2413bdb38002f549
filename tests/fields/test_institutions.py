"""What is written about districts, institutions, stations, registrations and settings: published, measured, obeyed."""

from typing import Any

import pytest

from service.accounts.rules import Role
from service.core import geo
from tests.fields.town import CENTRE, DAY, NORTH, PLACE, Town, changed, made, shown

LICENCE = {"no": "PDY10001", "valid_from": "2026-01-01", "valid_to": "2026-12-31"}
BY_STATION = {
    "unit": "visit", "tiers": [{"up_to_km": None, "price": "10"}], "distance_base": "nearest_station",
    "distance_method": "great_circle", "valid_from": "2026-01-01",
}  # fmt: skip


async def published(town: Town, on: str = DAY, **query: Any) -> dict[str, dict[str, Any]]:
    """Return the list that anybody may read, by code."""
    path = f"/public/regions/{town.world.region_code}/institutions"
    found = await shown(town.world.client(), path, on=on, **query)
    return {each["code"]: each for each in found["items"]}


async def clinic(town: Town, *, since: str = "2026-01-01", **changes: Any) -> dict[str, Any]:
    """Register an institution with a mode from a day on, as the region's administration."""
    body = {
        "code": "NEW", "name": "长胜社区卫生服务中心", "kind": "community_health_centre",
        "district_id": str(town.world.district_id), "address": "长胜街2号", "place": PLACE, "licence": LICENCE,
        "published_phone": "0952-2012345",
    } | changes  # fmt: skip
    made_ = await made(town.governor, "/institutions", body)
    mode = {"mode": "round", "registration_no": "石卫登1号", "valid_from": since}
    await made(town.governor, f"/institutions/{made_['id']}/service-modes", mode)
    return made_


class TestPublishedList:
    async def test_shows_an_institution_as_it_was_registered_and_as_it_was_changed(self, town: Town) -> None:
        district = await made(town.governor, "/districts", {"code": "640205", "name": "惠农区"})
        registered = await clinic(town, district_id=district["id"])
        told = (await published(town, district="640205"))["NEW"]
        assert (told["name"], told["address"], told["phone"]) == (
            "长胜社区卫生服务中心", "长胜街2号", "0952-2012345",
        )  # fmt: skip
        assert "NEW" not in await published(town, district="640202")
        change = {"name": "新名称", "address": "新街9号", "published_phone": "0952-2099999"}
        await changed(town.governor, f"/institutions/{registered['id']}", change)
        told = (await published(town))["NEW"]
        assert (told["name"], told["address"], told["phone"]) == ("新名称", "新街9号", "0952-2099999")

    async def test_names_district_licence_and_registration_so_that_anybody_can_check_them(self, town: Town) -> None:
        district = await made(town.governor, "/districts", {"code": "640205", "name": "惠农"})
        registered = await clinic(town, district_id=district["id"])
        told = (await published(town))["NEW"]
        assert (told["district_name"], told["licence_no"]) == ("惠农", "PDY10001")
        assert [each["registration_no"] for each in told["modes"]] == ["石卫登1号"]
        await changed(town.governor, f"/districts/{district['id']}", {"name": "惠农区"})
        await changed(town.governor, f"/institutions/{registered['id']}", {"licence": LICENCE | {"no": "PDY20002"}})
        told = (await published(town))["NEW"]
        assert (told["district_name"], told["licence_no"]) == ("惠农区", "PDY20002")

    async def test_a_licence_number_is_one_institutions_as_registered_and_as_changed(self, town: Town) -> None:
        first = await clinic(town)
        body = {
            "code": "TWO", "name": "青山社区卫生服务站", "kind": "village_clinic",
            "district_id": str(town.world.district_id), "address": "青山街3号", "place": PLACE, "licence": LICENCE,
        }  # fmt: skip
        refused = await town.governor.post("/institutions", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "licence-taken")
        second = await made(town.governor, "/institutions", body | {"licence": LICENCE | {"no": "PDY20002"}})
        path = f"/institutions/{second['id']}"
        refused = await town.governor.patch(path, json={"licence": LICENCE})
        assert (refused.status_code, refused.json()["code"]) == (409, "licence-taken")
        await changed(town.governor, f"/institutions/{first['id']}", {"licence": None})
        await changed(town.governor, path, {"licence": LICENCE})

    async def test_a_registration_number_is_one_institutions_while_it_runs(self, town: Town) -> None:
        first = await clinic(town)
        second = await town.world.add_institution(modes=())
        mode = {"mode": "round", "registration_no": "石卫登1号", "valid_from": "2026-03-02"}
        path, own = f"/institutions/{second}/service-modes", f"/institutions/{first['id']}/service-modes"
        refused = await town.governor.post(path, json=mode)
        assert (refused.status_code, refused.json()["code"]) == (409, "registration-taken")
        # the first institution's paper may name both its modes
        await made(town.governor, own, mode | {"mode": "home_bed"})
        await made(town.governor, path, mode | {"registration_no": "石卫登2号"})
        for each in (await shown(town.governor, own))["items"]:
            await changed(town.governor, f"{own}/{each['id']}", {"valid_to": "2026-03-04"})
        await made(town.governor, path, mode | {"mode": "home_bed", "valid_from": "2026-03-05"})
        [running] = [each for each in (await shown(town.governor, own))["items"] if each["mode"] == "round"]
        refused = await town.governor.patch(f"{own}/{running['id']}", json={"valid_to": None})
        assert (refused.status_code, refused.json()["code"]) == (409, "registration-taken")

    async def test_holds_an_institution_while_its_licence_and_a_registration_are_in_force(self, town: Town) -> None:
        licence = LICENCE | {"valid_from": "2026-02-01", "valid_to": "2026-03-31"}
        registered = await clinic(town, since="2026-02-01", licence=licence)
        path = f"/institutions/{registered['id']}"

        async def listed(*days: str, **query: Any) -> list[bool]:
            return ["NEW" in await published(town, day, **query) for day in days]

        assert await listed("2026-01-31", "2026-02-01", "2026-03-31", "2026-04-01") == [False, True, True, False]
        later = LICENCE | {"valid_from": "2026-02-02", "valid_to": "2026-04-01"}
        await changed(town.governor, path, {"licence": later})
        assert await listed("2026-02-01", "2026-02-02", "2026-04-01", "2026-04-02") == [False, True, True, False]
        beds = {
            "mode": "home_bed", "registration_no": "石卫登2号", "valid_from": "2026-03-02", "valid_to": "2026-03-10",
        }  # fmt: skip
        mode = await made(town.governor, f"{path}/service-modes", beds)
        days = ("2026-03-01", "2026-03-02", "2026-03-10", "2026-03-11")
        assert await listed(*days, mode="home_bed") == [False, True, True, False]
        assert await listed(*days, mode="round") == [True] * 4
        await changed(town.governor, f"{path}/service-modes/{mode['id']}", {"valid_to": "2026-03-11"})
        assert await listed("2026-03-11", mode="home_bed") == [True]

    async def test_a_care_institution_takes_in_residents_and_registers_no_mode(self, town: Town) -> None:
        body = {
            "code": "CARE", "name": "养老院", "kind": "care_institution", "district_id": str(town.world.district_id),
            "address": "朝阳街", "place": PLACE,
        }  # fmt: skip
        care = await made(town.governor, "/institutions", body)
        mode = {"mode": "round", "registration_no": "1", "valid_from": "2026-01-01"}
        refused = await town.governor.post(f"/institutions/{care['id']}/service-modes", json=mode)
        assert refused.json()["code"] == "care-institution-only"
        await town.home(care_institution_id=care["id"])
        assert (await town.governor.post("/institutions", json=body)).json()["code"] == "institution-code-taken"
        hospital = (await clinic(town, kind="hospital"))["id"]
        home = {"institution_id": town.at, "address": "甲", "place": PLACE, "floor": 1, "care_institution_id": hospital}
        assert (await town.desk.post("/homes", json=home)).json()["code"] == "not-a-care-institution"


class TestDistance:
    async def test_is_counted_from_where_the_institution_stands(self, town: Town) -> None:
        person = await town.elder()
        await town.service("BP")
        account = await town.world.add_account(Role.elder)
        await town.world.add_relation(person, account)
        elder = town.world.client(town.world.principal(Role.elder, account))
        lon, lat = geo.wgs84_to_gcj02(NORTH["lon"], NORTH["lat"])
        registered = await clinic(town, place={"lon": lon, "lat": lat, "datum": "gcj02"})
        chief = await town.world.as_role(Role.institution_admin, registered["id"])
        price = {"code": "BP", "unit_price": "10", "valid_from": "2026-01-01"}
        await made(chief, f"/institutions/{registered['id']}/prices", price)

        async def metres() -> int:
            asked = town.asked(person, "BP", institution_id=registered["id"])
            return int((await made(elder, "/quotes", asked))["distance_metres"])

        assert 1105 < await metres() < 1115
        await changed(town.governor, f"/institutions/{registered['id']}", {"place": PLACE})
        assert await metres() == 0
        await changed(town.governor, f"/institutions/{registered['id']}", {"place": PLACE | {"datum": "gcj02"}})
        assert await metres() > 100

    async def test_is_counted_from_the_nearest_station_where_the_tariff_says_so(self, town: Town) -> None:
        person = await town.elder(await town.home(place=NORTH))
        await town.offer("BP")
        await made(town.chief, f"{town.house}/visit-fee-tariffs", BY_STATION)

        async def metres() -> int:
            return int((await town.quote(person, "BP"))["distance_metres"])

        assert 1105 < await metres() < 1115
        lon, lat = geo.wgs84_to_gcj02(NORTH["lon"], NORTH["lat"])
        body = {"code": "S2", "name": "北站", "place": {"lon": lon, "lat": lat, "datum": "gcj02"}}
        station = await made(town.chief, f"{town.house}/stations", body)
        assert await metres() == 0
        twice = await town.chief.post(f"{town.house}/stations", json=body)
        assert twice.json()["code"] == "station-code-taken"
        path = f"{town.house}/stations/{station['id']}"
        await changed(town.chief, path, {"place": {"lon": NORTH["lon"], "lat": CENTRE[1] + 0.005}})
        assert 550 < await metres() < 560
        await changed(town.chief, path, {"place": {"lon": lon, "lat": lat, "datum": "wgs84"}})
        assert await metres() > 100


class TestSettings:
    async def test_a_value_holds_for_whom_and_from_when_until_when_it_is_set(self, town: Town) -> None:
        person = await town.elder(await town.home(place=NORTH))
        await town.offer("BP")
        road = {"distance_method": "road", "distance_base": "institution"}
        await made(town.chief, f"{town.house}/visit-fee-tariffs", BY_STATION | road)

        async def metres(*days: str) -> list[int]:
            # rounded to kilometres: 1.11 km straight
            return [round((await town.quote(person, "BP", on=day))["distance_metres"] / 1110) for day in days]

        row = await town.set("travel.detour_factor", "2", valid_from="2026-03-02", valid_to="2026-03-10")
        regions = {"key": "travel.detour_factor", "value": "3", "valid_from": "2026-01-01"}
        await made(town.governor, "/settings", regions)
        days = ("2026-03-01", "2026-03-02", "2026-03-10", "2026-03-11")
        assert await metres(*days) == [3, 2, 2, 3]
        path = f"/settings/travel.detour_factor/rows/{row['id']}"
        await changed(town.chief, path, {"value": "4"})
        await changed(town.chief, path, {"valid_to": "2026-03-09"})
        assert await metres(*days) == [3, 4, 3, 3]

    @pytest.mark.parametrize(
        ("key", "value", "after"),
        [("orders.require_key_group", False, 201), ("staff.minimum", 2, 409), ("orders.auto_accept", True, 409)],
    )
    async def test_each_key_is_a_rule_of_its_own_whatever_its_type(
        self, town: Town, key: str, value: object, after: int
    ) -> None:
        person = await town.person(await town.home())
        await town.offer("BP")
        assert (await town.order(person, "BP")).status_code == 409
        await town.set(key, value)
        assert (await town.order(person, "BP")).status_code == after
