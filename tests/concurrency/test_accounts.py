"""Accounts: names and rights that hold in the database even for one who gets past the application."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts import errors, secret_repository
from service.accounts.rules import Role
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from tests.accounts.logins import PASSWORD, ask, bearer, hire, status_with
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
    @pytest.mark.parametrize("role", ["region_admin", "service_client", "inspector", "civil_affairs_reader"])
    async def test_only_the_region_makes_what_is_the_regions(self, world: World, role: str) -> None:
        assert await add(world, staff(world), f"{role}-1", role) == "42501"
        assert await add(world, Fence(world.region_id, (), new_id()), f"{role}-1", role) == "42501"
        assert await add(world, Fence(world.region_id, (), new_id(), region_wide=True), f"{role}-1", role) == "added"

    async def test_a_platform_administrator_is_made_by_nobody(self, world: World) -> None:
        for fence in (staff(world), Fence(world.region_id, (), new_id(), region_wide=True)):
            assert await add(world, fence, "platform-1", "platform_admin") == "42501"

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


class TestAttempts:
    async def test_of_many_wrong_log_ins_at_once_no_more_than_the_limit_are_checked(self, world: World) -> None:
        nurse = await hire(world)
        answers = await asyncio.gather(*[ask(world, nurse.grant(password=f"不对的密码一二三{n}")) for n in range(20)])
        assert sorted(each.status_code for each in answers) == [401] * 5 + [429] * 15

    async def test_of_many_right_ones_at_once_fewer_than_the_limit_none_is_refused(self, world: World) -> None:
        nurse = await hire(world)
        for _ in range(3):
            answers = await asyncio.gather(*[ask(world, nurse.grant()) for _ in range(5)])
            assert [each.status_code for each in answers] == [200] * 5

    async def test_the_application_reaches_the_counts_by_its_functions_only(self, world: World) -> None:
        for verb in ("select key from", "delete from", "insert into"):
            sql = f"{verb} log_in_attempts" + (" values ('x', 0, now())" if verb.startswith("insert") else "")
            with pytest.raises(DBAPIError, match="permission denied"):
                async with transaction(world.house.sessions, staff(world), world.clock.now()) as session:
                    await session.execute(text(sql))


class TestSecondFactors:
    async def test_of_many_log_ins_with_one_code_one_is_good(self, world: World) -> None:
        nurse = await hire(world)
        await nurse.enrol(await nurse.log_in())
        code = nurse.code()
        answers = await asyncio.gather(*[ask(world, nurse.grant(totp_code=code)) for _ in range(5)])
        assert sorted(each.status_code for each in answers) == [200] + [401] * 4

    async def test_of_many_with_one_recovery_code_one_is_good(self, world: World) -> None:
        nurse = await hire(world)
        codes = await nurse.enrol(await nurse.log_in())
        answers = await asyncio.gather(*[ask(world, nurse.grant(totp_code=codes[0])) for _ in range(5)])
        assert sorted(each.status_code for each in answers) == [200] + [401] * 4

    async def test_a_code_used_twice_is_refused_by_the_database(self, world: World) -> None:
        account = await world.add_account(Role.nurse, world.institution_id)
        fence = Fence(world.region_id, (), account)
        outcomes = []
        for _ in range(2):
            try:
                async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                    await secret_repository.spend_step(session, world.region_id, account, 7)
                outcomes.append("used")
            except errors.SecondFactorWrong:
                outcomes.append("refused")
        assert outcomes == ["used", "refused"]


class TestSessions:
    async def test_a_log_in_with_the_old_password_does_not_outlive_its_change(self, world: World) -> None:
        nurse = await hire(world)
        token = await nurse.log_in()
        change = {"old_password": PASSWORD, "new_password": "一个全新的密码呀呀呀"}
        async with bearer(world, token["access_token"]) as client:
            changed, *others = await asyncio.gather(
                client.post("/me/password", json=change), *[ask(world, nurse.grant()) for _ in range(4)]
            )
        assert changed.status_code == 204
        alive = [each.json()["access_token"] for each in others if each.status_code == 200]
        assert [await status_with(world, each) for each in alive] == [401] * len(alive)

    async def test_nobody_sees_or_ends_the_sessions_of_another_institution(self, world: World) -> None:
        nurse = await hire(world)
        await nurse.log_in()
        other = await world.add_institution()
        ended = text("update sessions set revoked_at = now() where region_id = :region returning id")
        for fence, count in (
            (Fence(world.region_id, (other,), new_id()), 0),
            (Fence(new_id(), (world.institution_id,), new_id(), region_wide=True), 0),
            (Fence(), 0),
            (Fence(world.region_id, (), UUID(nurse.account_id)), 1),
        ):
            async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                assert len((await session.execute(ended, {"region": world.region_id})).all()) == count

    async def test_an_institution_changes_nobody_of_the_region_past_the_application(self, world: World) -> None:
        changed = text("update accounts set password_hash = 'x' where region_id = :region and id = :id returning id")
        for role in (Role.inspector, Role.region_admin, Role.platform_admin):
            institutions = (world.institution_id,) if role is Role.inspector else ()
            account = await world.add_account(role, *institutions)
            async with transaction(world.house.sessions, staff(world), world.clock.now()) as session:
                assert (await session.execute(changed, {"region": world.region_id, "id": account})).all() == []
        platform = Fence(world.region_id, (), new_id(), region_wide=True)
        async with transaction(world.house.sessions, platform, world.clock.now()) as session:
            assert (await session.execute(changed, {"region": world.region_id, "id": account})).all() == []
