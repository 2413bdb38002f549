"""Somebody who works twice a day: entered over HTTP, planned in both shifts and never in between."""

from typing import Any
from uuid import UUID

from service.accounts.rules import Role
from tests.fields.town import Town, made
from tests.routing.scene import Scene, at, clock, seconds, visits
from tests.routing.test_repairs import repair
from tests.routing.test_sources import reasons, starts, stops


async def returns(scene: Scene, nurse: UUID, opens: str = "14:00", closes: str = "17:00", **more: Any) -> None:
    """Have somebody work once more on the day."""
    admin = await scene.world.as_role(Role.institution_admin)
    shift = {"start": at(opens).isoformat(), "end": at(closes).isoformat()} | more
    await made(admin, f"/practitioners/{nurse}/shifts", shift)


async def nurse_of_two_shifts(scene: Scene, **more: Any) -> UUID:
    """Add a nurse who works from 08:00 to 11:00 and from 14:00 to 17:00."""
    await scene.item("REHAB")
    nurse = await scene.staff(shift=("08:00", "11:00"))
    await returns(scene, nurse, **more)
    return nurse


class TestPlanning:
    async def test_visits_are_in_the_shifts_and_none_is_in_between(self, scene: Scene) -> None:
        await scene.item("REHAB")
        nurse = await scene.staff(shift=("08:00", "11:00"))
        morning = await scene.order(1, "08:00", "10:00", "REHAB")
        noon = await scene.order(1, "11:00", "13:59", "REHAB")
        afternoon = await scene.order(2, "11:00", "16:00", "REHAB")
        assert set(reasons(await scene.plan())) == {str(noon), str(afternoon)}
        await returns(scene, nurse)
        plan = await scene.plan()
        assert reasons(plan) == {str(noon): "outside_shifts"}
        assert starts(plan, morning) < "10:00"
        # from the station, not before the shift begins
        assert starts(plan, afternoon) > "14:00"
        assert (plan["summary"]["staff"], plan["summary"]["staff_used"]) == (1, 1)
        assert len(plan["routes"]) == 1

    async def test_overtime_at_a_price_ends_the_day_later_but_not_the_first_shift(
        self, scene: Scene, town: Town
    ) -> None:
        await nurse_of_two_shifts(scene)
        noon = await scene.order(1, "10:45", "11:30", "REHAB")
        evening = await scene.order(1, "16:45", "17:30", "REHAB")
        await town.set("plan.overtime_price", 2)
        plan = await scene.plan()
        assert set(reasons(plan)) == {str(noon)}
        assert starts(plan, evening) >= "16:45"

    async def test_overtime_does_not_run_into_an_absence(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        nurse = await scene.staff(shift=("08:00", "17:00"))
        order = await scene.order(1, "14:45", "15:30", "REHAB")
        await town.set("plan.overtime_price", 2)
        assert reasons(await scene.plan()) == {}
        admin = await scene.world.as_role(Role.institution_admin)
        away = {"start": at("15:00").isoformat(), "end": at("20:00").isoformat(), "reason": "leave"}
        await made(admin, f"/practitioners/{nurse}/absences", away)
        assert set(reasons(await scene.plan())) == {str(order)}

    async def test_the_break_is_that_of_its_shift(self, scene: Scene) -> None:
        lunch = {"opens": at("14:30").isoformat(), "closes": at("16:00").isoformat(), "minutes": 30}
        nurse = await nurse_of_two_shifts(scene, lunch=lunch)
        for start, end in (("08:00", "10:00"), ("14:00", "15:00"), ("15:30", "17:00")):
            await scene.order(1, start, end, "REHAB")
        plan = await scene.plan()
        assert reasons(plan) == {}
        [had] = [each for each in stops(plan, nurse) if each["kind"] == "lunch"]
        assert "14:30" <= clock(had["start_at"]) <= "15:30"

    async def test_the_most_that_one_may_work_counts_both_shifts(self, scene: Scene, town: Town) -> None:
        await nurse_of_two_shifts(scene)
        for start, end in (("08:00", "11:00"), ("14:00", "17:00")):
            for _ in range(2):
                await scene.order(0, start, end, "REHAB")
        assert reasons(await scene.plan()) == {}
        await town.set("plan.max_work_minutes", 100)
        assert len(reasons(await scene.plan())) == 1

    async def test_an_absence_is_cut_out_of_the_shift_that_it_hits(self, scene: Scene) -> None:
        nurse = await nurse_of_two_shifts(scene)
        morning = await scene.order(1, "08:00", "11:00", "REHAB")
        afternoon = await scene.order(1, "14:00", "17:00", "REHAB")
        admin = await scene.world.as_role(Role.institution_admin)
        away = {"start": at("13:00").isoformat(), "end": at("15:30").isoformat(), "reason": "leave"}
        await made(admin, f"/practitioners/{nurse}/absences", away)
        plan = await scene.plan()
        assert starts(plan, morning) < "11:00"
        assert starts(plan, afternoon) > "15:30"


class TestChanging:
    async def test_no_place_and_no_half_hour_is_offered_in_between(self, scene: Scene) -> None:
        await nurse_of_two_shifts(scene)
        await scene.order(1, "08:00", "10:00", "REHAB")
        await scene.order(1, "14:30", "17:00", "REHAB")
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        wanted = await scene.order(1, "08:00", "17:00", "REHAB")
        asked = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(wanted)})
        places = asked.json()["places"]
        assert places
        spans = [(clock(each["start_at"]), clock(each["end_at"])) for place in places for each in place["crew"]]
        assert all(end <= "11:00" or start > "14:00" for start, end in spans)
        shown = await scene.dispatcher.get(f"/plans/{plan['id']}/windows", params={"order_id": str(wanted)})
        assert shown.status_code == 200, shown.text
        opens = [clock(each["start_at"]) for each in shown.json()["windows"]]
        assert {each < "12:00" for each in opens} == {True, False}
        assert not [each for each in opens if "11:00" <= each < "13:30"]

    async def test_whoever_goes_home_in_the_second_shift_keeps_the_first(self, scene: Scene) -> None:
        nurse = await nurse_of_two_shifts(scene)
        morning = await scene.order(1, "08:00", "10:00", "REHAB")
        noon = await scene.order(1, "11:30", "13:30", "REHAB")
        early, late = [
            await scene.order(1, start, end, "REHAB") for start, end in (("14:00", "15:00"), ("16:00", "17:00"))
        ]
        plan = await scene.plan()
        assert set(reasons(plan)) == {str(noon)}
        assert (await scene.publish(plan)).status_code == 200
        absent = [{"practitioner_id": str(nurse), "from_at": at("15:30").isoformat()}]
        mended = await repair(scene, plan, frozen_until=at("07:00").isoformat(), absent=absent)
        assert set(reasons(mended)) == {str(noon), str(late)}
        assert visits(mended) == {each: told for each, told in visits(plan).items() if each != str(late)}
        assert {str(morning), str(early)} == set(visits(mended))

    async def test_what_is_frozen_in_the_first_shift_does_not_move_the_second(self, scene: Scene) -> None:
        lunch = {"opens": at("14:00").isoformat(), "closes": at("15:00").isoformat(), "minutes": 30}
        nurse = await nurse_of_two_shifts(scene, lunch=lunch)
        for km, start, end in ((4, "08:00", "11:00"), (-1, "14:00", "16:00")):
            await scene.order(km, start, end, "REHAB")
        plan = await scene.plan()
        assert reasons(plan) == {}
        mended = await repair(scene, plan, frozen_until=at("12:00").isoformat())
        assert visits(mended) == visits(plan)
        ways = {each["order_id"]: each["travel_seconds"] for each in stops(mended, nurse) if each["order_id"]}
        assert ways == {each["order_id"]: each["travel_seconds"] for each in stops(plan, nurse) if each["order_id"]}
        [had] = [each for each in stops(mended, nurse) if each["kind"] == "lunch"]
        assert seconds("14:00") <= seconds(clock(had["start_at"])) <= seconds("14:30")
