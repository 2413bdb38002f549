"""What becomes of an order is told: each step over HTTP leaves its news, and its handler a notice."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from service.accounts.rules import Role
from service.core.jobs.queue import Job
from service.worker import handlers
from tests.billing.day import Day
from tests.notices.conftest import Desk
from tests.visits.conftest import Doors


async def told(desk: Desk) -> list[tuple[str, str, str | None]]:
    """Run every job of this region that waits, except notices' own; return what was told: kind, state and text."""
    known = handlers(desk.house)
    async with desk.world.owner.begin() as connection:
        found = await connection.execute(
            text(
                "delete from pgqueuer where payload like :region and entrypoint not in ('notice.due')"
                " returning entrypoint, payload"
            ),
            {"region": f"%{desk.world.region_id}%".encode()},
        )
        jobs = [(row[0], Job.model_validate_json(bytes(row[1]))) for row in found]
    for news, job in jobs:
        await known[news](job)
        await known[news](job)  # again changes nothing
    dispatcher = await desk.world.as_role(Role.dispatcher)
    items = (await dispatcher.get("/notices")).json()["items"]
    return [(each["kind"], each["state"], each["text"]) for each in items]


async def order(desk: Desk, **more: Any) -> UUID:
    """Add an order of the elder for this afternoon."""
    home_id = await desk.world.add_home()
    start = desk.world.clock.now() + timedelta(hours=6)
    return await desk.world.add_order(desk.person_id, home_id, start=start, end=start + timedelta(hours=2), **more)


class TestAnOrder:
    async def test_that_is_accepted_is_told_once(self, desk: Desk) -> None:
        order_id = await order(desk, state="submitted")
        dispatcher = await desk.world.as_role(Role.dispatcher)
        assert (await dispatcher.post(f"/orders/{order_id}/acceptance")).status_code == 200
        [(kind, state, said)] = await told(desk)
        assert (kind, state) == ("order_accepted", "queued")
        assert said is not None
        assert "社区卫生服务中心已受理3月2日的预约" in said

    async def test_that_is_sent_back_names_whom_to_call(self, desk: Desk) -> None:
        chief = await desk.world.as_role(Role.institution_admin)
        await chief.patch(f"/institutions/{desk.world.institution_id}", json={"published_phone": "0952-2012345"})
        order_id = await order(desk, state="submitted")
        dispatcher = await desk.world.as_role(Role.dispatcher)
        answer = await dispatcher.post(f"/orders/{order_id}/rejection", json={"reason": "不在服务范围"})
        assert answer.status_code == 200, answer.text
        [(kind, _, said)] = await told(desk)
        assert kind == "order_rejected"
        assert said is not None
        assert "0952-2012345" in said

    async def test_that_is_cancelled_before_its_acceptance_was_told_is_only_told_as_cancelled(self, desk: Desk) -> None:
        order_id = await order(desk, state="submitted")
        dispatcher = await desk.world.as_role(Role.dispatcher)
        await dispatcher.post(f"/orders/{order_id}/acceptance")
        answer = await dispatcher.post(f"/orders/{order_id}/cancellation", json={"reason": "住院"})
        assert answer.status_code == 200, answer.text
        assert [kind for kind, _, _ in await told(desk)] == ["visit_cancelled"]

    async def test_that_was_only_a_draft_is_not_told_of(self, desk: Desk) -> None:
        order_id = await order(desk, state="draft")
        dispatcher = await desk.world.as_role(Role.dispatcher)
        await dispatcher.post(f"/orders/{order_id}/cancellation", json={"reason": "不约了"})
        assert await told(desk) == []


class TestAVisit:
    async def test_is_told_when_its_crew_sets_out(self, desk: Desk) -> None:
        doors = Doors(desk.world)
        await doors.prepare()
        door = await doors.open([await doors.member()])
        await door.until("depart")
        [(kind, _, said)] = await told(desk)
        assert kind == "on_the_way"
        assert said is not None
        assert "护士已出发，预计10:00到达" in said

    async def test_that_has_begun_is_no_longer_announced(self, desk: Desk) -> None:
        doors = Doors(desk.world)
        await doors.prepare()
        door = await doors.open([await doors.member()])
        await door.until("start")
        assert await told(desk) == []


class TestAPlan:
    async def test_tells_of_each_time_that_somebody_comes(self, desk: Desk) -> None:
        doors = Doors(desk.world)
        await doors.prepare()
        way = {"duration_minutes": 30, "after_min_minutes": 50, "after_max_minutes": 60}
        await doors.open([await doors.member()], parts=[way])
        job = Job(
            region_id=desk.world.region_id, institution_ids=(desk.world.institution_id,), subject_id=doors.plan_id
        )
        await handlers(desk.house)["plan.announced"](job)
        [(_, _, said)] = await told(desk)
        assert said is not None
        assert "护士将于3月2日10:00至10:30（第1次）、11:20至11:50（第2次）上门" in said

    async def test_tells_who_comes_when_and_takes_back_what_no_longer_holds(self, desk: Desk) -> None:
        doors = Doors(desk.world)
        await doors.prepare()
        door = await doors.open([await doors.member()])
        announce = handlers(desk.house)["plan.announced"]
        job = Job(
            region_id=desk.world.region_id, institution_ids=(desk.world.institution_id,), subject_id=doors.plan_id
        )
        await announce(job)
        await announce(job)
        [(kind, _, said)] = await told(desk)
        assert kind == "plan_published"
        assert said is not None
        assert "护士将于3月2日10:00至10:30上门" in said
        returned = (
            '{"plan_id": "%s", "published_at": "2026-03-02T01:00:00Z", "orders": 0, "appointments": 0, "left_out": [],'
            ' "returned_order_ids": ["%s"], "superseded_plan_id": null}'
        )
        async with desk.world.owner.begin() as connection:
            await connection.execute(
                text("update appointments set state = 'released' where order_id = :id"), {"id": door.order_id}
            )
            await connection.execute(text("update orders set state = 'accepted' where id = :id"), {"id": door.order_id})
            await connection.execute(
                text("update plans set state = 'superseded' where id = :id"), {"id": doors.plan_id}
            )
            await connection.execute(
                text("update plans set publication = cast(:told as jsonb) where id = :id"),
                {"id": doors.plan_id, "told": returned % (doors.plan_id, door.order_id)},
            )
        await announce(job)
        kinds = [kind for kind, _, _ in await told(desk)]
        assert kinds == ["plan_published", "appointment_withdrawn"]


async def test_every_news_of_the_rooms_has_a_handler(desk: Desk) -> None:
    assert {
        "order.accepted", "order.rejected", "order.cancelled", "plan.announced", "visit.departed", "bill.ready",
        "notice.due",
    } <= set(handlers(desk.house))  # fmt: skip


class TestABill:
    async def test_is_told_with_what_its_patient_pays_until_it_is_taken_back(self, desk: Desk) -> None:
        day = await Day(desk.world).start()
        await day.price("BP", "10")
        await day.tariff()
        visit_id = await day.visit(desk.person_id, ("BP", 2))
        bill = await day.bill(visit_id)
        assert bill["patient_fen"] == 9800
        [(kind, _, said)] = await told(desk)
        assert kind == "bill_ready"
        assert said is not None
        assert "费用为98.00元" in said

    async def test_that_was_taken_back_before_it_was_told_is_not_told(self, desk: Desk) -> None:
        day = await Day(desk.world).start()
        await day.price("BP", "10")
        await day.tariff()
        bill = await day.bill(await day.visit(desk.person_id, ("BP", 2)))
        assert (await day.reverse(bill)).status_code == 201
        assert await told(desk) == []
