"""Where one more order would go in a plan, over HTTP."""

from datetime import datetime, timedelta

from service.accounts.rules import Role
from service.core.ids import new_id
from tests.routing.scene import DAY, Scene, at, clock, visits
from tests.world import World


class TestPlaces:
    async def test_names_crew_time_cost_and_who_else_is_affected_and_changes_nothing(self, scene: Scene) -> None:
        await scene.item("REHAB")
        nurse = await scene.staff()
        first = await scene.order(1, "08:00", "10:00", "REHAB")
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        late = await scene.order(1, "08:00", "09:30", "REHAB")
        answer = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(late)})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["order_id"], told["reason"]) == (str(late), None)
        behind, ahead = told["places"]
        began = visits(plan)[str(first)][0]
        assert behind["crew"] == [
            {
                "practitioner_id": str(nurse),
                "practitioner_name": behind["crew"][0]["practitioner_name"],
                "start_at": behind["crew"][0]["start_at"],
                "end_at": behind["crew"][0]["end_at"],
                "part": 1,
                "parts": 1,
            }
        ]
        # at the same door there is no way between the two, and what slides is told
        assert (behind["added_cost"], behind["affected"], behind["affected_minutes"]) == (0, [], 0)
        assert clock(behind["crew"][0]["start_at"]) == began[2]
        [moved] = ahead["affected"]
        assert (moved["order_id"], moved["minutes"]) == (str(first), 30)
        assert clock(moved["start_at"]) == began[1]
        assert visits(await scene.read(plan["id"])) == visits(plan)

    async def test_a_place_lasts_as_long_as_the_visit_takes_whoever_comes(self, scene: Scene, world: World) -> None:
        await scene.item("REHAB", 30)
        nurse = await scene.staff()
        async with world.owner.begin() as connection:
            await connection.exec_driver_sql("update practitioners set pace_percent = 150 where id = $1", (nurse,))
        plan = await scene.plan()
        wanted = await scene.order(1, "08:00", "12:00", "REHAB")
        answer = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(wanted)})
        start, end = (
            datetime.fromisoformat(answer.json()["places"][0]["crew"][0][each]) for each in ("start_at", "end_at")
        )
        assert end - start == timedelta(minutes=45)

    async def test_what_begins_before_now_stays(self, scene: Scene, world: World) -> None:
        await scene.item("REHAB")
        await scene.staff()
        await scene.order(1, "08:00", "10:00", "REHAB")
        plan = await scene.plan()
        await scene.publish(plan)
        wanted = await scene.order(1, "08:00", "12:00", "REHAB")
        world.clock.shows = at("09:00")
        answer = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(wanted)})
        [place] = answer.json()["places"]
        assert clock(place["crew"][0]["start_at"]) >= "09:00"
        assert place["affected"] == []

    async def test_says_why_there_is_none(self, scene: Scene) -> None:
        await scene.item("WOUND", skills=("wound",))
        await scene.staff()
        plan = await scene.plan()
        wanted = await scene.order(1, "08:00", "12:00", "WOUND")
        told = (await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(wanted)})).json()
        assert (told["places"], told["reason"]) == ([], "no_qualified_staff")
        assert "资质" in told["explanation"]


class TestRefusals:
    async def test_an_order_of_the_plan_or_of_another_day_has_no_place(self, scene: Scene) -> None:
        await scene.item("REHAB")
        await scene.staff()
        planned = await scene.order(1, "08:00", "10:00", "REHAB")
        plan = await scene.plan()
        await scene.publish(plan)
        other = await scene.order(1, "08:00", "10:00", "REHAB", on=DAY.replace(day=4))
        path = f"/plans/{plan['id']}/insertions"
        for order_id, status, code in (
            (planned, 409, "order-in-plan"),
            (other, 422, "order-not-of-that-day"),
            (new_id(), 422, "order-not-of-that-day"),
        ):
            answer = await scene.dispatcher.post(path, json={"order_id": str(order_id)})
            assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_a_plan_without_stops_and_one_that_was_superseded_take_nothing(self, scene: Scene) -> None:
        queued = (await scene.request()).json()["id"]
        first, second = await scene.plan(), await scene.plan()
        await scene.publish(first)
        await scene.publish(second)
        for plan_id in (queued, first["id"]):
            answer = await scene.dispatcher.post(f"/plans/{plan_id}/insertions", json={"order_id": str(new_id())})
            assert (answer.status_code, answer.json()["code"]) == (409, "plan-not-standing")

    async def test_only_dispatchers_of_the_institutions_ask(self, scene: Scene, world: World) -> None:
        plan = await scene.plan()
        path, body = f"/plans/{plan['id']}/insertions", {"order_id": str(new_id())}
        assert (await (await world.as_role(Role.nurse)).post(path, json=body)).status_code == 403
        stranger = await world.as_role(Role.dispatcher, await world.add_institution())
        assert (await stranger.post(path, json=body)).status_code == 404


class TestWindows:
    async def test_are_the_half_hours_that_the_plan_can_keep(self, scene: Scene, world: World) -> None:
        await scene.item("REHAB", minutes=60)
        await scene.staff(shift=("08:00", "11:00"))
        await scene.order(0, "09:00", "10:00", "REHAB")
        plan = await scene.plan()
        await scene.publish(plan)
        asks = await scene.order(0, "08:00", "17:00", "REHAB")
        path, params = f"/plans/{plan['id']}/windows", {"order_id": str(asks)}
        answer = await scene.dispatcher.get(path, params=params)
        assert answer.status_code == 200, answer.text
        assert [clock(each["start_at"]) for each in answer.json()["windows"]] == ["08:00", "10:00"]
        world.clock.shows = at("09:30")
        later = (await scene.dispatcher.get(path, params=params)).json()["windows"]
        assert [clock(each["visit_at"]) for each in later] == ["10:00"]
        unknown = await scene.dispatcher.get(path, params={"order_id": str(new_id())})
        assert (unknown.status_code, unknown.json()["code"]) == (422, "order-not-of-that-day")
