"""Log-ins that go on: one sees and ends one's own, and who ends them ends their access tokens at once."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.accounts.rules import Role
from service.core.ids import new_id
from tests.accounts.logins import PASSWORD, Person, ask, bearer, hire, refresh, status_with
from tests.world import World


@pytest.fixture
async def nurse(world: World) -> Person:
    return await hire(world)


class TestOwnSessions:
    async def test_are_listed_with_device_and_address(self, world: World, nurse: Person) -> None:
        await ask(world, nurse.grant(), address="10.0.0.7", device="Tablet\x07 one")
        token = await nurse.log_in()
        async with bearer(world, token["access_token"]) as client:
            items = (await client.get("/me/sessions")).json()["items"]
        assert [(each["kind"], each["is_current"]) for each in items] == [("password", True), ("password", False)]
        assert (items[1]["address"], items[1]["device"].startswith("Tablet")) == ("10.0.0.7", True)
        assert items[1]["device"].isprintable()
        assert items[1]["created_at"] == items[1]["last_used_at"]

    async def test_show_when_they_last_got_a_token(self, world: World, nurse: Person) -> None:
        token = await nurse.log_in()
        renewed = (await refresh(world, token)).json()
        async with bearer(world, renewed["access_token"]) as client:
            [only] = (await client.get("/me/sessions")).json()["items"]
        assert only["last_used_at"] > only["created_at"]

    async def test_one_that_is_ended_is_refused_at_once(self, world: World, nurse: Person) -> None:
        lost, token = await nurse.log_in(), await nurse.log_in()
        async with bearer(world, token["access_token"]) as client:
            [session_id] = [
                each["id"] for each in (await client.get("/me/sessions")).json()["items"] if not each["is_current"]
            ]
            assert await status_with(world, lost["access_token"]) == 200
            assert (await client.delete(f"/me/sessions/{session_id}")).status_code == 204
            assert len((await client.get("/me/sessions")).json()["items"]) == 1
            assert (await client.delete(f"/me/sessions/{new_id()}")).status_code == 404
        answer = await ask(world, {"grant_type": "refresh_token", "refresh_token": lost["refresh_token"]})
        assert answer.status_code == 401
        assert await status_with(world, lost["access_token"]) == 401
        assert await status_with(world, token["access_token"]) == 200

    async def test_another_s_session_is_not_one_s_to_end(self, world: World, nurse: Person) -> None:
        other = await hire(world)
        theirs = await other.log_in()
        async with bearer(world, theirs["access_token"]) as client:
            [session] = (await client.get("/me/sessions")).json()["items"]
        async with bearer(world, (await nurse.log_in())["access_token"]) as client:
            assert (await client.delete(f"/me/sessions/{session['id']}")).status_code == 404
        assert await status_with(world, theirs["access_token"]) == 200

    async def test_all_others_are_ended_in_one_go(self, world: World, nurse: Person) -> None:
        others, token = [await nurse.log_in(), await nurse.log_in()], await nurse.log_in()
        async with bearer(world, token["access_token"]) as client:
            assert (await client.delete("/me/sessions")).status_code == 204
        assert [await status_with(world, each["access_token"]) for each in (*others, token)] == [401, 401, 200]

    async def test_logging_out_ends_the_access_token_as_well(self, world: World, nurse: Person) -> None:
        token = await nurse.log_in()
        async with world.client() as client:
            await client.post("/tokens/revocation", json={"refresh_token": token["refresh_token"]})
        assert await status_with(world, token["access_token"]) == 401

    async def test_a_refresh_token_shown_twice_ends_the_session_of_both(self, world: World, nurse: Person) -> None:
        token = await nurse.log_in()
        child = (await refresh(world, token)).json()
        assert (await refresh(world, token)).status_code == 401
        assert await status_with(world, child["access_token"]) == 401


class TestWhatEndsThem:
    async def test_another_password_ends_every_other(self, world: World, nurse: Person) -> None:
        other, token = await nurse.log_in(), await nurse.log_in()
        async with bearer(world, token["access_token"]) as client:
            body = {"old_password": PASSWORD, "new_password": "一个全新的密码呀呀呀"}
            assert (await client.post("/me/password", json=body)).status_code == 204
        assert await status_with(world, other["access_token"]) == 401
        assert await status_with(world, token["access_token"]) == 200
        assert (await refresh(world, token)).status_code == 200

    async def test_a_reset_password_or_a_disabled_account_ends_all(self, world: World) -> None:
        async with await world.as_role(Role.institution_admin) as client:
            for change in ({"password": "一个全新的密码呀呀呀"}, {"status": "disabled"}):
                person = await hire(world)
                token = await person.log_in()
                assert await status_with(world, token["access_token"], "/institutions") == 200
                assert (await client.patch(f"/accounts/{person.account_id}", json=change)).status_code == 200
                assert await status_with(world, token["access_token"], "/institutions") == 401

    async def test_one_that_has_expired_is_over(self, world: World, nurse: Person, owner_engine: AsyncEngine) -> None:
        token = await nurse.log_in()
        async with owner_engine.begin() as connection:
            await connection.execute(
                text("update sessions set expires_at = now() - interval '1 second' where region_id = :region"),
                {"region": world.region_id},
            )
        assert await status_with(world, token["access_token"]) == 401


class TestSessionsOfOthers:
    async def test_an_administrator_sees_and_ends_those_of_the_accounts_in_his_charge(
        self, world: World, nurse: Person
    ) -> None:
        token = await nurse.log_in()
        async with await world.as_role(Role.institution_admin) as client:
            [shown] = (await client.get(f"/accounts/{nurse.account_id}/sessions")).json()["items"]
            assert shown["is_current"] is False
            assert (await client.delete(f"/accounts/{nurse.account_id}/sessions")).status_code == 204
            assert (await client.get(f"/accounts/{nurse.account_id}/sessions")).json()["items"] == []
        assert await status_with(world, token["access_token"]) == 401
        assert (await ask(world, nurse.grant())).status_code == 200

    async def test_not_those_of_another_institution_nor_of_the_region(self, world: World, nurse: Person) -> None:
        other = await world.add_institution()
        governor = await world.add_account(Role.region_admin)
        async with await world.as_role(Role.institution_admin, other) as client:
            for account_id in (nurse.account_id, governor, new_id()):
                assert (await client.get(f"/accounts/{account_id}/sessions")).status_code == 404
                assert (await client.delete(f"/accounts/{account_id}/sessions")).status_code == 404

    async def test_a_colleague_without_the_scope_does_neither(self, world: World, nurse: Person) -> None:
        async with await world.as_role(Role.doctor) as client:
            assert (await client.get(f"/accounts/{nurse.account_id}/sessions")).status_code == 403
            assert (await client.delete(f"/accounts/{nurse.account_id}/sessions")).status_code == 403


class TestServiceClients:
    async def test_its_own_and_its_exchanged_tokens_end_with_its_account(self, world: World) -> None:
        async with await world.as_role(Role.region_admin) as client:
            made = (
                await client.post("/accounts", json={"username": "app", "role": "service_client", "display_name": "x"})
            ).json()
        login = {"region_code": world.region_code, "client_id": "app", "client_secret": made["client_secret"]}
        elder = await world.add_account(Role.elder, client_id=UUID(made["id"]))
        own = (await ask(world, login | {"grant_type": "client_credentials"})).json()
        acting = (await ask(world, login | {"grant_type": "token-exchange", "account_id": str(elder)})).json()
        async with bearer(world, acting["access_token"]) as client:
            [shown] = (await client.get("/me/sessions")).json()["items"]
        assert (shown["kind"], shown["client_id"], shown["is_current"]) == ("exchange", made["id"], True)
        async with await world.as_role(Role.region_admin) as client:
            assert (await client.post(f"/accounts/{made['id']}/secret")).status_code == 200
        assert [await status_with(world, each["access_token"]) for each in (own, acting)] == [401, 401]
