"""Plans over HTTP: asked for, solved by the worker, followed and read; what stays out and why."""

import asyncio
import dataclasses
import json
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.accounts.rules import Role
from service.core.ids import new_id
from service.core.jobs import runner
from service.core.settings import Settings, TravelSource
from service.patients.models import KeyGroupRow
from service.routing import solving
from service.routing.states import PLAN_REQUESTED
from tests.gateways.maps.providers import TENCENT_KEY, TENCENT_SECRET, Providers
from tests.gateways.stand_in import serving
from tests.routing.scene import DAY, Scene, at, clock, seconds, visits
from tests.world import CENTRE, World


class TestAsking:
    async def test_answers_at_once_with_where_to_look_and_leaves_one_job(
        self, scene: Scene, app_engine: AsyncEngine
    ) -> None:
        answer = await scene.request()
        assert answer.status_code == 202
        plan_id = answer.json()["id"]
        assert answer.headers["Location"] == f"/v1/plans/{plan_id}"
        assert (await scene.read(plan_id))["state"] == "queued"
        async with app_engine.connect() as connection:
            waiting = await connection.scalar(
                text("select count(*) from pgqueuer where convert_from(payload, 'UTF8') like :id"),
                {"id": f"%{plan_id}%"},
            )
        assert waiting == 1

    async def test_the_same_key_asks_once_and_tells_the_place_again(self, scene: Scene) -> None:
        body = {"area_id": scene.area_id, "service_on": DAY.isoformat()}
        headers = {"Idempotency-Key": "k1"}
        first = await scene.dispatcher.post("/plans", json=body, headers=headers)
        again = await scene.dispatcher.post("/plans", json=body, headers=headers)
        assert (again.status_code, again.json()) == (202, first.json())
        assert again.headers["Location"] == first.headers["Location"]
        assert again.headers["Idempotency-Replayed"] == "true"
        assert len((await scene.dispatcher.get("/plans")).json()["items"]) == 1

    @pytest.mark.parametrize("days", [-1, 367, 999_999])
    async def test_refuses_a_day_that_is_over_or_too_far_ahead(self, scene: Scene, days: int) -> None:
        today = date(2026, 3, 2)
        on = today + timedelta(days=days) if days < 1000 else date(9999, 12, 31)
        answer = await scene.request(on)
        assert (answer.status_code, answer.json()["code"]) == (422, "day-not-plannable")
        assert answer.json()["first_day"] == "2026-03-02"

    async def test_refuses_an_area_that_is_not_wholly_the_dispatcher_s(self, scene: Scene, world: World) -> None:
        other = await world.add_institution()
        wider = await Scene.set_up(world, world.institution_id, other)
        body = {"area_id": wider.area_id, "service_on": DAY.isoformat()}
        assert (await scene.dispatcher.post("/plans", json=body)).status_code == 404
        assert (await wider.dispatcher.post("/plans", json=body)).status_code == 202

    async def test_refuses_an_unknown_area_and_strange_figures(self, scene: Scene) -> None:
        assert (await scene.request(area_id=str(new_id()))).status_code == 404
        for wrong in ({"seconds_limit": 0}, {"seconds_limit": 601}, {"seed": -1}, {"seed": 2**31}, {"more": 1}):
            assert (await scene.request(**wrong)).status_code == 422

    async def test_only_dispatchers_ask_and_only_their_own_plans_are_seen(self, scene: Scene, world: World) -> None:
        plan_id = (await scene.request()).json()["id"]
        nurse = await world.as_role(Role.nurse)
        body = {"area_id": scene.area_id, "service_on": DAY.isoformat()}
        assert (await nurse.post("/plans", json=body)).status_code == 403
        assert (await nurse.get(f"/plans/{plan_id}")).status_code == 200
        stranger = await world.as_role(Role.dispatcher, await world.add_institution())
        for path in (f"/plans/{plan_id}", f"/plans/{plan_id}/routes.geojson", f"/plans/{plan_id}/events"):
            assert (await stranger.get(path)).status_code == 404
        assert (await stranger.post(f"/plans/{plan_id}/publication")).status_code == 404
        assert (await stranger.get("/plans")).json()["items"] == []


class TestSolving:
    async def test_plans_a_small_day_and_tells_everything_about_it(self, scene: Scene) -> None:
        await scene.item("REHAB")
        await scene.item("WOUND", skills=("wound",))
        nurse = await scene.staff(skills=("wound",), lunch=("11:30", "13:30", 30))
        first = await scene.order(1, "08:00", "09:30", "WOUND")
        second = await scene.order(2, "08:00", "17:00", {"REHAB": 2})
        nobody = await scene.order(
            2, "08:00", "17:00", {"DOPPLER": 1} if await scene.item("DOPPLER", skills=("d",)) else {}
        )
        plan = await scene.plan()
        assert plan["state"] == "solved"
        assert plan["travel_source"] == "great_circle"
        assert plan["summary"]["travel_pairs_estimated"] == plan["summary"]["travel_pairs"] > 0
        assert plan["failure"] is None
        summary = plan["summary"]
        assert (summary["orders"], summary["planned"], summary["unassigned"]) == (3, 2, 1)
        assert (summary["staff"], summary["staff_used"], summary["referee"]) == (1, 1, "passed")
        [route] = plan["routes"]
        assert route["practitioner_id"] == str(nurse)
        assert [each["seq"] for each in route["stops"]] == [1, 2, 3]
        lunch = [each for each in route["stops"] if each["order_id"] is None]
        assert len(lunch) == 1
        assert clock(lunch[0]["start_at"]) >= "11:30"
        assert clock(lunch[0]["end_at"]) <= "13:30"
        told = visits(plan)
        assert set(told) == {str(first), str(second)}
        assert seconds(told[str(second)][0][2]) - seconds(told[str(second)][0][1]) == 3600
        assert summary["service_seconds"] == 5400
        assert summary["travel_metres"] == route["travel_metres"]
        # out to 2 km and back, stretched by 1.3; the lunch is had at one of the doors
        assert 5100 <= route["travel_metres"] <= 5300
        [left] = plan["unassigned"]
        assert left["order_id"] == str(nobody)
        assert left["reason"] == "no_qualified_staff"
        assert "资质" in left["explanation"]
        assert left["facts"] == {"scope": "alone", "skills": ["d"], "qualified": 0, "needed": 1}

    async def test_draws_each_route_from_the_station_through_the_homes_and_back(self, scene: Scene) -> None:
        await scene.item("REHAB")
        nurse, other = await scene.staff(), await scene.staff(-5)
        await scene.order(1, "08:00", "17:00", "REHAB")
        await scene.order(-6, "08:00", "17:00", "REHAB")
        plan = await scene.plan()
        answer = await scene.dispatcher.get(f"/plans/{plan['id']}/routes.geojson")
        assert answer.headers["content-type"] == "application/geo+json"
        document = answer.json()
        assert document["type"] == "FeatureCollection"
        lines = {
            each["properties"]["practitioner_id"]: each["geometry"]["coordinates"]
            for each in document["features"]
            if each["geometry"]["type"] == "LineString"
        }
        assert set(lines) == {str(nurse), str(other)}
        assert lines[str(nurse)][0] == lines[str(nurse)][-1] == list(CENTRE)
        assert len(lines[str(nurse)]) == 3
        one = await scene.dispatcher.get(f"/plans/{plan['id']}/routes.geojson", params={"practitioner_id": str(nurse)})
        assert [each["geometry"]["type"] for each in one.json()["features"]] == ["LineString", "Point"]
        again = await scene.dispatcher.get(
            f"/plans/{plan['id']}/routes.geojson", headers={"If-None-Match": answer.headers["etag"]}
        )
        assert again.status_code == 304
        unknown = {"practitioner_id": str(new_id())}
        assert (await scene.dispatcher.get(f"/plans/{plan['id']}/routes.geojson", params=unknown)).status_code == 404

    async def test_a_day_without_orders_or_staff_is_a_plan_too(self, scene: Scene) -> None:
        empty = await scene.plan()
        assert (empty["state"], empty["summary"]["orders"], empty["routes"]) == ("solved", 0, [])
        await scene.item("REHAB")
        order = await scene.order(1, "08:00", "17:00", "REHAB")
        without_staff = await scene.plan()
        assert without_staff["state"] == "solved"
        [left] = without_staff["unassigned"]
        assert (left["order_id"], left["reason"]) == (str(order), "no_qualified_staff")

    async def test_only_accepted_orders_of_the_day_and_area_are_planned(self, scene: Scene, world: World) -> None:
        await scene.item("REHAB")
        await scene.staff()
        wanted = await scene.order(1, "08:00", "17:00", "REHAB")
        for state in ("submitted", "cancelled", "scheduled", "done"):
            await scene.order(1, "08:00", "17:00", "REHAB", state=state)
        await scene.order(1, "08:00", "17:00", "REHAB", on=DAY + timedelta(days=1))
        other = await world.add_institution()
        await scene.order(1, "08:00", "17:00", "REHAB", institution_id=other)
        plan = await scene.plan()
        assert plan["summary"]["orders"] == 1
        assert set(visits(plan)) == {str(wanted)}

    async def test_a_solved_plan_is_not_solved_again(self, scene: Scene) -> None:
        await scene.item("REHAB")
        await scene.staff()
        await scene.order(1, "08:00", "17:00", "REHAB")
        plan = await scene.plan()
        await scene.order(1, "08:00", "17:00", "REHAB")
        await scene.work(plan["id"])
        assert await scene.read(plan["id"]) == plan

    async def test_two_workers_with_the_same_job_store_one_set_of_stops(self, scene: Scene) -> None:
        await scene.item("REHAB")
        await scene.staff()
        await scene.order(1, "08:00", "17:00", "REHAB")
        plan_id = (await scene.request()).json()["id"]
        await asyncio.gather(scene.work(plan_id), scene.work(plan_id))
        plan = await scene.read(plan_id)
        assert plan["state"] == "solved"
        assert len(plan["routes"][0]["stops"]) == 1

    async def test_the_queue_s_runner_carries_the_news_to_the_solver(
        self, scene: Scene, app_engine: AsyncEngine
    ) -> None:
        await scene.item("REHAB")
        await scene.staff()
        await scene.order(1, "08:00", "17:00", "REHAB")
        plan_id, stop = (await scene.request()).json()["id"], asyncio.Event()

        async def handle(job: Any) -> None:
            await solving.solve_plan(scene.world.house, job)
            if job.subject_id == UUID(plan_id):
                stop.set()

        url = app_engine.url.render_as_string(hide_password=False)
        await asyncio.wait_for(
            runner.run_jobs(url, scene.world.house.sessions, {PLAN_REQUESTED: handle}, stop), timeout=60
        )
        assert (await scene.read(plan_id))["summary"]["planned"] == 1


class TestFollowing:
    async def test_hears_progress_until_the_plan_is_solved(self, scene: Scene) -> None:
        await scene.item("REHAB")
        await scene.staff()
        for _ in range(8):
            await scene.order(1, "08:00", "17:00", "REHAB")
        plan_id = (await scene.request(seconds_limit=2)).json()["id"]
        followed, _ = await asyncio.gather(scene.dispatcher.get(f"/plans/{plan_id}/events"), scene.work(plan_id))
        assert followed.headers["content-type"].startswith("text/event-stream")
        events = [
            dict(line.split(": ", 1) for line in block.splitlines())
            for block in followed.text.strip().split("\n\n")
            if not block.startswith(":")
        ]
        assert events[0]["event"] in {"queued", "solving"}
        assert events[-1]["event"] == "solved"
        heard = [json.loads(each["data"]) for each in events]
        assert any(each["progress"] and each["state"] == "solving" for each in heard)
        assert all(each["progress"]["cost"] >= 0 for each in heard if each["progress"])

    async def test_ends_when_the_follower_leaves(self, scene: Scene, world: World) -> None:
        asked_for = await scene.request()
        plan_id, token = asked_for.json()["id"], asked_for.request.headers["authorization"]
        sent: list[dict[str, Any]] = []
        heard, asked = asyncio.Event(), [b""]

        async def receive() -> dict[str, Any]:
            if asked:
                return {"type": "http.request", "body": asked.pop(), "more_body": False}
            await heard.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)
            if message["type"] == "http.response.body" and message.get("body"):
                heard.set()

        headers = [(b"authorization", token.encode()), (b"host", b"test")]
        path = f"/v1/plans/{plan_id}/events"
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
            "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
            "headers": headers, "client": ("127.0.0.1", 1), "server": ("test", 80),
        }  # fmt: skip
        await asyncio.wait_for(world.app(scope, receive, send), timeout=10)
        assert sent[0]["status"] == 200
        assert b"event: queued" in b"".join(each.get("body", b"") for each in sent[1:])


class TestListing:
    async def test_filters_by_area_day_and_state_and_pages(self, scene: Scene) -> None:
        ids = [(await scene.request(DAY + timedelta(days=each))).json()["id"] for each in (0, 0, 1)]
        listed = (await scene.dispatcher.get("/plans", params={"limit": 2})).json()
        assert [each["id"] for each in listed["items"]] == ids[:2]
        rest = (await scene.dispatcher.get("/plans", params={"cursor": listed["next_cursor"]})).json()
        assert [each["id"] for each in rest["items"]] == ids[2:]
        on = {"service_on": DAY.isoformat(), "state": "queued", "area_id": scene.area_id}
        assert [each["id"] for each in (await scene.dispatcher.get("/plans", params=on)).json()["items"]] == ids[:2]
        assert (await scene.dispatcher.get("/plans", params={"state": "solved"})).json()["items"] == []
        assert (await scene.dispatcher.get("/plans", params={"area_id": str(new_id())})).json()["items"] == []


class TestWhatAPlanDependsOn:
    async def _set(self, world: World, key: str, value: object, *, region_wide: bool = False) -> None:
        admin = await world.as_role(Role.region_admin if region_wide else Role.institution_admin)
        answer = await admin.post(
            "/settings",
            json={
                "key": key,
                "value": value,
                "valid_from": DAY.isoformat(),
                "institution_id": None if region_wide else str(world.institution_id),
            },
        )
        assert answer.status_code == 201, answer.text

    async def test_a_map_provider_is_asked_only_when_the_institution_allows_it(
        self, scene: Scene, world: World
    ) -> None:
        await scene.item("REHAB")
        await scene.staff()
        await scene.order(3, "08:00", "17:00", "REHAB")
        with serving(Providers()) as tencent:
            known = Settings(
                travel_source=TravelSource.tencent, tencent_key=SecretStr(TENCENT_KEY),
                tencent_secret=SecretStr(TENCENT_SECRET), tencent_url=tencent.base_url,
            )  # fmt: skip
            sources = []
            for allowed in (False, True):
                if allowed:
                    await self._set(world, "travel.external", True)
                plan_id = (await scene.request()).json()["id"]
                await solving.solve_plan(dataclasses.replace(world.house, settings=known), scene.job(plan_id))
                sources.append((await scene.read(plan_id))["travel_source"])
                assert bool(tencent.asked) == allowed
        assert sources == ["great_circle", "tencent distances"]

    async def test_the_institution_s_pace_changes_the_time_on_the_road(self, scene: Scene, world: World) -> None:
        await scene.item("REHAB")
        await scene.staff()
        await scene.order(3, "08:00", "17:00", "REHAB")
        before = (await scene.plan())["summary"]["travel_seconds"]
        await self._set(world, "travel.ebike_kmh", "9", region_wide=True)
        await self._set(world, "travel.handling_seconds", 0)
        after = (await scene.plan())["summary"]["travel_seconds"]
        riding = before - 2 * 120
        assert abs(after - 2 * riding) <= 4

    async def test_stairs_make_a_stay_longer_by_the_institution_s_minutes(self, scene: Scene, world: World) -> None:
        await scene.item("REHAB")
        await scene.staff()
        order = await scene.order(1, "08:00", "17:00", "REHAB", floor=5)
        [(_, start, end)] = visits(await scene.plan())[str(order)]
        assert seconds(end) - seconds(start) == 32 * 60
        await self._set(world, "home.minutes_per_floor_without_lift", "2.5")
        [(_, start, end)] = visits(await scene.plan())[str(order)]
        assert seconds(end) - seconds(start) == 40 * 60

    @pytest.mark.requirement("R015")
    async def test_who_weighs_more_goes_first_where_only_one_fits(self, scene: Scene, world: World) -> None:
        await scene.item("LONG", 60)
        await scene.staff(shift=("08:00", "09:15"))
        plain = await scene.order(0, "08:00", "09:15", "LONG", born_on=date(1990, 1, 1))
        disabled = await scene.order(0, "08:00", "09:15", "LONG", born_on=date(1945, 1, 1))
        person_id = await self._person(world, disabled)
        await world.add(
            KeyGroupRow(
                region_id=world.region_id, person_id=person_id, key_group="disabled", valid_from=date(2025, 1, 1)
            )
        )
        assert set(visits(await scene.plan())) == {str(disabled)}
        for weight in ("disabled", "aged", "advanced_age"):
            await self._set(world, f"plan.priority_{weight}", 0)
        other = await self._person(world, plain)
        await world.add(
            KeyGroupRow(region_id=world.region_id, person_id=other, key_group="low_income", valid_from=date(2025, 1, 1))
        )
        plan = await scene.plan()
        assert set(visits(plan)) == {str(plain)}
        assert plan["unassigned"][0]["reason"] in {"no_capacity", "not_worth_it"}

    @pytest.mark.requirement("R015")
    async def test_a_single_place_is_each_time_the_one_s_whom_the_policy_names_before(
        self, scene: Scene, world: World
    ) -> None:
        await scene.item("LONG", 60)
        await scene.staff(shift=("08:00", "09:15"))
        # from the last to the first: whoever is added takes the place of the one before
        for born, group in (
            (1990, None), (1955, None), (1955, "special_family"), (1955, "semi_disabled"), (1955, "disabled"),
            (1955, "severe_illness"), (1945, None),
        ):  # fmt: skip
            order = await scene.order(0, "08:00", "09:15", "LONG", born_on=date(born, 1, 1))
            if group is not None:
                person_id = await self._person(world, order)
                await world.add(
                    KeyGroupRow(
                        region_id=world.region_id, person_id=person_id, key_group=group, valid_from=date(2025, 1, 1)
                    )
                )
            assert set(visits(await scene.plan())) == {str(order)}, (born, group)

    async def _person(self, world: World, order_id: UUID) -> UUID:
        async with world.owner.connect() as connection:
            query = text("select person_id from orders where id = :id")
            found: UUID = (await connection.execute(query, {"id": order_id})).scalar_one()
            return found

    async def test_the_wished_for_nurse_comes_when_the_detour_is_small(self, scene: Scene, world: World) -> None:
        await scene.item("REHAB")
        await scene.staff(0)
        wished = await scene.staff(0.5)
        near = await scene.order(0.1, "08:00", "17:00", "REHAB")
        [(who, _, _)] = visits(await scene.plan())[str(near)]
        assert who != str(wished)
        async with world.owner.begin() as connection:
            await connection.execute(
                text("update orders set preferred_practitioner_id = :who where id = :id"), {"who": wished, "id": near}
            )
        [(who, _, _)] = visits(await scene.plan())[str(near)]
        assert who == str(wished)

    async def test_a_service_s_latest_start_binds_however_late_the_elder_wishes(self, scene: Scene) -> None:
        await scene.item("BLOOD", 10, latest_start=time(9, 30))
        await scene.staff()
        order = await scene.order(1, "08:00", "12:00", "BLOOD")
        [(_, start, _)] = visits(await scene.plan())[str(order)]
        assert start <= "09:30"

    async def test_an_order_that_no_longer_fits_its_window_is_left_out_with_the_reason(
        self, scene: Scene, world: World
    ) -> None:
        await scene.item("REHAB", 30)
        await scene.staff()
        order = await scene.order(1, "09:00", "09:30", "REHAB")
        assert set(visits(await scene.plan())) == {str(order)}
        admin = await world.as_role(Role.region_admin)
        assert (await admin.patch("/service-items/REHAB", json={"duration_minutes": 45})).status_code == 200
        [left] = (await scene.plan())["unassigned"]
        assert (left["reason"], left["facts"]) == ("window_closed", {})

    async def test_the_hours_gone_by_are_not_planned_today(self, scene: Scene, world: World) -> None:
        today = date(2026, 3, 2)
        world.clock.shows = at("10:00", today)
        await scene.item("REHAB")
        await scene.staff(on=today)
        late = await scene.order(0, "08:00", "09:00", "REHAB", on=today)
        still = await scene.order(1, "08:00", "12:00", "REHAB", on=today)
        plan = await scene.plan(today)
        [(_, start, _)] = visits(plan)[str(still)]
        assert start >= "10:00"
        assert [each["order_id"] for each in plan["unassigned"]] == [str(late)]

    async def test_one_elder_s_visits_never_meet(self, scene: Scene, world: World) -> None:
        await scene.item("REHAB", 45)
        await scene.staff()
        await scene.staff()
        home = await world.add_home()
        person = await world.add_patient(home_id=home)
        ids = [await scene.order(0, "09:00", "11:00", "REHAB", person_id=person, home_id=home) for _ in range(2)]
        told = visits(await scene.plan())
        spans = sorted((told[str(each)][0][1], told[str(each)][0][2]) for each in ids)
        assert spans[0][1] <= spans[1][0]
