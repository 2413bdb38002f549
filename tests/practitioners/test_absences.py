"""Absences over HTTP: no two at once, told with what they hit, and planning counts on nobody who is away."""

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from service.accounts.rules import Role
from service.core.clock import at_local
from service.core.ids import new_id
from service.practitioners import absence_rules, rules
from tests.routing.scene import DAY, Scene, at, visits
from tests.world import World


def span(start: str, end: str, **changes: Any) -> dict[str, Any]:
    """Return an absence of the days and hours "DDTHH:MM" of March 2026."""
    return {"start": f"2026-03-{start}:00+08:00", "end": f"2026-03-{end}:00+08:00", "reason": "training"} | changes


WEEK = span("03T00:00", "06T00:00")


async def at_work(world: World) -> tuple[AsyncClient, str]:
    """Return an administrator's client and the address of a practitioner's absences."""
    admin = await world.as_role(Role.institution_admin)
    return admin, f"/practitioners/{await world.add_practitioner()}/absences"


def shift(lunch: tuple[int, int, int] | None = None) -> rules.ShiftFacts:
    """Return a shift of DAY from 8 to 17, with a break (from, to, minutes) if wanted."""
    return rules.ShiftFacts(
        id=new_id(), practitioner_id=new_id(), service_on=DAY, start=hour(8), end=hour(17),
        lunch_from=hour(lunch[0]) if lunch else None, lunch_to=hour(lunch[1]) if lunch else None,
        lunch_minutes=lunch[2] if lunch else 0,
    )  # fmt: skip


def hour(of_day: int) -> datetime:
    return at_local(DAY, time(of_day))


class TestWhatIsLeftOfAShift:
    @pytest.mark.parametrize(
        ("away", "left"),
        [
            ([], [(8, 17)]),
            ([(6, 8), (17, 19)], [(8, 17)]),
            ([(6, 10)], [(10, 17)]),
            ([(15, 20)], [(8, 15)]),
            ([(10, 12)], [(8, 10), (12, 17)]),
            ([(10, 12), (12, 14)], [(8, 10), (14, 17)]),
            ([(14, 15), (9, 10)], [(8, 9), (10, 14), (15, 17)]),
            ([(8, 17)], []),
            ([(0, 23)], []),
        ],
    )
    def test_is_what_lies_outside_every_absence(self, away: list[tuple[int, int]], left: list[tuple[int, int]]) -> None:
        parts = absence_rules.present(shift(), [(hour(start), hour(end)) for start, end in away])
        assert [(each.start, each.end) for each in parts] == [(hour(start), hour(end)) for start, end in left]

    def test_the_break_goes_to_the_part_with_the_most_room_and_only_there(self) -> None:
        morning, afternoon = absence_rules.present(shift((11, 15, 60)), [(hour(12), hour(13))])
        assert (morning.lunch_minutes, afternoon.lunch_minutes) == (0, 60)
        assert (afternoon.lunch_from, afternoon.lunch_to) == (hour(13), hour(15))

    def test_who_has_room_in_no_part_rests_while_he_is_away(self) -> None:
        parts = absence_rules.present(shift((11, 13, 60)), [(hour(11), hour(14))])
        assert [each.lunch_minutes for each in parts] == [0, 0]


@pytest.mark.database
class TestEntering:
    async def test_is_told_with_who_entered_it_and_found_by_person_and_by_institution(self, world: World) -> None:
        admin, absences = await at_work(world)
        _, others = await at_work(world)
        one = (await admin.post(absences, json=WEEK | {"note": "全科转岗培训"})).json()
        two = (await admin.post(others, json=span("05T13:00", "05T17:00", reason="sick"))).json()
        assert (one["reason"], one["note"], one["hits"], one["ended_at"]) == ("training", "全科转岗培训", [], None)
        assert UUID(one["entered_by_account_id"])
        own = await admin.get(absences, params={"from": "2026-03-05", "to": "2026-03-09"})
        assert [each["id"] for each in own.json()["items"]] == [one["id"]]
        assert (await admin.get(absences, params={"from": "2026-03-06", "to": "2026-03-09"})).json()["items"] == []
        listing = f"/institutions/{world.institution_id}/absences"
        days = {"from": "2026-03-05", "to": "2026-03-05", "limit": 1}
        first = (await admin.get(listing, params=days)).json()
        rest = (await admin.get(listing, params=days | {"cursor": first["next_cursor"]})).json()
        assert [each["id"] for each in first["items"] + rest["items"]] == [one["id"], two["id"]]
        assert (await admin.get(listing, params={"from": "2026-03-06", "to": "2026-03-07"})).json()["items"] == []

    @pytest.mark.parametrize(
        ("second", "status"),
        [
            (span("05T23:59", "07T00:00"), 409),
            (span("01T00:00", "03T00:01"), 409),
            (span("04T08:00", "04T12:00"), 409),
            (span("06T00:00", "07T00:00"), 201),
            (span("02T00:00", "03T00:00"), 201),
        ],
    )
    async def test_no_two_at_once(self, world: World, second: dict[str, Any], status: int) -> None:
        admin, absences = await at_work(world)
        assert (await admin.post(absences, json=WEEK)).status_code == 201
        answer = await admin.post(absences, json=second)
        assert answer.status_code == status
        if status == 409:
            assert answer.json()["code"] == "absence-overlaps"

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            (span("03T08:00", "03T08:00"), "absence-impossible"),
            (WEEK | {"end": "2028-03-05T00:00:00+08:00"}, "absence-impossible"),
            (WEEK | {"reason": "bored"}, "malformed"),
            (WEEK | {"start": "2026-03-03T00:00:00"}, "malformed"),
            (WEEK | {"more": 1}, "malformed"),
        ],
    )
    async def test_refuses_what_cannot_be(self, world: World, wrong: dict[str, Any], code: str) -> None:
        admin, absences = await at_work(world)
        refused = await admin.post(absences, json=wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, code)

    async def test_is_the_own_institutions_affair(self, world: World) -> None:
        admin, absences = await at_work(world)
        entered = (await admin.post(absences, json=WEEK)).json()["id"]
        elsewhere = await world.as_role(Role.institution_admin, await world.add_institution())
        days = {"from": "2026-03-01", "to": "2026-03-04"}
        assert (await elsewhere.post(absences, json=WEEK)).status_code == 404
        assert (await elsewhere.get(absences, params=days)).status_code == 404
        assert (await elsewhere.get(f"{absences}/{entered}")).status_code == 404
        assert (await elsewhere.delete(f"{absences}/{entered}")).status_code == 404
        listing = f"/institutions/{world.institution_id}/absences"
        assert (await elsewhere.get(listing, params=days)).status_code == 404
        assert (await (await world.as_role(Role.dispatcher)).post(absences, json=WEEK)).status_code == 403


@pytest.mark.database
class TestEndingAndRemoving:
    async def test_ending_early_frees_the_rest_and_says_by_whom(self, world: World) -> None:
        admin, absences = await at_work(world)
        entered = (await admin.post(absences, json=WEEK)).json()["id"]
        world.clock.shows = at("12:00", date(2026, 3, 4))
        ended = (await admin.patch(f"{absences}/{entered}", json={"end": "2026-03-05T00:00:00+08:00"})).json()
        assert datetime.fromisoformat(ended["end"]) == datetime(2026, 3, 4, 16, tzinfo=UTC)
        assert ended["ended_by_account_id"] == ended["entered_by_account_id"]
        assert (await admin.post(absences, json=span("05T00:00", "06T00:00"))).status_code == 201

    @pytest.mark.parametrize(
        ("end", "status", "code"),
        [
            ("2026-03-06T00:00:00+08:00", 422, "end-not-within-absence"),
            ("2026-03-07T00:00:00+08:00", 422, "end-not-within-absence"),
            ("2026-03-03T00:00:00+08:00", 422, "end-not-within-absence"),
            ("2026-03-04T11:59:00+08:00", 422, "end-not-within-absence"),
            ("2026-03-04T12:00:00+08:00", 200, ""),
        ],
    )
    async def test_it_ends_within_itself_and_at_most_a_day_back(
        self, world: World, end: str, status: int, code: str
    ) -> None:
        admin, absences = await at_work(world)
        entered = (await admin.post(absences, json=WEEK)).json()["id"]
        world.clock.shows = at("12:00", date(2026, 3, 5))
        answer = await admin.patch(f"{absences}/{entered}", json={"end": end})
        assert (answer.status_code, answer.json().get("code", "")) == (status, code)

    async def test_what_is_over_stays_and_what_has_begun_is_not_removed(self, world: World) -> None:
        admin, absences = await at_work(world)
        entered = (await admin.post(absences, json=WEEK)).json()["id"]
        world.clock.shows = at("00:00", DAY)
        begun = await admin.delete(f"{absences}/{entered}")
        assert (begun.status_code, begun.json()["code"]) == (409, "absence-begun")
        world.clock.shows = at("00:00", date(2026, 3, 6))
        over = await admin.patch(f"{absences}/{entered}", json={"end": "2026-03-05T23:00:00+08:00"})
        assert (over.status_code, over.json()["code"]) == (409, "absence-over")
        world.clock.shows = at("23:59", date(2026, 3, 2))
        assert (await admin.delete(f"{absences}/{entered}")).status_code == 204
        assert (await admin.delete(f"{absences}/{entered}")).status_code == 404
        assert (await admin.post(absences, json=WEEK)).status_code == 201


@pytest.mark.database
class TestPlanning:
    async def test_duties_show_the_parts_of_a_shift_that_are_left(self, world: World) -> None:
        scene = await Scene.set_up(world)
        nurse = await scene.staff()
        admin = await world.as_role(Role.institution_admin)
        absences = f"/practitioners/{nurse}/absences"
        duties = f"/institutions/{world.institution_id}/duties"
        made = (await admin.post(absences, json=span("03T10:00", "03T12:00"))).json()
        parts = (await admin.get(duties, params={"on": DAY.isoformat()})).json()["items"]
        told = sorted((each["shift_start"], each["shift_end"]) for each in parts)
        assert [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in told] == [
            (at("08:00"), at("10:00")),
            (at("12:00"), at("17:00")),
        ]
        assert (await admin.delete(f"{absences}/{made['id']}")).status_code == 204
        assert (await admin.post(absences, json=WEEK)).status_code == 201
        assert (await admin.get(duties, params={"on": DAY.isoformat()})).json()["items"] == []

    @pytest.mark.parametrize("why", list(absence_rules.AbsenceReason))
    async def test_an_absence_names_the_visit_it_hits_and_planning_anew_sends_somebody_else(
        self, world: World, why: absence_rules.AbsenceReason
    ) -> None:
        scene = await Scene.set_up(world)
        await scene.item("REHAB")
        near, far = await scene.staff(0.0), await scene.staff(9.0)
        order = await scene.order(0.5, "09:00", "11:00", "REHAB")
        plan = await scene.plan()
        assert visits(plan)[str(order)][0][0] == str(near)
        assert (await scene.publish(plan)).status_code == 200
        admin = await world.as_role(Role.institution_admin)
        absences = f"/practitioners/{near}/absences"
        entered = (await admin.post(absences, json=span("03T08:00", "03T12:00", reason=why))).json()
        assert entered["reason"] == why
        [hit] = entered["hits"]
        assert (hit["order_id"], hit["order_state"], hit["plan_id"]) == (str(order), "scheduled", plan["id"])
        assert at("09:00") <= datetime.fromisoformat(hit["start_at"]) < at("11:00")
        again = await scene.plan()
        assert visits(again)[str(order)][0][0] == str(far)
        assert (await scene.publish(again)).status_code == 200
        assert (await scene.dispatcher.get(f"{absences}/{entered['id']}")).json()["hits"] == []
        # back from nine on: there is time enough for the nearer one again
        world.clock.shows = at("07:00")
        ended = await admin.patch(f"{absences}/{entered['id']}", json={"end": "2026-03-03T09:00:00+08:00"})
        assert ended.status_code == 200
        assert visits(await scene.plan())[str(order)][0][0] == str(near)

    async def test_an_absence_names_the_order_that_wishes_for_him(self, world: World) -> None:
        scene = await Scene.set_up(world)
        await scene.item("REHAB")
        nurse = await scene.staff()
        order = await scene.order(0.5, "09:00", "11:00", "REHAB")
        async with world.owner.begin() as connection:
            sql = "update orders set preferred_practitioner_id = $1 where id = $2"
            await connection.exec_driver_sql(sql, (nurse, order))
        admin = await world.as_role(Role.institution_admin)
        absences = f"/practitioners/{nurse}/absences"
        before = (await admin.post(absences, json=span("03T06:00", "03T09:00"))).json()
        during = (await admin.post(absences, json=span("03T10:59", "03T12:00"))).json()
        assert before["hits"] == []
        assert [(each["order_id"], each["plan_id"]) for each in during["hits"]] == [(str(order), None)]

    async def test_a_plan_solved_before_the_absence_is_not_published(self, world: World) -> None:
        scene = await Scene.set_up(world)
        await scene.item("REHAB")
        nurse = await scene.staff()
        await scene.order(0.5, "09:00", "11:00", "REHAB")
        plan = await scene.plan()
        admin = await world.as_role(Role.institution_admin)
        absences = f"/practitioners/{nurse}/absences"
        entered = (await admin.post(absences, json=WEEK)).json()["id"]
        refused = await scene.publish(plan)
        assert (refused.status_code, refused.json()["code"]) == (409, "staff-absent")
        assert (await admin.delete(f"{absences}/{entered}")).status_code == 204
        assert (await scene.publish(plan)).status_code == 200

    async def test_nobody_is_sent_while_the_only_one_is_away(self, world: World) -> None:
        scene = await Scene.set_up(world)
        await scene.item("REHAB")
        nurse = await scene.staff()
        order = await scene.order(0.5, "09:00", "11:00", "REHAB")
        admin = await world.as_role(Role.institution_admin)
        await admin.post(f"/practitioners/{nurse}/absences", json=span("03T09:00", "03T11:00"))
        [left] = (await scene.plan())["unassigned"]
        assert left["order_id"] == str(order)
