"""Shared vehicles over HTTP: registered, planned with, told to those who ride, booked by the plan in force."""

from typing import Any
from uuid import UUID

import pytest

from service.accounts.rules import Role
from tests.routing.scene import DAY, Scene, at, clock, visits
from tests.routing.test_repairs import repair
from tests.world import World

pytestmark = pytest.mark.database


@pytest.fixture
async def scene(world: World) -> Scene:
    scene = await Scene.set_up(world)
    await scene.item("BP", 20)
    return scene


async def vehicle(scene: Scene, **changes: Any) -> dict[str, Any]:
    """Register a vehicle as the institution's administration."""
    admin = await scene.world.as_role(Role.institution_admin)
    body = {
        "institution_id": str(scene.world.institution_id),
        "station_id": str(await scene.station(scene.world.institution_id, 0.0)),
        "plate_no": f"NA{scene.world.number():05}",
        "seats": 4,
        "away_from": "07:30",
        "away_to": "18:00",
    }
    made = await admin.post("/vehicles", json=body | changes)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def change(scene: Scene, vehicle_id: str, **changes: Any) -> None:
    admin = await scene.world.as_role(Role.institution_admin)
    changed = await admin.patch(f"/vehicles/{vehicle_id}", json=changes)
    assert changed.status_code == 200, changed.text


async def two_far_apart(scene: Scene) -> list[UUID]:
    """Order two visits ten kilometres away, one east and one further, at the same time."""
    return [await scene.order(east, "09:00", "09:25", "BP") for east in (10, 11)]


class TestRegistering:
    async def test_is_read_and_changed_as_registered(self, scene: Scene) -> None:
        made = await vehicle(scene)
        admin = await scene.world.as_role(Role.institution_admin)
        assert (await admin.get(f"/vehicles/{made['id']}")).json() == made
        assert made["id"] in {each["id"] for each in (await admin.get("/vehicles")).json()["items"]}
        await change(scene, made["id"], seats=2, out_from="2026-05-01", out_to="2026-05-07")
        read = (await admin.get(f"/vehicles/{made['id']}")).json()
        assert read == made | {"seats": 2, "out_from": "2026-05-01", "out_to": "2026-05-07"}

    @pytest.mark.parametrize(
        ("changes", "refusal"),
        [
            ({"away_to": "07:30"}, "vehicle-hours-impossible"),
            ({"out_to": "2026-05-01"}, "vehicle-outage-impossible"),
            ({"out_from": "2026-05-02", "out_to": "2026-05-01"}, "vehicle-outage-impossible"),
        ],
    )
    async def test_refuses_hours_and_outages_that_cannot_be(
        self, scene: Scene, changes: dict[str, str], refusal: str
    ) -> None:
        made = await vehicle(scene)
        admin = await scene.world.as_role(Role.institution_admin)
        refused = await admin.patch(f"/vehicles/{made['id']}", json=changes)
        assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (422, refusal)

    async def test_a_plate_is_registered_once(self, scene: Scene) -> None:
        made = await vehicle(scene)
        admin = await scene.world.as_role(Role.institution_admin)
        body = {key: made[key] for key in made.keys() - {"id"}}
        refused = await admin.post("/vehicles", json=body)
        assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (409, "plate-taken")


class TestPlanning:
    @pytest.mark.requirement("R102")
    async def test_two_ride_together_and_the_plan_says_when_and_where(self, scene: Scene) -> None:
        riders = {str(await scene.staff(mode="shared")) for _ in range(2)}
        made = await vehicle(scene)
        orders = await two_far_apart(scene)
        plan = await scene.plan()
        assert set(visits(plan)) == {str(each) for each in orders}
        [tour] = plan["tours"]
        assert (tour["vehicle_id"], tour["plate_no"], tour["seats"]) == (made["id"], made["plate_no"], 4)
        assert {each["practitioner_id"] for each in tour["stops"][0]["on"]} == riders
        for route in plan["routes"]:
            [stop] = route["stops"]
            assert stop["ride"]["vehicle_id"] == made["id"]
            assert clock(stop["ride"]["off_at"]) <= clock(stop["start_at"])
            assert clock(route["home_ride"]["on_at"]) >= clock(stop["end_at"])
        told = await scene.dispatcher.get(f"/plans/{plan['id']}/routes.geojson")
        assert sum("plate_no" in each["properties"] for each in told.json()["features"]) == 1 + len(tour["stops"])
        drawn = await scene.dispatcher.get(f"/plans/{plan['id']}/timeline.svg")
        assert f"乘{made['plate_no']}" in drawn.text
        assert (await scene.dispatcher.get(f"/plans/{plan['id']}/plan.xlsx")).status_code == 200

    async def test_who_walks_does_not_ride(self, scene: Scene) -> None:
        await scene.staff(mode="walk")
        await vehicle(scene)
        await two_far_apart(scene)
        plan = await scene.plan()
        assert (visits(plan), plan["tours"]) == ({}, [])

    async def test_each_field_of_a_vehicle_makes_another_plan(self, scene: Scene) -> None:
        for _ in range(2):
            await scene.staff(mode="shared")
        made = await vehicle(scene)
        await two_far_apart(scene)
        far = await scene.station(scene.world.institution_id, -200.0)
        planned = {}
        for name, changes, back in (
            ("as registered", {}, {}),
            ("seats", {"seats": 1}, {"seats": 4}),
            ("from", {"away_from": "09:10"}, {"away_from": "07:30"}),
            ("to", {"away_to": "08:20"}, {"away_to": "18:00"}),
            ("station", {"station_id": str(far)}, {"station_id": made["station_id"]}),
            ("out", {"out_from": DAY.isoformat()}, {"out_from": None}),
            ("out before", {"out_from": "2026-02-01", "out_to": "2026-03-02"}, {"out_from": None, "out_to": None}),
        ):
            await change(scene, made["id"], **changes) if changes else None
            planned[name] = len(visits(await scene.plan()))
            await change(scene, made["id"], **back) if back else None
        assert planned == {
            "as registered": 2, "seats": 1, "from": 0, "to": 0, "station": 0, "out": 0, "out before": 2
        }  # fmt: skip

    async def test_registered_with_other_fields_it_is_planned_otherwise(self, scene: Scene) -> None:
        await scene.staff(mode="shared")
        await scene.order(10, "09:00", "09:25", "BP")
        far = str(await scene.station(scene.world.institution_id, -200.0))
        for changes in (
            {"away_from": "09:10"},
            {"away_to": "08:20"},
            {"out_from": "2026-03-01"},
            {"station_id": far},
        ):
            await vehicle(scene, **changes)
        assert visits(await scene.plan()) == {}
        await vehicle(scene, out_from="2026-03-01", out_to="2026-03-02", seats=1)
        assert len(visits(await scene.plan())) == 1
        await scene.staff(mode="shared")
        await scene.order(11, "09:00", "09:25", "BP")
        assert len(visits(await scene.plan())) == 1
        await vehicle(scene, seats=2)
        assert len(visits(await scene.plan())) == 2

    async def test_no_ride_is_the_reason(self, scene: Scene) -> None:
        await scene.staff(mode="shared")
        await vehicle(scene, away_from="12:00")
        order = await scene.order(10, "09:00", "09:25", "BP")
        [left] = (await scene.plan())["unassigned"]
        assert (left["order_id"], left["reason"], left["facts"]["scope"]) == (str(order), "no_ride", "alone")


class TestPublishing:
    async def test_a_vehicle_is_promised_to_one_plan_in_force(self, world: World, scene: Scene) -> None:
        await scene.staff(mode="shared")
        await vehicle(scene)
        await scene.order(10, "09:00", "09:25", "BP")
        first = await scene.plan()
        beside = await Scene.set_up(world)
        assert (await scene.publish(first)).status_code == 200
        # whose area shares the institution plans with what the first one left of the vehicle
        await scene.staff(mode="shared")
        await scene.order(-10, "09:00", "09:25", "BP")
        second = await beside.plan()
        assert visits(second) == {}
        again = await scene.plan()
        assert (await scene.publish(again)).status_code == 200, "its own booking is given back"

    async def test_one_out_of_service_since_is_refused(self, scene: Scene) -> None:
        await scene.staff(mode="shared")
        made = await vehicle(scene)
        await scene.order(10, "09:00", "09:25", "BP")
        plan = await scene.plan()
        await change(scene, made["id"], out_from=DAY.isoformat())
        refused = await scene.publish(plan)
        assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (409, "vehicle-out-of-service")
        assert made["plate_no"] in refused.json()["detail"]

    async def test_who_rides_reads_with_which_vehicle(self, world: World, scene: Scene) -> None:
        account = await world.add_account(Role.nurse)
        await scene.staff(mode="shared", account_id=account)
        made = await vehicle(scene)
        await scene.order(10, "09:00", "09:25", "BP")
        assert (await scene.publish(await scene.plan())).status_code == 200
        nurse = world.client(world.principal(Role.nurse, account))
        [stop] = (await nurse.get("/my/day", params={"on": DAY.isoformat()})).json()["stops"]
        assert stop["ride"]["plate_no"] == made["plate_no"]


class TestChanging:
    async def test_one_more_goes_where_one_walks_and_nobody_is_left_behind(self, scene: Scene) -> None:
        staff = {str(await scene.staff(mode="shared")) for _ in range(3)}
        await vehicle(scene)
        orders = await two_far_apart(scene)
        plan = await scene.plan()
        assert len(plan["tours"]) == 1
        out = {route["practitioner_id"] for route in plan["routes"]}
        near, far = await scene.order(0.1, "08:00", "17:00", "BP"), await scene.order(20, "08:00", "17:00", "BP")
        asked = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(near)})
        assert asked.status_code == 200, asked.text
        crews = {place["crew"][0]["practitioner_id"] for place in asked.json()["places"]}
        assert crews == staff - out, "the others are at other doors, or sit in the vehicle"
        refused = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(far)})
        told = refused.json()
        assert (told["places"], told["reason"]) == ([], "no_ride")
        assert "共用车辆已定的行程保持不变" in told["explanation"]
        params = {"order_id": str(near)}
        open_at = (await scene.dispatcher.get(f"/plans/{plan['id']}/windows", params=params)).json()["windows"]
        assert "09:00" in {clock(each["start_at"]) for each in open_at}
        assert (await scene.dispatcher.get(f"/plans/{plan['id']}/windows", params={"order_id": str(far)})).json()[
            "windows"
        ] == []
        why = (await scene.dispatcher.get(f"/plans/{plan['id']}/explanation")).json()["assignments"]
        assert {each["order_id"] for each in why} == {str(each) for each in orders}
        for each in why:
            assert (each["because"], each["others"]) == ("only_carried", 2)

    async def test_nobody_else_is_taken_there(self, scene: Scene) -> None:
        for _ in range(2):
            await scene.staff(mode="shared")
        await vehicle(scene, seats=1)
        await scene.order(10, "09:00", "09:25", "BP")
        plan = await scene.plan()
        [why] = (await scene.dispatcher.get(f"/plans/{plan['id']}/explanation")).json()["assignments"]
        assert (why["because"], why["others"]) == ("only_carried", 1)

    async def test_with_a_vehicle_out_of_service_it_is_planned_anew(self, scene: Scene) -> None:
        await scene.staff(mode="shared")
        made = await vehicle(scene)
        await scene.order(10, "09:00", "09:25", "BP")
        plan = await scene.plan()
        order = await scene.order(0.1, "08:00", "15:00", "BP")
        await change(scene, made["id"], out_from=DAY.isoformat())
        asked = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(order)})
        why = await scene.dispatcher.get(f"/plans/{plan['id']}/explanation")
        for refused in (asked, why):
            assert refused.status_code == 409, refused.text
            assert refused.json()["type"].rsplit("/", 1)[-1] == "shared-vehicles-stand"

    async def test_a_visit_given_up_is_ridden_past(self, scene: Scene) -> None:
        await scene.staff(mode="shared")
        await vehicle(scene)
        [first, second] = [await scene.order(east, start, end, "BP") for east, start, end in (
            (10, "09:00", "09:25"), (11, "09:40", "10:00")
        )]  # fmt: skip
        plan = await scene.plan()
        assert set(visits(plan)) == {str(first), str(second)}
        async with scene.world.owner.begin() as connection:
            await connection.exec_driver_sql("update orders set state = 'cancelled' where id = $1", (first,))
        [why] = (await scene.dispatcher.get(f"/plans/{plan['id']}/explanation")).json()["assignments"]
        assert (why["order_id"], why["because"]) == (str(second), "only_qualified")

    async def test_who_only_walks_can_be_given_one_more(self, scene: Scene) -> None:
        await scene.staff(mode="shared")
        await vehicle(scene, away_from="16:00")
        await scene.order(0.1, "09:00", "12:00", "BP")
        plan = await scene.plan()
        assert plan["tours"] == []
        order = await scene.order(0.2, "09:00", "15:00", "BP")
        asked = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(order)})
        assert asked.json()["places"]


def absent(practitioner_id: str, since: str) -> list[dict[str, str]]:
    return [{"practitioner_id": practitioner_id, "from_at": at(since).isoformat()}]


def rides(plan: dict[str, Any]) -> dict[str, Any]:
    """Return practitioner id → when one rides to whom, and home."""
    return {
        route["practitioner_id"]: [*(stop["ride"] for stop in route["stops"]), route["home_ride"]]
        for route in plan["routes"]
    }


class TestRepairing:
    async def test_before_the_vehicle_has_left_another_rides_instead(self, scene: Scene) -> None:
        for _ in range(3):
            await scene.staff(mode="shared")
        await vehicle(scene)
        orders = await two_far_apart(scene)
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        gone = visits(plan)[str(orders[0])][0][0]
        mended = await repair(scene, plan, absent=absent(gone, "07:00"))
        assert set(visits(mended)) == {str(each) for each in orders}
        assert gone not in rides(mended)
        assert all(None not in own for own in rides(mended).values())
        assert visits(mended)[str(orders[1])] == visits(plan)[str(orders[1])], "he was told so"
        [tour] = mended["tours"]
        assert gone not in {each["practitioner_id"] for stop in tour["stops"] for each in stop["on"]}
        assert (await scene.publish(mended)).json()["superseded_plan_id"] == plan["id"]

    async def test_whoever_is_out_with_a_vehicle_goes_on_as_told_and_the_others_are_planned_anew(
        self, scene: Scene
    ) -> None:
        for _ in range(3):
            await scene.staff(mode="shared")
        await vehicle(scene)
        orders = await two_far_apart(scene)
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        [tour] = plan["tours"]
        assert clock(tour["stops"][0]["depart_at"]) < "08:50"
        near = await scene.order(0.1, "10:30", "12:00", "BP")
        late = await scene.order(-9, "12:00", "12:25", "BP")
        mended = await repair(scene, plan, frozen_until=at("08:50").isoformat())
        assert set(visits(mended)) == {str(each) for each in (*orders, near, late)}
        for each in orders:
            assert visits(mended)[str(each)] == visits(plan)[str(each)]
            who = visits(plan)[str(each)][0][0]
            assert rides(mended)[who] == rides(plan)[who], "and nothing more of his"
        [again] = mended["tours"]
        told = tour["stops"]
        assert again["stops"][: len(told) - 1] == told[:-1]
        assert [each["practitioner_id"] for each in again["stops"][len(told) - 1]["on"]] == [
            visits(mended)[str(late)][0][0]
        ], "it leaves again when it has come back"
        assert (await scene.publish(mended)).status_code == 200

    async def test_a_visit_that_is_given_up_on_the_way_is_ridden_past(self, scene: Scene) -> None:
        await scene.staff(mode="shared")
        await vehicle(scene)
        first = await scene.order(10, "09:00", "09:25", "BP")
        second = await scene.order(11, "09:40", "10:00", "BP")
        plan = await scene.plan()
        [before] = plan["tours"]
        mended = await repair(scene, plan, frozen_until=at("08:50").isoformat(), cancelled_order_ids=[str(first)])
        assert visits(mended) == {str(second): visits(plan)[str(second)]}
        [tour] = mended["tours"]
        assert sum(len(stop["on"]) for stop in tour["stops"]) == 2, "there and home"
        assert tour["stops"][-1]["arrive_at"] == before["stops"][-1]["arrive_at"]

    async def test_who_would_miss_the_vehicle_is_not_left_behind(self, scene: Scene) -> None:
        await scene.staff(mode="shared", shift=("08:00", "11:00"))
        await vehicle(scene)
        order = await scene.order(10, "09:00", "09:25", "BP")
        plan = await scene.plan()
        asked = await scene.dispatcher.post(
            f"/plans/{plan['id']}/repairs",
            json={
                "seconds_limit": 1,
                "frozen_until": at("09:10").isoformat(),
                "longer": [{"order_id": str(order), "minutes": 30}],
            },
        )
        assert asked.status_code == 202, asked.text
        await scene.work(asked.json()["id"])
        failed = await scene.read(asked.json()["id"])
        assert failed["state"] == "failed"
        assert "下班之前回不来" in failed["failure"]

    async def test_without_its_vehicle_a_day_that_has_not_begun_is_planned_on_foot(self, scene: Scene) -> None:
        await scene.staff(mode="shared")
        made = await vehicle(scene)
        far, near = await scene.order(10, "09:00", "09:25", "BP"), await scene.order(0.1, "13:00", "15:00", "BP")
        plan = await scene.plan()
        assert set(visits(plan)) == {str(far), str(near)}
        await change(scene, made["id"], out_from=DAY.isoformat())
        mended = await repair(scene, plan)
        assert (set(visits(mended)), mended["tours"]) == ({str(near)}, [])
        asked = await scene.dispatcher.post(
            f"/plans/{plan['id']}/repairs", json={"frozen_until": at("09:10").isoformat()}
        )
        await scene.work(asked.json()["id"])
        failed = await scene.read(asked.json()["id"])
        assert (failed["state"], "已停用" in failed["failure"]) == ("failed", True)
