"""The platform's regions: founded by a platform administrator, who sees nothing inside them."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts.rules import ROLE_SCOPES, Role
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from tests.accounts.logins import PASSWORD, ask, hire
from tests.world import World


def founding(**changes: Any) -> dict[str, Any]:
    return {
        "code": f"R{new_id().hex[-8:]}",
        "name": "示例统筹区",
        "admin_username": "region.first",
        "admin_display_name": "区域管理员甲",
        "admin_password": PASSWORD,
    } | changes


class TestFoundRegion:
    async def test_its_first_administrator_changes_his_password_and_enrols_before_anything_else(
        self, world: World
    ) -> None:
        body = founding()
        async with await world.as_role(Role.platform_admin) as client:
            made = await client.post("/regions", json=body)
            assert made.status_code == 201, made.text
            listed = (await client.get("/regions")).json()["items"]
        assert made.json() in listed
        grant = {
            "grant_type": "password", "region_code": body["code"], "username": "region.first", "password": PASSWORD,
        }  # fmt: skip
        token = (await ask(world, grant)).json()
        assert (token["role"], token["due"]) == ("region_admin", ["change-password", "enrol-second-factor"])
        assert token["scope"] == "accounts:secure"

    async def test_a_code_is_used_once(self, world: World) -> None:
        body = founding()
        async with await world.as_role(Role.platform_admin) as client:
            answers = [await client.post("/regions", json=body) for _ in range(2)]
        assert [each.status_code for each in answers] == [201, 409]
        assert answers[1].json()["code"] == "region-code-taken"

    async def test_a_weak_password_founds_nothing(self, world: World) -> None:
        body = founding(admin_password="password1234")
        async with await world.as_role(Role.platform_admin) as client:
            assert (await client.post("/regions", json=body)).json()["code"] == "password-too-weak"
            assert body["code"] not in {each["code"] for each in (await client.get("/regions")).json()["items"]}

    @pytest.mark.parametrize("role", sorted(set(Role) - {Role.platform_admin}))
    async def test_nobody_else_does(self, world: World, role: Role) -> None:
        async with await world.as_role(role) as client:
            assert (await client.post("/regions", json=founding())).status_code == 403
            assert (await client.get("/regions")).status_code == 403

    async def test_the_database_lets_nobody_else_either(self, world: World) -> None:
        found = text("select accounts_found_region(:id, :code, 'x', :admin, 'x', 'x', 'x')")
        governor = await world.add_account(Role.region_admin)
        for account in (governor, new_id()):
            fence = Fence(world.region_id, (), account, region_wide=True)
            with pytest.raises(DBAPIError, match="not a platform administrator"):
                async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                    await session.execute(found, {"id": new_id(), "code": str(new_id()), "admin": new_id()})


class TestPlatformAdmin:
    def test_may_found_and_nothing_within_a_region(self) -> None:
        assert ROLE_SCOPES[Role.platform_admin] == {
            "accounts:own", "accounts:secure", "platform:read", "platform:write",
        }  # fmt: skip

    async def test_is_appointed_by_nobody_over_http_and_out_of_a_region_s_reach(self, world: World) -> None:
        platform = await world.add_account(Role.platform_admin)
        body = {"username": "p.one", "role": "platform_admin", "display_name": "某人", "password": PASSWORD}
        for role in (Role.region_admin, Role.platform_admin, Role.institution_admin):
            async with await world.as_role(role) as client:
                assert (await client.post("/accounts", json=body)).status_code == 403
        async with await world.as_role(Role.region_admin) as client:
            change = await client.patch(f"/accounts/{platform}", json={"password": "一个全新的密码呀呀呀"})
        assert change.status_code == 404

    async def test_a_person_of_the_region_is_appointed_as_before(self, world: World) -> None:
        assert (await (await hire(world, Role.civil_affairs_reader)).log_in())["role"] == "civil_affairs_reader"
