"""What the crew's phones report and what the dispatcher decides, over HTTP."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from service.accounts.rules import Role
from service.core.ids import new_id
from service.visits import preparing
from tests.visits.conftest import Doors
from tests.world import CENTRE, World

FAR = {"lon": CENTRE[0] + 0.02, "lat": CENTRE[1], "datum": "wgs84", "accuracy_metres": 10}


async def _order_state(world: World, order_id: object) -> str:
    async with world.owner.connect() as connection:
        found = await connection.execute(text("select state from orders where id = :id"), {"id": order_id})
        return str(found.scalar_one())


class TestAVisit:
    async def test_is_verified_once_all_six_elements_are_recorded(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        before = await door.until("start")
        assert (before["state"], before["verified"]) == ("in_service", False)
        after = (await door.say("complete")).json()
        assert (after["state"], after["verified"], after["exceptions"]) == ("completed", True, [])
        assert await _order_state(doors.world, door.order_id) == "done"

    async def test_never_takes_verified_from_a_client(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        answer = await door.crew[0].phone.post(
            "/visit-events",
            json={
                "order_id": str(door.order_id),
                "kind": "depart",
                "happened_at": door.start.isoformat(),
                "verified": True,
            },
        )
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "#/verified"

    async def test_begins_its_order_with_the_departure(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        await door.until("depart")
        assert await _order_state(doors.world, door.order_id) == "in_progress"

    @pytest.mark.requirement("R011")
    async def test_refuses_a_step_out_of_order_and_names_the_missing_one(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        answer = await door.say("start")
        assert (answer.status_code, answer.json()["code"]) == (409, "step-missing")
        assert (answer.json()["missing"], answer.json()["asked"]) == ("depart", "start")

    async def test_answers_the_same_step_again_without_storing_it(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        first = (await door.say("depart")).json()
        again = await door.say("depart", at=door.start)
        assert again.status_code == 201
        assert again.json()["events"] == first["events"]

    async def test_replays_a_report_with_the_same_key(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        first = await door.say("depart", key="k1")
        again = await door.say("depart", key="k1")
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.json() == first.json()

    async def test_cannot_be_completed_with_nothing_done(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        for kind in ("depart", "arrive", "start"):
            await door.say(kind)
        answer = await door.say("complete")
        assert (answer.status_code, answer.json()["code"]) == (409, "nothing-performed")

    async def test_takes_only_services_that_were_ordered(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        for kind in ("depart", "arrive"):
            await door.say(kind)
        visit = (await door.say("start")).json()
        assert (await door.perform(visit["id"], "WOUND")).json()["code"] == "item-not-ordered"
        assert (await door.perform(visit["id"], "BP", 2)).json()["code"] == "item-not-ordered"
        assert (await door.perform(visit["id"], "BP")).status_code == 201
        assert (await door.perform(visit["id"], "BP")).json()["code"] == "item-recorded"

    async def test_refuses_the_future_another_day_and_going_back(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        ahead = await door.crew[0].phone.post(
            "/visit-events",
            json={
                "order_id": str(door.order_id),
                "kind": "depart",
                "happened_at": (doors.world.clock.now() + timedelta(minutes=6)).isoformat(),
            },
        )
        assert (ahead.status_code, ahead.json()["code"]) == (422, "clock-ahead")
        await door.say("depart", at=door.start)
        back = await door.say("arrive", at=door.start - timedelta(minutes=1))
        assert back.json()["code"] == "clock-ahead"
        tomorrow = await door.say("arrive", at=door.start + timedelta(days=1))
        assert tomorrow.json()["code"] == "clock-ahead"

    async def test_refuses_naive_moments_and_half_positions(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        phone, body = door.crew[0].phone, {"order_id": str(door.order_id), "kind": "depart"}
        naive = await phone.post("/visit-events", json=body | {"happened_at": "2026-03-02T09:00:00"})
        half = await phone.post("/visit-events", json=body | {"happened_at": door.start.isoformat(), "lon": 106.0})
        negative = await phone.post(
            "/visit-events", json=body | {"happened_at": door.start.isoformat(), "accuracy_metres": -1}
        )
        assert (naive.status_code, half.status_code, negative.status_code) == (422, 422, 422)

    async def test_stays_hidden_from_a_colleague_and_from_another_institution(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("depart")
        stranger = await doors.member()
        door.crew = [stranger]
        assert (await door.say("arrive")).json()["code"] == "not-your-visit"
        other = await doors.world.add_institution()
        async with await doors.world.as_role(Role.dispatcher, other) as client:
            assert (await client.get(f"/visits/{visit['id']}")).status_code == 404
            assert (await client.get("/visits")).json()["items"] == []

    async def test_is_read_by_its_elder_and_answers_304_to_a_phone_that_has_it(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("depart")
        account_id = await doors.world.add_account(Role.elder)
        await doors.world.add_relation(door.person_id, account_id)
        async with doors.world.client(doors.world.principal(Role.elder, account_id)) as elder:
            first = await elder.get(f"/visits/{visit['id']}")
            again = await elder.get(f"/visits/{visit['id']}", headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


class TestTwoPersons:
    async def test_start_only_when_both_have_arrived(self, doors: Doors) -> None:
        door = await doors.open([await doors.member(), await doors.member()])
        for kind in ("depart", "arrive"):
            await door.say(kind, member=0)
        alone = await door.say("start", member=0)
        assert (alone.status_code, alone.json()["code"], alone.json()["arrived"]) == (409, "crew-not-there", 1)
        for kind in ("depart", "arrive"):
            await door.say(kind, member=1)
        assert (await door.say("start", member=0)).status_code == 201

    async def test_are_done_when_both_who_began_have_ended(self, doors: Doors) -> None:
        door = await doors.open([await doors.member(), await doors.member()])
        await door.until("start")
        assert (await door.say("complete", member=0)).json()["state"] == "in_service"
        assert (await door.say("complete", member=1)).json()["verified"] is True

    async def test_one_who_never_began_leaves_a_doubt(self, doors: Doors) -> None:
        door = await doors.open([await doors.member(), await doors.member()])
        for kind in ("depart", "arrive"):
            for member in (0, 1):
                await door.say(kind, member=member)
        visit = (await door.say("start", member=0)).json()
        await door.perform(visit["id"])
        done = (await door.say("complete", member=0)).json()
        assert [each["kind"] for each in done["exceptions"]] == ["crew_incomplete"]
        assert done["verified"] is False


class TestDoubts:
    @pytest.mark.parametrize(
        ("place", "kind"),
        [
            (FAR, "out_of_fence"),
            ({"lon": CENTRE[0], "lat": CENTRE[1], "datum": "wgs84", "accuracy_metres": 900}, "place_unknown"),
            ({"accuracy_metres": 5}, "place_unknown"),
        ],
    )
    async def test_an_arrival_elsewhere_or_nowhere_waits_for_a_human(
        self, doors: Doors, place: dict[str, object], kind: str
    ) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("complete", **place)
        assert ([each["kind"] for each in visit["exceptions"]], visit["verified"]) == ([kind], False)

    async def test_wechat_coordinates_are_converted_before_they_are_measured(self, doors: Doors) -> None:
        from service.core.geo import wgs84_to_gcj02  # noqa: PLC0415 - only this test speaks GCJ-02

        lon, lat = wgs84_to_gcj02(*CENTRE)
        door = await doors.open([await doors.member()])
        visit = await door.until("complete", lon=lon, lat=lat, datum="gcj02", accuracy_metres=10)
        assert visit["verified"] is True
        other = await doors.open([await doors.member()])
        raw = await other.until("complete", lon=lon, lat=lat, datum="wgs84", accuracy_metres=10)
        assert [each["kind"] for each in raw["exceptions"]] == ["out_of_fence"]

    async def test_a_named_person_approves_with_a_reason_and_the_visit_is_verified(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("complete", **FAR)
        path = f"/visits/{visit['id']}/exceptions/{visit['exceptions'][0]['id']}/decision"
        async with await doors.world.as_role(Role.dispatcher) as client:
            decided = await client.post(path, json={"decision": "approved", "reason_code": "address_wrong"})
            again = await client.post(path, json={"decision": "refused", "reason_code": "not_credible"})
        assert decided.json()["verified"] is True
        assert decided.json()["exceptions"][0]["decided_by_account_id"] is not None
        assert (again.status_code, again.json()["code"]) == (409, "exception-decided")

    async def test_a_refusal_is_for_good_and_leaves_no_bill(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("complete", **FAR)
        path = f"/visits/{visit['id']}/exceptions/{visit['exceptions'][0]['id']}/decision"
        async with await doors.world.as_role(Role.dispatcher) as client:
            decided = await client.post(path, json={"decision": "refused", "reason_code": "not_credible"})
        assert (decided.json()["state"], decided.json()["verified"]) == ("refused", False)

    async def test_what_is_not_credible_cannot_be_approved(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("complete", **FAR)
        path = f"/visits/{visit['id']}/exceptions/{visit['exceptions'][0]['id']}/decision"
        async with await doors.world.as_role(Role.dispatcher) as client:
            refused = await client.post(path, json={"decision": "approved", "reason_code": "not_credible"})
            decided = await client.post(path, json={"decision": "approved", "reason_code": "no_signal"})
        assert (refused.status_code, refused.json()["code"]) == (422, "reason-contradicts")
        assert decided.json()["verified"] is True

    async def test_the_crew_may_not_decide_about_itself(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("complete", **FAR)
        path = f"/visits/{visit['id']}/exceptions/{visit['exceptions'][0]['id']}/decision"
        answer = await door.crew[0].phone.post(path, json={"decision": "approved", "reason_code": "no_signal"})
        assert answer.status_code == 403

    async def test_a_service_much_too_short_waits_for_a_human(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        await door.until("start")
        done = (await door.say("complete", at=door.start + timedelta(minutes=5))).json()
        assert [each["kind"] for each in done["exceptions"]] == ["too_short"]

    async def test_a_wider_geofence_set_by_the_institution_changes_the_outcome(self, doors: Doors) -> None:
        async with await doors.world.as_role(Role.institution_admin) as admin:
            answer = await admin.post(
                "/settings",
                json={
                    "institution_id": str(doors.world.institution_id),
                    "key": "visit.geofence_metres",
                    "value": 3000,
                    "valid_from": "2026-03-02",
                },
            )
        assert answer.status_code == 201, answer.text
        door = await doors.open([await doors.member()])
        assert (await door.until("complete", **FAR))["verified"] is True


class TestNobodyAtHome:
    async def test_is_reported_from_the_door_and_ends_the_order(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("depart")
        early = await door.crew[0].phone.post(f"/visits/{visit['id']}/no-show")
        assert early.json()["code"] == "not-at-the-door"
        await door.say("arrive")
        missed = await door.crew[0].phone.post(f"/visits/{visit['id']}/no-show")
        assert (missed.status_code, missed.json()["state"]) == (200, "missed")
        assert await _order_state(doors.world, door.order_id) == "noshow"
        assert (await door.say("start")).json()["code"] == "visit-over"


class TestTrips:
    async def test_two_visits_of_one_stay_share_a_trip_and_another_home_begins_a_new_one(self, doors: Doors) -> None:
        crew, home_id, key = [await doors.member()], await doors.world.add_home(), new_id()
        first = await doors.open(crew, home_id=home_id, trip_key=key)
        second = await doors.open(crew, home_id=home_id, trip_key=key, start=first.start + timedelta(minutes=40))
        third = await doors.open(crew, start=first.start + timedelta(minutes=90))
        trips = [(await door.until("leave"))["trip_id"] for door in (first, second, third)]
        assert trips[0] == trips[1] != trips[2]

    async def test_coming_back_later_is_another_trip(self, doors: Doors) -> None:
        crew, home_id, key = [await doors.member()], await doors.world.add_home(), new_id()
        first = await doors.open(crew, home_id=home_id, trip_key=key)
        elsewhere = await doors.open(crew, start=first.start + timedelta(minutes=45))
        back = await doors.open(crew, home_id=home_id, trip_key=key, start=first.start + timedelta(minutes=120))
        trips = [(await door.until("leave"))["trip_id"] for door in (first, elsewhere, back)]
        assert len(set(trips)) == 3


class TestDaysGoneBy:
    async def test_are_closed_visits_not_begun_are_missed_and_those_without_an_end_doubted(self, doors: Doors) -> None:
        world = doors.world
        idle, begun = await doors.open([await doors.member()]), await doors.open([await doors.member()])
        await idle.until("depart")
        visit = await begun.until("start")
        world.clock.shows = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
        await preparing.close_days(world.house)
        await preparing.close_days(world.house)
        assert await _order_state(world, idle.order_id) == "noshow"
        async with await world.as_role(Role.dispatcher) as client:
            seen = (await client.get(f"/visits/{visit['id']}")).json()
            assert [each["kind"] for each in seen["exceptions"]] == ["end_missing"]
            path = f"/visits/{visit['id']}/exceptions/{seen['exceptions'][0]['id']}/decision"
            body = {"decision": "approved", "reason_code": "device_failure"}
            without = await client.post(path, json=body)
            assert (without.status_code, without.json()["code"]) == (422, "end-needed")
            ended = (begun.start + timedelta(minutes=25)).isoformat()
            approved = await client.post(path, json=body | {"ended_at": ended})
        assert (approved.json()["state"], approved.json()["verified"]) == ("completed", True)


class TestUnknown:
    async def test_ids_are_not_found(self, doors: Doors) -> None:
        async with await doors.world.as_role(Role.dispatcher) as client:
            assert (await client.get(f"/visits/{uuid4()}")).status_code == 404
            assert (await client.get("/visits/12")).status_code == 422
            decision = {"decision": "approved", "reason_code": "no_signal"}
            assert (
                await client.post(f"/visits/{uuid4()}/exceptions/{uuid4()}/decision", json=decision)
            ).status_code == 404
