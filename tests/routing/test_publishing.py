"""Publishing a plan: appointments, orders' states, what is taken back, what is left out, one's own day."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.accounts.rules import Role
from service.core.db.session import transaction
from service.core.principal import Fence
from service.patients.models import KeyGroupRow
from service.routing import usecases
from service.routing.states import CrewMember
from tests import canaries
from tests.routing.scene import DAY, DEGREES_PER_KM, Scene, at, visits
from tests.world import CENTRE, World


@pytest.fixture
async def scene(world: World) -> Scene:
    made = await Scene.set_up(world)
    await made.item("REHAB")
    return made


async def states(world: World, *order_ids: UUID) -> list[str]:
    async with world.owner.connect() as connection:
        query = text("select id, state from orders where id = any(:ids)")
        found = {row.id: row.state for row in await connection.execute(query, {"ids": list(order_ids)})}
        return [found[each] for each in order_ids]


async def booked(world: World) -> set[tuple[UUID, UUID]]:
    """Return (order, practitioner) of everything promised in the region."""
    async with world.owner.connect() as connection:
        query = text("select order_id, practitioner_id from appointments where state = 'booked' and region_id = :id")
        return {(row[0], row[1]) for row in await connection.execute(query, {"id": world.region_id})}


async def set_state(world: World, order_id: UUID, state: str) -> None:
    async with world.owner.begin() as connection:
        await connection.execute(text("update orders set state = :to where id = :id"), {"to": state, "id": order_id})


async def crew(world: World, order_id: UUID, *institution_ids: UUID) -> list[CrewMember]:
    fence = Fence(world.region_id, institution_ids or (world.institution_id,))
    async with transaction(world.house.sessions, fence, world.clock.now()) as session:
        return await usecases.crew_of(session, region_id=world.region_id, order_id=order_id)


class TestPublishing:
    async def test_makes_an_appointment_of_each_stop_and_schedules_the_orders(
        self, scene: Scene, world: World, app_engine: AsyncEngine
    ) -> None:
        first, second = await scene.staff(), await scene.staff(-1)
        pair = await scene.order(1, "09:00", "12:00", "REHAB", staff_count=2)
        single = await scene.order(2, "09:00", "12:00", "REHAB")
        plan = await scene.plan()
        answer = await scene.publish(plan)
        assert answer.status_code == 200
        body = answer.json()
        assert (body["orders"], body["appointments"], body["left_out"]) == (2, 3, [])
        assert await states(world, pair, single) == ["scheduled", "scheduled"]
        [who] = [UUID(each[0]) for each in visits(plan)[str(single)]]
        assert await booked(world) == {(pair, first), (pair, second), (single, who)}
        told = await crew(world, pair)
        assert {each.practitioner_id for each in told} == {first, second}
        assert len({(each.start, each.end, each.trip_key) for each in told}) == 1
        assert (await scene.read(plan["id"]))["state"] == "published"
        async with app_engine.connect() as connection:
            query = text("select entrypoint from pgqueuer where convert_from(payload, 'UTF8') like :id")
            news = [row[0] for row in await connection.execute(query, {"id": f"%{plan['id']}%"})]
        assert sorted(news) == ["plan.announced", "plan.published", "plan.requested"]

    async def test_publishing_twice_gives_the_same_answer(self, scene: Scene, world: World) -> None:
        await scene.staff()
        await scene.order(1, "09:00", "12:00", "REHAB")
        plan = await scene.plan()
        first = await scene.publish(plan)
        promised = await booked(world)
        world.clock.shows += timedelta(hours=1)
        again = await scene.publish(plan)
        assert (again.status_code, again.json()) == (200, first.json())
        assert await booked(world) == promised

    async def test_visits_of_one_crew_at_one_home_are_one_trip(self, scene: Scene, world: World) -> None:
        await scene.staff()
        home = await world.add_home(lon=CENTRE[0] + DEGREES_PER_KM)
        couple = [await scene.order(1, "09:00", "12:00", "REHAB", home_id=home) for _ in range(2)]
        apart = await scene.order(3, "09:00", "12:00", "REHAB")
        assert (await scene.publish(await scene.plan())).status_code == 200
        keys = [(await crew(world, each))[0].trip_key for each in (*couple, apart)]
        assert keys[0] == keys[1]
        assert keys[2] != keys[0]

    async def test_refuses_a_plan_that_is_not_solved_or_whose_day_is_over(self, scene: Scene, world: World) -> None:
        waiting = (await scene.request()).json()
        answer = await scene.publish(waiting)
        assert (answer.status_code, answer.json()["code"]) == (409, "plan-not-ready")
        assert answer.json()["state"] == "queued"
        plan = await scene.plan()
        world.clock.shows += timedelta(days=2)
        late = await scene.publish(plan)
        assert (late.status_code, late.json()["code"]) == (422, "day-not-plannable")

    async def test_nurses_do_not_publish(self, scene: Scene, world: World) -> None:
        plan = await scene.plan()
        nurse = await world.as_role(Role.nurse)
        assert (await nurse.post(f"/plans/{plan['id']}/publication")).status_code == 403

    async def test_leaves_out_and_names_an_order_cancelled_meanwhile(self, scene: Scene, world: World) -> None:
        nurse = await scene.staff()
        kept, gone = [await scene.order(1, "09:00", "12:00", "REHAB") for _ in range(2)]
        plan = await scene.plan()
        cancelled = await scene.dispatcher.post(f"/orders/{gone}/cancellation", json={"reason": "老人住院"})
        assert cancelled.status_code == 200, cancelled.text
        body = (await scene.publish(plan)).json()
        [left] = body["left_out"]
        assert (left["order_id"], left["reason"]) == (str(gone), "no_longer_open")
        assert await booked(world) == {(kept, nurse)}
        assert await states(world, kept, gone) == ["scheduled", "cancelled"]

    async def test_a_cancelled_order_gives_its_nurse_back(self, scene: Scene, world: World) -> None:
        await scene.staff()
        order = await scene.order(1, "09:00", "12:00", "REHAB")
        assert (await scene.publish(await scene.plan())).status_code == 200
        cancelled = await scene.dispatcher.post(f"/orders/{order}/cancellation", json={"reason": "老人住院"})
        assert cancelled.status_code == 200, cancelled.text
        assert await booked(world) == set()
        assert await crew(world, order) == []
        again = await scene.order(1, "09:00", "12:00", "REHAB")
        body = (await scene.publish(await scene.plan())).json()
        assert body["orders"] == 1
        assert {each[0] for each in await booked(world)} == {again}


class TestPublishingAgain:
    async def test_supersedes_the_plan_before_and_takes_back_what_nobody_has_begun(
        self, scene: Scene, world: World
    ) -> None:
        nurse = await scene.staff()
        begun = await scene.order(0.1, "09:00", "09:45", "REHAB")
        stays = await scene.order(1, "10:00", "12:00", "REHAB")
        returned = await scene.order(1, "13:00", "16:00", "REHAB")
        first = await scene.plan()
        assert (await scene.publish(first)).status_code == 200
        before = await crew(world, begun)
        await set_state(world, begun, "in_progress")
        added = await scene.order(1, "10:00", "12:00", "REHAB")
        async with world.owner.begin() as connection:
            # the nurse goes home early now
            await connection.execute(
                text("update shifts set during = tstzrange(:a, :b) where practitioner_id = :w"),
                {"a": at("08:00"), "b": at("12:30"), "w": nurse},
            )
        second = await scene.plan()
        # shown as it was promised, and none of what this plan does
        assert visits(second)[str(begun)] == visits(first)[str(begun)]
        stops = [stop for route in second["routes"] for stop in route["stops"]]
        assert {stop["order_id"] for stop in stops if stop["stands"]} == {str(begun)}
        assert set(visits(second)) == {str(begun), str(stays), str(added)}
        body = (await scene.publish(second)).json()
        assert body["superseded_plan_id"] == first["id"]
        assert body["returned_order_ids"] == [str(returned)]
        assert await states(world, begun, stays, returned, added) == [
            "in_progress", "scheduled", "accepted", "scheduled",
        ]  # fmt: skip
        assert await booked(world) == {(begun, nurse), (stays, nurse), (added, nurse)}
        assert await crew(world, begun) == before
        assert (await scene.read(first["id"]))["state"] == "superseded"
        answer = await scene.publish(first)
        assert (answer.status_code, answer.json()["code"]) == (409, "plan-not-ready")

    async def test_another_day_s_plan_stays_in_force(self, scene: Scene, world: World) -> None:
        nurse = await scene.staff()
        tomorrow = DAY + timedelta(days=1)
        await world.add_shift(nurse, at("08:00", tomorrow), at("17:00", tomorrow))
        await scene.order(1, "09:00", "12:00", "REHAB")
        await scene.order(1, "09:00", "12:00", "REHAB", on=tomorrow)
        first, second = await scene.plan(), await scene.plan(tomorrow)
        assert (await scene.publish(first)).status_code == 200
        assert (await scene.publish(second)).json()["superseded_plan_id"] is None
        assert (await scene.read(first["id"]))["state"] == "published"


async def two_plans_for_one_nurse(world: World) -> tuple[Scene, dict[str, Any], dict[str, Any], UUID, UUID, UUID]:
    """Two areas share an institution with one nurse: each has a plan that sends her elsewhere at nine o'clock."""
    first, second = await Scene.set_up(world), await Scene.set_up(world)
    await first.item("LONG", 60)
    nurse = await first.staff()
    plain = await first.order(1, "09:00", "10:00", "LONG", born_on=date(1990, 1, 1))
    plan = await first.plan()
    urgent = await first.order(-1, "09:00", "10:00", "LONG")
    other = await second.plan()
    assert set(visits(plan)) == {str(plain)}
    assert set(visits(other)) == {str(urgent)}
    return first, plan, other, plain, urgent, nurse


class TestDoubleBooking:
    async def test_refuses_to_send_one_nurse_to_two_doors(self, world: World) -> None:
        scene, plan, other, plain, urgent, nurse = await two_plans_for_one_nurse(world)
        assert (await scene.publish(plan)).status_code == 200
        refused = await scene.publish(other)
        assert (refused.status_code, refused.json()["code"]) == (409, "staff-double-booked")
        assert await booked(world) == {(plain, nurse)}
        assert await states(world, plain, urgent) == ["scheduled", "accepted"]
        assert (await scene.read(other["id"]))["state"] == "solved"

    async def test_refuses_two_visits_to_one_elder_at_once(self, world: World) -> None:
        first, second = await Scene.set_up(world), await Scene.set_up(world)
        for code in ("A", "B"):
            await first.item(code, 60, skills=(code,))
            await first.staff(skills=(code,))
        home = await world.add_home()
        person = await world.add_patient(home_id=home)
        one = await first.order(0, "09:00", "10:10", "A", person_id=person, home_id=home)
        plan = await first.plan()
        two = await first.order(0, "09:00", "10:05", "B", person_id=person, home_id=home)
        other = await second.plan()
        assert (set(visits(plan)), set(visits(other))) == ({str(one)}, {str(two)})
        assert (await first.publish(plan)).status_code == 200
        refused = await first.publish(other)
        assert (refused.status_code, refused.json()["code"]) == (409, "person-double-booked")
        assert await states(world, one, two) == ["scheduled", "accepted"]

    async def test_an_order_that_another_area_has_scheduled_is_left_out(self, world: World) -> None:
        first, second = await Scene.set_up(world), await Scene.set_up(world)
        await first.item("REHAB")
        nurse = await first.staff()
        order = await first.order(1, "09:00", "12:00", "REHAB")
        plan, other = await first.plan(), await second.plan()
        assert (await first.publish(plan)).status_code == 200
        body = (await first.publish(other)).json()
        assert [(each["order_id"], each["reason"]) for each in body["left_out"]] == [
            (str(order), "scheduled_elsewhere")
        ]
        assert await booked(world) == {(order, nurse)}


class TestMyDay:
    async def test_shows_the_crew_what_it_needs_at_the_door(self, scene: Scene, world: World) -> None:
        account_id = await world.add_account(Role.nurse, world.institution_id)
        await scene.item("WOUND", name="伤口护理", skills=("wound",))
        me = await scene.staff(account_id=account_id, skills=("wound",))
        await scene.staff(-1)
        order = await scene.order(1, "09:00", "12:00", {"WOUND": 2}, staff_count=2, floor=3)
        assert (await scene.publish(await scene.plan())).status_code == 200
        client = world.client(world.principal(Role.nurse, account_id))
        answer = await client.get("/my/day", params={"on": DAY.isoformat()})
        assert answer.status_code == 200
        day = answer.json()
        assert (day["practitioner_id"], day["service_on"]) == (str(me), DAY.isoformat())
        [stop] = day["stops"]
        assert (stop["order_id"], stop["order_state"]) == (str(order), "scheduled")
        assert stop["address"] == canaries.ADDRESS
        assert stop["items"] == [{"code": "WOUND", "name": "伤口护理", "quantity": 2}]
        assert len(stop["crew"]) == 2
        assert (stop["floor"], stop["has_lift"]) == (3, False)
        same = await client.get(
            "/my/day", params={"on": DAY.isoformat()}, headers={"If-None-Match": answer.headers["etag"]}
        )
        assert same.status_code == 304

    async def test_is_today_s_unless_asked_otherwise_and_nobody_else_s(self, scene: Scene, world: World) -> None:
        mine, other = [await world.add_account(Role.nurse, world.institution_id) for _ in range(2)]
        await scene.staff(account_id=mine)
        await scene.staff(-5, account_id=other)
        await scene.order(1, "09:00", "12:00", "REHAB")
        assert (await scene.publish(await scene.plan())).status_code == 200
        world.clock.shows = at("08:00")
        clients = [world.client(world.principal(Role.nurse, each)) for each in (mine, other)]
        assert [len((await each.get("/my/day")).json()["stops"]) for each in clients] == [1, 0]
        world.clock.shows = at("08:00", DAY + timedelta(days=1))
        assert (await clients[0].get("/my/day")).json()["stops"] == []

    async def test_an_account_without_a_practitioner_has_no_day(self, world: World) -> None:
        assert (await (await world.as_role(Role.nurse)).get("/my/day")).status_code == 404
        elder = world.client(world.principal(Role.elder))
        assert (await elder.get("/my/day")).status_code == 403


async def test_a_person_in_a_key_group_is_gathered_with_it(scene: Scene, world: World) -> None:
    """What the worker reads of a person is what the region knows on the day, not what it knew before."""
    await scene.staff()
    order = await scene.order(1, "09:00", "12:00", "REHAB", born_on=date(1990, 1, 1))
    facts = await scene.facts()
    plain = facts.priorities[order]
    await world.add(
        KeyGroupRow(
            region_id=world.region_id, person_id=facts.orders[0].person_id, key_group="severe_illness",
            valid_from=DAY, valid_to=DAY,
        )
    )  # fmt: skip
    assert (await scene.facts()).priorities[order] == plain + 250
