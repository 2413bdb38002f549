"""Homes by pin, by coordinates, by address: looked up by the worker's job, reviewed by people, over HTTP."""

import dataclasses
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from service.accounts.rules import Role
from service.core import geo
from service.core.db.session import transaction
from service.core.geo import Point
from service.core.ids import new_id
from service.core.jobs.queue import Job
from service.core.settings import Settings
from service.gateways.geocoding import Answer, Level, Located
from service.institutions.models import SettingRow
from service.patients import locating, usecases
from service.patients.placing_rules import HOME_PLACED
from tests.gateways.geocoding import stand_in
from tests.gateways.geocoding.stand_in import MapServer, Spot
from tests.gateways.stand_in import serving
from tests.world import CENTRE, NOW, World

ADDRESS = "大武口区朝阳东街88号3单元602"
PIN = {
    "name": "朝阳小区",
    "address": "宁夏回族自治区石嘴山市大武口区朝阳东街88号",
    "latitude": geo.wgs84_to_gcj02(*CENTRE)[1],
    "longitude": geo.wgs84_to_gcj02(*CENTRE)[0],
}


@pytest.fixture(scope="module")
def running() -> Iterator[MapServer]:
    with serving(MapServer()) as server:
        yield server


@pytest.fixture
def maps(running: MapServer) -> MapServer:
    running.reset()
    return running


@pytest.fixture
async def desk(world):
    return await world.as_role(Role.dispatcher)


async def set_to(world: World, key: str, value: object) -> None:
    await world.add(
        SettingRow(
            region_id=world.region_id, institution_id=world.institution_id, key=key, value=value,
            valid_from=NOW.date().replace(day=1), set_by_account_id=new_id(), set_at=NOW,
        )
    )  # fmt: skip


async def register(world: World, desk, **more):
    answer = await desk.post("/homes", json={"institution_id": str(world.institution_id)} | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def told(world: World, home_id: str) -> list[Job]:
    """Return the news of a home that wait in the queue."""
    async with world.owner.connect() as connection:
        query = text(
            "select payload from pgqueuer where entrypoint = :news and convert_from(payload, 'UTF8') like :id"
            " order by id"
        )
        found = await connection.execute(query, {"news": HOME_PLACED, "id": f"%{home_id}%"})
        return [Job.model_validate_json(row.payload) for row in found]


def house_of(world: World, maps: MapServer, **changes):
    known = Settings(
        amap_key=stand_in.AMAP_KEY, amap_secret=stand_in.AMAP_SECRET, amap_url=maps.base_url,
        tencent_key=stand_in.TENCENT_KEY, tencent_secret=stand_in.TENCENT_SECRET, tencent_url=maps.base_url,
    )  # fmt: skip
    return dataclasses.replace(world.house, settings=known.model_copy(update=changes))


async def look_up(world: World, maps: MapServer, home_id: str, **changes) -> None:
    """Do what the worker does with the last news of a home."""
    await locating.locate_home(house_of(world, maps, **changes), (await told(world, home_id))[-1])


async def read(desk, home_id: str):
    return (await desk.get(f"/homes/{home_id}")).json()


async def reviews(desk, **query):
    answer = await desk.get("/homes/reviews", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def apart(home) -> int:
    return geo.geodesic_metres(Point(home["lon"], home["lat"]), Point(*CENTRE))


class TestAPinOfWeChatsMap:
    async def test_is_a_place_and_an_address_at_once(self, world, desk):
        home = await register(world, desk, pin=PIN, address="3单元602")
        assert apart(home) == 0
        assert (home["placing"], home["source"], home["given_in"]) == ("pinned", "wechat", "gcj02")
        assert home["address"] == "宁夏回族自治区石嘴山市大武口区朝阳东街88号朝阳小区3单元602"
        assert await told(world, home["id"]) == []

    async def test_needs_a_name_from_somebody(self, world, desk):
        bare = PIN | {"name": "", "address": ""}
        body = {"institution_id": str(world.institution_id), "pin": bare}
        assert (await desk.post("/homes", json=body)).status_code == 422
        assert (await register(world, desk, pin=bare, address="枣香村三队"))["address"] == "枣香村三队"

    async def test_does_not_stand_beside_coordinates(self, world, desk):
        body = {"institution_id": str(world.institution_id), "pin": PIN, "place": {"lon": 106, "lat": 39}}
        assert (await desk.post("/homes", json=body)).status_code == 422
        assert (await desk.post("/homes", json={"institution_id": str(world.institution_id)})).status_code == 422

    @pytest.mark.parametrize("change", [{"latitude": 91}, {"longitude": "NaN"}, {"errMsg": "ok"}, {"name": "a\u0000"}])
    async def test_must_be_one(self, world, desk, change):
        body = {"institution_id": str(world.institution_id), "pin": PIN | change}
        assert (await desk.post("/homes", json=body)).status_code == 422


class TestAnAddressAlone:
    async def test_waits_without_a_position_until_the_worker_has_found_it(self, world, desk, maps):
        await set_to(world, "geocoding.external", True)
        home = await register(world, desk, address=ADDRESS)
        assert (home["placing"], home["lon"], home["lat"], home["given_in"]) == ("unplaced", None, None, None)
        maps.amap["朝阳东街88号"] = [Spot(*CENTRE, {})]
        await look_up(world, maps, home["id"])
        found = await read(desk, home["id"])
        assert apart(found) == 0
        assert (found["placing"], found["source"], found["confidence"]) == ("located", "amap", 0.95)
        assert found["placing_revision"] == home["placing_revision"] + 1
        assert await reviews(desk) == []

    async def test_is_looked_up_once(self, world, desk, maps):
        await set_to(world, "geocoding.external", True)
        home = await register(world, desk, address=ADDRESS)
        maps.amap["朝阳"] = [Spot(*CENTRE, {})]
        await look_up(world, maps, home["id"])
        await look_up(world, maps, home["id"])
        assert maps.whom() == ["amap"]

    async def test_goes_to_the_next_source_when_one_refuses_and_says_so(self, world, desk, maps):
        await set_to(world, "geocoding.external", True)
        home = await register(world, desk, address=ADDRESS)
        maps.refuse = {"amap": 10044}
        maps.tencent["朝阳"] = Spot(*CENTRE, {"level": 7})
        await look_up(world, maps, home["id"])
        [review] = await reviews(desk)
        assert review["label"] == "tencent (amap quota exceeded)"
        assert (await read(desk, home["id"]))["source"] == "tencent"

    async def test_nobody_outside_is_asked_unless_the_institution_allows_it(self, world, desk, maps):
        home = await register(world, desk, address=ADDRESS)
        maps.amap["朝阳"] = [Spot(*CENTRE, {})]
        await look_up(world, maps, home["id"])
        assert maps.asked == []
        [review] = await reviews(desk)
        assert (review["cause"], review["home"]["id"], review["lon"]) == ("not_found", home["id"], None)

    async def test_the_operators_own_list_is_enough(self, world, desk, maps, tmp_path):
        file = tmp_path / "places.csv"
        file.write_text(
            f"name,aliases,lon,lat,datum,level\n朝阳东街88号,,{CENTRE[0]},{CENTRE[1]},wgs84,door\n", encoding="utf-8"
        )
        home = await register(world, desk, address=ADDRESS)
        await look_up(world, maps, home["id"], gazetteer=file)
        found = await read(desk, home["id"])
        assert (found["placing"], found["source"], apart(found)) == ("located", "gazetteer", 0)

    async def test_an_unsure_place_waits_for_a_person(self, world, desk, maps):
        await set_to(world, "geocoding.external", True)
        home = await register(world, desk, address=ADDRESS)
        maps.amap["朝阳"] = [Spot(*CENTRE, {"level": "道路"})]
        await look_up(world, maps, home["id"])
        found = await read(desk, home["id"])
        assert (found["placing"], found["confidence"], apart(found)) == ("review", 0.4, 0)
        [review] = await reviews(desk)
        assert (review["cause"], review["level"], review["source"], review["confidence"]) == (
            "unsure", "road", "amap", 0.4,
        )  # fmt: skip
        assert review["found_address"] == "宁夏回族自治区石嘴山市大武口区朝阳东街88号"
        assert review["home"] == found

    async def test_how_sure_is_sure_enough_is_a_dated_setting(self, world, desk, maps):
        await set_to(world, "geocoding.external", True)
        await set_to(world, "placing.confidence", "0.4")
        home = await register(world, desk, address=ADDRESS)
        maps.amap["朝阳"] = [Spot(*CENTRE, {"level": "道路"})]
        await look_up(world, maps, home["id"])
        assert (await read(desk, home["id"]))["placing"] == "located"

    async def test_a_place_too_far_from_the_institution_is_not_believed(self, world, desk, maps):
        await set_to(world, "geocoding.external", True)
        maps.amap["朝阳"] = [Spot(CENTRE[0] + 0.1, CENTRE[1], {})]  # 8.6 km
        placings = []
        for radius in (60, 8):
            if radius == 8:
                await set_to(world, "placing.radius_km", radius)
            home = await register(world, desk, address=ADDRESS)
            await look_up(world, maps, home["id"])
            placings.append((await read(desk, home["id"]))["placing"])
        assert placings == ["located", "review"]

    async def test_what_a_source_answered_rests_sealed(self, world, desk, maps):
        await set_to(world, "geocoding.external", True)
        home = await register(world, desk, address=ADDRESS)
        maps.amap["朝阳"] = [Spot(*CENTRE, {"level": "道路"})]
        await look_up(world, maps, home["id"])
        async with world.owner.connect() as connection:
            rows = (
                await connection.execute(text("select r::text from home_reviews r where home_id = :id"), home)
            ).scalars()
            queued = (await connection.execute(text("select convert_from(payload, 'UTF8') from pgqueuer"))).scalars()
            written = "".join([*rows, *queued])
        assert "road" in written
        assert "朝阳" not in written
        assert "朝阳".encode().hex() not in written


class TestAPersonIsQuickerThanTheWorker:
    async def test_and_the_pin_stays(self, world, desk, maps):
        await set_to(world, "geocoding.external", True)
        home = await register(world, desk, address=ADDRESS)
        await desk.patch(f"/homes/{home['id']}", json={"place": {"lon": 106.4, "lat": 39.0}})
        maps.amap["朝阳"] = [Spot(*CENTRE, {})]
        await look_up(world, maps, home["id"])
        found = await read(desk, home["id"])
        assert (found["placing"], found["source"], found["lon"]) == ("pinned", "coordinates", 106.4)

    async def test_even_while_the_map_is_being_asked(self, world, desk, maps):
        home = await register(world, desk, address=ADDRESS)
        [job] = await told(world, home["id"])
        at = {"house": world.house, "region_id": world.region_id, "now": NOW}
        async with transaction(world.house.sessions, job.fence, NOW) as session:
            asked = await usecases.look_up_for(session, home_id=job.subject_id, **at)
        await desk.patch(f"/homes/{home['id']}", json={"place": {"lon": 106.4, "lat": 39.0}})
        best = Located(*CENTRE, geo.Datum.gcj02, Level.door, 0.95, "amap", ADDRESS)
        for answer in (Answer(best), Answer(None)):
            async with transaction(world.house.sessions, job.fence, NOW) as session:
                await usecases.record_look_up(session, look_up=asked, answer=answer, **at)
        found = await read(desk, home["id"])
        assert (found["placing"], found["lon"]) == ("pinned", 106.4)
        assert await reviews(desk) == []


class TestANewAddress:
    async def test_of_a_home_that_a_machine_placed_is_looked_up_again(self, world, desk, maps):
        await set_to(world, "geocoding.external", True)
        home = await register(world, desk, address=ADDRESS)
        maps.amap = {"朝阳东街88号": [Spot(*CENTRE, {})], "新街1号": [Spot(CENTRE[0] + 0.01, CENTRE[1], {})]}
        await look_up(world, maps, home["id"])
        waiting = (await desk.patch(f"/homes/{home['id']}", json={"address": "大武口区新街1号"})).json()
        assert (waiting["placing"], apart(waiting)) == ("review", 0)
        await look_up(world, maps, home["id"])
        found = await read(desk, home["id"])
        assert (found["placing"], apart(found) > 800) == ("located", True)

    async def test_closes_the_question_about_the_old_one(self, world, desk, maps):
        home = await register(world, desk, address="某处")
        await look_up(world, maps, home["id"])
        assert len(await reviews(desk)) == 1
        await desk.patch(f"/homes/{home['id']}", json={"address": ADDRESS})
        assert await reviews(desk) == []
        await look_up(world, maps, home["id"])
        assert [each["home"]["address"] for each in await reviews(desk)] == [ADDRESS]

    async def test_leaves_a_persons_pin_alone(self, world, desk):
        home = await register(world, desk, pin=PIN)
        changed = (await desk.patch(f"/homes/{home['id']}", json={"address": ADDRESS})).json()
        assert (changed["placing"], changed["placing_revision"]) == ("pinned", home["placing_revision"])
        assert await told(world, home["id"]) == []


class TestReviewing:
    @pytest.fixture
    async def unsure(self, world, desk, maps):
        await set_to(world, "geocoding.external", True)
        home = await register(world, desk, address=ADDRESS)
        maps.amap["朝阳"] = [Spot(*CENTRE, {"level": "道路"})]
        await look_up(world, maps, home["id"])
        return await read(desk, home["id"])

    async def decide(self, desk, home, **more):
        body = {"revision": home["placing_revision"], "reason": "checked_on_map"} | more
        return await desk.post(f"/homes/{home['id']}/placing", json=body)

    async def test_a_person_confirms_what_the_machine_guessed(self, desk, unsure):
        answer = await self.decide(desk, unsure)
        assert answer.status_code == 200, answer.text
        home = answer.json()
        assert (home["placing"], home["source"], home["confidence"]) == ("pinned", "coordinates", None)
        assert (home["placed_because"], apart(home)) == ("checked_on_map", 0)
        assert await reviews(desk) == []

    async def test_or_moves_it(self, desk, unsure):
        lon, lat = geo.wgs84_to_gcj02(106.4, 39.03)
        place = {"lon": lon, "lat": lat, "datum": "gcj02"}
        home = (await self.decide(desk, unsure, reason="asked_resident", place=place)).json()
        assert (round(home["lon"], 6), round(home["lat"], 6), home["placing"]) == (106.4, 39.03, "pinned")
        assert (home["source"], home["address"]) == ("coordinates", ADDRESS)
        assert home["placed_because"] == "asked_resident"

    async def test_a_pin_that_is_confirmed_stays_what_it_was(self, world, desk):
        home = await register(world, desk, pin=PIN)
        confirmed = (await self.decide(desk, home, reason="seen_on_site")).json()
        assert (confirmed["source"], confirmed["placed_because"]) == ("wechat", "seen_on_site")
        assert confirmed["placing_revision"] == home["placing_revision"] + 1

    async def test_of_two_who_looked_at_the_same_place_the_second_looks_again(self, desk, unsure):
        assert (await self.decide(desk, unsure)).status_code == 200
        late = await self.decide(desk, unsure, place={"lon": 106.4, "lat": 39.0})
        assert (late.status_code, late.json()["code"]) == (409, "home-placed-meanwhile")
        assert apart(await read(desk, unsure["id"])) == 0

    async def test_nothing_cannot_be_confirmed(self, world, desk, maps):
        home = await register(world, desk, address="某处")
        answer = await self.decide(desk, home)
        assert (answer.status_code, answer.json()["code"]) == (409, "nothing-to-confirm")

    async def test_a_place_given_with_the_home_answers_the_question_too(self, desk, unsure):
        await desk.patch(f"/homes/{unsure['id']}", json={"place": {"lon": 106.4, "lat": 39.0}})
        assert await reviews(desk) == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"reason": "guessed"},
            {"revision": 0},
            {"revision": 2**31},
            {"revision": "2"},
            {"place": {"lon": 181, "lat": 1}},
        ],
    )
    async def test_refuses_what_is_no_decision(self, desk, unsure, wrong):
        assert (await self.decide(desk, unsure, **wrong)).status_code == 422

    async def test_is_the_registering_institutions(self, world, desk, unsure):
        elsewhere = await world.as_role(Role.dispatcher, await world.add_institution())
        assert await reviews(elsewhere) == []
        assert (await self.decide(elsewhere, unsure)).status_code == 404
        for role in (Role.nurse, Role.elder):
            outsider = await world.as_role(role)
            assert (await outsider.get("/homes/reviews")).status_code == 403
            assert (await self.decide(outsider, unsure)).status_code == 403

    async def test_goes_on_from_page_to_page(self, world, desk, maps):
        homes = []
        for _ in range(3):
            homes.append((await register(world, desk, address="某处"))["id"])
            await look_up(world, maps, homes[-1])
        first = (await desk.get("/homes/reviews", params={"limit": 2})).json()
        rest = (await desk.get("/homes/reviews", params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [each["home"]["id"] for each in first["items"] + rest["items"]] == homes
        assert rest["next_cursor"] is None
