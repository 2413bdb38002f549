"""Crews of several people, planned and published: at once, one after the other, each by himself."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from service.accounts.rules import Role
from service.core.jobs.queue import Job
from service.worker import handlers
from tests.fields.town import Town, changed
from tests.routing.scene import DAY, Scene, at, clock, seconds, visits
from tests.routing.test_repairs import repair
from tests.scenarios.test_walking_day import told
from tests.world import CENTRE, World

AFTER = {"crew_sync": "sequential", "crew_lag_min_minutes": 60, "crew_lag_max_minutes": 90}


def starts(plan: dict[str, Any], order: UUID) -> list[int]:
    """Return when each of an order's crew begins, in minutes of the day, the first first."""
    return sorted(seconds(start) // 60 for _, start, _ in visits(plan).get(str(order), []))


def reasons(plan: dict[str, Any]) -> dict[str, str]:
    """Return why each order stays out."""
    return {each["order_id"]: each["reason"] for each in plan["unassigned"]}


class TestPlanning:
    async def test_the_list_of_services_says_how_a_crew_comes_and_a_change_counts(
        self, scene: Scene, town: Town
    ) -> None:
        await town.service("PAIR", duration_minutes=20, staff_count=2)
        for _ in range(2):
            await scene.staff()
        order = await scene.order(0.5, "08:00", "12:00", "PAIR", staff_count=2)
        first, second = starts(await scene.plan(), order)
        assert first == second
        await changed(town.governor, "/service-items/PAIR", AFTER)
        first, second = starts(await scene.plan(), order)
        assert 60 <= second - first <= 90
        await changed(town.governor, "/service-items/PAIR", {"crew_lag_min_minutes": 100, "crew_lag_max_minutes": 105})
        first, second = starts(await scene.plan(), order)
        assert 100 <= second - first <= 105

    async def test_each_comes_when_it_suits_who_may_come_apart(self, scene: Scene, town: Town) -> None:
        await town.service("PAIR", duration_minutes=20, staff_count=2)
        await scene.staff(shift=("08:00", "09:00"))
        await scene.staff(shift=("10:00", "11:00"))
        order = await scene.order(0.5, "08:00", "12:00", "PAIR", staff_count=2)
        assert starts(await scene.plan(), order) == []
        await changed(town.governor, "/service-items/PAIR", {"crew_sync": "independent"})
        first, second = starts(await scene.plan(), order)
        assert first < 9 * 60
        assert second >= 10 * 60

    async def test_who_gives_the_service_comes_first(self, scene: Scene, town: Town) -> None:
        await town.service("PAIR", duration_minutes=20, staff_count=2, skills=["wound"], **AFTER)
        await scene.staff(shift=("08:00", "12:00"))
        able = await scene.staff(shift=("08:00", "12:00"), skills=("wound",))
        order = await scene.order(0.5, "08:00", "12:00", "PAIR", staff_count=2)
        plan = await scene.plan()
        [first, _] = sorted(visits(plan)[str(order)], key=lambda each: each[1])
        assert first[0] == str(able)

    async def test_three_go_together(self, scene: Scene, town: Town) -> None:
        await town.service("LIFT", duration_minutes=30, staff_count=3)
        crew = {str(await scene.staff(side)) for side in (0, 1, -1)}
        order = await scene.order(0.5, "08:00", "12:00", "LIFT", staff_count=3)
        plan = await scene.plan()
        given = visits(plan)[str(order)]
        assert {who for who, _, _ in given} == crew
        assert len({(start, end) for _, start, end in given}) == 1
        published = (await scene.publish(plan)).json()
        assert (published["orders"], published["appointments"]) == (1, 3)

    async def test_two_of_the_three_are_not_enough(self, scene: Scene, town: Town) -> None:
        await town.service("LIFT", duration_minutes=30, staff_count=3)
        for _ in range(2):
            await scene.staff()
        order = await scene.order(0.5, "08:00", "12:00", "LIFT", staff_count=3)
        plan = await scene.plan()
        assert visits(plan) == {}
        assert str(order) in reasons(plan)

    async def test_three_come_one_after_the_other(self, scene: Scene, town: Town) -> None:
        await town.service("WATCH", duration_minutes=30, staff_count=3, **AFTER)
        for _ in range(3):
            await scene.staff()
        order = await scene.order(0.5, "08:00", "14:00", "WATCH", staff_count=3)
        one, two, three = starts(await scene.plan(), order)
        assert 60 <= two - one <= 90
        assert 60 <= three - two <= 90

    async def test_who_is_pinned_comes_with_the_same_people_not_before_the_first_was_promised(
        self, scene: Scene, town: Town
    ) -> None:
        await town.service("PAIR", duration_minutes=20, staff_count=2, **AFTER)
        for east in (-3, 3):
            await scene.staff(east)
        order = await scene.order(0.5, "08:00", "12:00", "PAIR", staff_count=2)
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        again = await scene.plan(pinned_order_ids=[str(order)])
        crew = {who for who, _, _ in visits(plan)[str(order)]}
        assert {who for who, _, _ in visits(again)[str(order)]} == crew
        assert len(crew) == 2
        assert min(starts(again, order)) >= min(starts(plan, order))


class TestSeveralServices:
    async def test_the_strictest_word_and_the_intersection_of_the_times_hold(self, scene: Scene, town: Town) -> None:
        await town.service("ONE", duration_minutes=10, staff_count=2, **AFTER)
        await town.service(
            "TWO", duration_minutes=10, staff_count=2, crew_sync="sequential", crew_lag_min_minutes=85,
            crew_lag_max_minutes=120,
        )  # fmt: skip
        await town.service("FREE", duration_minutes=10, staff_count=2, crew_sync="independent")
        await town.service("AT_ONCE", duration_minutes=10, staff_count=2)
        await town.service("ALONE", duration_minutes=10)
        for _ in range(4):
            await scene.staff()
        both = await scene.order(0.1, "08:00", "12:00", {"ONE": 1, "TWO": 1, "FREE": 1, "ALONE": 1}, staff_count=2)
        together = await scene.order(0.2, "08:00", "12:00", {"ONE": 1, "AT_ONCE": 1}, staff_count=2)
        plan = await scene.plan()
        first, second = starts(plan, both)
        assert 85 <= second - first <= 90
        assert len(set(starts(plan, together))) == 1

    async def test_times_that_contradict_each_other_leave_the_order_out(self, scene: Scene, town: Town) -> None:
        await town.service("ONE", duration_minutes=10, staff_count=2, **AFTER)
        await town.service(
            "TWO", duration_minutes=10, staff_count=2, crew_sync="sequential", crew_lag_min_minutes=100,
            crew_lag_max_minutes=120,
        )  # fmt: skip
        for _ in range(2):
            await scene.staff()
        order = await scene.order(0, "08:00", "12:00", {"ONE": 1, "TWO": 1}, staff_count=2)
        plan = await scene.plan()
        assert reasons(plan) == {str(order): "crew_impossible"}
        assert "互相矛盾" in plan["unassigned"][0]["explanation"]

    async def test_a_window_too_short_for_the_last_one_is_closed(self, scene: Scene, town: Town) -> None:
        await town.service("WATCH", duration_minutes=30, staff_count=3, **AFTER)
        for _ in range(3):
            await scene.staff()
        order = await scene.order(0, "08:00", "10:29", "WATCH", staff_count=3)
        assert reasons(await scene.plan()) == {str(order): "window_closed"}

    async def test_who_comes_for_the_institutions_minimum_comes_with_the_others(self, scene: Scene, town: Town) -> None:
        await town.service("PAIR", duration_minutes=10, staff_count=2, **AFTER)
        for _ in range(2):
            await scene.staff()
        order = await scene.order(0, "08:00", "12:00", "PAIR", staff_count=2)
        await town.set("staff.minimum", 2)
        assert len(set(starts(await scene.plan(), order))) == 1


class TestChanging:
    async def test_a_place_beside_a_plan_has_each_one_s_time(self, scene: Scene, town: Town) -> None:
        await town.service("PAIR", duration_minutes=20, staff_count=2, **AFTER)
        await scene.staff(shift=("08:00", "09:00"))
        await scene.staff(shift=("09:00", "17:00"))
        plan = await scene.plan()
        wanted = await scene.order(0, "08:00", "12:00", "PAIR", staff_count=2)
        answer = (await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(wanted)})).json()
        assert answer["reason"] is None
        first, second = (datetime.fromisoformat(each["start_at"]) for each in answer["places"][0]["crew"])
        assert 60 <= (second - first).total_seconds() / 60 <= 90

    async def test_half_hours_are_those_in_which_the_first_may_begin(self, scene: Scene, town: Town) -> None:
        await town.service("PAIR", duration_minutes=20, staff_count=2, **AFTER)
        await scene.staff(shift=("08:00", "09:00"))
        await scene.staff(shift=("09:00", "17:00"))
        plan = await scene.plan()
        wanted = await scene.order(0, "08:00", "12:00", "PAIR", staff_count=2)
        answer = await scene.dispatcher.get(f"/plans/{plan['id']}/windows", params={"order_id": str(wanted)})
        assert answer.status_code == 200, answer.text
        assert [clock(each["start_at"]) for each in answer.json()["windows"]] == ["08:00", "08:30"]

    async def test_a_plan_is_told_again_as_it_was_and_mended(self, scene: Scene, town: Town) -> None:
        await town.service("PAIR", duration_minutes=20, staff_count=2, **AFTER)
        await town.service("REHAB", duration_minutes=30)
        ill = await scene.staff()
        for _ in range(2):
            await scene.staff()
        early = await scene.order(0, "08:00", "10:30", "PAIR", staff_count=2)
        late = await scene.order(0, "13:00", "17:00", "PAIR", staff_count=2)
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        before = visits(plan)
        mended = await repair(
            scene,
            plan,
            frozen_until=at("08:30").isoformat(),
            absent=[{"practitioner_id": str(ill), "from_at": at("12:00").isoformat()}],
        )
        now = visits(mended)
        # the first of the crew has begun: the one who comes after her stays as well
        assert now[str(early)] == before[str(early)]
        first, second = starts(mended, late)
        assert 60 <= second - first <= 90
        assert str(ill) not in {who for who, _, _ in now[str(late)]}
        assert (await scene.publish(mended)).status_code == 200

    async def test_a_visit_that_takes_longer_pushes_only_who_gives_it_and_who_must_come_later(
        self, scene: Scene, town: Town
    ) -> None:
        await town.service(
            "PAIR", duration_minutes=20, staff_count=2, skills=["wound"], crew_sync="sequential",
            crew_lag_min_minutes=60, crew_lag_max_minutes=60,
        )  # fmt: skip
        await town.service("LONG", duration_minutes=30)
        first = await scene.staff(skills=("wound",), shift=("08:00", "12:00"))
        await scene.staff(shift=("09:20", "12:00"))
        before = await scene.order(0, "08:00", "08:30", "LONG")
        pair = await scene.order(0, "08:30", "09:50", "PAIR", staff_count=2)
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        assert starts(plan, pair) == [510, 570]
        mended = await repair(
            scene,
            plan,
            frozen_until=at("09:00").isoformat(),
            longer=[{"order_id": str(before), "minutes": 15}],
        )
        assert starts(mended, pair) == [525, 585]
        assert visits(mended)[str(before)] == [(str(first), "08:00", "08:45")]

    async def test_the_second_who_comes_late_does_not_put_off_the_first(self, scene: Scene, town: Town) -> None:
        await town.service(
            "PAIR", duration_minutes=20, staff_count=2, skills=["wound"], crew_sync="sequential",
            crew_lag_min_minutes=60, crew_lag_max_minutes=120,
        )  # fmt: skip
        await town.service("LONG", duration_minutes=30)
        await scene.staff(skills=("wound",), shift=("08:00", "09:00"))
        await scene.staff(shift=("09:00", "12:00"))
        pair = await scene.order(0, "08:00", "10:00", "PAIR", staff_count=2)
        other = await scene.order(0, "09:00", "09:30", "LONG")
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        one, two = starts(plan, pair)
        assert (one, two) == (480, 570)
        mended = await repair(
            scene,
            plan,
            frozen_until=at("09:35").isoformat(),
            longer=[{"order_id": str(other), "minutes": 15}],
        )
        assert starts(mended, pair) == [480, 585]


class Pair:
    """A crew of two who come one after the other, published, with prices and each one's phone."""

    def __init__(self, scene: Scene, town: Town) -> None:
        self.scene, self.world, self.town = scene, scene.world, town
        self.visit = ""

    async def set_out(self, **crew: Any) -> None:
        """Publish an order of theirs for 9 o'clock and an hour and a half later."""
        world = self.world
        await self.town.service("PAIR", duration_minutes=20, staff_count=2, skills=["wound"], **(AFTER | crew))
        admin, path = await world.as_role(Role.institution_admin), f"/institutions/{world.institution_id}"
        price = {"code": "PAIR", "unit_price": "40.00", "valid_from": "2026-01-01"}
        await told(await admin.post(f"{path}/prices", json=price))
        tariff = {
            "unit": "visit", "tiers": [{"up_to_km": "5", "price": "30.00"}], "distance_base": "institution",
            "distance_method": "great_circle", "valid_from": "2026-01-01",
        }  # fmt: skip
        await told(await admin.post(f"{path}/visit-fee-tariffs", json=tariff))
        self.phones = []
        for skills, shift in ((("wound",), ("09:00", "10:00")), ((), ("10:00", "12:00"))):
            account = await world.add_account(Role.nurse, world.institution_id)
            await self.scene.staff(account_id=account, skills=skills, shift=shift)
            self.phones.append(world.client(world.principal(Role.nurse, account)))
        self.order = await self.scene.order(0, "09:00", "12:00", "PAIR", staff_count=2)
        self.plan = await self.scene.plan()
        await told(await self.scene.publish(self.plan), 200)

    async def say(self, who: int, kind: str, shows: str, status: int = 201) -> dict[str, Any]:
        """Report a step from the home."""
        self.world.clock.shows = at(shows)
        body = {
            "order_id": str(self.order), "kind": kind, "happened_at": at(shows).isoformat(),
            "lon": CENTRE[0], "lat": CENTRE[1], "datum": "wgs84", "accuracy_metres": 5,
        }  # fmt: skip
        answer = await told(await self.phones[who].post("/visit-events", json=body), status)
        self.visit = answer.get("id", self.visit)
        return answer

    async def serve(self, who: int, begins: str, ends: str) -> dict[str, Any]:
        """Come, begin, end and go; the first records the service."""
        for kind in ("depart", "arrive", "start"):
            await self.say(who, kind, begins)
        if who == 0:
            item = {"code": "PAIR", "quantity": 1}
            await told(await self.phones[who].post(f"/visits/{self.visit}/items", json=item))
        ended = await self.say(who, "complete", ends)
        await self.say(who, "leave", ends)
        return ended


@pytest.fixture
async def pair(scene: Scene, town: Town) -> Pair:
    return Pair(scene, town)


class TestAtTheDoor:
    async def test_each_has_his_own_day_and_the_visit_is_billed_once(self, pair: Pair, world: World) -> None:
        await pair.set_out()
        days = [await told(await each.get("/my/day", params={"on": DAY.isoformat()}), 200) for each in pair.phones]
        [first], [second] = (each["stops"] for each in days)
        assert (len(first["crew"]), len(second["crew"])) == (1, 1), "nobody else is there at the time"
        gap = datetime.fromisoformat(second["start_at"]) - datetime.fromisoformat(first["start_at"])
        assert 60 <= gap.total_seconds() / 60 <= 90
        ended = await pair.serve(0, "09:00", "09:20")
        assert (ended["state"], ended["crew_sync"]) == ("in_service", "sequential")
        ended = await pair.serve(1, "10:10", "10:30")
        assert (ended["state"], ended["verified"], ended["exceptions"]) == ("completed", True, [])
        job = Job(
            region_id=world.region_id, institution_ids=(world.institution_id,), subject_id=UUID(pair.visit)
        )  # fmt: skip
        for _ in range(2):
            await handlers(world.house)["visit.final"](job)
        finance = await world.as_role(Role.finance)
        answer = await told(await finance.get(f"/visits/{pair.visit}/settlement"), 200)
        assert answer["status"] == "settled", answer
        assert answer["settlement"]["services_fen"] + answer["settlement"]["visit_fee_fen"] == 7000

    async def test_the_next_one_who_comes_too_soon_waits(self, pair: Pair) -> None:
        await pair.set_out()
        await pair.serve(0, "09:00", "09:20")
        for kind in ("depart", "arrive"):
            await pair.say(1, kind, "09:40")
        refused = await pair.say(1, "start", "09:59", 409)
        assert (refused["code"], refused["earliest"]) == ("crew-too-soon", "10:00")
        await pair.say(1, "start", "10:00")

    async def test_too_late_and_too_short_are_doubted(self, pair: Pair) -> None:
        await pair.set_out()
        await pair.serve(0, "09:00", "09:20")
        ended = await pair.serve(1, "10:31", "10:33")
        assert not ended["verified"]
        doubts = {each["kind"]: each["facts"] for each in ended["exceptions"]}
        assert doubts.keys() == {"crew_late", "too_short"}
        assert doubts["crew_late"]["late"] == [{"minutes": 91, "crew_lag_max_minutes": 90}]
        assert doubts["too_short"]["minutes"] == 2

    async def test_a_second_one_who_is_away_by_then_is_named(self, pair: Pair, scene: Scene) -> None:
        await pair.set_out()
        await pair.serve(0, "09:00", "09:20")
        [_, second] = sorted(visits(pair.plan)[str(pair.order)], key=lambda each: each[1])
        mended = await repair(
            scene, pair.plan, absent=[{"practitioner_id": second[0], "from_at": at("09:30").isoformat()}]
        )
        assert reasons(mended) == {str(pair.order): "part_unkept"}
        assert len(visits(mended)[str(pair.order)]) == 1
