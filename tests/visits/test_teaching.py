"""What a verified visit teaches about where its home is: the news, the job, and what becomes of the pin."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from service.accounts.rules import Role
from service.core import geo
from service.core.geo import Point
from service.core.ids import new_id
from service.core.jobs.queue import Job
from service.institutions.models import SettingRow
from service.visits import preparing
from service.visits.rules import VISIT_STRAYED
from tests.visits.conftest import Door, Doors
from tests.world import CENTRE, NOW

EAST = {"lon": CENTRE[0] + 0.0014, "lat": CENTRE[1], "datum": "wgs84", "accuracy_metres": 10}
"""121 metres away: inside the fence, but not at the door."""
FAR = EAST | {"lon": CENTRE[0] + 0.02}


async def place_by(doors: Doors, door: Door, source: str) -> None:
    """Let the home have been placed by somebody."""
    placing = "pinned" if source in {"wechat", "coordinates"} else "located"
    async with doors.world.owner.begin() as connection:
        await connection.execute(text("alter table homes disable trigger homes_pin_stays"))
        await connection.execute(
            text("update homes set placed = :placing, source = :source, confidence = 0.9 where id = :id"),
            {"placing": placing, "source": source, "id": door.home_id},
        )
        await connection.execute(text("alter table homes enable trigger homes_pin_stays"))


async def teach(doors: Doors, visit: dict[str, Any]) -> int:
    """Do what the worker does with the news of a visit; return how many there were."""
    world = doors.world
    async with world.owner.connect() as connection:
        query = text("select payload from pgqueuer where entrypoint = :news and convert_from(payload, 'UTF8') like :id")
        found = await connection.execute(query, {"news": VISIT_STRAYED, "id": f"%{visit['id']}%"})
        jobs = [Job.model_validate_json(row.payload) for row in found]
    for job in jobs:
        await preparing.teach_place(world.house, job)
        await preparing.teach_place(world.house, job)
    return len(jobs)


async def seen(doors: Doors, door: Door) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the home, and its reviews."""
    desk = await doors.world.as_role(Role.dispatcher)
    home = (await desk.get(f"/homes/{door.home_id}")).json()
    return home, (await desk.get("/homes/reviews")).json()["items"]


async def approve(doors: Doors, visit: dict[str, Any], reason: str) -> dict[str, Any]:
    desk = await doors.world.as_role(Role.dispatcher)
    [doubt] = visit["exceptions"]
    decision = {"decision": "approved", "reason_code": reason}
    answer = await desk.post(f"/visits/{visit['id']}/exceptions/{doubt['id']}/decision", json=decision)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def apart(home: dict[str, Any], place: dict[str, Any]) -> int:
    return geo.geodesic_metres(Point(home["lon"], home["lat"]), Point(place["lon"], place["lat"]))


class TestAHomeThatAMachineFound:
    async def test_is_put_where_the_first_verified_visit_was_made(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        await place_by(doors, door, "amap")
        visit = await door.until("complete", **EAST)
        assert visit["verified"]
        assert await teach(doors, visit) == 1
        home, reviews = await seen(doors, door)
        assert (apart(home, EAST), home["placing"], home["source"]) == (0, "located", "visit")
        assert (home["placing_revision"], reviews) == (2, [])

    async def test_is_put_where_the_most_exact_arrival_was(self, doors: Doors) -> None:
        door = await doors.open([await doors.member(), await doors.member()])
        await place_by(doors, door, "amap")
        for kind in ("depart", "arrive", "start", "complete"):
            for member, place in enumerate((EAST | {"accuracy_metres": 40}, EAST | {"lat": CENTRE[1] + 0.0005})):
                answer = await door.say(kind, member=member, **place)
                assert answer.status_code == 201, answer.text
            if kind == "start":
                await door.perform(answer.json()["id"])
        visit = answer.json()
        assert visit["verified"]
        await teach(doors, visit)
        home, _ = await seen(doors, door)
        assert apart(home, EAST | {"lat": CENTRE[1] + 0.0005}) == 0

    async def test_a_person_is_asked_when_the_phone_was_inexact(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        await place_by(doors, door, "amap")
        visit = await door.until("complete", **EAST | {"accuracy_metres": 51})
        await teach(doors, visit)
        home, [review] = await seen(doors, door)
        assert (apart(home, {"lon": CENTRE[0], "lat": CENTRE[1]}), home["source"]) == (0, "amap")
        assert (review["cause"], review["visit_id"], review["accuracy_metres"]) == ("visit_elsewhere", visit["id"], 51)
        assert (apart(review, EAST), review["distance_metres"]) == (0, 121)

    @pytest.mark.parametrize(
        ("key", "value"), [("placing.visit_far_metres", 130), ("placing.visit_accuracy_metres", 9)]
    )
    async def test_how_far_and_how_exact_are_dated_settings(self, doors: Doors, key: str, value: int) -> None:
        await doors.world.add(
            SettingRow(
                region_id=doors.world.region_id, institution_id=doors.world.institution_id, key=key, value=value,
                valid_from=NOW.date() - timedelta(days=1), set_by_account_id=new_id(), set_at=NOW,
            )
        )  # fmt: skip
        door = await doors.open([await doors.member()])
        await place_by(doors, door, "amap")
        await teach(doors, await door.until("complete", **EAST))
        home, reviews = await seen(doors, door)
        assert home["source"] == "amap"
        assert len(reviews) == (1 if key == "placing.visit_accuracy_metres" else 0)

    async def test_a_later_visit_does_not_move_it_again(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        await place_by(doors, door, "visit")
        await teach(doors, await door.until("complete", **EAST))
        home, reviews = await seen(doors, door)
        assert (home["placing_revision"], reviews) == (1, [])

    async def test_a_doubted_visit_teaches_nothing_before_it_is_approved(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        await place_by(doors, door, "amap")
        visit = await door.until("complete", **FAR)
        assert not visit["verified"]
        assert await teach(doors, visit) == 0
        await approve(doors, visit, "address_wrong")
        assert await teach(doors, visit) == 1
        home, _ = await seen(doors, door)
        assert (apart(home, FAR), home["source"]) == (0, "visit")

    @pytest.mark.parametrize("reason", ["elder_elsewhere", "position_drift", "device_failure"])
    async def test_nothing_is_learnt_where_the_place_was_not_the_home(self, doors: Doors, reason: str) -> None:
        door = await doors.open([await doors.member()])
        await place_by(doors, door, "amap")
        visit = await door.until("complete", **FAR)
        await approve(doors, visit, reason)
        await teach(doors, visit)
        home, reviews = await seen(doors, door)
        assert (home["source"], reviews) == ("amap", [])

    async def test_a_visit_at_the_door_is_no_news(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        await place_by(doors, door, "amap")
        assert await teach(doors, await door.until("complete")) == 0


class TestAHomeThatAPersonPinned:
    @pytest.mark.parametrize("source", ["wechat", "coordinates"])
    async def test_is_never_moved_and_questioned_only_when_the_address_was_found_wrong(
        self, doors: Doors, source: str
    ) -> None:
        told = []
        for reason in ("confirmed_by_family", "address_wrong"):
            door = await doors.open([await doors.member()])
            await place_by(doors, door, source)
            visit = await door.until("complete", **FAR)
            await approve(doors, visit, reason)
            assert await teach(doors, visit) == 1
            home, reviews = await seen(doors, door)
            assert (home["placing"], apart(home, {"lon": CENTRE[0], "lat": CENTRE[1]})) == ("pinned", 0)
            told.append(len(reviews))
        assert told == [0, 1]

    async def test_is_asked_about_once_for_a_visit_even_after_the_answer(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("complete", **FAR)
        await approve(doors, visit, "address_wrong")
        await teach(doors, visit)
        home, [review] = await seen(doors, door)
        desk = await doors.world.as_role(Role.dispatcher)
        answer = await desk.post(
            f"/homes/{door.home_id}/placing", json={"revision": home["placing_revision"], "reason": "asked_resident"}
        )
        assert answer.status_code == 200, answer.text
        await teach(doors, visit)
        assert (await seen(doors, door))[1] == []
        assert review["home"]["id"] == str(door.home_id)
