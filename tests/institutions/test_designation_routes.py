"""Designations (定点) over HTTP: the region says where an insurance pays."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from service.accounts.rules import Role
from service.core.db.session import transaction
from service.core.principal import Fence
from service.institutions import usecases
from tests.contracts.forms import refused
from tests.world import World

BODY = {"plan_code": "RESIDENT", "valid_from": "2026-03-01"}


async def pays(world: World, on: date, plan_code: str = "RESIDENT", institution_id: UUID | None = None) -> bool:
    async with transaction(world.house.sessions, Fence(world.region_id), world.clock.now()) as session:
        return await usecases.designated_on(
            session, region_id=world.region_id, institution_id=institution_id or world.institution_id,
            plan_code=plan_code, on=on,
        )  # fmt: skip


class TestDesignations:
    async def test_hold_on_their_days_for_their_plan_and_institution(self, world: World) -> None:
        region, place = await world.as_role(Role.region_admin), f"/institutions/{world.institution_id}/designations"
        made = await region.post(place, json=BODY)
        assert made.status_code == 201, made.text
        assert [await pays(world, day) for day in (date(2026, 2, 28), date(2026, 3, 1), date(2030, 1, 1))] == [
            False, True, True,
        ]  # fmt: skip
        assert not await pays(world, date(2026, 3, 1), "EMPLOYEE")
        assert not await pays(world, date(2026, 3, 1), institution_id=await world.add_institution())
        ended = await region.patch(f"{place}/{made.json()['id']}", json={"valid_to": "2026-03-31"})
        assert ended.json()["valid_to"] == "2026-03-31"
        assert [await pays(world, day) for day in (date(2026, 3, 31), date(2026, 4, 1))] == [True, False]
        listed = (await (await world.as_role(Role.nurse)).get(place)).json()
        assert listed["items"] == [ended.json()]

    async def test_one_plan_is_designated_once_at_a_time(self, world: World) -> None:
        region, place = await world.as_role(Role.region_admin), f"/institutions/{world.institution_id}/designations"
        first = (await region.post(place, json=BODY | {"valid_to": "2026-03-31"})).json()
        refused(await region.post(place, json=BODY), 409, "designated-already")
        later = await region.post(place, json=BODY | {"valid_from": "2026-04-01"})
        assert later.status_code == 201
        refused(await region.patch(f"{place}/{first['id']}", json={"valid_to": None}), 409, "designated-already")
        assert (await region.post(place, json=BODY | {"plan_code": "LTCI"})).status_code == 201

    async def test_refuses_a_period_that_is_none_and_what_is_not_there(self, world: World) -> None:
        region, place = await world.as_role(Role.region_admin), f"/institutions/{world.institution_id}/designations"
        refused(await region.post(place, json=BODY | {"valid_to": "2026-02-28"}), 422, "period-reversed")
        refused(await region.post(f"/institutions/{uuid4()}/designations", json=BODY), 404, "not-found")
        made = (await region.post(place, json=BODY)).json()
        other = f"/institutions/{await world.add_institution()}/designations"
        refused(await region.patch(f"{other}/{made['id']}", json={"valid_to": None}), 404, "not-found")
        refused(await region.patch(f"{place}/{made['id']}", json={"valid_to": "2026-02-01"}), 422, "period-reversed")

    @pytest.mark.parametrize("role", [Role.institution_admin, Role.finance])
    async def test_no_institution_designates_itself(self, world: World, role: Role) -> None:
        client = await world.as_role(role)
        answer = await client.post(f"/institutions/{world.institution_id}/designations", json=BODY)
        assert answer.status_code == 403
