"""Whatever a day's problem may ask for has its source in the service: it is written over HTTP, and the plan changes."""

from typing import Any
from uuid import UUID

from tests.fields.town import Town, changed
from tests.routing.scene import DAY, DEGREES_PER_KM, Scene, at, clock, seconds, visits
from tests.world import CENTRE, World


def who(plan: dict[str, Any], order_id: UUID) -> set[str]:
    """Return who comes to an order."""
    return {each for each, _, _ in visits(plan).get(str(order_id), [])}


def starts(plan: dict[str, Any], order_id: UUID) -> str:
    """Return when an order's visit begins."""
    return visits(plan)[str(order_id)][0][1]


def reasons(plan: dict[str, Any]) -> dict[str, str]:
    """Return why the orders stay out that do."""
    return {each["order_id"]: each["reason"] for each in plan["unassigned"]}


def stops(plan: dict[str, Any], practitioner_id: UUID) -> list[dict[str, Any]]:
    """Return the stops of somebody's route."""
    return [
        stop for each in plan["routes"] if each["practitioner_id"] == str(practitioner_id) for stop in each["stops"]
    ]


async def elder(scene: Scene, east_km: float) -> dict[str, Any]:
    """Add a person who lives so far east; return what an order of his is placed with."""
    home = await scene.world.add_home(lon=CENTRE[0] + east_km * DEGREES_PER_KM)
    return {"home_id": home, "person_id": await scene.world.add_patient(home_id=home)}


class TestPeople:
    async def test_who_catches_easily_goes_first_and_whom_others_catch_from_last(
        self, scene: Scene, town: Town
    ) -> None:
        await scene.item("REHAB")
        await scene.staff()
        people = {km: await elder(scene, km) for km in (1, 3, 5)}
        orders = {km: await scene.order(km, "08:00", "16:00", "REHAB", **own) for km, own in people.items()}

        async def sequence() -> list[int]:
            plan = await scene.plan()
            assert len(visits(plan)) == 3
            return sorted(orders, key=lambda km: starts(plan, orders[km]))

        first, _, last = await sequence()
        await changed(town.desk, f"/patients/{people[first]['person_id']}", {"precaution": "infectious"})
        assert (await sequence())[-1] == first
        await changed(town.desk, f"/patients/{people[last]['person_id']}", {"precaution": "immunocompromised"})
        assert (await sequence())[::2] == [last, first]
        for km in (first, last):
            await changed(town.desk, f"/patients/{people[km]['person_id']}", {"precaution": "none"})
        await changed(town.desk, f"/patients/{people[first]['person_id']}", {"precaution": "immunocompromised"})
        assert (await sequence())[0] == first

    async def test_the_language_of_the_elder_as_a_wish_and_as_a_must(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        near, far = await scene.staff(0), await scene.staff(-1)
        person = await elder(scene, 0.5)
        order = await scene.order(0.5, "08:00", "12:00", "REHAB", **person)
        assert who(await scene.plan(), order) == {str(near)}
        await changed(town.chief, f"/practitioners/{far}", {"languages": ["hui"]})
        await changed(town.desk, f"/patients/{person['person_id']}", {"language": "hui"})
        assert who(await scene.plan(), order) == {str(far)}
        await changed(town.desk, f"/patients/{person['person_id']}", {"language": "sign", "language_required": True})
        plan = await scene.plan()
        assert reasons(plan) == {str(order): "no_staff_of_that_language"}
        assert "语言" in plan["unassigned"][0]["explanation"]
        await changed(town.chief, f"/practitioners/{near}", {"languages": ["sign"]})
        assert who(await scene.plan(), order) == {str(near)}

    async def test_the_minutes_at_the_gate(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        await scene.staff()
        person = await elder(scene, 1)
        order = await scene.order(1, "08:00", "12:00", "REHAB", **person)
        await changed(town.desk, f"/homes/{person['home_id']}", {"entry_minutes": 12})
        [(_, start, end)] = visits(await scene.plan())[str(order)]
        assert seconds(end) - seconds(start) == 42 * 60


class TestSpecimens:
    async def test_a_specimen_is_back_in_time_and_no_elder_s_order(self, scene: Scene, town: Town) -> None:
        await scene.item("BLOOD", 10)
        await scene.item("REHAB")
        nurse = await scene.staff(6)
        blood = await scene.order(5, "08:00", "09:30", "BLOOD")
        rehab = await scene.order(6, "08:00", "16:00", "REHAB")
        assert [each["kind"] for each in stops(await scene.plan(), nurse)] == ["visit", "visit"]
        await changed(town.governor, "/service-items/BLOOD", {"specimen_minutes": 45})
        await town.set("plan.specimen_handover_minutes", 7)
        plan = await scene.plan()
        told = stops(plan, nurse)
        drawn, handed_in = (next(at for at, each in enumerate(told) if each[key] == of) for key, of in (
            ("order_id", str(blood)), ("kind", "delivery"),
        ))  # fmt: skip
        assert drawn < handed_in
        assert told[handed_in]["order_id"] is None
        left = visits(plan)[str(blood)][0][2]
        start, end = (clock(told[handed_in][each]) for each in ("start_at", "end_at"))
        assert seconds(start) - seconds(left) <= 45 * 60
        assert seconds(end) - seconds(start) == 7 * 60
        assert visits(plan).keys() == {str(blood), str(rehab)}
        assert plan["summary"]["planned"] == 2
        assert (await scene.publish(plan)).json()["appointments"] == 2
        # no longer than it may take: nobody is back so soon, and without its delivery it is not drawn
        await changed(town.governor, "/service-items/BLOOD", {"specimen_minutes": 10})
        assert set(reasons(await scene.plan())) == {str(blood)}


class TestSeveralVisits:
    async def test_the_least_time_between_two_visits_of_a_person(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        await scene.staff()
        person = await elder(scene, 1)
        ids = [await scene.order(1, "08:00", "16:00", "REHAB", **person) for _ in range(2)]

        async def gap() -> int:
            told = visits(await scene.plan())
            (_, _, end), (_, start, _) = sorted((told[str(each)][0] for each in ids), key=lambda each: each[1])
            return seconds(start) - seconds(end)

        assert 0 <= await gap() < 1800
        await town.set("plan.minimum_gap_minutes", 150)
        assert await gap() >= 150 * 60

    async def test_never_at_once(self, scene: Scene) -> None:
        await scene.item("REHAB")
        await scene.staff()
        await scene.staff()
        person = await elder(scene, 1)
        ids = [await scene.order(1, "08:00", "08:50", "REHAB", **person) for _ in range(2)]
        plan = await scene.plan()
        assert len(visits(plan)) == 1
        assert set(reasons(plan)) < {str(each) for each in ids}


class TestServices:
    async def test_a_service_that_is_due_at_its_time(self, scene: Scene, town: Town) -> None:
        await scene.item("INSULIN", 10)
        await scene.item("REHAB", 60)
        await scene.staff()
        order = await scene.order(1, "08:00", "12:10", "INSULIN")
        await scene.order(1.1, "08:00", "17:00", "REHAB")
        await changed(town.governor, "/service-items/INSULIN", {"tolerance_minutes": 15})
        assert "09:45" <= starts(await scene.plan(), order) <= "10:15"

    async def test_one_of_several_skills(self, scene: Scene, town: Town) -> None:
        await scene.item("LINE")
        near, far = await scene.staff(0), await scene.staff(-3, skills=("port",))
        order = await scene.order(0.5, "08:00", "12:00", "LINE")
        assert who(await scene.plan(), order) == {str(near)}
        await changed(town.governor, "/service-items/LINE", {"any_skills": ["picc", "port"]})
        assert who(await scene.plan(), order) == {str(far)}
        await changed(town.governor, "/service-items/LINE", {"any_skills": ["picc"]})
        assert reasons(await scene.plan()) == {str(order): "no_qualified_staff"}

    async def test_of_two_services_each_has_its_own_choice(self, scene: Scene, town: Town) -> None:
        for code, skills in (("A", ["a1", "a2"]), ("B", ["b1", "b2"])):
            await scene.item(code)
            await changed(town.governor, f"/service-items/{code}", {"any_skills": skills})
        await scene.staff(0, skills=("a1", "a2"))
        await scene.staff(0, skills=("b1", "b2"))
        both = await scene.staff(-4, skills=("a2", "b1"))
        order = await scene.order(0.5, "08:00", "12:00", {"A": 1, "B": 1})
        assert who(await scene.plan(), order) == {str(both)}


class TestStaff:
    async def test_the_pace_makes_the_stay_longer_and_still_ends_in_time(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        nurse = await scene.staff()
        order = await scene.order(1, "08:00", "09:00", "REHAB")
        await changed(town.chief, f"/practitioners/{nurse}", {"pace_percent": 150})
        [(_, start, end)] = visits(await scene.plan())[str(order)]
        assert seconds(end) - seconds(start) == 45 * 60
        assert end <= "09:00"
        await changed(town.chief, f"/practitioners/{nurse}", {"pace_percent": 300})
        assert set(reasons(await scene.plan())) == {str(order)}

    async def test_how_much_one_may_work_on_a_day_other_plans_included(self, world: World, town: Town) -> None:
        scene = await Scene.set_up(world)
        await scene.item("REHAB", 60)
        await scene.staff()
        first = [await scene.order(0, *window, "REHAB") for window in (("10:00", "11:00"), ("11:00", "12:00"))]
        plan = await scene.plan()
        assert visits(plan).keys() == {str(each) for each in first}
        await town.set("plan.max_work_minutes", 90)
        plan = await scene.plan()
        assert len(visits(plan)) == 1
        assert (await scene.publish(plan)).status_code == 200
        [left] = [each for each in first if str(each) not in visits(plan)]
        cancelled = await town.desk.post(f"/orders/{left}/cancellation", json={"reason": "改约"})
        assert cancelled.status_code == 200, cancelled.text
        # what is left is half an hour, before the promised visit and after it together
        await scene.item("SHORT", 20)
        short = [await scene.order(0, *window, "SHORT") for window in (("08:00", "09:00"), ("14:00", "15:00"))]
        second = await Scene.set_up(world)
        plan = await second.plan()
        assert len(visits(plan)) == 1
        assert set(reasons(plan)) < {str(each) for each in short}

    async def test_lunch_at_the_station(self, scene: Scene, town: Town) -> None:
        await scene.item("REHAB")
        nurse = await scene.staff(0, lunch=("12:00", "13:00", 30))
        for start, end in (("11:00", "11:45"), ("13:15", "14:00")):
            await scene.order(4, start, end, "REHAB")
        near = await scene.plan()
        [shift] = (await town.chief.get(f"/practitioners/{nurse}/shifts", params={
            "from": DAY.isoformat(), "to": DAY.isoformat(),
        })).json()["items"]  # fmt: skip
        lunch = {"opens": at("12:00").isoformat(), "closes": at("13:00").isoformat(), "minutes": 30}
        await changed(town.chief, f"/shifts/{shift['id']}", {"lunch": lunch | {"at_station": True}})
        home = await scene.plan()
        assert home["state"] == "solved", home["failure"]
        assert home["unassigned"] == []
        assert [each["kind"] for each in stops(home, nurse)] == ["visit", "lunch", "visit"]
        assert home["summary"]["travel_metres"] == 2 * near["summary"]["travel_metres"]
        assert home["summary"]["travel_seconds"] == sum(each["travel_seconds"] for each in home["routes"])
