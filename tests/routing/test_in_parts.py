"""Services in parts, planned and published: the same nurse comes back in time, both times or not at all."""

import itertools
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from openpyxl import load_workbook
from sqlalchemy import text

from service.accounts.rules import Role
from service.core.clock import LOCAL
from tests.fields.town import Town, changed
from tests.routing.scene import DAY, Scene, at, clock, seconds
from tests.routing.test_repairs import repair
from tests.world import CENTRE, World

SOAK = ((10, 60, 75),)
"""A second part of ten minutes, an hour to an hour and a quarter after the first."""


def parts(plan: dict[str, Any], order: UUID) -> list[tuple[str, int, int, str, str]]:
    """Return (who, part, of how many, start, end) of each of an order's stops, in their order."""
    found = [
        (route["practitioner_id"], stop["part"], stop["parts"], clock(stop["start_at"]), clock(stop["end_at"]))
        for route in plan["routes"]
        for stop in route["stops"]
        if stop["order_id"] == str(order)
    ]
    return sorted(found, key=lambda each: each[1])


def gap(plan: dict[str, Any], order: UUID) -> int:
    """Return how many minutes lie between an order's two parts."""
    [(_, _, _, _, end), (_, _, _, start, _)] = parts(plan, order)
    return (seconds(start) - seconds(end)) // 60


async def appointments(world: World, order: UUID) -> list[tuple[int, str]]:
    """Return part and state of everything promised for an order."""
    query = text("select part, state from appointments where order_id = :id order by lower(during), state")
    async with world.owner.connect() as connection:
        return [(row.part, row.state) for row in await connection.execute(query, {"id": order})]


class TestPlanning:
    async def test_the_same_nurse_comes_back_in_time_and_visits_others_meanwhile(self, scene: Scene) -> None:
        await scene.item("SOAK", 20, parts=SOAK)
        await scene.item("REHAB", 40)
        nurse = await scene.staff(0, shift=("08:00", "10:00"))
        soak = await scene.order(0.5, "08:00", "08:40", "SOAK")
        between = await scene.order(0.6, "08:00", "12:00", "REHAB")
        plan = await scene.plan()
        told = parts(plan, soak)
        assert [each[:3] for each in told] == [(str(nurse), 1, 2), (str(nurse), 2, 2)]
        assert 60 <= gap(plan, soak) <= 75
        assert (seconds(told[0][4]) - seconds(told[0][3]), seconds(told[1][4]) - seconds(told[1][3])) == (1200, 600)
        [(_, part, of, start, _)] = parts(plan, between)
        assert (part, of) == (1, 1)
        assert told[0][4] <= start <= told[1][3]
        assert (plan["summary"]["orders"], plan["summary"]["planned"]) == (2, 2)

    async def test_is_whole_or_left_out_with_the_reason(self, scene: Scene, world: World) -> None:
        await scene.item("SOAK", 20, parts=SOAK)
        await scene.staff(0, shift=("08:00", "09:20"))
        soak = await scene.order(0, "08:00", "08:40", "SOAK")
        plan = await scene.plan()
        assert parts(plan, soak) == []
        [left] = plan["unassigned"]
        assert left["order_id"] == str(soak)
        assert left["reason"] in {"linked", "no_place_found"}, "the second where the time was too short to try all"

    async def test_the_list_of_services_says_how_long_after_and_a_change_counts(
        self, scene: Scene, world: World
    ) -> None:
        town = await Town.found(world)
        await town.service("SOAK", duration_minutes=20, parts=[
            {"duration_minutes": 10, "after_min_minutes": 60, "after_max_minutes": 75}
        ])  # fmt: skip
        await scene.staff()
        soak = await scene.order(0, "08:00", "08:40", "SOAK")
        assert 60 <= gap(await scene.plan(), soak) <= 75
        later = {"duration_minutes": 30, "after_min_minutes": 120, "after_max_minutes": 130}
        await changed(town.governor, "/service-items/SOAK", {"parts": [later]})
        plan = await scene.plan()
        assert 120 <= gap(plan, soak) <= 130
        assert seconds(parts(plan, soak)[1][4]) - seconds(parts(plan, soak)[1][3]) == 1800
        await changed(town.governor, "/service-items/SOAK", {"parts": [later] * 2})
        assert [each[1:3] for each in parts(await scene.plan(), soak)] == [(1, 3), (2, 3), (3, 3)]
        await changed(town.governor, "/service-items/SOAK", {"parts": []})
        assert [each[1:3] for each in parts(await scene.plan(), soak)] == [(1, 1)]

    async def test_parts_of_several_services_are_given_together(self, scene: Scene) -> None:
        await scene.item("SOAK", 20, parts=SOAK)
        await scene.item("SUGAR", 5, parts=((5, 70, 120), (5, 30, 40)))
        await scene.item("REHAB", 30)
        await scene.staff()
        order = await scene.order(0, "08:00", "10:00", {"SOAK": 1, "SUGAR": 2, "REHAB": 1})
        told = parts(await scene.plan(), order)
        minutes = [(seconds(end) - seconds(start)) // 60 for _, _, _, start, end in told]
        assert minutes == [20 + 2 * 5 + 30, 10 + 2 * 5, 2 * 5]
        ways = [(seconds(later[3]) - seconds(one[4])) // 60 for one, later in itertools.pairwise(told)]
        assert 70 <= ways[0] <= 75
        assert 30 <= ways[1] <= 40

    async def test_that_contradict_each_other_leave_the_order_out(self, scene: Scene) -> None:
        await scene.item("SOAK", 20, parts=SOAK)
        await scene.item("SUGAR", 5, parts=((5, 120, 150),))
        await scene.staff()
        order = await scene.order(0, "08:00", "10:00", {"SOAK": 1, "SUGAR": 1})
        plan = await scene.plan()
        assert [(each["order_id"], each["reason"]) for each in plan["unassigned"]] == [(str(order), "parts_impossible")]
        assert "间隔互相矛盾" in plan["unassigned"][0]["explanation"]

    async def test_another_visit_of_the_elders_is_never_at_the_same_time(self, scene: Scene, world: World) -> None:
        await scene.item("SOAK", 20, parts=((30, 60, 60),))
        await scene.item("REHAB", 60)
        await scene.staff()
        await scene.staff()
        home = await world.add_home(lon=CENTRE[0])
        person = await world.add_patient(home_id=home)
        own: dict[str, Any] = {"home_id": home, "person_id": person}
        soak = await scene.order(0, "08:00", "08:20", "SOAK", **own)
        # from 9:20 to 9:50 the second part is given
        other = await scene.order(0, "08:30", "10:10", "REHAB", **own)
        plan = await scene.plan()
        assert [each[3:] for each in parts(plan, soak)] == [("08:00", "08:20"), ("09:20", "09:50")]
        assert parts(plan, other) == []


class TestTelling:
    async def test_map_workbook_picture_and_figures_say_which_part_it_is(self, scene: Scene) -> None:
        await scene.item("SOAK", 20, parts=SOAK)
        await scene.staff()
        order = await scene.order(0, "08:00", "10:00", "SOAK")
        plan = await scene.plan()
        path = f"/plans/{plan['id']}"
        number = next(stop["order_no"] for route in plan["routes"] for stop in route["stops"])
        shapes = (await scene.dispatcher.get(f"{path}/routes.geojson")).json()["features"]
        points = [each["properties"] for each in shapes if each["geometry"]["type"] == "Point"]
        assert [(each["order_id"], each["part"], each["parts"]) for each in points] == [
            (str(order), 1, 2), (str(order), 2, 2),
        ]  # fmt: skip
        said = {f"{number}（第1次/共2次）", f"{number}（第2次/共2次）"}
        sheet = load_workbook(BytesIO((await scene.dispatcher.get(f"{path}/plan.xlsx")).content)).active
        assert sheet is not None
        assert said <= {cell for row in sheet.iter_rows(values_only=True) for cell in row if isinstance(cell, str)}
        picture = (await scene.dispatcher.get(f"{path}/timeline.svg")).text
        assert all(each in picture for each in said)
        figures = (await scene.dispatcher.get(f"{path}/kpis")).json()
        assert figures["on_time"] == {"kept": 1, "of": 1, "share": 1.0}
        explained = (await scene.dispatcher.get(f"{path}/explanation")).json()
        assert [each["order_id"] for each in explained["assignments"]] == [str(order)]


class TestSpecimens:
    """Of a service in parts that takes a specimen one is taken each time, and each is handed in in time."""

    def deliveries(self, plan: dict[str, Any], order: UUID) -> list[tuple[str, int, int, str]]:
        """Return (who, of which part, of how many, start) of what is handed in of an order."""
        found = [
            (route["practitioner_id"], stop["part"], stop["parts"], clock(stop["start_at"]))
            for route in plan["routes"]
            for stop in route["stops"]
            if stop["specimen_of"] == str(order)
        ]
        return sorted(found, key=lambda each: each[1])

    def on_time(self, plan: dict[str, Any], order: UUID) -> bool:
        """Tell whether each part's specimen is handed in by the same nurse, within half an hour of that part."""
        taken = [(who, part, of, seconds(end)) for who, part, of, _, end in parts(plan, order)]
        handed_in = [(who, part, of, seconds(start)) for who, part, of, start in self.deliveries(plan, order)]
        return len(taken) == len(handed_in) == 2 and all(
            one[:3] == other[:3] and 0 <= other[3] - one[3] <= 30 * 60
            for one, other in zip(taken, handed_in, strict=True)
        )

    async def test_are_planned_promised_put_in_and_kept_when_the_day_is_mended(
        self, scene: Scene, world: World
    ) -> None:
        await scene.item("CURVE", 10, parts=((10, 120, 150),), specimen_minutes=30)
        await scene.staff(0)
        order = await scene.order(0.5, "08:00", "08:30", "CURVE")
        plan = await scene.plan()
        assert self.on_time(plan, order)
        assert (await scene.publish(plan)).json()["appointments"] == 2
        # planned again, mended, and mended once the first part is over
        assert self.on_time(await scene.plan(), order)
        mended = await repair(scene, plan, frozen_until=at("08:15").isoformat())
        assert (parts(mended, order), self.deliveries(mended, order)) == (
            parts(plan, order), self.deliveries(plan, order),
        )  # fmt: skip
        # another one finds a place with both of its own
        more = await scene.order(0.5, "09:00", "10:00", "CURVE")
        told = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(more)})
        assert [each["part"] for each in told.json()["places"][0]["crew"]] == [1, 2]
        async with world.owner.begin() as connection:
            await connection.execute(text("update orders set state = 'in_progress' where id = :id"), {"id": order})
        world.clock.shows = at("09:00")
        begun = await repair(scene, plan)
        assert self.on_time(begun, order)
        # of the part that nobody comes back for nothing is taken, so nothing is stranded
        [(who, *_), _] = parts(plan, order)
        away = [{"practitioner_id": who, "from_at": at("09:15").isoformat()}]
        broken = await repair(scene, plan, absent=away)
        assert (str(order), "part_unkept") in {(each["order_id"], each["reason"]) for each in broken["unassigned"]}
        assert [each[1] for each in self.deliveries(broken, order)] == [1]

    async def test_without_time_to_hand_the_second_in_the_order_is_left_out(self, scene: Scene) -> None:
        await scene.item("CURVE", 10, parts=((10, 120, 150),), specimen_minutes=10)
        await scene.staff(0)
        # four kilometres are more than ten minutes
        order = await scene.order(4, "08:00", "09:30", "CURVE")
        plan = await scene.plan()
        assert [each["order_id"] for each in plan["unassigned"]] == [str(order)]


class TestPublishing:
    async def test_promises_each_part_and_shows_the_nurse_both(self, scene: Scene, world: World) -> None:
        await scene.item("SOAK", 20, parts=SOAK)
        account = await world.add_account(Role.nurse, world.institution_id)
        await scene.staff(account_id=account)
        order = await scene.order(0, "08:00", "10:00", "SOAK")
        plan = await scene.plan()
        published = (await scene.publish(plan)).json()
        assert (published["orders"], published["appointments"]) == (1, 2)
        assert await appointments(world, order) == [(1, "booked"), (2, "booked")]
        phone = world.client(world.principal(Role.nurse, account))
        day = (await phone.get("/my/day", params={"on": DAY.isoformat()})).json()
        assert [(each["part"], each["parts"], each["part_note"]) for each in day["stops"]] == [
            (1, 2, "第1次/共2次"), (2, 2, "第2次/共2次"),
        ]  # fmt: skip
        assert [len(each["crew"]) for each in day["stops"]] == [1, 1]
        # planned again, the day stays as it was told
        again = await scene.plan()
        assert parts(again, order) == parts(plan, order)
        assert (await scene.publish(again)).json()["superseded_plan_id"] == plan["id"]
        assert await appointments(world, order) == [
            (1, "booked"), (1, "released"), (2, "booked"), (2, "released"),
        ]  # fmt: skip

    async def test_a_cancelled_order_gives_both_back(self, scene: Scene, world: World) -> None:
        await scene.item("SOAK", 20, parts=SOAK)
        await scene.staff()
        order = await scene.order(0, "10:00", "12:00", "SOAK")
        await scene.publish(await scene.plan())
        answer = await scene.dispatcher.post(f"/orders/{order}/cancellation", json={"reason": "老人临时住院"})
        assert answer.status_code == 200, answer.text
        assert await appointments(world, order) == [(1, "released"), (2, "released")]

    async def test_the_second_part_is_no_time_for_another_plan(self, scene: Scene, world: World) -> None:
        await scene.item("SOAK", 20, parts=((30, 60, 60),))
        await scene.item("REHAB", 30)
        await scene.staff()
        order = await scene.order(0, "08:00", "08:20", "SOAK")
        await scene.publish(await scene.plan())
        other = await Scene.set_up(world)
        await other.order(0, "09:20", "09:50", "REHAB")
        plan = await other.plan()
        assert len(plan["unassigned"]) == 1
        assert not [stop for route in plan["routes"] for stop in route["stops"]]
        assert await appointments(world, order) == [(1, "booked"), (2, "booked")]


class TestChangingADay:
    async def test_all_its_parts_are_put_in_by_one_person_and_each_is_told(self, scene: Scene) -> None:
        await scene.item("SOAK", 20, parts=SOAK)
        await scene.item("REHAB", 30)
        near, far = await scene.staff(0), await scene.staff(3)
        await scene.order(0, "08:00", "10:00", "REHAB")
        plan = await scene.plan()
        await scene.publish(plan)
        order = await scene.order(0, "08:00", "10:00", "SOAK")
        path = f"/plans/{plan['id']}"
        put = await scene.dispatcher.post(f"{path}/insertions", json={"order_id": str(order)})
        assert put.status_code == 200, put.text
        places = put.json()["places"]
        assert 2 <= len(places) <= 5
        assert {each["crew"][0]["practitioner_id"] for each in places} == {str(near), str(far)}
        assert [each["added_cost"] for each in places] == sorted(each["added_cost"] for each in places)
        for each in places:
            first, second = each["crew"]
            assert first["practitioner_id"] == second["practitioner_id"]
            assert [(one["part"], one["parts"]) for one in (first, second)] == [(1, 2), (2, 2)]
            between = seconds(clock(second["start_at"])) - seconds(clock(first["end_at"]))
            assert 60 * 60 <= between <= 75 * 60
            assert seconds(clock(second["end_at"])) - seconds(clock(second["start_at"])) == 600
        assert (await scene.read(plan["id"]))["routes"] == plan["routes"], "nothing is changed by it"

    async def test_without_room_for_the_second_part_there_is_no_place_for_the_first(self, scene: Scene) -> None:
        await scene.item("SOAK", 20, parts=SOAK)
        await scene.staff(0, shift=("08:00", "09:20"))
        plan = await scene.plan()
        order = await scene.order(0, "08:00", "10:00", "SOAK")
        path = f"/plans/{plan['id']}"
        told = (await scene.dispatcher.post(f"{path}/insertions", json={"order_id": str(order)})).json()
        assert (told["places"], told["reason"]) == ([], "linked")
        opened = await scene.dispatcher.get(f"{path}/windows", params={"order_id": str(order)})
        assert opened.json()["windows"] == []

    async def test_half_hours_are_open_to_it_in_which_all_parts_can_be_given(self, scene: Scene) -> None:
        await scene.item("SOAK", 20, parts=SOAK)
        await scene.item("REHAB", 90)
        await scene.staff(shift=("08:00", "12:00"))
        # between 9:30 and 11:00 nobody can come back
        await scene.order(0, "09:30", "11:00", "REHAB")
        plan = await scene.plan()
        await scene.publish(plan)
        order = await scene.order(0, "08:00", "10:00", "SOAK")
        opened = await scene.dispatcher.get(f"/plans/{plan['id']}/windows", params={"order_id": str(order)})
        assert opened.status_code == 200, opened.text
        told = [
            (clock(each["start_at"]), clock(each["visit_at"]), [clock(one) for one in each["returns_at"]])
            for each in opened.json()["windows"]
        ]
        # begun any later, the second part would fall into the other visit
        assert told == [("08:00", "08:00", ["09:20"])]

    async def test_a_visit_put_beside_it_may_move_it_and_says_so(self, scene: Scene) -> None:
        await scene.item("SOAK", 20, parts=((10, 60, 120),))
        await scene.item("REHAB", 65)
        await scene.staff(shift=("08:00", "12:00"))
        soak = await scene.order(0, "08:00", "08:20", "SOAK")
        plan = await scene.plan()
        await scene.publish(plan)
        assert parts(plan, soak)[1][3] == "09:20"
        late = await scene.order(0, "08:20", "09:25", "REHAB")
        answer = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(late)})
        [place] = answer.json()["places"]
        assert [(each["order_id"], each["minutes"]) for each in place["affected"]] == [(str(soak), 5)]

    async def test_both_parts_go_to_somebody_else_when_one_is_lost(self, scene: Scene) -> None:
        await scene.item("SOAK", 20, parts=SOAK)
        near, far = await scene.staff(0), await scene.staff(4)
        soak = await scene.order(0, "09:00", "11:00", "SOAK")
        plan = await scene.plan()
        await scene.publish(plan)
        assert {each[0] for each in parts(plan, soak)} == {str(near)}
        # he is away before the second part would be over
        away = [{"practitioner_id": str(near), "from_at": at("10:15").isoformat()}]
        mended = await repair(scene, plan, absent=away)
        assert [each[:3] for each in parts(mended, soak)] == [(str(far), 1, 2), (str(far), 2, 2)]
        assert 60 <= gap(mended, soak) <= 75

    async def test_what_is_frozen_stays_with_its_further_part(self, scene: Scene) -> None:
        await scene.item("SOAK", 20, parts=SOAK)
        await scene.item("REHAB", 30)
        await scene.staff(0)
        soak = await scene.order(0, "09:00", "11:00", "SOAK")
        rest = await scene.order(0, "13:00", "16:00", "REHAB")
        plan = await scene.plan()
        await scene.publish(plan)
        begins = parts(plan, soak)[0][3]
        frozen = at(f"{int(begins[:2]):02}:{int(begins[3:]) + 5:02}")
        mended = await repair(scene, plan, frozen_until=frozen.isoformat())
        assert parts(mended, soak) == parts(plan, soak)
        assert parts(mended, rest) == parts(plan, rest)
        # the first part takes longer: the second waits as long as it must
        longer = [{"order_id": str(soak), "minutes": 25}]
        pushed = await repair(scene, plan, frozen_until=frozen.isoformat(), longer=longer)
        assert seconds(parts(pushed, soak)[0][4]) == seconds(parts(plan, soak)[0][4]) + 25 * 60
        assert gap(pushed, soak) == 60
        assert (await scene.publish(pushed)).status_code == 200

    async def test_after_the_first_part_the_second_is_the_same_ones_and_named_when_he_is_away(
        self, scene: Scene, world: World
    ) -> None:
        await scene.item("SOAK", 20, parts=SOAK)
        near, far = await scene.staff(0), await scene.staff(0.1)
        await scene.item("REHAB", 30)
        soak = await scene.order(0, "08:00", "08:20", "SOAK")
        plan = await scene.plan()
        await scene.publish(plan)
        [(who, *_), (_, _, _, start, _)] = parts(plan, soak)
        async with world.owner.begin() as connection:
            await connection.execute(text("update orders set state = 'in_progress' where id = :id"), {"id": soak})
        world.clock.shows = at("08:30")
        # at its very time, so that one person cannot do both
        other = await scene.order(0, start, f"{(at(start) + timedelta(minutes=30)).astimezone(LOCAL):%H:%M}", "REHAB")
        mended = await repair(scene, plan)
        # both parts are shown as they were promised, also where the day is planned anew
        for made in (mended, await scene.plan()):
            assert parts(made, soak) == parts(plan, soak)
            stops = [stop for route in made["routes"] for stop in route["stops"]]
            assert {stop["order_id"] for stop in stops if stop["stands"]} == {str(soak)}
            assert sum(stop["stands"] for stop in stops) == 2
        # whoever goes back is promised there, and is sent nowhere else
        assert {str(near), str(far)} - {who} == {parts(mended, other)[0][0]}
        assert await appointments(world, soak) == [(1, "booked"), (2, "booked")]
        away = [{"practitioner_id": who, "from_at": at("09:00").isoformat()}]
        broken = await repair(scene, plan, absent=away)
        # the part that was given is shown, the other one is nobody's
        assert [each[:3] for each in parts(broken, soak)] == [(who, 1, 2)]
        assert [(each["order_id"], each["reason"]) for each in broken["unassigned"]] == [(str(soak), "part_unkept")]
        assert "后面无人上门" in broken["unassigned"][0]["explanation"]
        # also when the day has been mended before
        assert (await scene.publish(mended)).status_code == 200
        again = await repair(scene, mended, absent=away)
        assert (str(soak), "part_unkept") in {(each["order_id"], each["reason"]) for each in again["unassigned"]}
