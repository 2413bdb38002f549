"""`xunzhen accounts`: what only the server's console does."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.accounts.rules import Role
from service.cli import accounts
from service.cli.app import CommandError
from service.core import embedded
from tests.accounts.logins import PASSWORD, Person, ask, bearer, hire, refresh, status_with
from tests.world import World


@pytest.fixture
def owner_url(server: embedded.EmbeddedServer, database: str) -> str:
    return server.url(embedded.OWNER_ROLE, database)


class TestAddPlatformAdmin:
    async def test_makes_one_who_enrols_and_then_founds_regions(self, world: World, owner_url: str) -> None:
        await accounts.add_platform_admin_at(
            owner_url, region_code=world.region_code, username="platform.one", password=PASSWORD
        )
        person = Person(world, "", "platform.one")
        token = await person.log_in()
        assert (token["role"], token["due"]) == ("platform_admin", ["enrol-second-factor"])
        assert await status_with(world, token["access_token"], "/regions") == 403
        await person.enrol(token)
        renewed = (await refresh(world, token)).json()
        async with bearer(world, renewed["access_token"]) as client:
            assert (await client.get("/regions")).status_code == 200

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"region_code": "R00000000"}, "没有编码为"),
            ({"username": "平台"}, "不符合要求"),
            ({"password": "short"}, "不符合要求"),
            ({"password": "password1234"}, "过于简单"),
        ],
    )
    async def test_says_in_one_sentence_what_will_not_do(
        self, world: World, owner_url: str, changes: dict[str, str], said: str
    ) -> None:
        asked = {"region_code": world.region_code, "username": "platform.two", "password": PASSWORD} | changes
        with pytest.raises(CommandError, match=said) as refused:
            await accounts.add_platform_admin_at(owner_url, **asked)
        assert asked["password"] not in str(refused.value)

    async def test_makes_no_second_one_of_a_name(self, world: World, owner_url: str) -> None:
        asked = {"region_code": world.region_code, "username": "platform.three", "password": PASSWORD}
        await accounts.add_platform_admin_at(owner_url, **asked)
        with pytest.raises(CommandError, match="已被使用"):
            await accounts.add_platform_admin_at(owner_url, **asked)

    async def test_is_for_the_owner_only(
        self, world: World, server: embedded.EmbeddedServer, database: str, owner_engine: AsyncEngine
    ) -> None:
        app = server.url(embedded.APP_ROLE, database)
        with pytest.raises(CommandError, match="所有者"):
            await accounts.add_platform_admin_at(
                app, region_code=world.region_code, username="platform.four", password=PASSWORD
            )
        async with owner_engine.connect() as connection:
            query = text("select count(*) from accounts where region_id = :region")
            assert (await connection.execute(query, {"region": world.region_id})).scalar_one() == 0


class TestResetSecondFactor:
    async def test_lets_the_last_administrator_of_a_region_in_again(self, world: World, owner_url: str) -> None:
        person = await hire(world, Role.region_admin)
        token = await person.log_in()
        await person.enrol(token)
        assert (await ask(world, person.grant())).json()["code"] == "second-factor-required"
        await accounts.reset_second_factor_at(owner_url, region_code=world.region_code, username=person.username)
        assert (await refresh(world, token)).status_code == 401
        assert (await person.log_in())["due"] == ["enrol-second-factor"]
        with pytest.raises(CommandError, match="启用了动态码"):
            await accounts.reset_second_factor_at(owner_url, region_code=world.region_code, username=person.username)
