"""What the settings price, bend and limit in a day's plan: each is set over HTTP, and the plan changes."""

from uuid import UUID

import pytest

from tests.fields.town import Town, changed
from tests.routing.scene import DAY, DEGREES_PER_KM, Scene, seconds, visits
from tests.routing.test_sources import reasons, starts, stops, who
from tests.world import CENTRE, World


class TestBending:
    async def test_lateness_at_a_price_but_not_of_a_punctual_service(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        await scene.staff()
        ids = [await scene.order(km, "08:00", "09:00", "REHAB") for km in (4, -4)]
        assert len(reasons(await scene.plan())) == 1
        await town.set("plan.lateness_price", 2)
        plan = await scene.plan()
        assert reasons(plan) == {}
        assert max(starts(plan, each) for each in ids) > "08:30"
        await changed(town.governor, "/service-items/REHAB", {"tolerance_minutes": 60})
        assert len(reasons(await scene.plan())) == 1

    async def test_no_price_buys_a_service_a_beginning_after_its_hour(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        await scene.item("FASTING")
        nurse = await scene.staff()
        # at either end of town, each to begin by 08:30: one nurse can be at one of them by then
        fasting = await scene.order(4, "08:00", "09:00", "FASTING")
        other = await scene.order(-4, "08:00", "09:00", "REHAB")
        await town.set("plan.lateness_price", 2)
        assert reasons(await scene.plan()) == {}
        await changed(town.governor, "/service-items/FASTING", {"latest_start": "08:30"})
        plan = await scene.plan()
        assert reasons(plan) == {}
        assert starts(plan, fasting) <= "08:30" < starts(plan, other)
        # both before the hour: one is left out, and is not late; a second nurse has time for it
        await changed(town.governor, "/service-items/REHAB", {"latest_start": "08:30"})
        plan = await scene.plan()
        assert len(reasons(plan)) == 1
        assert all(start <= "08:30" for own in visits(plan).values() for _, start, _ in own)
        second = await scene.staff()
        plan = await scene.plan()
        assert reasons(plan) == {}
        assert who(plan, fasting) | who(plan, other) == {str(nurse), str(second)}
        assert all(start <= "08:30" for own in visits(plan).values() for _, start, _ in own)

    async def test_overtime_at_a_price(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        await scene.staff(shift=("08:00", "17:00"))
        order = await scene.order(1, "16:40", "17:15", "REHAB")
        assert set(reasons(await scene.plan())) == {str(order)}
        await town.set("plan.overtime_price", 2)
        assert starts(await scene.plan(), order) >= "16:40"

    async def test_overtime_is_kept_out_by_one_institution_that_does_not_allow_it(
        self, world: World, town: Town
    ) -> None:
        scene = await Scene.set_up(world, world.institution_id, await world.add_institution())
        await scene.item("REHAB")
        await scene.staff(shift=("08:00", "17:00"))
        order = await scene.order(1, "16:40", "17:15", "REHAB")
        await town.set("plan.overtime_price", 2)
        assert set(reasons(await scene.plan())) == {str(order)}

    async def test_waiting_at_a_price(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        await scene.staff()
        await scene.staff()
        for start, end in (("08:30", "09:00"), ("12:00", "12:30")):
            await scene.order(3, start, end, "REHAB")
        assert (await scene.plan())["summary"]["staff_used"] == 1
        await town.set("plan.waiting_price", 2)
        assert (await scene.plan())["summary"]["staff_used"] == 2

    async def test_a_missed_break_at_a_price(self, scene: Scene, town: Town) -> None:
        await scene.item("WOUND", skills=("wound",))
        nurse = await scene.staff(skills=("wound",), shift=("08:00", "13:00"), lunch=("11:30", "12:30", 60))
        await scene.staff(shift=("08:00", "13:00"), lunch=("11:30", "12:30", 60))
        order = await scene.order(1, "11:30", "12:30", "WOUND")
        assert set(reasons(await scene.plan())) == {str(order)}
        await town.set("plan.missed_lunch_minutes", 60)
        plan = await scene.plan()
        assert [each["kind"] for each in stops(plan, nurse)] == ["visit"]
        # whoever is not sent out has it where he is, and nobody is told
        assert [each["practitioner_id"] for each in plan["routes"]] == [str(nurse)]
        # travel, an arrival and one hour; the one who stays has missed nothing
        assert plan["summary"]["cost"] == plan["summary"]["travel_seconds"] + 120 + 3600

    async def test_a_break_is_kept_by_one_institution_that_does_not_let_it_be_missed(
        self, world: World, town: Town
    ) -> None:
        scene = await Scene.set_up(world, world.institution_id, await world.add_institution())
        await scene.item("REHAB")
        await scene.staff(shift=("08:00", "13:00"), lunch=("11:30", "12:30", 60))
        order = await scene.order(1, "11:30", "12:30", "REHAB")
        await town.set("plan.missed_lunch_minutes", 60)
        assert set(reasons(await scene.plan())) == {str(order)}

    async def test_how_far_from_the_station_staff_are_sent(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        await scene.staff(0)
        order = await scene.order(4, "08:00", "12:00", "REHAB")
        await town.set("plan.radius_km", 5)
        assert reasons(await scene.plan()) == {}
        await town.set("plan.radius_km", 3, valid_from=DAY.isoformat())
        assert reasons(await scene.plan()) == {str(order): "excluded_staff"}
        near = await scene.staff(2)
        assert who(await scene.plan(), order) == {str(near)}


class TestFairness:
    async def test_nobody_is_idle_for_long(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        await scene.staff()
        await scene.staff()
        for _ in range(2):
            await scene.order(4, "08:00", "16:00", "REHAB")
        assert (await scene.plan())["summary"]["staff_used"] == 1
        await town.set("plan.idle_price", 10)
        assert (await scene.plan())["summary"]["staff_used"] == 2

    @pytest.mark.parametrize("price", ["plan.balance_price", "plan.travel_balance_price"])
    async def test_work_or_travel_is_shared(self, scene: Scene, town: Town, price: str) -> None:
        await scene.item("REHAB")
        await scene.staff()
        await scene.staff()
        for _ in range(2):
            await scene.order(4, "08:00", "16:00", "REHAB")
        assert (await scene.plan())["summary"]["staff_used"] == 1
        await town.set(price, 10)
        assert (await scene.plan())["summary"]["staff_used"] == 2

    async def test_the_visits_of_one_house_are_one_arrival(self, scene: Scene, town: Town) -> None:
        await town.offer("BP")
        home = await town.home(place={"lon": CENTRE[0] + DEGREES_PER_KM, "lat": CENTRE[1]})
        for nurse in [await scene.staff(), await scene.staff()]:
            wish = {"preferred_practitioner_id": str(nurse), "wished_end": f"{DAY}T16:00:00+08:00"}
            order = (await town.order(await town.elder(home), "BP", **wish)).json()["order"]["id"]
            assert (await town.desk.post(f"/orders/{order}/acceptance")).status_code == 200
        await town.set("plan.arrival_minutes", 0)
        assert (await scene.plan())["summary"]["staff_used"] == 2
        await town.set("plan.arrival_minutes", 30, valid_from=DAY.isoformat())
        assert (await scene.plan())["summary"]["staff_used"] == 1

    async def test_the_residents_of_one_care_institution_are_one_arrival(self, scene: Scene, town: Town) -> None:
        """Their places are written down a kilometre apart, and each wishes for somebody else."""
        await town.offer("BP")
        lodge = await scene.world.add_institution(kind="care_institution", lon=CENTRE[0] + 2 * DEGREES_PER_KM)
        rooms = []
        for east, nurse in ((1, await scene.staff()), (2, await scene.staff())):
            home = await town.home(place={"lon": CENTRE[0] + east * DEGREES_PER_KM, "lat": CENTRE[1]})
            wish = {"preferred_practitioner_id": str(nurse), "wished_end": f"{DAY}T16:00:00+08:00"}
            order = (await town.order(await town.elder(home), "BP", **wish)).json()["order"]["id"]
            assert (await town.desk.post(f"/orders/{order}/acceptance")).status_code == 200
            rooms.append(home)
        await town.set("plan.arrival_minutes", 30)
        assert (await scene.plan())["summary"]["staff_used"] == 2
        for home in rooms:
            moved = await town.desk.patch(f"/homes/{home}", json={"care_institution_id": str(lodge)})
            assert moved.status_code == 200, moved.text
        plan = await scene.plan()
        assert plan["summary"]["staff_used"] == 1
        [ways] = [[stop["travel_seconds"] for stop in route["stops"]] for route in plan["routes"] if route["stops"]]
        assert (ways[0] > 0, ways[1]) == (True, 0)


class TestTraffic:
    async def test_ways_take_longer_at_some_hours_but_not_on_foot(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        rider, walker = await scene.staff(0), await scene.staff(-3.6, mode="walk")
        await scene.order(3, "08:00", "10:00", "REHAB")
        await scene.order(3, "15:00", "16:00", "REHAB")
        await scene.order(-4, "08:00", "16:00", "REHAB")

        async def ways(who_goes: UUID) -> list[int]:
            return [each["travel_seconds"] for each in stops(await scene.plan(), who_goes)]

        free, on_foot = await ways(rider), await ways(walker)
        assert free[0] > 800
        await town.set("travel.traffic", "07:00=150,09:30=100,14:00=200")
        assert await ways(rider) == [-(-free[0] * 3 // 2), 0]
        assert await ways(walker) == on_foot


class TestPromises:
    async def first(self, scene: Scene, town: Town) -> tuple[UUID, UUID, str]:
        """Publish a plan of one order; return it, who comes and when."""
        await scene.item("REHAB")
        await town.set("plan.changed_price_minutes", 0)
        await town.set("plan.moved_price_minutes", 0)
        nurse = await scene.staff(-2)
        order = await scene.order(0.5, "08:00", "12:00", "REHAB")
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        return order, nurse, starts(plan, order)

    async def test_whoever_was_promised_comes_when_it_is_planned_again(self, scene: Scene, town: Town) -> None:
        order, nurse, _ = await self.first(scene, town)
        near = await scene.staff(0)
        assert who(await scene.plan(), order) == {str(near)}
        await town.set("plan.changed_price_minutes", 60, valid_from=DAY.isoformat())
        assert who(await scene.plan(), order) == {str(nurse)}

    async def test_and_at_the_promised_time(self, scene: Scene, town: Town) -> None:
        order, nurse, start = await self.first(scene, town)
        # just then somebody else at the same place wants to be visited
        end = seconds(start) + 35 * 60
        await scene.order(0.5, start, f"{end // 3600:02}:{end // 60 % 60:02}", "REHAB")
        second = await scene.staff(-3)
        assert abs(seconds(starts(await scene.plan(), order)) - seconds(start)) >= 900
        await town.set("plan.moved_price_minutes", 200, valid_from=DAY.isoformat())
        plan = await scene.plan()
        assert abs(seconds(starts(plan, order)) - seconds(start)) < 900
        assert who(plan, order) <= {str(nurse), str(second)}
        assert len(visits(plan)) == 2
