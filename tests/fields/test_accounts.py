"""What is written about accounts decides for whom they may act and under which name others know them."""

import pytest

from service.accounts.rules import Role
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
