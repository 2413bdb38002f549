"""Accounts: names and rights that hold in the database even for one who gets past the application."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts import errors
from service.accounts.rules import Role
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from tests.world import World

_ADD = text(
    "insert into accounts (region_id, id, username, role, display_name, status, created_at)"
    " values (:region, :id, :name, :role, 'x', 'active', now())"
)
_LINK = text("insert into account_institutions (region_id, account_id, institution_id) values (:region, :id, :to)")


async def add(world: World, fence: Fence, name: str, role: str) -> str:
    """Add an account by plain SQL on a connection of its own; return what came of it."""
    try:
        async with transaction(world.house.sessions, fence, world.clock.now()) as session:
            await session.execute(_ADD, {"region": world.region_id, "id": new_id(), "name": name, "role": role})
            await asyncio.sleep(0.05)
    except errors.UsernameTaken:
        return "taken"
    except DBAPIError as refused:
        return str(getattr(refused.orig, "sqlstate", ""))
    return "added"


def staff(world: World, account_id: UUID | None = None) -> Fence:
    return Fence(world.region_id, (world.institution_id,), account_id or new_id())


class TestUsernames:
    async def test_of_many_at_once_one_gets_the_name(self, world: World) -> None:
        outcomes = await asyncio.gather(*[add(world, staff(world), "same.name", "nurse") for _ in range(6)])
        assert sorted(outcomes) == ["added"] + ["taken"] * 5


class TestAppointments:
    @pytest.mark.parametrize("role", ["region_admin", "service_client"])
    async def test_only_the_region_makes_what_is_the_regions(self, world: World, role: str) -> None:
        assert await add(world, staff(world), f"{role}-1", role) == "42501"
        assert await add(world, Fence(world.region_id, (), new_id()), f"{role}-1", role) == "42501"
        assert await add(world, Fence(world.region_id, (), new_id(), region_wide=True), f"{role}-1", role) == "added"

    async def test_one_without_an_institution_makes_residents_only(self, world: World) -> None:
        client = Fence(world.region_id, (), new_id())
        assert await add(world, client, "nurse-x", "nurse") == "42501"
        assert await add(world, client, "elder-x", "elder") == "added"

    async def test_nobody_puts_himself_into_another_institution(self, world: World) -> None:
        other = await world.add_institution()
        nurse = await world.add_account(Role.nurse, world.institution_id)
        with pytest.raises(DBAPIError, match="row-level security"):
            async with transaction(world.house.sessions, staff(world, nurse), world.clock.now()) as session:
                await session.execute(_LINK, {"region": world.region_id, "id": nurse, "to": other})

    @pytest.mark.parametrize("column", ["role", "username", "region_id", "id"])
    async def test_nobodys_role_or_name_changes(self, world: World, column: str) -> None:
        nurse = await world.add_account(Role.nurse, world.institution_id)
        with pytest.raises(DBAPIError, match="permission denied"):
            async with transaction(world.house.sessions, staff(world, nurse), world.clock.now()) as session:
                await session.execute(text(f"update accounts set {column} = {column} where id = :id"), {"id": nurse})


class TestFences:
    async def test_a_refresh_token_is_its_accounts_alone(self, world: World) -> None:
        made = {"display_name": "x", "role": "nurse", "institution_ids": [str(world.institution_id)]}
        async with await world.as_role(Role.institution_admin) as client:
            body = made | {"username": "zhang.min", "password": "一二三四五六七八九十"}
            account_id = UUID((await client.post("/accounts", json=body)).json()["id"])
            grant = {"grant_type": "password", "region_code": world.region_code} | {
                name: body[name] for name in ("username", "password")
            }
            assert (await client.post("/tokens", json=grant)).status_code == 200
        for fence, seen in ((staff(world), 0), (staff(world, account_id), 1), (Fence(), 0)):
            async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                assert await session.scalar(text("select count(*) from refresh_tokens")) == seen

    async def test_without_a_log_in_no_account_is_seen(self, world: World) -> None:
        await world.add_account(Role.nurse, world.institution_id)
        async with transaction(world.house.sessions, Fence(), world.clock.now()) as session:
            for table in ("accounts", "account_institutions", "refresh_tokens"):
                assert await session.scalar(text(f"select count(*) from {table}")) == 0
