"""Long-term care grades over HTTP: they belong to the person in the whole region, one at a time."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from service.accounts.rules import Role
from service.core.db.session import transaction
from service.institutions.models import District
from service.patients import usecases
from tests.contracts.forms import refused, relate
from tests.contracts.papers import fence
from tests.world import World


async def grade(world: World, person_id: UUID, on: date, *institution_ids: UUID) -> int | None:
    async with transaction(world.house.sessions, fence(world, *institution_ids), world.clock.now()) as session:
        found = await usecases.ltci_on(session, region_id=world.region_id, person_id=person_id, on=on)
    return found.grade if found else None


def form(world: World, **more: Any) -> dict[str, Any]:
    return {"grade": 3, "district_id": str(world.district_id), "valid_from": "2026-01-01"} | more


class TestAssessments:
    async def test_a_later_grade_ends_the_running_one_the_day_before(self, world: World) -> None:
        desk, person_id = await world.as_role(Role.doctor), await world.add_patient()
        rows = f"/patients/{person_id}/ltci-assessments"
        assert (await desk.post(rows, json=form(world))).status_code == 201
        later = await desk.post(rows, json=form(world, grade=5, valid_from="2026-03-01"))
        assert later.status_code == 201
        days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 2, 28), date(2026, 3, 1))
        assert [await grade(world, person_id, day) for day in days] == [None, 3, 3, 5]
        told = (await desk.get(rows)).json()["items"]
        assert [(each["grade_name"], each["valid_to"]) for each in told] == [
            ("重度失能Ⅰ级", "2026-02-28"), ("重度失能Ⅲ级", None),
        ]  # fmt: skip

    async def test_assessed_in_one_district_it_holds_in_the_next(self, world: World) -> None:
        person_id, other = await world.add_patient(), await world.add_institution()
        far = uuid4()
        await world.add(District(region_id=world.region_id, id=far, code="640205", name="惠农区"))
        desk = await world.as_role(Role.doctor)
        made = await desk.post(f"/patients/{person_id}/ltci-assessments", json=form(world, district_id=str(far)))
        assert made.json()["district_name"] == "惠农区"
        assert await grade(world, person_id, date(2026, 3, 2), other) is None, "a stranger learns nothing"
        await relate(world, str(person_id), other)
        assert await grade(world, person_id, date(2026, 3, 2), other) == 3
        # the other institution cannot give a second grade for the same days
        theirs = await world.as_role(Role.doctor, other)
        answer = await theirs.post(f"/patients/{person_id}/ltci-assessments", json=form(world, grade=4))
        refused(answer, 409, "assessments-overlap")

    async def test_ends_on_a_day_and_refuses_what_cannot_be(self, world: World) -> None:
        desk, person_id = await world.as_role(Role.doctor), await world.add_patient()
        rows = f"/patients/{person_id}/ltci-assessments"
        made = (await desk.post(rows, json=form(world))).json()
        row = f"{rows}/{made['id']}"
        refused(await desk.patch(row, json={"valid_to": "2025-12-31"}), 422, "ends-before-start")
        assert (await desk.patch(row, json={"valid_to": "2026-03-01"})).json()["valid_to"] == "2026-03-01"
        assert await grade(world, person_id, date(2026, 3, 2)) is None
        refused(await desk.post(rows, json=form(world, district_id=str(uuid4()))), 404, "not-found")
        refused(await desk.patch(f"{rows}/{uuid4()}", json={"valid_to": None}), 404, "not-found")
        for wrong in ({"grade": 6}, {"grade": -1}, {"grade": "3"}, {"grade": True}):
            assert (await desk.post(rows, json=form(world, **wrong))).status_code == 422

    @pytest.mark.parametrize("role", [Role.doctor, Role.dispatcher])
    async def test_who_does_not_care_for_the_person_neither_reads_nor_writes(self, world: World, role: Role) -> None:
        person_id = await world.add_patient()
        stranger = await world.as_role(role, await world.add_institution())
        rows = f"/patients/{person_id}/ltci-assessments"
        refused(await stranger.get(rows), 404, "not-found")
        refused(await stranger.post(rows, json=form(world)), 404, "not-found")
