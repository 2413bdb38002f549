"""What is written about accounts decides for whom they may act and under which name others know them."""

import pytest

from service.accounts.rules import Role
from service.core.ids import new_id
from tests.accounts.logins import PASSWORD, Person, ask, bearer, refresh
from tests.fields.town import Town, changed, made, shown


class TestResidents:
    async def test_an_elder_knows_his_proxies_by_their_names(self, town: Town) -> None:
        app = await town.world.as_role(Role.service_client)
        body = {"username": "son-1", "role": "family_proxy", "display_name": "账号甲"}
        account = (await made(app, "/accounts/residents", body))["id"]
        person = await town.elder()
        own = await town.world.add_account(Role.elder)
        await town.world.add_relation(person, own)
        elder = town.world.client(town.world.principal(Role.elder, own))
        grant = {"account_id": account, "relation": "child", "rights": ["view"]}
        granted = await made(elder, f"/patients/{person}/proxies", grant)
        assert granted["account_name"] == "账号甲"
        await changed(town.governor, f"/accounts/{account}", {"display_name": "账号乙"})
        [told] = (await shown(elder, f"/patients/{person}/proxies"))["items"]
        assert told["account_name"] == "账号乙"

    @pytest.mark.parametrize(("role", "status"), [("elder", 201), ("family_proxy", 404)])
    async def test_only_an_elders_account_becomes_a_persons_own(self, town: Town, role: str, status: int) -> None:
        app = await town.world.as_role(Role.service_client)
        number = town.world.id_number()
        await town.person(None, id_number=number)
        account = await made(app, "/accounts/residents", {"username": "user-1", "role": role, "display_name": "居民甲"})
        asked = {"account_id": account["id"], "id_number": number, "name": "居民甲"}
        assert (await app.post("/patients/bindings", json=asked)).status_code == status


class TestFoundRegion:
    async def test_its_first_administrator_logs_in_as_he_was_named(self, town: Town) -> None:
        world = town.world
        platform = await world.as_role(Role.platform_admin)
        named = {"admin_username": "head.one", "admin_display_name": "管理员甲", "admin_password": PASSWORD}
        region = await made(platform, "/regions", {"code": f"R{new_id().hex[-8:]}", "name": "新区"} | named)
        grant = {"grant_type": "password", "region_code": region["code"]}
        tried = ("head.one", PASSWORD), ("head.two", PASSWORD), ("head.one", "另一个不是它的密码")
        answers = [await ask(world, grant | {"username": name, "password": word}) for name, word in tried]
        assert [each.status_code for each in answers] == [200, 401, 401]
        limited, changed_to = answers[0].json(), {"old_password": PASSWORD, "new_password": "这回是我自己想的密码"}
        person = Person(world, limited["account_id"], "head.one")
        async with bearer(world, limited["access_token"]) as client:
            assert (await client.post("/me/password", json=changed_to)).status_code == 204
        await person.enrol(limited)
        token = (await refresh(world, limited)).json()
        async with bearer(world, token["access_token"]) as client:
            assert (await client.get("/me")).json()["display_name"] == "管理员甲"
