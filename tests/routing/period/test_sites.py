"""Rounds of care institutions over HTTP: half days over a week, one way to a house, each in its half of the day."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from service.accounts.rules import Role
from tests.routing.period.scene import Rounds
from tests.routing.scene import Scene, clock, visits
from tests.world import CENTRE, World

pytestmark = pytest.mark.database

ROUND = {"kind": "institution_round", "every_days": 7, "minimum_days": 5}


class Sites:
    """Care institutions with residents whom the world's institution goes its rounds to."""

    def __init__(self, rounds: Rounds) -> None:
        self.rounds, self.world = rounds, rounds.world

    async def house(self, east: float = 0.0) -> UUID:
        """Add a care institution so many degrees east of the centre."""
        return await self.world.add_institution(kind="care_institution", modes=(), lon=CENTRE[0] + east)

    async def resident(self, house_id: UUID, east: float = 0.0) -> UUID:
        """Add an elder who lives there, at an address of his own (each room may have been placed apart)."""
        home_id = await self.world.add_home(lon=CENTRE[0] + east)
        await self.rounds.booking.run(
            "update homes set care_institution_id = :at where id = :id", at=house_id, id=home_id
        )
        return await self.rounds.booking.add_elder("disabled", home_id=home_id)

    async def rounds_of(self, house_id: UUID, count: int, east: float = 0.0, **changes: Any) -> list[str]:
        """Write down a round plan for each of so many residents, in rooms up to three kilometres apart."""
        return [
            await self.rounds.add_plan(await self.resident(house_id, east + each / 100), **(ROUND | changes))
            for each in range(count)
        ]

    async def set(self, key: str, value: str, since: str = "2026-03-02") -> None:
        """Set the institution's value of a setting over HTTP."""
        chief = await self.world.as_role(Role.institution_admin)
        body = {"institution_id": str(self.world.institution_id), "key": key, "value": value, "valid_from": since}
        made = await chief.post("/settings", json=body)
        assert made.status_code == 201, made.text


@pytest.fixture
async def sites(world: World) -> Sites:
    return Sites(await Rounds.set_up(world))


def when(period: dict[str, Any], plans: list[str]) -> list[tuple[str | None, str | None]]:
    """Return the day and half of each due round of some plans."""
    own = [each for each in period["rounds"] if each["round_plan_id"] in plans]
    return sorted(((each["planned_on"], each["half_day"]) for each in own), key=str)


class TestDistribution:
    @pytest.mark.requirement("R098")
    async def test_two_houses_rounds_are_spread_over_the_week_s_half_days_within_its_time(self, sites: Sites) -> None:
        # an hour and a half each morning and afternoon of three days
        await sites.rounds.nurse(3, 4, 5, shift=("10:30", "12:00"))
        await sites.rounds.nurse(3, 4, 5, shift=("13:00", "14:30"))
        mornings = await sites.rounds_of(await sites.house(), 7, half_day="morning")
        afternoons = await sites.rounds_of(await sites.house(), 5, half_day="afternoon")
        found = await sites.rounds.period(travel_minutes=30)
        # a way and two rounds each half day: six of either house in the week
        assert found["summary"] == {"due": 12, "planned": 11, "late": 7, "proven": True}
        told = when(found, mornings)
        assert [each for each in told if each[0]] == [
            (f"2026-03-0{day}", "morning") for day in (3, 3, 4, 4, 5, 5)
        ]  # fmt: skip
        [left] = [each for each in found["rounds"] if each["planned_on"] is None]
        assert (left["round_plan_id"] in mornings, left["reason"]) == (True, "no_capacity_in_window")
        by_half = [(f"2026-03-0{day}", "afternoon") for day in (3, 3, 4, 4, 5)]
        assert when(found, afternoons) == by_half

    async def test_those_of_one_house_are_one_place_however_far_apart_its_rooms_are_placed(self, sites: Sites) -> None:
        await sites.rounds.nurse(3, shift=("10:00", "12:00"))
        together = await sites.rounds_of(await sites.house(), 3, half_day="morning")
        found = await sites.rounds.period(to="2026-03-03", travel_minutes=30)
        assert when(found, together) == [("2026-03-03", "morning")] * 3
        # at homes of their own they are three places, and the third is one too many
        await sites.rounds.booking.run("update homes set care_institution_id = null")
        apart = await sites.rounds.period(to="2026-03-03", travel_minutes=30)
        assert apart["summary"]["planned"] == 2

    async def test_two_houses_are_two_places(self, sites: Sites) -> None:
        await sites.rounds.nurse(3, shift=("10:00", "12:00"))
        # next door to each other
        for _ in range(3):
            await sites.rounds_of(await sites.house(), 1, half_day="morning")
        assert (await sites.rounds.period(to="2026-03-03", travel_minutes=30))["summary"]["planned"] == 2


class TestHours:
    async def test_when_a_half_is_is_the_institution_s_word_from_a_day_on(self, sites: Sites) -> None:
        await sites.rounds.nurse(3, 10, shift=("06:30", "09:00"))
        await sites.rounds_of(await sites.house(), 4, half_day="morning", every_days=7)
        assert (await sites.rounds.period(to="2026-03-03"))["summary"]["planned"] == 2
        await sites.set("rounds.morning", "07:00-12:00")
        period = await sites.rounds.period(to="2026-03-03")
        assert period["summary"]["planned"] == 4
        await sites.set("rounds.morning", "07:30-11:00", since="2026-03-10")
        accepted = await sites.rounds.accept(await sites.rounds.period(to="2026-03-10"))
        windows = set()
        for each in accepted["rounds"]:
            if each["order_id"]:
                order = (await sites.rounds.dispatcher.get(f"/orders/{each['order_id']}")).json()
                windows.add((order["service_on"], clock(order["wished_start"]), clock(order["wished_end"])))
        assert windows == {("2026-03-03", "07:00", "12:00"), ("2026-03-10", "07:30", "11:00")}

    @pytest.mark.parametrize("half", ["morning", "afternoon", "any"])
    async def test_an_order_of_a_period_asks_for_the_whole_of_its_half(self, sites: Sites, half: str) -> None:
        await sites.set("rounds.afternoon", "14:00-18:30")
        await sites.rounds.nurse(3, shift=("15:00", "18:00") if half == "afternoon" else ("08:00", "12:00"))
        await sites.rounds_of(await sites.house(), 1, half_day=half)
        [placed] = (await sites.rounds.accept(await sites.rounds.period()))["rounds"]
        order = (await sites.rounds.dispatcher.get(f"/orders/{placed['order_id']}")).json()
        expected = {"morning": ("08:00", "12:00"), "afternoon": ("14:00", "18:30"), "any": ("08:00", "12:00")}[half]
        assert (clock(order["wished_start"]), clock(order["wished_end"])) == expected


class TestDay:
    async def test_every_stop_of_an_accepted_round_lies_in_its_half(self, sites: Sites, world: World) -> None:
        on = date(2026, 3, 3)
        area = await Scene.set_up(world)
        # both are there all day, and could go at any hour
        await area.staff(shift=("08:00", "17:30"))
        await area.staff(shift=("08:00", "17:30"))
        await sites.rounds_of(await sites.house(), 6, half_day="morning")
        await sites.rounds_of(await sites.house(), 6, 0.02, half_day="afternoon")
        accepted = await sites.rounds.accept(await sites.rounds.period(to="2026-03-03", travel_minutes=15))
        halves = {each["order_id"]: each["half_day"] for each in accepted["rounds"]}
        assert None not in halves
        for order_id in halves:
            taken = await area.dispatcher.post(f"/orders/{order_id}/acceptance")
            assert taken.status_code == 200, taken.text
        plan = await area.plan(on)
        assert plan["unassigned"] == []
        told = visits(plan)
        assert told.keys() == halves.keys()
        bounds = {"morning": ("08:00", "12:00"), "afternoon": ("13:00", "17:30")}
        for order_id, half in halves.items():
            [(_, start, end)] = told[order_id]
            assert bounds[half][0] <= start < end <= bounds[half][1], (half, start, end)
