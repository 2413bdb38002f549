"""Shifts over HTTP: several a day, no two at once, fixed once begun."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from service.accounts.rules import Role
from service.core.ids import new_id
from tests.world import World

LUNCH = {"opens": "2026-03-03T11:30:00+08:00", "closes": "2026-03-03T13:30:00+08:00", "minutes": 60}


def span(start: str, end: str, **changes: Any) -> dict[str, Any]:
    return {"start": f"2026-03-{start}:00+08:00", "end": f"2026-03-{end}:00+08:00"} | changes


DAY = span("03T08:00", "03T17:00")


async def at_work(world: World):
    """Return an administrator's client and the address of a practitioner's shifts."""
    admin = await world.as_role(Role.institution_admin)
    return admin, f"/practitioners/{await world.add_practitioner()}/shifts"


class TestAddShift:
    async def test_belongs_to_the_local_day_on_which_it_starts(self, world):
        admin, shifts = await at_work(world)
        early = await admin.post(shifts, json=span("03T00:30", "03T08:00"))
        assert (early.status_code, early.json()["service_on"]) == (201, "2026-03-03")
        assert datetime.fromisoformat(early.json()["start"]) == datetime(2026, 3, 2, 16, 30, tzinfo=UTC)

    async def test_no_two_at_once(self, world):
        admin, shifts = await at_work(world)
        night = await admin.post(shifts, json=span("03T20:00", "04T08:00"))
        assert night.status_code == 201
        for second, code in (
            (span("04T07:59", "04T17:00"), "shift-overlaps"),
            (span("03T21:00", "03T22:00"), "shift-overlaps"),
        ):
            refused = await admin.post(shifts, json=second)
            assert (refused.status_code, refused.json()["code"]) == (409, code)
        assert (await admin.post(shifts, json=span("04T08:00", "04T17:00"))).status_code == 201

    async def test_a_day_has_several_and_they_are_told_in_their_order(self, world):
        admin, shifts = await at_work(world)
        late = (await admin.post(shifts, json=span("03T14:00", "03T17:00"))).json()
        early = (await admin.post(shifts, json=span("03T08:00", "03T11:00"))).json()
        between = (await admin.post(shifts, json=span("03T11:00", "03T11:30"))).json()
        listed = await admin.get(shifts, params={"from": "2026-03-03", "to": "2026-03-03"})
        assert listed.json()["items"] == [early, between, late]
        duties = await admin.get(f"/institutions/{world.institution_id}/duties", params={"on": "2026-03-03"})
        told = [(each["shift_start"], each["shift_end"]) for each in duties.json()["items"]]
        assert told == [(each["start"], each["end"]) for each in (early, between, late)]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"end": "2026-03-03T08:00:00+08:00"}, "shift-impossible"),
            ({"end": "2026-03-04T00:00:01+08:00"}, "shift-impossible"),
            ({"lunch": LUNCH | {"closes": "2026-03-03T17:30:00+08:00"}}, "lunch-impossible"),
            ({"lunch": LUNCH | {"minutes": 121}}, "lunch-impossible"),
        ],
    )
    async def test_refuses_what_cannot_be_worked(self, world, change, code):
        admin, shifts = await at_work(world)
        refused = await admin.post(shifts, json=DAY | change)
        assert (refused.status_code, refused.json()["code"]) == (422, code)

    @pytest.mark.parametrize(
        "change",
        [
            {"start": "2026-03-03T08:00:00"},
            {"start": "0001-01-01T00:00:00+08:00"},
            {"end": "9999-12-31T23:59:59-08:00"},
            {"lunch": LUNCH | {"minutes": 181}},
            {"lunch": LUNCH | {"minutes": True}},
            {"lunch": {"minutes": 30}},
            {"service_on": "2026-03-03"},
        ],
    )
    async def test_refuses_what_is_malformed(self, world, change):
        admin, shifts = await at_work(world)
        answer = await admin.post(shifts, json=DAY | change)
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed")

    async def test_is_found_by_person_and_by_institution(self, world):
        admin, shifts = await at_work(world)
        _, others = await at_work(world)
        one = (await admin.post(shifts, json=DAY | {"lunch": LUNCH})).json()
        two = (await admin.post(others, json=DAY)).json()
        await admin.post(shifts, json=span("05T08:00", "05T17:00"))
        listed = await admin.get(shifts, params={"from": "2026-03-01", "to": "2026-03-04"})
        assert listed.json()["items"] == [one]
        assert one["lunch"]["minutes"] == 60
        day = f"/institutions/{world.institution_id}/shifts"
        first = (await admin.get(day, params={"on": "2026-03-03", "limit": 1})).json()
        rest = (await admin.get(day, params={"on": "2026-03-03", "limit": 1, "cursor": first["next_cursor"]})).json()
        assert first["items"] + rest["items"] == [one, two]
        assert rest["next_cursor"] is None

    async def test_is_the_own_institutions_affair(self, world):
        _, shifts = await at_work(world)
        other = await world.add_institution()
        elsewhere = await world.as_role(Role.institution_admin, other)
        days = {"from": "2026-03-01", "to": "2026-03-04"}
        assert (await elsewhere.post(shifts, json=DAY)).status_code == 404
        assert (await elsewhere.get(shifts, params=days)).status_code == 404
        for listing in ("shifts", "duties"):
            at = f"/institutions/{world.institution_id}/{listing}"
            assert (await elsewhere.get(at, params={"on": "2026-03-03"})).status_code == 404
        assert (await (await world.as_role(Role.dispatcher)).post(shifts, json=DAY)).status_code == 403


class TestChangeShift:
    async def test_moves_start_end_and_break_and_planning_sees_it(self, world):
        admin, shifts = await at_work(world)
        shift = (await admin.post(shifts, json=DAY | {"lunch": LUNCH})).json()
        at, end = f"/shifts/{shift['id']}", "2026-03-03T15:00:00+08:00"
        shorter = (await admin.patch(at, json={"end": end})).json()
        assert (shorter["start"], shorter["lunch"]) == (shift["start"], shift["lunch"])
        duties = f"/institutions/{world.institution_id}/duties"
        (duty,) = (await admin.get(duties, params={"on": "2026-03-03"})).json()["items"]
        assert datetime.fromisoformat(duty["shift_end"]) == datetime.fromisoformat(end)
        assert (await admin.patch(at, json={"lunch": None})).json()["lunch"] is None
        moved = await admin.patch(at, json=span("06T08:00", "06T12:00"))
        assert moved.json()["service_on"] == "2026-03-06"
        assert (await admin.get(duties, params={"on": "2026-03-03"})).json()["items"] == []

    async def test_refuses_what_does_not_fit_any_more(self, world):
        admin, shifts = await at_work(world)
        shift = (await admin.post(shifts, json=DAY | {"lunch": LUNCH})).json()["id"]
        other = (await admin.post(shifts, json=span("04T08:00", "04T17:00"))).json()["id"]
        for shift_id, change, status, code in (
            (shift, {"end": "2026-03-03T12:00:00+08:00"}, 422, "lunch-impossible"),
            (shift, {"start": "2026-03-03T17:00:00+08:00", "lunch": None}, 422, "shift-impossible"),
            (other, {"start": "2026-03-03T12:00:00+08:00", "end": "2026-03-03T18:00:00+08:00"}, 409, "shift-overlaps"),
            (other, span("03T16:59", "03T19:00"), 409, "shift-overlaps"),
        ):
            refused = await admin.patch(f"/shifts/{shift_id}", json=change)
            assert (refused.status_code, refused.json()["code"]) == (status, code)

    async def test_a_shift_that_has_begun_stays(self, world):
        admin, shifts = await at_work(world)
        shift = (await admin.post(shifts, json=DAY)).json()["id"]
        world.clock.shows = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
        for answer in (
            await admin.patch(f"/shifts/{shift}", json={"end": "2026-03-03T15:00:00+08:00"}),
            await admin.delete(f"/shifts/{shift}"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "shift-begun")
        world.clock.shows = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
        assert (await admin.delete(f"/shifts/{shift}")).status_code == 204
        assert (await admin.delete(f"/shifts/{shift}")).status_code == 404
        assert (await admin.post(shifts, json=DAY)).status_code == 201

    async def test_other_institutions_find_none(self, world):
        admin, shifts = await at_work(world)
        shift = (await admin.post(shifts, json=DAY)).json()["id"]
        elsewhere = await world.as_role(Role.institution_admin, await world.add_institution())
        assert (await elsewhere.patch(f"/shifts/{shift}", json={"lunch": None})).status_code == 404
        assert (await elsewhere.delete(f"/shifts/{shift}")).status_code == 404
        assert (await admin.delete(f"/shifts/{new_id()}")).status_code == 404

    async def test_world_and_http_agree_on_the_service_day(self, world):
        admin, shifts = await at_work(world)
        person = UUID(shifts.split("/")[2])
        start = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
        await world.add_shift(person, start, start.replace(hour=20))
        listed = (await admin.get(shifts, params={"from": "2026-03-03", "to": "2026-03-03"})).json()["items"]
        assert [each["service_on"] for each in listed] == [str(date(2026, 3, 3))]
