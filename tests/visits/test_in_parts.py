"""Visits in parts: stepping out and coming back, in order, in time and at the door; one visit, one end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text

from service.accounts.rules import Role
from service.visits import preparing
from tests.visits.conftest import Door, Doors
from tests.visits.test_routes import FAR

WAY = {"duration_minutes": 10, "after_min_minutes": 60, "after_max_minutes": 90}


@pytest.fixture
async def door(doors: Doors) -> Door:
    """An order of twenty minutes, of which somebody comes back for ten more after an hour to an hour and a half."""
    return await doors.open([await doors.member()], parts=[WAY])


async def out(door: Door, minutes: int = 22, *, part: int = 1) -> Response:
    """Step out so many minutes after the planned beginning."""
    return await _step(door, "step_out", minutes, part)


async def back(door: Door, minutes: int = 90, *, part: int = 2, **place: Any) -> Response:
    """Come back so many minutes after the planned beginning."""
    return await _step(door, "come_back", minutes, part, **place)


async def end(door: Door, minutes: int = 105) -> Response:
    """Complete so many minutes after the planned beginning."""
    answer: Response = await door.say("complete", at=door.start + timedelta(minutes=minutes))
    return answer


async def _step(door: Door, kind: str, minutes: int, part: int, **place: Any) -> Response:
    answer: Response = await door.say(kind, at=door.start + timedelta(minutes=minutes), part=part, **place)
    return answer


class TestSteps:
    async def test_one_visit_with_a_way_out_and_back_verifies_itself(self, door: Door) -> None:
        visit = await door.until("start")
        [planned] = visit["parts"]
        assert (planned["number"], planned["after_min_minutes"], planned["after_max_minutes"]) == (2, 60, 90)
        assert (planned["left_at"], planned["back_at"]) == (None, None)
        left = (await out(door)).json()
        assert (left["state"], left["parts"][0]["back_at"]) == ("in_service", None)
        there = (await back(door)).json()
        assert [(each["kind"], each["part"]) for each in there["events"]][-2:] == [("step_out", 1), ("come_back", 2)]
        ended = (await end(door)).json()
        assert (ended["state"], ended["verified"], ended["exceptions"]) == ("completed", True, [])
        assert (await door.say("leave", at=door.start + timedelta(minutes=106))).status_code == 201

    async def test_cannot_be_completed_before_the_last_part(self, door: Door) -> None:
        await door.until("start")
        for _ in range(2):
            early = await end(door, 30)
            assert (early.status_code, early.json()["code"]) == (409, "parts-not-done")
            assert (early.json()["done"], early.json()["parts"]) == (1, 2)
            await out(door)
        await back(door)
        assert (await end(door)).json()["state"] == "completed"

    async def test_nobody_comes_back_who_has_not_stepped_out_nor_too_soon(self, door: Door) -> None:
        await door.until("start")
        inside = await back(door)
        assert (inside.status_code, inside.json()["code"]) == (409, "step-missing")
        assert (inside.json()["missing"], inside.json()["missing_part"]) == ("step_out", 1)
        await out(door, 22)
        soon = await back(door, 22 + 59)
        assert (soon.status_code, soon.json()["code"]) == (409, "back-too-soon")
        assert soon.json()["part"] == 2
        assert (await back(door, 22 + 60)).status_code == 201

    async def test_steps_say_of_which_part_they_are_and_there_are_no_others(self, doors: Doors, door: Door) -> None:
        await door.until("start")
        unsaid = await door.say("step_out", at=door.start + timedelta(minutes=22))
        assert (unsaid.status_code, unsaid.json()["code"]) == (422, "malformed")
        assert (await door.say("complete", part=1)).status_code == 422
        assert (await out(door, part=2)).json()["code"] == "not-in-parts"
        assert (await out(door)).status_code == 201
        assert (await back(door, part=3)).json()["code"] == "not-in-parts"
        whole = await doors.open([await doors.member()])
        await whole.until("start")
        assert (await out(whole)).json()["code"] == "not-in-parts"

    async def test_the_same_way_out_again_is_answered_and_not_stored(self, door: Door) -> None:
        await door.until("start")
        first = (await out(door)).json()
        await back(door)
        again = await out(door, 24)
        assert again.status_code == 201
        steps = [each for each in again.json()["events"] if each["kind"] == "step_out"]
        assert steps == [each for each in first["events"] if each["kind"] == "step_out"]

    async def test_as_many_ways_as_there_are_parts(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()], parts=[WAY, WAY | {"after_min_minutes": 1}])
        await door.until("start")
        assert (await out(door, 22)).status_code == 201
        assert (await back(door, 90)).status_code == 201
        assert (await end(door, 100)).json()["code"] == "parts-not-done"
        assert (await out(door, 100, part=2)).status_code == 201
        assert (await back(door, 110, part=3)).status_code == 201
        assert (await end(door, 125)).json()["state"] == "completed"


class TestDoubts:
    @pytest.mark.parametrize(
        ("place", "kind"),
        [(FAR, "out_of_fence"), ({"accuracy_metres": 5}, "place_unknown")],
    )
    async def test_coming_back_is_from_the_home_as_arriving_is(
        self, door: Door, place: dict[str, Any], kind: str
    ) -> None:
        await door.until("start")
        await out(door)
        await back(door, **place)
        ended = (await end(door)).json()
        assert (ended["verified"], [each["kind"] for each in ended["exceptions"]]) == (False, [kind])

    async def test_later_than_the_longest_is_for_a_named_person_to_approve(self, door: Door) -> None:
        await door.until("start")
        await out(door, 22)
        assert (await back(door, 22 + 91)).status_code == 201
        ended = (await end(door, 22 + 105)).json()
        [late] = ended["exceptions"]
        assert (ended["verified"], late["kind"]) == (False, "back_late")
        assert late["facts"] == {"parts": [{"part": 2, "minutes": 91, "after_max_minutes": 90}]}
        decided = await _decide(door, ended, {"decision": "approved", "reason_code": "confirmed_by_family"})
        assert (decided.status_code, decided.json()["verified"]) == (200, True)
        assert decided.json()["exceptions"][0]["decided_by_account_id"]

    async def test_at_the_longest_is_in_time(self, door: Door) -> None:
        await door.until("start")
        await out(door, 22)
        await back(door, 22 + 90)
        assert (await end(door, 22 + 101)).json()["exceptions"] == []

    async def test_the_time_between_is_no_service(self, door: Door) -> None:
        await door.until("start")
        await out(door, 4)
        await back(door, 90)
        ended = (await end(door, 91)).json()
        [short] = ended["exceptions"]
        assert (short["kind"], short["facts"]) == ("too_short", {"minutes": 3, "planned_minutes": 30})

    @pytest.mark.parametrize(("steps_out", "decision"), [(True, "approved"), (True, "refused"), (False, "approved")])
    async def test_where_nobody_came_back_a_named_person_says_how_it_ended(
        self, doors: Doors, door: Door, steps_out: bool, decision: str
    ) -> None:
        visit = await door.until("start")
        if steps_out:
            await out(door)
        doors.world.clock.shows = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
        await preparing.close_days(doors.world.house)
        await preparing.close_days(doors.world.house)
        async with await doors.world.as_role(Role.dispatcher) as client:
            seen = (await client.get(f"/visits/{visit['id']}")).json()
        [missing] = seen["exceptions"]
        assert (missing["kind"], missing["facts"]) == ("part_missing", {"parts": 2, "begun": 1})
        assert (seen["state"], seen["verified"]) == ("in_service", False)
        if decision == "refused":
            refused = await _decide(door, seen, {"decision": "refused", "reason_code": "not_credible"})
            assert (refused.json()["state"], refused.json()["verified"]) == ("refused", False)
            return
        body = {"decision": "approved", "reason_code": "service_cut_short"}
        without = await _decide(door, seen, body)
        assert (without.status_code, without.json()["code"]) == (422, "end-needed")
        ended = (door.start + timedelta(minutes=22)).isoformat()
        approved = await _decide(door, seen, body | {"ended_at": ended})
        assert (approved.json()["state"], approved.json()["verified"]) == ("completed", True)

    async def test_whoever_came_back_and_did_not_end_lacks_the_end(self, doors: Doors, door: Door) -> None:
        visit = await door.until("start")
        await out(door)
        await back(door)
        doors.world.clock.shows = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
        await preparing.close_days(doors.world.house)
        async with await doors.world.as_role(Role.dispatcher) as client:
            seen = (await client.get(f"/visits/{visit['id']}")).json()
        assert [each["kind"] for each in seen["exceptions"]] == ["end_missing"]


class TestTheStay:
    async def test_coming_back_ends_the_stay_elsewhere_and_begins_no_trip(self, doors: Doors, door: Door) -> None:
        visit = await door.until("start")
        await out(door)
        between = await doors.open(door.crew, start=door.start + timedelta(minutes=30))
        other = await between.until("leave")
        there = (await back(door)).json()
        assert there["trip_id"] == visit["trip_id"] != other["trip_id"]
        async with doors.world.owner.connect() as connection:
            found = await connection.execute(text("select id::text, left_at is null as open from trips"))
            stays = {row.id: row.open for row in found}
        assert stays[other["trip_id"]] is False

    async def test_whoever_is_visited_at_that_home_next_has_a_trip_of_his_own(self, doors: Doors, door: Door) -> None:
        visit = await door.until("start")
        await out(door)
        await (await doors.open(door.crew, start=door.start + timedelta(minutes=30))).until("leave")
        await back(door)
        await end(door)
        beside = await doors.open(door.crew, home_id=door.home_id, start=door.start + timedelta(minutes=120))
        after = await beside.until("complete")
        assert after["trip_id"] not in {None, visit["trip_id"]}

    async def test_the_parts_are_those_that_the_plan_promised(self, doors: Doors, door: Door) -> None:
        visit = await door.until("depart")
        async with doors.world.owner.begin() as connection:
            sql = "update service_items set parts = '[]' where region_id = :region"
            await connection.execute(text(sql), {"region": doors.world.region_id})
        later = await door.until("start")
        assert later["parts"] == visit["parts"]


async def _decide(door: Door, visit: dict[str, Any], body: dict[str, Any]) -> Response:
    path = f"/visits/{visit['id']}/exceptions/{visit['exceptions'][0]['id']}/decision"
    async with await door.world.as_role(Role.dispatcher) as client:
        return await client.post(path, json=body)
