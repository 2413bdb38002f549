"""Neighbour institutions' staff in a period, over HTTP: by agreement in force, own staff first, counted once."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from service.accounts.rules import Role
from tests.routing.neighbours import Neighbours
from tests.routing.period.scene import Rounds, days
from tests.routing.scene import DAY, at, visits
from tests.world import World

pytestmark = pytest.mark.database


class Near:
    """Two institutions of one dispatch area, planned together; the world's gives, a neighbour helps."""

    def __init__(self, scene: Rounds, near: Neighbours) -> None:
        self.scene, self.near = scene, near

    @classmethod
    async def set_up(cls, world: World) -> "Near":
        """Make the two, and let one dispatcher work for both."""
        near = await Neighbours.set_up(world)
        scene = await Rounds.set_up(world)
        await scene.booking.add_prices(near.helping_id)
        scene.dispatcher = near.scene.dispatcher
        return cls(scene, near)

    async def helper(self, *on: int, shift: tuple[str, str] = ("08:00", "09:00"), role: str = "nurse") -> UUID:
        """Put a nurse of the neighbour's on duty for an hour on some days of March."""
        station_id = await self.near.scene.station(self.near.helping_id, 0)
        this = await self.scene.world.add_practitioner(
            role=role, institution_id=self.near.helping_id, station_id=station_id
        )
        for each in on:
            day = date(2026, 3, each)
            await self.scene.world.add_shift(
                this, at(shift[0], day), at(shift[1], day), institution_id=self.near.helping_id
            )
        return this

    async def theirs(self, **changes: Any) -> str:
        """Write down a round plan of the neighbour's."""
        person_id = await self.scene.world.add_patient(institution_id=self.near.helping_id)
        return await self.scene.add_plan(person_id, institution_id=str(self.near.helping_id), **changes)

    async def period(self, **changes: Any) -> dict[str, Any]:
        """Ask for a period of the area, solved."""
        return await self.scene.period(institution_id=None, area_id=self.near.scene.area_id, **changes)


@pytest.fixture
async def both(world: World) -> Near:
    return await Near.set_up(world)


def by(period: dict[str, Any]) -> list[tuple[str | None, list[str]]]:
    """Return of each due round the day, and the agreements that it leans on."""
    return sorted((each["planned_on"], each["overflow_agreement_ids"]) for each in period["rounds"])


class TestHelp:
    async def test_what_own_staff_have_no_room_for_leans_on_the_neighbour_who_signed(self, both: Near) -> None:
        await both.scene.nurse(3, shift=("08:00", "09:00"))
        await both.helper(3)
        for _ in range(5):
            await both.scene.add_plan(await both.scene.elder())
        before = await both.period(to="2026-03-03")
        assert sorted(map(str, days(before))) == ["2026-03-03"] * 2 + ["None"] * 3
        agreement = await both.near.agree()
        found = await both.period(to="2026-03-03")
        planned = [each for each in found["rounds"] if each["planned_on"]]
        assert sorted(each["overflow_agreement_ids"] for each in planned) == [[], [], [agreement], [agreement]]
        [left] = [each for each in found["rounds"] if not each["planned_on"]]
        assert (left["reason"], left["overflow_agreement_ids"]) == ("no_capacity_in_window", [])

    async def test_own_staff_of_another_day_come_first_if_it_is_not_too_late(self, both: Near) -> None:
        await both.scene.nurse(8)
        await both.helper(9)
        await both.near.agree()
        last = date(2026, 3, 2)
        elder, home = await both.scene.elder(), await both.scene.world.add_home()
        await both.scene.world.add_order(
            elder, home, start=at("08:00", last), end=at("10:00", last), items={"REHAB": 1}, state="closed"
        )
        await both.scene.add_plan(elder)
        # due on the 9th; the day before own staff are there, and the interval allows it
        assert by(await both.period()) == [("2026-03-08", [])]

    async def test_the_neighbour_s_time_is_given_once(self, both: Near) -> None:
        await both.helper(3)
        agreement = await both.near.agree()
        for _ in range(2):
            await both.theirs()
            await both.scene.add_plan(await both.scene.elder())
        found = await both.period(to="2026-03-03")
        # an hour of the helper's is two rounds, whosever they are
        assert found["summary"]["planned"] == 2
        planned = [each for each in found["rounds"] if each["planned_on"]]
        own = [each for each in planned if each["institution_id"] == str(both.near.helping_id)]
        assert all(each["overflow_agreement_ids"] == [] for each in own)
        assert [each["overflow_agreement_ids"] for each in planned if each not in own] in ([], [[agreement]])

    async def test_it_holds_on_its_days_for_its_kinds_one_way_and_among_those_planned_together(
        self, both: Near
    ) -> None:
        await both.helper(3, 4, 5, shift=("08:00", "12:00"))
        agreement = await both.near.agree(valid_from="2026-03-04", valid_to="2026-03-04", order_kinds=["home_visit"])
        await both.scene.add_plan(await both.scene.elder())
        bed = {"kind": "home_bed_round", "items": [{"code": "BEDROUND"}]}
        await both.scene.add_plan(await both.scene.elder(bed_since=date(2026, 2, 1)), **bed)
        found = {each["planned_on"]: each for each in (await both.period())["rounds"]}
        assert found.keys() == {"2026-03-04", None}
        assert (found["2026-03-04"]["overflow_agreement_ids"], found["2026-03-04"]["reason"]) == (
            [agreement], "no_staff_that_week",
        )  # fmt: skip
        assert found[None]["reason"] == "no_staff_that_week"
        assert days(await both.scene.period()) == [None, None], "alone one has but one's own staff"

    async def test_what_a_neighbour_will_have_to_do_anyway_takes_her_time_first(self, both: Near) -> None:
        await both.helper(3)
        agreement = await both.near.agree()
        await both.scene.add_plan(await both.scene.elder())
        assert by(await both.period(to="2026-03-03")) == [("2026-03-03", [agreement])]
        # two orders of one's own, for which nobody of one's own is there
        for _ in range(2):
            await both.near.scene.order(0, "08:00", "12:00", "REHAB")
        assert by(await both.period(to="2026-03-03")) == [(None, [])]

    async def test_a_pair_may_be_one_of_each(self, both: Near) -> None:
        await both.scene.nurse(3)
        await both.helper(3)
        await both.scene.add_plan(await both.scene.elder(), items=[{"code": "PAIR"}])
        assert days(await both.period()) == [None]
        agreement = await both.near.agree()
        assert by(await both.period()) == [("2026-03-03", [agreement])]

    async def test_accepted_it_is_an_order_that_the_day_s_plan_gives_the_neighbour(self, both: Near) -> None:
        helper = await both.helper(3, shift=("08:00", "12:00"))
        agreement = await both.near.agree()
        await both.scene.add_plan(await both.scene.elder())
        [placed] = (await both.scene.accept(await both.period()))["rounds"]
        taken = await both.scene.dispatcher.post(f"/orders/{placed['order_id']}/acceptance")
        assert taken.status_code == 200, taken.text
        plan = await both.near.scene.plan(DAY)
        [(who, _, _)] = visits(plan)[placed["order_id"]]
        assert UUID(who) == helper
        stops = [stop for route in plan["routes"] for stop in route["stops"] if stop["order_id"]]
        assert [each["overflow_agreement_id"] for each in stops] == [agreement]


class TestTerms:
    async def test_how_many_go_is_asked_of_each_day(self, both: Near) -> None:
        scene = both.scene
        await scene.nurse(3)
        await scene.nurse(5)
        await scene.nurse(5)
        chief = await scene.world.as_role(Role.institution_admin)
        pairs = {
            "institution_id": str(scene.world.institution_id), "key": "staff.minimum", "value": 2,
            "valid_from": "2026-03-04",
        }  # fmt: skip
        await scene.add_plan(await scene.elder(), every_days=2, minimum_days=2, valid_to="2026-03-06")
        assert days(await scene.period()) == ["2026-03-03", "2026-03-05"]
        made = await chief.post("/settings", json=pairs)
        assert made.status_code == 201, made.text
        assert days(await scene.period()) == ["2026-03-03", "2026-03-05"], "two are there on Thursday"
        ended = {**pairs, "value": 3, "valid_from": "2026-03-05"}
        assert (await chief.post("/settings", json=ended)).status_code == 201
        # one is enough on Tuesday, three are needed on Thursday
        found = await scene.period()
        assert [(each["planned_on"], each["reason"]) for each in found["rounds"]] == [
            ("2026-03-03", None), (None, "no_staff_that_week"),
        ]  # fmt: skip
