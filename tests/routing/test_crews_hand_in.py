"""What a crew of several takes, over HTTP: one of them hands it in in time, whatever becomes of the day."""

from typing import Any
from uuid import UUID

import pytest

from tests.fields.town import Town, changed
from tests.routing.scene import Scene, at, clock, seconds, visits
from tests.routing.test_pins import pin
from tests.routing.test_repairs import repair
from tests.routing.test_sources import reasons, who

APART = {"crew_sync": "sequential", "crew_lag_min_minutes": 30, "crew_lag_max_minutes": 60}
FREE = {"crew_sync": "independent"}


def deliveries(plan: dict[str, Any], order: UUID) -> list[tuple[str, str, str]]:
    """Return who hands in when what is taken at an order's visit."""
    return [
        (route["practitioner_id"], clock(stop["start_at"]), clock(stop["end_at"]))
        for route in plan["routes"]
        for stop in route["stops"]
        if stop["kind"] == "delivery" and stop["specimen_of"] == str(order)
    ]


def minutes_after(plan: dict[str, Any], order: UUID) -> int:
    """Return how long after he was done one of a crew hands in what was taken."""
    [(carrier, start, _)] = deliveries(plan, order)
    [left] = [end for each, _, end in visits(plan)[str(order)] if each == carrier]
    return (seconds(start) - seconds(left)) // 60


async def listed(town: Town, **more: Any) -> None:
    await town.service("PUNCTURE", duration_minutes=20, staff_count=2, specimen_minutes=90, **more)


class TestPlanning:
    @pytest.mark.parametrize("crew", [{}, APART, FREE], ids=["at once", "one after the other", "each by himself"])
    async def test_one_of_the_crew_hands_it_in_within_its_minutes(
        self, scene: Scene, town: Town, crew: dict[str, Any]
    ) -> None:
        await listed(town, **crew)
        await town.service("REHAB", duration_minutes=60)
        for _ in range(2):
            await scene.staff(6)
        await scene.staff(0)
        order = await scene.order(5, "08:00", "10:00", "PUNCTURE", staff_count=2)
        for start, end in (("09:00", "10:30"), ("10:00", "11:30"), ("11:00", "12:30")):
            await scene.order(6, start, end, "REHAB")
        plan = await scene.plan()
        assert reasons(plan) == {}
        assert 0 <= minutes_after(plan, order) <= 90
        # whoever is nearer by would take less time for it
        await changed(town.governor, "/service-items/PUNCTURE", {"specimen_minutes": 30})
        assert 0 <= minutes_after(await scene.plan(), order) <= 30
        # so soon nobody is back, and then nobody comes to take it
        await changed(town.governor, "/service-items/PUNCTURE", {"specimen_minutes": 10})
        assert set(reasons(await scene.plan())) == {str(order)}

    async def test_the_one_of_the_crew_hands_it_in_who_can(self, scene: Scene, town: Town) -> None:
        await listed(town)
        await scene.staff(2, shift=("08:00", "09:00"))
        stays = await scene.staff(2)
        order = await scene.order(3, "08:20", "08:40", "PUNCTURE", staff_count=2)
        plan = await scene.plan()
        [(carrier, _, _)] = deliveries(plan, order)
        assert carrier == str(stays)
        assert len(who(plan, order)) == 2
        assert (await scene.publish(plan)).json()["appointments"] == 2, "the delivery is no visit"

    @pytest.mark.parametrize("crew", [APART, FREE], ids=["one after the other", "each by himself"])
    async def test_of_those_who_come_apart_hands_in_who_gives_the_service(
        self, scene: Scene, town: Town, crew: dict[str, Any]
    ) -> None:
        await listed(town, skills=["wound"], **crew)
        nurse = await scene.staff(4, skills=("wound",))
        await scene.staff(0)
        order = await scene.order(3, "08:30", "10:30", "PUNCTURE", staff_count=2)
        plan = await scene.plan()
        assert who(plan, order) > {str(nurse)}
        assert [carrier for carrier, _, _ in deliveries(plan, order)] == [str(nurse)]
        assert 0 <= minutes_after(plan, order) <= 90


class TestAPublishedDay:
    @pytest.fixture(params=[{}, APART, FREE], ids=["at once", "one after the other", "each by himself"])
    async def published(self, request: pytest.FixtureRequest, scene: Scene, town: Town) -> tuple[UUID, dict[str, Any]]:
        """A day of three people with one such visit, published; to change people or time costs nothing."""
        await listed(town, **request.param)
        for price in ("changed", "moved"):
            await town.set(f"plan.{price}_price_minutes", 0)
        for _ in range(3):
            await scene.staff(-2)
        order = await scene.order(3, "09:00", "10:00", "PUNCTURE", staff_count=2)
        plan = await scene.plan()
        assert 0 <= minutes_after(plan, order) <= 90
        assert (await scene.publish(plan)).status_code == 200
        return order, plan

    async def test_takes_another_such_visit(self, scene: Scene, published: tuple[UUID, dict[str, Any]]) -> None:
        order, plan = published
        more = await scene.order(2, "08:00", "15:00", "PUNCTURE", staff_count=2)
        asked = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(more)})
        told = asked.json()
        assert told["reason"] is None
        assert 1 <= len(told["places"]) <= 5
        assert all(len(each["crew"]) == 2 for each in told["places"])
        assert str(order) in visits(plan)

    async def test_hands_in_as_told_what_is_taken_before_things_change(
        self, scene: Scene, published: tuple[UUID, dict[str, Any]]
    ) -> None:
        order, plan = published
        after = max(start for _, start, _ in visits(plan)[str(order)])
        more = await scene.order(-2, "08:00", "16:00", "PUNCTURE", staff_count=2)
        mended = await repair(scene, plan, frozen_until=at(f"{after[:4]}9").isoformat(), urgent_order_ids=[str(more)])
        assert visits(mended)[str(order)] == visits(plan)[str(order)]
        assert deliveries(mended, order) == deliveries(plan, order)
        assert 0 <= minutes_after(mended, more) <= 90
        assert (await scene.publish(mended)).status_code == 200

    async def test_waits_for_whoever_of_the_crew_brings_it(
        self, scene: Scene, published: tuple[UUID, dict[str, Any]]
    ) -> None:
        order, plan = published
        after = max(start for _, start, _ in visits(plan)[str(order)])
        mended = await repair(
            scene, plan, frozen_until=at(f"{after[:4]}9").isoformat(), longer=[{"order_id": str(order), "minutes": 90}]
        )
        assert minutes_after(mended, order) >= 0
        assert deliveries(mended, order)[0][0] == deliveries(plan, order)[0][0]

    async def test_is_handed_in_by_another_crew_where_one_of_the_first_falls_ill(
        self, scene: Scene, published: tuple[UUID, dict[str, Any]]
    ) -> None:
        order, plan = published
        [(carrier, _, _)] = deliveries(plan, order)
        mended = await repair(
            scene,
            plan,
            frozen_until=at("08:01").isoformat(),
            absent=[{"practitioner_id": carrier, "from_at": at("08:00").isoformat()}],
        )
        assert reasons(mended) == {}
        assert carrier not in who(mended, order)
        assert 0 <= minutes_after(mended, order) <= 90

    async def test_is_named_where_whoever_has_it_goes_before(
        self, scene: Scene, published: tuple[UUID, dict[str, Any]]
    ) -> None:
        order, plan = published
        [(carrier, start, _)] = deliveries(plan, order)
        after = max(start for _, start, _ in visits(plan)[str(order)])
        mended = await repair(
            scene,
            plan,
            frozen_until=at(f"{after[:4]}9").isoformat(),
            absent=[{"practitioner_id": carrier, "from_at": at(start).isoformat()}],
        )
        if start < after:  # before the other one comes
            assert reasons(mended) == {}
            return
        assert visits(mended)[str(order)] == visits(plan)[str(order)]
        assert reasons(mended) == {str(order): "specimen_stranded"}

    async def test_keeps_to_who_was_to_hand_it_in_where_it_is_pinned(
        self, scene: Scene, town: Town, published: tuple[UUID, dict[str, Any]]
    ) -> None:
        order, plan = published
        # who would go there anyhow would hand it in for nothing
        [(carrier, start, _)] = deliveries(plan, order)
        await scene.staff(3)
        await scene.staff(3)
        assert who(await scene.plan(), order) != who(plan, order)
        pinned = await scene.plan(**pin(order))
        assert visits(pinned)[str(order)][:1] == visits(plan)[str(order)][:1]
        assert who(pinned, order) == who(plan, order)
        assert [each[:2] for each in deliveries(pinned, order)] == [(carrier, start)]
