"""Homes over HTTP: where they are, how one gets to the door, whose house they are."""

import pytest

from service.accounts.rules import Role
from service.core import geo
from service.core.ids import new_id
from tests.world import CENTRE, World

ADDRESS = "大武口区朝阳东街88号3单元602"


def form(world: World, **changes):
    return {
        "institution_id": str(world.institution_id),
        "address": ADDRESS,
        "place": {"lon": CENTRE[0], "lat": CENTRE[1]},
        "floor": 6,
    } | changes


class TestRegisterHome:
    @pytest.mark.parametrize("datum", list(geo.Datum))
    async def test_stores_wgs84_whatever_the_map_gave(self, world, datum):
        desk = await world.as_role(Role.dispatcher)
        given = CENTRE
        if datum is not geo.Datum.wgs84:
            given = geo.wgs84_to_gcj02(*CENTRE)
        if datum is geo.Datum.bd09:
            given = geo.gcj02_to_bd09(*given)
        place = {"lon": given[0], "lat": given[1], "datum": datum}
        answer = await desk.post("/homes", json=form(world, place=place))
        assert answer.status_code == 201
        home = answer.json()
        stored = geo.Point(home["lon"], home["lat"])
        assert geo.geodesic_metres(stored, geo.Point(*CENTRE)) == 0
        assert home["given_in"] == datum
        assert home["address"] == ADDRESS

    async def test_the_address_rests_sealed(self, world):
        desk = await world.as_role(Role.dispatcher)
        home_id = (await desk.post("/homes", json=form(world))).json()["id"]
        async with world.owner.connect() as connection:
            sealed = (
                await connection.exec_driver_sql(f"select address_sealed from homes where id = '{home_id}'")
            ).scalar_one()
        assert ADDRESS.encode() not in sealed
        assert world.house.cipher.open(sealed, context="homes.address") == ADDRESS

    async def test_a_care_institution_must_be_one(self, world):
        desk = await world.as_role(Role.dispatcher)
        house = await world.add_institution(kind="care_institution")
        answer = await desk.post("/homes", json=form(world, care_institution_id=str(house)))
        assert answer.json()["care_institution_id"] == str(house)
        refused = await desk.post("/homes", json=form(world, care_institution_id=str(world.institution_id)))
        assert (refused.status_code, refused.json()["code"]) == (422, "not-a-care-institution")
        assert (await desk.post("/homes", json=form(world, care_institution_id=str(new_id())))).status_code == 404

    @pytest.mark.parametrize(
        "change",
        [
            {"place": {"lon": 181, "lat": 0}},
            {"place": {"lon": 0, "lat": -91}},
            {"place": {"lon": "NaN", "lat": 0}},
            {"place": {"lon": 106, "lat": 39, "datum": "cgcs2000"}},
            {"floor": 0},
            {"floor": 151},
            {"floor": 2.5},
            {"address": ""},
            {"has_lift": "yes"},
            {"grid": "朝阳三"},
        ],
    )
    async def test_refuses_places_and_floors_that_are_none(self, world, change):
        desk = await world.as_role(Role.dispatcher)
        assert (await desk.post("/homes", json=form(world) | change)).status_code == 422

    async def test_refuses_another_institution(self, world):
        desk = await world.as_role(Role.dispatcher)
        other = await world.add_institution()
        assert (await desk.post("/homes", json=form(world, institution_id=str(other)))).status_code == 404


class TestChangeHome:
    async def test_a_lift_or_another_floor_changes_the_way_to_the_door(self, world):
        desk = await world.as_role(Role.dispatcher)
        home = (await desk.post("/homes", json=form(world))).json()
        assert home["floors_on_foot"] == 5
        address = f"/homes/{home['id']}"
        assert (await desk.patch(address, json={"floor": 3})).json()["floors_on_foot"] == 2
        assert (await desk.patch(address, json={"has_lift": True})).json()["floors_on_foot"] == 0
        assert (await desk.get(address)).json()["floors_on_foot"] == 0

    async def test_moves_the_home_and_renames_its_street(self, world):
        desk = await world.as_role(Role.dispatcher)
        home = (await desk.post("/homes", json=form(world))).json()
        east = {"lon": 106.40, "lat": 39.02, "datum": "gcj02"}
        moved = (await desk.patch(f"/homes/{home['id']}", json={"place": east, "address": "新街1号"})).json()
        assert (moved["given_in"], moved["address"]) == ("gcj02", "新街1号")
        there = geo.to_wgs84(106.40, 39.02, geo.Datum.gcj02)
        assert geo.geodesic_metres(geo.Point(moved["lon"], moved["lat"]), there) == 0
        assert {name: moved[name] for name in ("floor", "has_lift")} == {"floor": 6, "has_lift": False}

    async def test_becomes_a_private_home_again(self, world):
        desk = await world.as_role(Role.dispatcher)
        house = await world.add_institution(kind="care_institution")
        home = (await desk.post("/homes", json=form(world, care_institution_id=str(house)))).json()
        address = f"/homes/{home['id']}"
        assert (await desk.patch(address, json={"floor": 2})).json()["care_institution_id"] == str(house)
        assert (await desk.patch(address, json={"care_institution_id": None})).json()["care_institution_id"] is None
        refused = await desk.patch(address, json={"care_institution_id": str(world.institution_id)})
        assert refused.json()["code"] == "not-a-care-institution"


class TestReadHome:
    async def test_is_seen_by_who_entered_it_and_who_cares_for_a_resident(self, world):
        desk = await world.as_role(Role.dispatcher)
        other = await world.add_institution()
        elsewhere = await world.as_role(Role.dispatcher, other)
        home = await world.add_home()
        assert (await desk.get(f"/homes/{home}")).status_code == 200
        for client in (elsewhere, await world.as_role(Role.elder)):
            assert (await client.get(f"/homes/{home}")).status_code == 404
            assert (await client.get("/homes")).json()["items"] == []
        resident = await world.add_patient(home_id=home, institution_id=other)
        elder_id = await world.add_account(Role.elder)
        await world.add_relation(resident, elder_id)
        elder = world.client(world.principal(Role.elder, elder_id))
        for client in (elsewhere, elder):
            seen = await client.get(f"/homes/{home}")
            assert seen.status_code == 200
            assert [each["id"] for each in (await client.get("/homes")).json()["items"]] == [str(home)]
            tag = {"If-None-Match": seen.headers["ETag"]}
            assert (await client.get(f"/homes/{home}", headers=tag)).status_code == 304
        assert (await elsewhere.patch(f"/homes/{home}", json={"floor": 2})).status_code == 200
        assert (await elder.patch(f"/homes/{home}", json={"floor": 2})).status_code == 403

    async def test_goes_on_from_page_to_page(self, world):
        desk = await world.as_role(Role.dispatcher)
        ids = [str(await world.add_home()) for _ in range(3)]
        first = (await desk.get("/homes", params={"limit": 2})).json()
        rest = (await desk.get("/homes", params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [each["id"] for each in first["items"] + rest["items"]] == ids
        assert rest["next_cursor"] is None
