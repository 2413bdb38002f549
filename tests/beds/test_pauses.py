"""Pausing and resuming a bed over HTTP: half-open days, one after the other, inside the stay."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts.rules import Role
from service.beds import usecases
from service.beds.models import BedPause
from service.beds.rules import PauseFacts
from service.core.db.session import transaction
from tests.billing.bed_days.stays import Ward
from tests.world import NOW, World


@pytest.fixture
async def ward(world: World) -> AsyncIterator[Ward]:
    opened = await Ward.open(world)
    async with opened.doctor, opened.finance:
        yield opened


async def bed(ward: Ward, person_id: UUID | None = None) -> str:
    return await ward.stay(person_id or await ward.world.add_patient(), "2026-03-01", payment="per_item")


def told(answer: Any) -> list[tuple[str, str | None]]:
    return [(pause["first"], pause["until"]) for pause in answer.json()["pauses"]]


class TestPause:
    async def test_a_bed_is_paused_until_it_is_resumed(self, ward: Ward) -> None:
        bed_id = await bed(ward)
        paused = await ward.pause(bed_id, "2026-03-05")
        assert paused.status_code == 201, paused.text
        assert paused.json()["pauses"] == [{"first": "2026-03-05", "until": None, "reason": "住院治疗"}]
        resumed = await ward.resume(bed_id, "2026-03-09")
        assert (resumed.status_code, told(resumed)) == (200, [("2026-03-05", "2026-03-09")])
        for read in (await ward.doctor.get(f"/beds/{bed_id}"), await ward.doctor.get("/beds")):
            body = read.json()
            assert (body["items"][0] if "items" in body else body)["pauses"] == resumed.json()["pauses"]

    async def test_pauses_may_touch_but_not_overlap(self, ward: Ward) -> None:
        bed_id = await bed(ward)
        assert (await ward.pause(bed_id, "2026-03-05", "2026-03-09")).status_code == 201
        for first, until in (("2026-03-08", "2026-03-10"), ("2026-03-04", None), ("2026-03-06", "2026-03-07")):
            refused = await ward.pause(bed_id, first, until)
            assert (refused.status_code, refused.json()["code"]) == (409, "pauses-overlap")
        assert (await ward.pause(bed_id, "2026-03-09", "2026-03-10")).status_code == 201
        assert (await ward.pause(bed_id, "2026-03-03", "2026-03-05")).status_code == 201

    async def test_a_pause_lies_within_the_stay_and_begins_when_it_happens(self, ward: Ward) -> None:
        bed_id = await bed(ward)
        assert (await ward.pause(bed_id, "2026-02-28", "2026-03-02")).json()["code"] == "pause-outside-stay"
        assert (await ward.pause(bed_id, "2026-04-02", "2026-04-03")).json()["code"] == "bed-in-the-future"
        assert (await ward.pause(bed_id, "2026-04-01", "2026-04-20")).status_code == 201
        closed = await bed(ward)
        await ward.close(closed, "2026-03-11")
        for until in (None, "2026-03-12"):
            assert (await ward.pause(closed, "2026-03-10", until)).json()["code"] == "pause-outside-stay"
        assert (await ward.pause(closed, "2026-03-10", "2026-03-11")).status_code == 201

    async def test_waits_for_the_rounds_booked_on_those_days(self, ward: Ward) -> None:
        world, person_id = ward.world, await ward.world.add_patient()
        bed_id = await bed(ward, person_id)
        start = NOW.replace(day=10)
        await world.add_order(
            person_id, await world.add_home(), start=start, end=start.replace(hour=3), state="accepted",
            kind="home_bed_round",
        )  # fmt: skip
        for first, until in (("2026-03-05", None), ("2026-03-10", "2026-03-11")):
            refused = await ward.pause(bed_id, first, until)
            assert (refused.status_code, refused.json()["code"]) == (409, "rounds-booked-in-pause")
        assert (await ward.pause(bed_id, "2026-03-05", "2026-03-10")).status_code == 201
        assert (await ward.pause(bed_id, "2026-03-11")).status_code == 201

    async def test_another_institutions_bed_is_404_and_a_nurse_pauses_none(self, ward: Ward) -> None:
        bed_id = await bed(ward)
        calls = (("pauses", {"from": "2026-03-05", "reason": "住院"}), ("resumption", {"on": "2026-03-06"}))
        async with await ward.world.as_role(Role.doctor, await ward.world.add_institution()) as stranger:
            for path, body in calls:
                assert (await stranger.post(f"/beds/{bed_id}/{path}", json=body)).status_code == 404
        async with await ward.world.as_role(Role.nurse) as nurse:
            for path, body in calls:
                assert (await nurse.post(f"/beds/{bed_id}/{path}", json=body)).status_code == 403

    @pytest.mark.parametrize(
        "body",
        [
            {"reason": "住院"},
            {"from": "2026-03-05"},
            {"from": "2026-03-05", "to": "2026-03-05", "reason": "住院"},
            {"from": 3, "reason": "住院"},
            {"from": "2026-03-05", "reason": ""},
            {"from": "2026-03-05", "reason": "住院", "until": "2026-03-06"},
        ],
    )
    async def test_malformed_is_422(self, ward: Ward, body: dict[str, object]) -> None:
        bed_id = await bed(ward)
        assert (await ward.doctor.post(f"/beds/{bed_id}/pauses", json=body)).status_code == 422

    async def test_the_same_key_pauses_once(self, ward: Ward) -> None:
        bed_id = await bed(ward)
        key, body = {"Idempotency-Key": "pause-1"}, {"from": "2026-03-05", "reason": "住院"}
        first, again = [await ward.doctor.post(f"/beds/{bed_id}/pauses", json=body, headers=key) for _ in range(2)]
        assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())


class TestResume:
    async def test_a_bed_that_is_not_paused_that_day_is_not_resumed(self, ward: Ward) -> None:
        bed_id = await bed(ward)
        await ward.pause(bed_id, "2026-03-05", "2026-03-09")
        for on in ("2026-03-04", "2026-03-09"):
            refused = await ward.resume(bed_id, on)
            assert (refused.status_code, refused.json()["code"]) == (409, "bed-not-paused")
        assert (await ward.resume(bed_id, "2026-04-02")).json()["code"] == "bed-in-the-future"

    async def test_resumed_on_its_first_day_it_never_was(self, ward: Ward) -> None:
        bed_id = await bed(ward)
        await ward.pause(bed_id, "2026-03-05")
        assert told(await ward.resume(bed_id, "2026-03-05")) == []
        # and is in nobody's way
        assert (await ward.pause(bed_id, "2026-03-04", "2026-03-06")).status_code == 201


class TestClosing:
    async def test_a_closing_ends_the_pauses(self, ward: Ward) -> None:
        bed_id = await bed(ward)
        await ward.pause(bed_id, "2026-03-03", "2026-03-05")
        await ward.pause(bed_id, "2026-03-08", "2026-03-20")
        await ward.pause(bed_id, "2026-03-25")
        closed = await ward.close(bed_id, "2026-03-11")
        assert told(closed) == [("2026-03-03", "2026-03-05"), ("2026-03-08", "2026-03-11")]


class TestOpenOn:
    async def test_neighbours_are_told_of_the_pauses(self, ward: Ward) -> None:
        world, person_id = ward.world, await ward.world.add_patient()
        bed_id = await bed(ward, person_id)
        await ward.pause(bed_id, "2026-03-08", "2026-03-09")
        await ward.pause(bed_id, "2026-03-05", "2026-03-07")
        await ward.pause(bed_id, "2026-03-20")
        await ward.resume(bed_id, "2026-03-20")
        async with transaction(world.house.sessions, world.principal(Role.nurse).fence, NOW) as session:
            found = await usecases.open_on(session, region_id=world.region_id, person_id=person_id, on=date(2026, 3, 5))
            stay = await usecases.stay(session, region_id=world.region_id, bed_id=UUID(bed_id))
        assert found is not None
        assert found.pauses == (
            PauseFacts(date(2026, 3, 5), date(2026, 3, 7)), PauseFacts(date(2026, 3, 8), date(2026, 3, 9)),
        )  # fmt: skip
        assert stay.bed == found
        assert (found.serves_at_home(date(2026, 3, 6)), found.serves_at_home(date(2026, 3, 7))) == (False, True)


class TestConstraint:
    @pytest.mark.parametrize(
        ("first", "until", "constraint"),
        [
            ("2026-02-28", "2026-03-02", "pause outside the stay"),
            ("2026-03-10", None, "pause outside the stay"),
            ("2026-03-10", "2026-03-12", "pause outside the stay"),
            ("2026-03-06", "2026-03-08", "bed_pauses_one"),
            ("2026-03-06", "2026-03-05", "ends_after_it_starts"),
        ],
    )
    async def test_the_database_keeps_pauses_apart_and_inside(
        self, ward: Ward, first: str, until: str | None, constraint: str
    ) -> None:
        bed_id = await bed(ward)
        await ward.pause(bed_id, "2026-03-05", "2026-03-07")
        await ward.close(bed_id, "2026-03-11")
        row = BedPause(
            region_id=ward.world.region_id, institution_id=ward.at, bed_id=UUID(bed_id), reason="住院",
            first=date.fromisoformat(first), until=date.fromisoformat(until) if until else None,
        )  # fmt: skip
        with pytest.raises(DBAPIError, match=constraint):
            await ward.world.add(row)

    async def test_the_database_closes_no_bed_before_its_pauses_end(self, ward: Ward) -> None:
        bed_id = await bed(ward)
        await ward.pause(bed_id, "2026-03-05", "2026-03-07")
        with pytest.raises(DBAPIError, match="pause outside the stay"):
            async with ward.world.owner.begin() as connection:
                await connection.execute(
                    text("update beds set closed_on = '2026-03-06' where id = :id"), {"id": UUID(bed_id)}
                )
