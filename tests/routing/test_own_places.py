"""Places of one's own where the day begins or ends: set over HTTP, they decide the plan; nobody else learns them."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from service.accounts.rules import Role
from service.core.geo import Point
from service.core.settings import Settings, TravelSource
from service.routing import building, referee, solving
from service.routing.building import Told, repairing
from service.routing.building.repairing import Disruption
from service.routing.problem import LUNCH
from service.routing.states import StopKind
from service.routing.travel import Roads
from tests.fields.town import Town, changed, made
from tests.gateways.maps.providers import TENCENT_KEY, TENCENT_SECRET, Providers
from tests.gateways.stand_in import serving
from tests.routing.scene import DEGREES_PER_KM, Scene, at, cheapest, clock
from tests.routing.test_repairs import begin, repair
from tests.routing.test_sources import starts, stops, who
from tests.routing.test_two_shifts import returns
from tests.world import CENTRE, World


def place(east_km: float) -> dict[str, float]:
    """Return a place so far east of the centre."""
    return {"lon": CENTRE[0] + east_km * DEGREES_PER_KM, "lat": CENTRE[1]}


def point(east_km: float) -> Point:
    """Return the same place as the day's facts have it."""
    return Point(**place(east_km))


async def lives(town: Town, practitioner: UUID, **places: float | None) -> dict[str, Any]:
    """Set where somebody starts or ends so far east; None = at the station."""
    body = {name: None if east is None else place(east) for name, east in places.items()}
    return await changed(town.chief, f"/practitioners/{practitioner}", body)


async def metres(scene: Scene) -> int:
    """Return the metres of the day's plan."""
    return int((await scene.plan())["summary"]["travel_metres"])


class TestPlanning:
    async def test_whoever_starts_near_the_elder_comes(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        near, far = await scene.staff(0), await scene.staff(-1)
        order = await scene.order(4, "08:00", "12:00", "REHAB")
        plan = await scene.plan()
        assert who(plan, order) == {str(near)}
        assert starts(plan, order) > "08:10"
        await lives(town, far, start_place=4)
        plan = await scene.plan()
        assert who(plan, order) == {str(far)}
        assert starts(plan, order) == "08:00"
        # and home is the station still
        assert plan["summary"]["travel_metres"] > 4000
        await lives(town, far, start_place=None)
        assert who(await scene.plan(), order) == {str(near)}

    async def test_whoever_ends_near_the_elder_comes(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        near, far = await scene.staff(0), await scene.staff(-1)
        order = await scene.order(4, "08:00", "12:00", "REHAB")
        assert who(await scene.plan(), order) == {str(near)}
        await lives(town, far, end_place=4)
        plan = await scene.plan()
        assert who(plan, order) == {str(far)}
        assert starts(plan, order) > "08:12"
        await lives(town, far, end_place=None)
        assert who(await scene.plan(), order) == {str(near)}

    async def test_an_end_at_home_leaves_time_for_a_last_visit(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        nurse = await scene.staff(0, shift=("08:00", "12:00"))
        order = await scene.order(4, "11:30", "12:00", "REHAB")
        assert (await scene.plan())["unassigned"][0]["order_id"] == str(order)
        await lives(town, nurse, end_place=4)
        assert who(await scene.plan(), order) == {str(nurse)}

    async def test_as_registered_in_whatever_datum(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        body = {
            "institution_id": town.at, "staff_no": "N1", "name": "护士甲", "sex": "female", "role": "nurse",
            "station_id": str(town.world.station_id), "travel_mode": "ebike",
        }  # fmt: skip
        found = []
        for datum in ("wgs84", "gcj02"):
            own = {**place(4), "datum": datum}
            nurse = await made(
                town.chief,
                "/practitioners",
                body | {"staff_no": f"N-{datum}", "start_place": own, "end_place": own},
            )
            found.append(nurse["start_place"])
            assert nurse["start_place"] == nurse["end_place"]
            read = (await town.chief.get(f"/practitioners/{nurse['id']}")).json()
            assert (read["start_place"], read["end_place"]) == (nurse["start_place"], nurse["end_place"])
            licence = {"kind": "licence", "code": "nurse", "certificate_no": datum, "valid_from": "2020-01-01"}
            await made(town.chief, f"/practitioners/{nurse['id']}/qualifications", licence)
            shift = {"start": at("08:00").isoformat(), "end": at("17:00").isoformat()}
            await made(town.chief, f"/practitioners/{nurse['id']}/shifts", shift)
        assert found[0] == place(4)
        # some hundred metres away
        assert 0.001 < abs(found[0]["lon"] - found[1]["lon"]) < 0.01
        order = await scene.order(4, "08:00", "12:00", "REHAB")
        plan = await scene.plan()
        assert plan["summary"]["travel_metres"] == 0
        assert starts(plan, order) == "08:00"
        own = {**place(4), "datum": "gcj02"}
        nurse = await changed(town.chief, f"/practitioners/{nurse['id']}", {"start_place": own | {"datum": "wgs84"}})
        assert nurse["start_place"] == found[0]
        nurse = await changed(town.chief, f"/practitioners/{nurse['id']}", {"start_place": own, "end_place": own})
        assert (nurse["start_place"], nurse["end_place"]) == (found[1], found[1])

    async def test_of_several_shifts_the_first_begins_and_the_last_ends_there(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        nurse = await scene.staff(0, shift=("08:00", "11:00"))
        await returns(scene, nurse)
        for start, end in (("08:00", "09:00"), ("14:00", "15:00")):
            await scene.order(2, start, end, "REHAB")
        await lives(town, nurse, start_place=2, end_place=2)
        day = building.draw(await scene.facts())
        assert [(each.start, each.end) for each in day.segments] == [(point(2), point(0)), (point(0), point(2))]
        apart = await metres(scene)
        await lives(town, nurse, start_place=None, end_place=None)
        # each shift has one way of two kilometres instead of two
        assert await metres(scene) == 2 * apart
        away = {"start": at("14:00").isoformat(), "end": at("18:00").isoformat(), "reason": "leave"}
        await made(town.chief, f"/practitioners/{nurse}/absences", away)
        await lives(town, nurse, start_place=2, end_place=2)
        [only] = building.draw(await scene.facts()).segments
        assert (only.start, only.end) == (point(2), point(2))

    async def test_lunch_at_the_station_stays_there(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        nurse = await scene.staff(0)
        [shift] = (await town.chief.get(f"/practitioners/{nurse}/shifts", params={
            "from": "2026-03-03", "to": "2026-03-03",
        })).json()["items"]  # fmt: skip
        lunch = {"opens": at("12:00").isoformat(), "closes": at("13:00").isoformat(), "minutes": 30}
        await changed(town.chief, f"/shifts/{shift['id']}", {"lunch": lunch | {"at_station": True}})
        for start, end in (("09:00", "10:00"), ("14:00", "15:00")):
            await scene.order(4, start, end, "REHAB")
        await lives(town, nurse, start_place=4, end_place=4)
        plan = await scene.plan()
        assert [each["kind"] for each in stops(plan, nurse)] == ["visit", "lunch", "visit"]
        assert [each["travel_metres"] > 0 for each in stops(plan, nurse)] == [False, True, True]

    async def test_who_shares_vehicles_starts_and_ends_at_the_station(self, scene: Scene, town: Town) -> None:
        nurse = await scene.staff(0, mode="shared")
        await lives(town, nurse, start_place=4, end_place=4)
        [only] = building.draw(await scene.facts()).segments
        assert (only.start, only.end) == (point(0), point(0))
        await changed(town.chief, f"/practitioners/{nurse}", {"travel_mode": "ebike"})
        [only] = building.draw(await scene.facts()).segments
        assert (only.start, only.end) == (point(4), point(4))


class TestChanging:
    async def test_a_day_is_mended_and_what_is_frozen_stays(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        near, far = await scene.staff(0, lunch=("12:00", "13:00", 30)), await scene.staff(-6)
        first = await scene.order(4, "08:00", "09:00", "REHAB")
        last = await scene.order(4, "14:00", "17:00", "REHAB")
        await lives(town, near, start_place=4, end_place=4)
        plan = await scene.plan()
        assert who(plan, first) == who(plan, last) == {str(near)}
        assert plan["summary"]["travel_metres"] == 0
        assert (await scene.publish(plan)).status_code == 200
        mended = await repair(scene, plan, frozen_until=at("10:00").isoformat())
        assert mended["summary"]["travel_metres"] == 0
        assert stops(mended, near) == stops(plan, near)
        away = [{"practitioner_id": str(near), "from_at": at("10:00").isoformat()}]
        mended = await repair(scene, plan, frozen_until=at("10:00").isoformat(), absent=away)
        assert (who(mended, first), who(mended, last)) == ({str(near)}, {str(far)})

    async def test_a_break_at_home_is_frozen_there_and_on_no_map(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        nurse = await scene.staff(0, lunch=("08:00", "08:40", 30))
        order = await scene.order(4, "08:30", "12:00", "REHAB")
        await lives(town, nurse, start_place=8, end_place=8)
        facts = await scene.facts()
        day = building.draw(facts)
        travel = await Roads(Settings()).matrices(day.points, day.means, outside=False)
        problem = building.problem_of(day, [each.seconds for each in travel])
        plan, _ = cheapest(problem)
        [person] = building.retell_people(day, problem, plan, travel)
        rest, visit = person.stops
        assert (rest.kind, rest.place, rest.start_at) == (StopKind.lunch, None, at("08:00"))
        assert person.way == [point(4)]
        assert visit.travel_metres == person.home_metres > 4000
        told = [
            Told(nurse, None, rest.start_at, rest.end_at, 0, StopKind.lunch),
            Told(nurse, order, visit.start_at, visit.end_at, visit.travel_seconds),
        ]
        parts = repairing.split(facts, told, Disruption(at("08:20")))
        assert [each.place for each in parts.frozen] == [point(8)]

    async def test_who_is_not_sent_out_is_taken_to_have_his_break_at_the_station_if_he_can(
        self, scene: Scene, town: Town
    ) -> None:
        nurse = await scene.staff(0)
        [shift] = (await town.chief.get(f"/practitioners/{nurse}/shifts", params={
            "from": "2026-03-03", "to": "2026-03-03",
        })).json()["items"]  # fmt: skip
        lunch = {"opens": at("08:00").isoformat(), "closes": at("09:00").isoformat(), "minutes": 30}
        await changed(town.chief, f"/shifts/{shift['id']}", {"lunch": lunch | {"at_station": True}})
        await town.set("plan.missed_lunch_minutes", 60)
        for east, had in ((0, True), (4, True), (12, False)):
            await lives(town, nurse, start_place=east, end_place=east)
            day = building.draw(await scene.facts())
            travel = await Roads(Settings()).matrices(day.points, day.means, outside=False)
            problem = building.problem_of(day, [each.seconds for each in travel])
            plan = building.recall(day, problem, [])
            assert referee.check_plan(problem, plan).violations == ()
            assert [stop.service for stop in plan.routes[0].stops] == ([LUNCH] if had else [])

    async def test_one_more_visit_is_put_in_from_where_the_day_begins(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        nurse = await scene.staff(0)
        await lives(town, nurse, start_place=4, end_place=4)
        plan = await scene.plan()
        order = await scene.order(4, "08:00", "09:00", "REHAB")
        answer = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(order)})
        assert answer.status_code == 200, answer.text
        [found, *_] = answer.json()["places"]
        assert clock(found["crew"][0]["start_at"]) == "08:00"


class TestPrivacy:
    async def test_only_he_himself_and_whoever_sets_it_read_it(self, scene: Scene, town: Town, world: World) -> None:
        account = await world.add_account(Role.nurse, world.institution_id)
        nurse = await scene.staff(0, account_id=account)
        written = await lives(town, nurse, start_place=4, end_place=5)
        assert (written["start_place"], written["end_place"]) == (place(4), place(5))
        path = f"/practitioners/{nurse}"
        himself = world.client(world.principal(Role.nurse, account))
        for reader, sees in (
            (himself, True), (town.chief, True), (town.desk, False), (await world.as_role(Role.nurse), False),
            (await world.as_role(Role.inspector), False),
        ):  # fmt: skip
            told = (await reader.get(path)).json()
            assert (told["start_place"], told["end_place"]) == ((place(4), place(5)) if sees else (None, None))
            [listed] = (await reader.get("/practitioners")).json()["items"]
            assert (listed["start_place"], listed["end_place"]) == (None, None)
            duties = (await reader.get(f"{town.house}/duties", params={"on": "2026-03-03"})).json()["items"]
            assert [each["lon"] for each in duties] == [CENTRE[0]]

    async def test_no_map_shows_it(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        nurse = await scene.staff(0)
        for east_km in (2, 3):
            await scene.order(east_km, "08:00", "16:00", "REHAB")

        async def way() -> list[float]:
            told = await scene.dispatcher.get(f"/plans/{(await scene.plan())['id']}/routes.geojson")
            lines = [each for each in told.json()["features"] if each["geometry"]["type"] == "LineString"]
            return sorted(round((lon - CENTRE[0]) / DEGREES_PER_KM) for lon, _ in lines[0]["geometry"]["coordinates"])

        assert await way() == [0, 0, 2, 3]
        await lives(town, nurse, start_place=5)
        assert await way() == [0, 2, 3]
        await lives(town, nurse, end_place=6)
        assert await way() == [2, 3]

    async def test_nor_does_the_map_of_a_day_that_has_begun(self, scene: Scene, town: Town, world: World) -> None:
        await scene.item("REHAB")
        nurse = await scene.staff(0)
        first = await scene.order(2, "08:00", "09:00", "REHAB")
        await scene.order(3, "10:00", "16:00", "REHAB")
        await lives(town, nurse, start_place=5, end_place=5)
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        await begin(world, first)
        world.clock.shows = at("09:30")
        told = await scene.dispatcher.get(f"/plans/{(await scene.plan())['id']}/routes.geojson")
        lines = [each for each in told.json()["features"] if each["geometry"]["type"] == "LineString"]
        shown = [round((lon - CENTRE[0]) / DEGREES_PER_KM) for lon, _ in lines[0]["geometry"]["coordinates"]]
        assert set(shown) == {2, 3}

    async def test_no_map_provider_learns_it_unless_the_settings_allow_it(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        nurse = await scene.staff(0)
        await lives(town, nurse, start_place=6, end_place=6)
        await scene.order(4, "08:00", "17:00", "REHAB")
        with serving(Providers()) as tencent:
            known = Settings(
                travel_source=TravelSource.tencent, tencent_key=SecretStr(TENCENT_KEY),
                tencent_secret=SecretStr(TENCENT_SECRET), tencent_url=tencent.base_url,
            )  # fmt: skip
            for allowed in (False, True):
                body = {"key": "travel.external", "value": allowed, "valid_from": "2026-01-01"}
                if allowed:
                    await town.set("travel.external", allowed)
                else:
                    await made(town.governor, "/settings", body | {"institution_id": None})
                plan_id = (await scene.request()).json()["id"]
                await solving.solve_plan(replace(town.world.house, settings=known), scene.job(plan_id))
                assert (await scene.read(plan_id))["state"] == "solved"
                assert bool(tencent.asked) == allowed

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"start_place": {"lon": 106.4}}, "#/start_place/lat"),
            ({"end_place": {"lon": 190, "lat": 39}}, "#/end_place/lon"),
            ({"start_place": {"lon": 106.4, "lat": 39, "address": "x"}}, "#/start_place/address"),
        ],
    )
    async def test_points_at_what_is_malformed(
        self, scene: Scene, town: Town, change: dict[str, Any], pointer: str
    ) -> None:
        nurse = await scene.staff(0)
        answer = await town.chief.patch(f"/practitioners/{nurse}", json=change)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
