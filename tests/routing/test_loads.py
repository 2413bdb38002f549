"""What services load on people and how much each carries: set over HTTP, they decide who comes, or that nobody can."""

from typing import Any
from uuid import UUID

from tests.fields.town import Town, changed, made
from tests.routing.scene import Scene, at
from tests.routing.test_repairs import begin, repair
from tests.routing.test_sources import reasons, who
from tests.routing.test_two_shifts import returns
from tests.world import World


async def carries(town: Town, practitioner: UUID, units: int | None) -> None:
    """Set how many units of supplies somebody carries."""
    found = await changed(town.chief, f"/practitioners/{practitioner}", {"carries": units})
    assert found["carries"] == units


def people(plan: dict[str, Any], *orders: UUID) -> list[set[str]]:
    """Return who comes to each order."""
    return [who(plan, each) for each in orders]


class TestPlanning:
    async def test_what_one_cannot_carry_sends_a_second_person(self, scene: Scene, town: Town) -> None:
        await town.service("OXYGEN", load=3)
        near, far = await scene.staff(0), await scene.staff(-2)
        orders = [await scene.order(east, "08:00", "16:00", "OXYGEN") for east in (1, 1.2)]
        assert people(await scene.plan(), *orders) == [{str(near)}, {str(near)}]
        await carries(town, near, 5)
        await carries(town, far, 5)
        plan = await scene.plan()
        assert reasons(plan) == {}
        assert sorted(map(sorted, people(plan, *orders))) == sorted([[str(near)], [str(far)]])
        # two and a half units each would do
        await changed(town.governor, "/service-items/OXYGEN", {"load": 2})
        assert people(await scene.plan(), *orders) == [{str(near)}, {str(near)}]
        await changed(town.governor, "/service-items/OXYGEN", {"load": 3})
        await carries(town, near, None)
        assert people(await scene.plan(), *orders) == [{str(near)}, {str(near)}]

    async def test_nobody_can_carry_it_and_people_are_told_so(self, scene: Scene, town: Town) -> None:
        await town.service("OXYGEN", load=3)
        for east in (0, 1):
            await carries(town, await scene.staff(east), 5)
        single = await scene.order(0, "08:00", "16:00", {"OXYGEN": 1})
        double = await scene.order(0, "08:00", "16:00", {"OXYGEN": 2})
        plan = await scene.plan()
        assert reasons(plan) == {str(double): "too_heavy"}
        assert who(plan, single) != set()
        [left] = plan["unassigned"]
        assert "携带量" in left["explanation"]
        assert (left["facts"]["load"], left["facts"]["able"]) == (6, 0)

    async def test_each_of_a_crew_carries_all_of_it(self, scene: Scene, town: Town) -> None:
        await town.service("LIFT", staff_count=2, load=3)
        for _ in range(2):
            await carries(town, await scene.staff(0), 5)
        orders = [await scene.order(0, "08:00", "16:00", "LIFT", staff_count=2) for _ in range(2)]
        plan = await scene.plan()
        assert sorted(map(len, people(plan, *orders))) == [0, 2]
        assert set(reasons(plan).values()) <= {"no_capacity", "no_place_found"}

    async def test_as_registered(self, scene: Scene, town: Town) -> None:
        await town.service("OXYGEN", load=3)
        nurse = await made(town.chief, "/practitioners", {
            "institution_id": town.at, "staff_no": "N1", "name": "护士甲", "sex": "female", "role": "nurse",
            "station_id": str(town.world.station_id), "travel_mode": "ebike", "carries": 2,
        })  # fmt: skip
        licence = {"kind": "licence", "code": "nurse", "certificate_no": "执1", "valid_from": "2020-01-01"}
        await made(town.chief, f"/practitioners/{nurse['id']}/qualifications", licence)
        shift = {"start": at("08:00").isoformat(), "end": at("17:00").isoformat()}
        await made(town.chief, f"/practitioners/{nurse['id']}/shifts", shift)
        order = await scene.order(0, "08:00", "16:00", "OXYGEN")
        assert reasons(await scene.plan()) == {str(order): "too_heavy"}
        await carries(town, UUID(nurse["id"]), 3)
        assert who(await scene.plan(), order) == {nurse["id"]}

    async def test_parts_are_loaded_once_and_shifts_each_anew(self, scene: Scene, town: Town) -> None:
        part = {"duration_minutes": 10, "after_min_minutes": 60, "after_max_minutes": 75}
        await town.service("SOAK", load=3, parts=[part])
        nurse = await scene.staff(0, shift=("08:00", "11:00"))
        await carries(town, nurse, 3)
        first = await scene.order(0, "08:00", "09:00", "SOAK")
        second = await scene.order(0, "14:00", "15:00", "SOAK")
        plan = await scene.plan()
        assert (who(plan, first), set(reasons(plan))) == ({str(nurse)}, {str(second)})
        await returns(scene, nurse)
        assert people(await scene.plan(), first, second) == [{str(nurse)}, {str(nurse)}]

    async def test_a_load_is_no_less_than_nothing(self, scene: Scene, town: Town) -> None:
        nurse = await scene.staff(0)
        for client, path, body, pointer in (
            (town.chief, f"/practitioners/{nurse}", {"carries": -1}, "#/carries"),
            (town.governor, f"/service-items/{await town.service('OXYGEN')}", {"load": -1}, "#/load"),
        ):
            answer = await client.patch(path, json=body)
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


class TestChanging:
    async def test_what_stays_or_has_begun_is_loaded_already(self, scene: Scene, town: Town, world: World) -> None:
        await town.service("OXYGEN", load=3)
        nurse = await scene.staff(0)
        await carries(town, nurse, 5)
        first = await scene.order(0, "08:00", "09:00", "OXYGEN")
        plan = await scene.plan()
        assert who(plan, first) == {str(nurse)}
        assert (await scene.publish(plan)).status_code == 200
        later = await scene.order(0, "10:00", "12:00", "OXYGEN")
        frozen = await repair(scene, plan, frozen_until=at("09:00").isoformat())
        assert set(reasons(frozen)) == {str(later)}
        answer = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(later)})
        assert answer.json().get("places", []) == []
        await begin(world, first)
        world.clock.shows = at("09:30")
        assert reasons(await scene.plan()) == {str(later): "too_heavy"}
        await carries(town, nurse, 6)
        plan = await scene.plan()
        assert who(plan, later) == {str(nurse)}
