"""Visits that a dispatcher pins, over HTTP: they keep the crew and the time that were promised, or are left out."""

from typing import Any
from uuid import UUID

from service.core.ids import new_id
from tests.fields.town import Town, changed, made
from tests.routing.scene import DAY, Scene, at, visits
from tests.routing.test_repairs import begin, repair
from tests.routing.test_sources import reasons, stops, who


async def promised(scene: Scene, town: Town, code: str = "REHAB", **more: Any) -> tuple[UUID, UUID, dict[str, Any]]:
    """Publish a day on which a nurse from far away goes to the only order; return her, the order and the plan.

    To change people or time costs nothing then, and somebody near by is on duty as well.
    """
    await scene.item(code)
    if more:
        await changed(town.governor, f"/service-items/{code}", more)
    for price in ("changed", "moved"):
        await town.set(f"plan.{price}_price_minutes", 0)
    far = await scene.staff(-4)
    order = await scene.order(2, "08:00", "16:00", code)
    plan = await scene.plan()
    assert who(plan, order) == {str(far)}
    assert (await scene.publish(plan)).status_code == 200
    await scene.staff(2)
    return far, order, plan


def pin(order: UUID) -> dict[str, Any]:
    """Return what is asked where an order is pinned."""
    return {"pinned_order_ids": [str(order)]}


class TestPlanning:
    async def test_keeps_crew_and_time_where_the_cheaper_plan_would_move_them(self, scene: Scene, town: Town) -> None:
        far, order, plan = await promised(scene, town)
        moved = await scene.plan()
        assert who(moved, order) != {str(far)}
        assert moved["pinned_order_ids"] == []
        pinned = await scene.plan(**pin(order))
        assert visits(pinned) == visits(plan) != visits(moved)
        assert pinned["pinned_order_ids"] == [str(order)]
        assert pinned["summary"]["cost"] > moved["summary"]["cost"]
        assert (await scene.publish(pinned)).status_code == 200

    async def test_keeps_further_parts_and_what_is_handed_in(self, scene: Scene, town: Town) -> None:
        part = {"after_min_minutes": 60, "after_max_minutes": 240, "duration_minutes": 10}
        far, order, plan = await promised(scene, town, "SUGAR", parts=[part], specimen_minutes=120)
        assert len(visits(plan)[str(order)]) == 2
        told = [(each["kind"], each["part"], each["start_at"], each["end_at"]) for each in stops(plan, far)]
        assert [kind for kind, *_ in told].count("delivery") == 2
        assert who(await scene.plan(), order) != {str(far)}
        pinned = stops(await scene.plan(**pin(order)), far)
        assert [(each["kind"], each["part"], each["start_at"], each["end_at"]) for each in pinned] == told

    async def test_what_cannot_be_kept_is_left_out_and_not_moved(self, scene: Scene, town: Town) -> None:
        far, order, plan = await promised(scene, town)
        other = await scene.order(2, "08:00", "16:00", "REHAB")
        day = {"start": at("00:00").isoformat(), "end": at("23:00").isoformat(), "reason": "sick"}
        await made(town.chief, f"/practitioners/{far}/absences", day)
        for found in (await scene.plan(**pin(order)), await repair(scene, plan, **pin(order))):
            assert set(visits(found)) == {str(other)}
            assert reasons(found) == {str(order): "excluded_staff"}
            assert "锁定" in found["unassigned"][0]["explanation"]
        assert set(visits(await scene.plan())) == {str(order), str(other)}

    async def test_a_pin_buys_nothing_that_must_not_be(self, scene: Scene, town: Town) -> None:
        far, order, plan = await promised(scene, town)
        await changed(town.governor, "/service-items/REHAB", {"latest_start": "08:05"})
        assert visits(plan)[str(order)][0][1] > "08:05"
        assert reasons(await scene.plan(**pin(order))) == {str(order): "window_closed"}
        freed = await scene.plan()
        assert who(freed, order) != {str(far)}
        assert visits(freed)[str(order)][0][1] <= "08:05"


class TestAsking:
    async def test_what_is_not_promised_cannot_be_pinned(self, scene: Scene, town: Town) -> None:
        _, order, plan = await promised(scene, town)
        late = await scene.order(2, "08:00", "16:00", "REHAB")
        number = (await town.desk.get(f"/orders/{late}")).json()["order_no"]
        body = {"pinned_order_ids": [str(order), str(late)]}
        for refused in (
            await scene.request(DAY, pinned_order_ids=body["pinned_order_ids"]),
            await scene.dispatcher.post(f"/plans/{plan['id']}/repairs", json=body),
        ):
            assert (refused.status_code, refused.json()["code"]) == (409, "pin-without-promise")
            assert refused.json()["order_ids"] == [str(late)]
            assert number in refused.json()["detail"]
        stranger = new_id()
        assert (await scene.request(DAY, **pin(stranger))).json()["order_ids"] == [str(stranger)]
        # what has begun stands anyway
        await begin(scene.world, order)
        assert (await scene.request(DAY, **pin(order))).status_code == 409

    async def test_what_is_taken_back_before_it_is_planned_stays_out(self, scene: Scene, town: Town) -> None:
        _, order, plan = await promised(scene, town)
        asked = (await scene.request(**pin(order))).json()["id"]
        async with scene.world.owner.begin() as connection:
            for sql in (
                "update appointments set state = 'released' where order_id = $1",
                "update orders set state = 'accepted' where id = $1",
            ):
                await connection.exec_driver_sql(sql, (order,))
        await scene.work(asked)
        found = await scene.read(asked)
        assert reasons(found) == {str(order): "promise_gone"}
        assert "锁定" in found["unassigned"][0]["explanation"]
        assert plan["state"] == "solved"


class TestRepairing:
    async def test_keeps_crew_and_time_where_a_cheaper_repair_would_move_them(self, scene: Scene, town: Town) -> None:
        far, order, plan = await promised(scene, town)
        assert who(await repair(scene, plan), order) != {str(far)}
        pinned = await repair(scene, plan, **pin(order))
        assert visits(pinned) == visits(plan)
        assert pinned["pinned_order_ids"] == [str(order)]


class TestInserting:
    async def test_one_visit_more_does_not_move_what_the_plan_has_pinned(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        await scene.staff()
        first = await scene.order(1, "08:00", "10:00", "REHAB")
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        pinned = await scene.plan(**pin(first))
        late = await scene.order(1, "08:00", "09:30", "REHAB")

        async def affected(plan: dict[str, Any]) -> list[list[str]]:
            answer = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(late)})
            return [[each["order_id"] for each in place["affected"]] for place in answer.json()["places"]]

        assert await affected(plan) == [[], [str(first)]]
        assert await affected(pinned) == [[]]
