"""Who lives in a care home is seen by its staff as long as he lives there; they change nothing and let nobody in."""

from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from service.accounts.rules import Role
from tests.world import World


async def moved_into(world: World, person_id: UUID, care_id: UUID | None) -> None:
    home = await world.add_home()
    async with world.owner.begin() as connection:
        house = text("update homes set care_institution_id = :care where id = :home")
        await connection.execute(house, {"care": care_id, "home": home})
        moves = text("update patients set home_id = :home where id = :person")
        await connection.execute(moves, {"home": home, "person": person_id})


@pytest.fixture
async def care_id(world: World) -> UUID:
    return await world.add_institution(kind="care_institution", modes=())


@pytest.fixture
async def staff(world: World, care_id: UUID) -> AsyncClient:
    return await world.as_role(Role.care_home_staff, care_id)


@pytest.fixture
async def resident(world: World, care_id: UUID) -> UUID:
    person_id = await world.add_patient()
    await moved_into(world, person_id, care_id)
    return person_id


async def listed(client: AsyncClient, path: str = "/patients") -> list[str]:
    answer = await client.get(path)
    assert answer.status_code == 200
    return [each["id"] for each in answer.json()["items"]]


class TestResidents:
    async def test_are_listed_and_read_and_nobody_else(self, world: World, staff: AsyncClient, resident: UUID) -> None:
        stranger = await world.add_patient()
        assert await listed(staff) == [str(resident)]
        read = await staff.get(f"/patients/{resident}")
        assert (read.status_code, read.json()["cared_for_because"]) == (200, None)
        assert (await staff.get(f"/patients/{stranger}")).status_code == 404
        home = read.json()["home_id"]
        assert await listed(staff, "/homes") == [home]
        assert (await staff.get(f"/homes/{home}")).status_code == 200

    async def test_are_no_other_care_home_s(self, world: World, resident: UUID) -> None:
        other = await world.add_institution(kind="care_institution", modes=())
        async with await world.as_role(Role.care_home_staff, other) as staff:
            assert await listed(staff) == []
            assert (await staff.get(f"/patients/{resident}")).status_code == 404

    @pytest.mark.parametrize("role", [Role.phone_agent, Role.nurse, Role.institution_admin])
    async def test_are_seen_by_no_other_role_there(
        self, world: World, care_id: UUID, resident: UUID, role: Role
    ) -> None:
        async with await world.as_role(role, care_id) as other:
            assert await listed(other) == []
            assert (await other.get(f"/patients/{resident}")).status_code == 404

    async def test_who_moves_out_is_gone_and_who_moves_in_is_there(
        self, world: World, staff: AsyncClient, care_id: UUID, resident: UUID
    ) -> None:
        await moved_into(world, resident, None)
        assert await listed(staff) == []
        assert (await staff.get(f"/patients/{resident}")).status_code == 404
        other = await world.add_institution(kind="care_institution", modes=())
        await moved_into(world, resident, other)
        assert (await staff.get(f"/patients/{resident}")).status_code == 404
        await moved_into(world, resident, care_id)
        assert (await staff.get(f"/patients/{resident}")).status_code == 200

    async def test_who_has_died_lives_there_no_more(self, world: World, staff: AsyncClient, resident: UUID) -> None:
        async with world.owner.begin() as connection:
            died = text("update patients set deceased_on = '2026-03-01' where id = :id")
            await connection.execute(died, {"id": resident})
        assert await listed(staff) == []
        assert (await staff.get(f"/patients/{resident}")).status_code == 404

    async def test_neither_paid_for_nor_given_into_other_hands(self, staff: AsyncClient, resident: UUID) -> None:
        proxy = {"account_id": str(resident), "relation": "child", "rights": ["view"], "paper_no": "授2026-1"}
        assert (await staff.post(f"/patients/{resident}/proxies", json=proxy)).status_code == 403
        assert (await staff.patch(f"/patients/{resident}", json={"name": "别人"})).status_code == 403
        assert (await staff.get("/settlements")).status_code == 403
