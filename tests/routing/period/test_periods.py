"""Periods over HTTP: due rounds are spread within what staff there is, and accepted they become orders, once."""

import asyncio
from datetime import date
from typing import Any

import pytest

from service.accounts.rules import Role
from service.core.ids import new_id
from service.practitioners.absence_rules import AbsenceReason
from tests.routing.period.scene import TUESDAY, Rounds, days
from tests.routing.scene import at
from tests.world import World

pytestmark = pytest.mark.database


@pytest.fixture
async def scene(world: World) -> Rounds:
    return await Rounds.set_up(world)


class TestRoundPlans:
    async def test_are_listed_for_their_institution_and_ended(self, scene: Rounds, world: World) -> None:
        one, two = await scene.elder(), await scene.elder()
        first = await scene.add_plan(one, half_day="morning", weekdays=[1, 3], every_days=3, minimum_days=2)
        second = await scene.add_plan(two)
        page = (await scene.dispatcher.get("/round-plans", params={"limit": 1})).json()
        rest = (await scene.dispatcher.get("/round-plans", params={"cursor": page["next_cursor"]})).json()
        assert [each["id"] for each in page["items"] + rest["items"]] == [first, second]
        [told] = (await scene.dispatcher.get("/round-plans", params={"person_id": str(one)})).json()["items"]
        assert (told["every_days"], told["minimum_days"], told["weekdays"]) == (3, 2, [1, 3])
        assert (told["half_day"], told["mobility_reason"]) == ("morning", "偏瘫，无法自行下楼")
        ended = await scene.dispatcher.patch(f"/round-plans/{first}", json={"valid_to": "2026-03-10"})
        assert ended.json()["valid_to"] == "2026-03-10"
        elsewhere = await world.as_role(Role.dispatcher, await world.add_institution())
        assert (await elsewhere.get("/round-plans")).json()["items"] == []
        refused = await elsewhere.patch(f"/round-plans/{first}", json={"valid_to": "2026-03-10"})
        assert refused.status_code == 404

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({}, 409, "round-plan-overlaps"),
            ({"kind": "institution_round"}, 201, ""),
            ({"valid_from": "2026-04-01"}, 201, ""),
            ({"valid_from": "2026-03-31"}, 409, "round-plan-overlaps"),
            ({"minimum_days": 8, "kind": "home_bed_round"}, 422, "interval-impossible"),
            ({"valid_from": "2026-05-02", "valid_to": "2026-05-01"}, 422, "round-plan-impossible"),
            ({"items": [{"code": "NOTHING"}]}, 409, "item-unknown"),
            ({"weekdays": [1, 1]}, 422, "malformed"),
            ({"weekdays": []}, 422, "malformed"),
            ({"every_days": 0}, 422, "malformed"),
            ({"institution_id": str(new_id())}, 404, "not-found"),
            ({"person_id": str(new_id())}, 404, "not-found"),
        ],
    )
    async def test_one_of_a_kind_at_a_time_and_only_what_can_be_kept(
        self, scene: Rounds, changes: dict[str, Any], status: int, code: str
    ) -> None:
        elder = await scene.elder()
        await scene.add_plan(elder, valid_to="2026-03-31")
        answer = await scene.dispatcher.post("/round-plans", json=scene.plan_of(elder, **changes))
        assert (answer.status_code, answer.json().get("code", "")) == (status, code), answer.text


class TestDistribution:
    @pytest.mark.requirement("R098")
    async def test_more_than_a_day_holds_go_on_to_other_days_and_what_comes_late_says_why(self, scene: Rounds) -> None:
        # two hours on Tuesday and on Thursday: four rounds of half an hour each
        await scene.nurse(3, 5, shift=("08:00", "10:00"))
        for _ in range(9):
            await scene.add_plan(await scene.elder())
        period = await scene.period()
        assert period["state"] == "solved"
        assert period["summary"] == {"due": 9, "planned": 8, "late": 4, "proven": True}
        assert sorted(map(str, days(period))) == ["2026-03-03"] * 4 + ["2026-03-05"] * 4 + ["None"]
        late = [each for each in period["rounds"] if each["planned_on"] != "2026-03-03"]
        assert {each["reason"] for each in late} == {"no_capacity_in_window"}
        assert {each["late_days"] for each in late} == {0, 2}
        assert "已排满" in late[0]["explanation"]

    async def test_the_way_to_each_place_is_counted(self, scene: Rounds) -> None:
        await scene.nurse(3, shift=("08:00", "10:00"))
        for _ in range(4):
            await scene.add_plan(await scene.elder())
        assert (await scene.period(travel_minutes=0))["summary"]["planned"] == 4
        # one place: the way is gone once, and takes a fourth of the two hours
        assert (await scene.period(travel_minutes=30))["summary"]["planned"] == 3

    @pytest.mark.parametrize("why", list(AbsenceReason))
    async def test_an_absence_takes_its_day_away_and_ending_it_gives_it_back(
        self, scene: Rounds, world: World, why: AbsenceReason
    ) -> None:
        nurse = await scene.nurse(3, 5)
        await scene.add_plan(await scene.elder())
        assert days(await scene.period()) == ["2026-03-03"]
        admin = await world.as_role(Role.institution_admin)
        absences = f"/practitioners/{nurse}/absences"
        body = {"start": "2026-03-03T00:00:00+08:00", "end": "2026-03-04T00:00:00+08:00", "reason": why}
        entered = (await admin.post(absences, json=body)).json()["id"]
        away = await scene.period()
        assert days(away) == ["2026-03-05"]
        assert away["rounds"][0]["reason"] == "no_staff_that_week"
        assert (await admin.delete(f"{absences}/{entered}")).status_code == 204
        assert days(await scene.period()) == ["2026-03-03"]

    async def test_orders_of_the_day_take_their_time_first(self, scene: Rounds, world: World) -> None:
        await scene.nurse(3, shift=("08:00", "09:00"))
        await scene.add_plan(await scene.elder())
        busy = await scene.elder()
        home = await world.add_home()
        await world.add_order(busy, home, start=at("08:00"), end=at("10:00"), items={"REHAB": 1})
        assert days(await scene.period()) == ["2026-03-03"]
        await world.add_order(busy, home, start=at("08:00"), end=at("10:00"), items={"REHAB": 1})
        assert days(await scene.period()) == [None]

    async def test_half_days_weekdays_and_beds_bound_the_days(self, scene: Rounds, world: World) -> None:
        await scene.nurse(3, 4, 5, shift=("08:00", "12:00"))
        await scene.nurse(5, shift=("13:00", "17:00"))
        afternoon = await scene.add_plan(await scene.elder(), half_day="afternoon")
        wednesday = await scene.add_plan(await scene.elder(), weekdays=[3])
        bed = {"kind": "home_bed_round", "items": [{"code": "BEDROUND"}]}
        without = await scene.add_plan(await scene.elder(), **bed)
        with_bed = await scene.add_plan(await scene.elder(bed_since=date(2026, 2, 1)), **bed)
        period = await scene.period()
        told = {each["round_plan_id"]: each for each in period["rounds"]}
        assert (told[afternoon]["planned_on"], told[afternoon]["half_day"]) == ("2026-03-05", "afternoon")
        assert told[afternoon]["reason"] == "no_staff_that_week"
        assert (told[wednesday]["planned_on"], told[wednesday]["reason"]) == ("2026-03-04", "no_allowed_day")
        assert (told[without]["planned_on"], told[without]["reason"]) == (None, "no_allowed_day")
        assert (told[with_bed]["planned_on"], told[with_bed]["reason"]) == ("2026-03-03", None)

    async def test_it_is_due_from_the_last_time_and_not_nearer_than_the_shortest_interval(
        self, scene: Rounds, world: World
    ) -> None:
        await scene.nurse(3, 4, 5, 6, 7, 8, 9)
        elder, home = await scene.elder(), await world.add_home()
        last = date(2026, 2, 28)
        await world.add_order(
            elder, home, start=at("08:00", last), end=at("10:00", last), items={"REHAB": 1}, state="closed"
        )
        plan = await scene.add_plan(elder, every_days=7, minimum_days=6)
        [due] = (await scene.period())["rounds"]
        assert (due["round_plan_id"], due["due_on"], due["planned_on"]) == (plan, "2026-03-07", "2026-03-07")

    @pytest.mark.requirement("R098")
    async def test_it_is_seen_as_often_as_it_is_due(self, scene: Rounds) -> None:
        await scene.nurse(*range(3, 17))
        await scene.add_plan(await scene.elder(), every_days=3, minimum_days=3)
        period = await scene.period(to="2026-03-16")
        assert days(period) == ["2026-03-03", "2026-03-06", "2026-03-09", "2026-03-12", "2026-03-15"]

    async def test_a_shorter_least_interval_lets_it_come_earlier(self, scene: Rounds, world: World) -> None:
        await scene.nurse(5)
        home, last = await world.add_home(), date(2026, 2, 28)
        plans = {}
        for least in (5, 7):
            elder = await scene.elder()
            await world.add_order(
                elder, home, start=at("08:00", last), end=at("10:00", last), items={"REHAB": 1}, state="closed"
            )
            plans[await scene.add_plan(elder, every_days=7, minimum_days=least)] = least
        found = {plans[each["round_plan_id"]]: each for each in (await scene.period())["rounds"]}
        assert (found[5]["planned_on"], found[5]["reason"]) == ("2026-03-05", None)
        assert (found[7]["planned_on"], found[7]["reason"]) == (None, "no_staff_that_week")

    async def test_it_is_due_from_its_first_to_its_last_day(self, scene: Rounds) -> None:
        await scene.nurse(*range(3, 10))
        plan = await scene.add_plan(await scene.elder(), every_days=2, minimum_days=2, valid_from="2026-03-04")
        ended = await scene.add_plan(await scene.elder(), every_days=2, minimum_days=2, valid_to="2026-03-03")
        found = await scene.period()
        own = [each["planned_on"] for each in found["rounds"] if each["round_plan_id"] == plan]
        assert own == ["2026-03-04", "2026-03-06", "2026-03-08"]
        assert [each["planned_on"] for each in found["rounds"] if each["round_plan_id"] == ended] == ["2026-03-03"]
        assert days(await scene.period(**{"from": "2026-03-05"})) == ["2026-03-05", "2026-03-07", "2026-03-09"]
        await scene.dispatcher.patch(f"/round-plans/{plan}", json={"valid_to": "2026-03-04"})
        assert days(await scene.period(**{"from": "2026-03-05"})) == []

    async def test_an_area_s_institutions_keep_to_their_own_staff(self, scene: Rounds, world: World) -> None:
        other = await world.add_institution()
        both = await world.as_role(Role.dispatcher, world.institution_id, other)
        region = await world.as_role(Role.region_admin)
        area = await region.post(
            "/dispatch-areas",
            json={"code": "A1", "name": "片区", "institution_ids": [str(world.institution_id), str(other)]},
        )
        there = await world.add_practitioner(institution_id=other)
        await world.add_shift(there, at("08:00"), at("12:00"), institution_id=other)
        await scene.add_plan(await scene.elder())
        scene.dispatcher = both
        period = await scene.period(institution_id=None, area_id=area.json()["id"])
        assert [each["reason"] for each in period["rounds"]] == ["no_staff_that_week"]
        assert len(period["institution_ids"]) == 2


class TestAsking:
    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"to": "2026-03-16"}, 202, ""),
            ({"to": "2026-03-17"}, 422, "malformed"),
            ({"to": "2026-03-02"}, 422, "malformed"),
            ({"area_id": str(new_id())}, 422, "malformed"),
            ({"institution_id": None}, 422, "malformed"),
            ({"institution_id": None, "area_id": str(new_id())}, 404, "not-found"),
            ({"institution_id": str(new_id())}, 404, "not-found"),
            ({"from": "2026-03-01", "to": "2026-03-02"}, 422, "day-not-plannable"),
            ({"travel_minutes": 121}, 422, "malformed"),
        ],
    )
    async def test_refuses_what_cannot_be_planned(
        self, scene: Rounds, changes: dict[str, Any], status: int, code: str
    ) -> None:
        answer = await scene.request(**changes)
        assert (answer.status_code, answer.json().get("code", "")) == (status, code)

    async def test_is_answered_at_once_and_found_by_its_own_only(self, scene: Rounds, world: World) -> None:
        asked = await scene.request()
        place = asked.headers["Location"]
        assert place == f"/v1/period-plans/{asked.json()['id']}"
        assert (asked.json()["state"], asked.json()["from"], asked.json()["to"]) == (
            "queued",
            "2026-03-03",
            "2026-03-09",
        )
        elsewhere = await world.as_role(Role.dispatcher, await world.add_institution())
        assert (await elsewhere.get(place.removeprefix("/v1"))).status_code == 404
        assert (await elsewhere.post(f"{place.removeprefix('/v1')}/acceptance")).status_code == 404
        early = await scene.dispatcher.post(f"{place.removeprefix('/v1')}/acceptance")
        assert (early.status_code, early.json()["code"]) == (409, "period-not-ready")


class TestAcceptance:
    async def test_accepting_twice_places_each_order_once(self, scene: Rounds) -> None:
        await scene.nurse(3, 5)
        bed = {"kind": "home_bed_round", "items": [{"code": "BEDROUND", "quantity": 2}], "half_day": "morning"}
        elder = await scene.elder(bed_since=date(2026, 2, 1))
        await scene.add_plan(elder, **bed, mobility_reason="截瘫")
        await scene.add_plan(await scene.elder())
        period = await scene.period()
        accepted = await scene.accept(period)
        assert accepted["state"] == "accepted"
        orders = [each["order_id"] for each in accepted["rounds"]]
        assert None not in orders
        assert await scene.accept(period) == accepted
        assert await scene.booking.count("orders") == 2
        assert await scene.booking.count("quotes") == 2
        mine = next(each for each in accepted["rounds"] if each["person_id"] == str(elder))
        order = (await scene.dispatcher.get(f"/orders/{mine['order_id']}")).json()
        assert (order["kind"], order["state"], order["service_on"]) == ("home_bed_round", "submitted", "2026-03-03")
        assert order["items"] == [{"code": "BEDROUND", "quantity": 2}]
        assert order["mobility_reason"] == "截瘫"
        assert order["wished_start"] in {"2026-03-03T00:00:00Z", "2026-03-03T08:00:00+08:00"}

    async def test_two_at_once_place_each_order_once(self, scene: Rounds) -> None:
        await scene.nurse(3)
        for _ in range(3):
            await scene.add_plan(await scene.elder())
        one, two = await scene.period(), await scene.period()
        await asyncio.gather(scene.accept(one), scene.accept(one), scene.accept(two))
        assert await scene.booking.count("orders") == 3

    async def test_what_is_ordered_meanwhile_is_left_out_and_a_new_period_owes_nothing(self, scene: Rounds) -> None:
        await scene.nurse(3, 5)
        await scene.add_plan(await scene.elder())
        one, two = await scene.period(), await scene.period()
        await scene.accept(one)
        [left] = (await scene.accept(two))["rounds"]
        assert (left["order_id"], left["refusal"]["code"]) == (None, "seen-too-soon")
        assert (await scene.period())["rounds"] == []
        assert await scene.booking.count("orders") == 1

    async def test_one_due_round_that_two_periods_have_on_different_days_is_ordered_once(self, scene: Rounds) -> None:
        await scene.nurse(3, 5, 10)
        # nothing but the round itself keeps its two days apart
        await scene.add_plan(await scene.elder(), minimum_days=1)
        one, two = await scene.period(), await scene.period(**{"from": "2026-03-05", "to": "2026-03-09"})
        later = await scene.period(**{"from": "2026-03-10", "to": "2026-03-12"})
        assert [days(each) for each in (one, two, later)] == [["2026-03-03"], ["2026-03-05"], ["2026-03-10"]]
        [placed] = (await scene.accept(one))["rounds"]
        [left] = (await scene.accept(two))["rounds"]
        assert (left["order_id"], left["refusal"]["code"]) == (None, "round-ordered")
        # the week after is another time that it is due
        [after] = (await scene.accept(later))["rounds"]
        assert after["order_id"]
        # what falls through may be ordered again
        gone = await scene.dispatcher.post(f"/orders/{placed['order_id']}/cancellation", json={"reason": "老人住院"})
        assert gone.status_code == 200, gone.text
        [again] = (await scene.accept(await scene.period(to="2026-03-05")))["rounds"]
        assert again["order_id"]
        assert await scene.booking.count("orders") == 3

    async def test_a_round_whose_plan_has_ended_meanwhile_is_not_ordered(self, scene: Rounds) -> None:
        await scene.nurse(5)
        ended = await scene.add_plan(await scene.elder())
        going_on = await scene.add_plan(await scene.elder())
        period = await scene.period()
        assert days(period) == ["2026-03-05", "2026-03-05"]
        change = {"valid_to": TUESDAY.isoformat()}
        assert (await scene.dispatcher.patch(f"/round-plans/{ended}", json=change)).status_code == 200
        told = {each["round_plan_id"]: each for each in (await scene.accept(period))["rounds"]}
        assert (told[ended]["order_id"], told[ended]["refusal"]["code"]) == (None, "not-due-then")
        assert "2026-03-05" in told[ended]["refusal"]["detail"]
        assert told[going_on]["order_id"]
        assert await scene.booking.count("orders") == 1

    async def test_each_time_that_somebody_is_due_is_ordered(self, scene: Rounds) -> None:
        await scene.nurse(*range(3, 10))
        await scene.add_plan(await scene.elder(), every_days=3, minimum_days=3)
        accepted = await scene.accept(await scene.period())
        assert [bool(each["order_id"]) for each in accepted["rounds"]] == [True] * 3
        assert await scene.booking.count("orders") == 3

    async def test_what_is_ordered_after_the_period_counts_too(self, scene: Rounds, world: World) -> None:
        await scene.nurse(9)
        elder, home, after = await scene.elder(), await world.add_home(), date(2026, 3, 12)
        await scene.add_plan(elder, valid_from="2026-03-09")
        period = await scene.period()
        assert days(period) == ["2026-03-09"]
        await world.add_order(elder, home, start=at("08:00", after), end=at("10:00", after), items={"REHAB": 1})
        [left] = (await scene.accept(period))["rounds"]
        assert left["refusal"]["code"] == "seen-too-soon"

    async def test_a_round_that_was_moved_by_hand_answers_for_its_own_distance(self, scene: Rounds) -> None:
        await scene.nurse(3, 4, 8, 9)
        await scene.add_plan(await scene.elder(), every_days=5)
        first, second = (each["order_id"] for each in (await scene.accept(await scene.period()))["rounds"])
        on = date(2026, 3, 6)
        change = {"wished_start": at("08:00", on).isoformat(), "wished_end": at("10:00", on).isoformat()}
        moved = await scene.dispatcher.patch(f"/orders/{second}", json=change)
        assert moved.status_code == 200, moved.text
        ordered = [(await scene.dispatcher.get(f"/orders/{each}")).json() for each in (first, second)]
        assert [each["service_on"] for each in ordered] == ["2026-03-03", "2026-03-06"]

    async def test_the_booking_s_own_refusal_is_told_and_the_others_are_placed(
        self, scene: Rounds, world: World
    ) -> None:
        await scene.nurse(3, 5)
        elder = await scene.elder(bed_since=date(2026, 2, 1))
        await scene.add_plan(elder, kind="home_bed_round", items=[{"code": "BEDROUND"}])
        healthy = await scene.booking.add_elder()
        await scene.add_plan(healthy)
        await scene.add_plan(await scene.elder())
        accepted = await scene.accept(await scene.period())
        told = {each["person_id"]: each for each in accepted["rounds"]}
        assert told[str(healthy)]["refusal"]["code"] == "not-eligible"
        assert "重点人群" in told[str(healthy)]["refusal"]["detail"]
        assert told[str(elder)]["order_id"]
        assert await scene.booking.count("orders") == 2
        assert world.institution_id

    async def test_reserves_what_the_quote_uses_of_an_entitlement(self, scene: Rounds) -> None:
        await scene.nurse(3)
        await scene.booking.add_programme(8)
        await scene.add_plan(scene.booking.person_id)
        [placed] = (await scene.accept(await scene.period()))["rounds"]
        assert await scene.booking.held(placed["order_id"]) == 1

    async def test_without_the_registered_mode_nothing_is_placed(self, scene: Rounds) -> None:
        await scene.nurse(3)
        await scene.add_plan(await scene.elder())
        period = await scene.period()
        await scene.booking.run(
            "update service_modes set valid_to = :day where institution_id = :at and mode = 'round'",
            day=TUESDAY.replace(day=1),
            at=scene.world.institution_id,
        )
        [left] = (await scene.accept(period))["rounds"]
        assert left["refusal"]["code"] == "mode-not-registered"
        assert await scene.booking.count("orders") == 0
