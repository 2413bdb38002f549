"""What has begun, or is promised by another plan, binds whoever is planned besides: over HTTP, the day planned anew."""

from typing import Any
from uuid import UUID

import pytest

from tests.fields.town import Town, changed, made
from tests.routing.scene import Scene, at, clock, visits
from tests.routing.test_repairs import begin
from tests.routing.test_sources import elder, reasons, who


async def precaution(town: Town, person: dict[str, Any], kind: str) -> None:
    """Say of somebody what a visit must be careful of."""
    await changed(town.desk, f"/patients/{person['person_id']}", {"precaution": kind})


async def grouped(town: Town, person: dict[str, Any]) -> None:
    """Have somebody be one of those who are served at home."""
    group = {"key_group": "disabled", "valid_from": "2025-01-01"}
    await made(town.desk, f"/patients/{person['person_id']}/key-groups", group)


async def accepted(town: Town, order: UUID, wishes: dict[str, Any]) -> None:
    """Ask something of who comes for an order, and have it accepted."""
    await changed(town.desk, f"/orders/{order}", wishes)
    answer = await town.desk.post(f"/orders/{order}/acceptance")
    assert answer.status_code == 200, answer.text


async def crews(scene: Scene, plan: dict[str, Any], order: UUID) -> set[str]:
    """Return who could be sent to one order more in a plan."""
    answer = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(order)})
    assert answer.status_code == 200, answer.text
    return {crew["practitioner_id"] for place in answer.json()["places"] for crew in place["crew"]}


async def offered(scene: Scene, plan: dict[str, Any], order: UUID) -> list[dict[str, Any]]:
    """Return the half hours in which an order could begin beside a plan."""
    answer = await scene.dispatcher.get(f"/plans/{plan['id']}/windows?order_id={order}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["windows"]
    return found


class TestInfection:
    async def test_who_was_with_somebody_infectious_goes_to_nobody_who_catches_easily(
        self, scene: Scene, town: Town
    ) -> None:
        await scene.item("REHAB")
        near, far = await scene.staff(0), await scene.staff(-4)
        infectious, frail = await elder(scene, 1), await elder(scene, 1.5)
        first = await scene.order(1, "08:00", "09:00", "REHAB", **infectious)
        plan = await scene.plan()
        assert who(plan, first) == {str(near)}
        assert (await scene.publish(plan)).status_code == 200
        await begin(scene.world, first)
        scene.world.clock.shows = at("09:00")
        later = await scene.order(1.5, "10:00", "12:00", "REHAB", **frail)
        await precaution(town, frail, "immunocompromised")
        await precaution(town, infectious, "infectious")
        again = await scene.plan()
        assert who(again, later) == {str(far)}
        assert await crews(scene, plan, later) == {str(far)}
        assert {name for each in await offered(scene, plan, later) for name in each["staff"]} == {
            route["practitioner_name"] for route in again["routes"] if route["practitioner_id"] == str(far)
        }
        # of whoever is like most people nobody is kept away
        for person in (infectious, frail):
            await precaution(town, person, "none")
        assert who(await scene.plan(), later) == {str(near)}
        assert str(near) in await crews(scene, plan, later)

    async def test_what_another_plan_has_promised_binds_as_much(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        nurse = await scene.staff(0)
        infectious, frail = await elder(scene, 1), await elder(scene, 1.5)
        first = await scene.order(1, "10:00", "11:00", "REHAB", **infectious)
        plan = await scene.plan()
        assert who(plan, first) == {str(nurse)}
        assert (await scene.publish(plan)).status_code == 200
        # the same institution is planned in another area, too, beside what the first has promised
        beside = await Scene.set_up(scene.world)
        early = await scene.order(1.5, "08:00", "09:30", "REHAB")
        late = await scene.order(1.5, "12:00", "16:00", "REHAB", **frail)
        assert set(visits(await beside.plan())) == {str(early), str(late)}
        # after somebody infectious he goes to nobody else; before him, to anybody
        await precaution(town, infectious, "infectious")
        assert set(reasons(await beside.plan())) == {str(late)}
        # who catches easily is seen before anybody else, whom others catch from after
        await precaution(town, infectious, "none")
        await precaution(town, frail, "immunocompromised")
        assert set(reasons(await beside.plan())) == {str(late)}
        await precaution(town, frail, "infectious")
        assert set(visits(await beside.plan())) == {str(early), str(late)}


class TestTheSameNurse:
    @pytest.mark.parametrize("asks", ["nobody", "morning", "evening"])
    async def test_comes_in_the_evening_when_the_morning_has_begun(self, scene: Scene, town: Town, asks: str) -> None:
        await town.offer("REHAB")
        await town.service("WOUND", skills=["wound"])
        await town.price("WOUND")
        nurse, other = await scene.staff(0, skills=("wound",)), await scene.staff(3)
        person = await elder(scene, 3)
        await grouped(town, person)
        morning = await scene.order(3, "08:00", "09:00", "WOUND", **person, state="submitted")
        await accepted(town, morning, {"same_staff": asks == "morning"})
        plan = await scene.plan()
        assert who(plan, morning) == {str(nurse)}
        assert (await scene.publish(plan)).status_code == 200
        await begin(scene.world, morning)
        scene.world.clock.shows = at("09:30")
        evening = await scene.order(3, "15:00", "16:00", "REHAB", **person, state="submitted")
        wished = {"preferred_practitioner_id": str(other)}
        await accepted(town, evening, wished | {"same_staff": asks == "evening"})
        expected = str(other if asks == "nobody" else nurse)
        assert who(await scene.plan(), evening) == {expected}
        assert (str(other) in await crews(scene, plan, evening)) == (asks == "nobody")

    async def test_is_missed_where_she_has_gone_home(self, scene: Scene, town: Town) -> None:
        await town.offer("REHAB")
        nurse = await scene.staff(0)
        person = await elder(scene, 1)
        morning = await scene.order(1, "08:00", "09:00", "REHAB", **person, state="submitted")
        await grouped(town, person)
        await accepted(town, morning, {"same_staff": True})
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        await begin(scene.world, morning)
        scene.world.clock.shows = at("10:00")
        await scene.staff(1)
        evening = await scene.order(1, "15:00", "16:00", "REHAB", **person)
        assert who(await scene.plan(), evening) == {str(nurse)}
        away = {"start": at("12:00").isoformat(), "end": at("18:00").isoformat(), "reason": "sick"}
        await made(town.chief, f"/practitioners/{nurse}/absences", away)
        assert set(reasons(await scene.plan())) == {str(evening)}


class TestSpecimens:
    async def test_nobody_infectious_is_visited_before_what_has_been_taken_is_handed_in(
        self, scene: Scene, town: Town
    ) -> None:
        await scene.item("BLOOD", 10, specimen_minutes=300)
        await scene.item("REHAB")
        nurse, infectious = await scene.staff(0), await elder(scene, 1)
        drawn = await scene.order(1, "08:00", "08:30", "BLOOD")
        given_up = await scene.order(1, "12:00", "12:30", "REHAB")
        plan = await scene.plan()
        [handed_in] = [
            stop["start_at"] for route in plan["routes"] for stop in route["stops"] if stop["kind"] == "delivery"
        ]
        assert clock(handed_in) > "12:30"
        assert (await scene.publish(plan)).status_code == 200
        await begin(scene.world, drawn)
        async with scene.world.owner.begin() as connection:
            for sql in (
                "update appointments set state = 'released' where order_id = $1",
                "update orders set state = 'cancelled' where id = $1",
            ):
                await connection.exec_driver_sql(sql, (given_up,))
        scene.world.clock.shows = at("08:40")
        later = await scene.order(1, "09:00", "11:00", "REHAB", **infectious)
        assert who(await scene.plan(), later) == {str(nurse)}
        await precaution(town, infectious, "infectious")
        assert set(reasons(await scene.plan())) == {str(later)}
