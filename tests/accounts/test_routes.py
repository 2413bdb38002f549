"""Accounts over HTTP: who makes which, who changes whom, and the keys of repeated requests."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.accounts.rules import APPOINTS, Role
from service.core.ids import new_id
from tests.world import World

PASSWORD = "一二三四五六七八九十"
STAFF = sorted(APPOINTS[Role.institution_admin])


def nurse(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "username": f"n.{world.number()}",
        "role": "nurse",
        "display_name": "护士甲",
        "password": PASSWORD,
        "institution_ids": [str(world.institution_id)],
    } | changes


async def log_in(world: World, username: str, password: str = PASSWORD) -> int:
    body = {"grant_type": "password", "region_code": world.region_code, "username": username, "password": password}
    async with world.client() as client:
        return (await client.post("/tokens", json=body)).status_code


class TestCreateAccount:
    @pytest.mark.parametrize("role", STAFF)
    async def test_an_institution_makes_its_staff(self, world: World, role: Role) -> None:
        body = nurse(world, role=role)
        async with await world.as_role(Role.institution_admin) as client:
            made = await client.post("/accounts", json=body)
            assert made.status_code == 201, made.text
            shown = (await client.get(f"/accounts/{made.json()['id']}")).json()
        assert shown == {key: value for key, value in made.json().items() if key != "client_secret"}
        assert (shown["role"], shown["institution_ids"]) == (role, [str(world.institution_id)])
        assert await log_in(world, body["username"]) == 200

    @pytest.mark.parametrize("role", [Role.region_admin, Role.service_client, Role.elder, Role.family_proxy])
    async def test_an_institution_makes_no_role_beyond_it(self, world: World, role: Role) -> None:
        body = nurse(world, role=role, password=None if role is Role.service_client else PASSWORD, institution_ids=[])
        async with await world.as_role(Role.institution_admin) as client:
            answer = await client.post("/accounts", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "role-beyond-yours")

    async def test_an_institution_makes_no_staff_of_another(self, world: World) -> None:
        other = await world.add_institution()
        async with await world.as_role(Role.institution_admin) as client:
            for ids in ([str(other)], [str(world.institution_id), str(other)], [str(new_id())]):
                assert (await client.post("/accounts", json=nurse(world, institution_ids=ids))).status_code == 404

    async def test_the_region_makes_administrators_of_any_institution_and_its_own(self, world: World) -> None:
        other = await world.add_institution()
        async with await world.as_role(Role.region_admin) as client:
            head = nurse(world, role="institution_admin", institution_ids=[str(other)])
            deputy = nurse(world, role="region_admin", institution_ids=[])
            for body in (head, deputy):
                assert (await client.post("/accounts", json=body)).status_code == 201
            nowhere = await client.post("/accounts", json=nurse(world, institution_ids=[str(new_id())]))
        assert nowhere.status_code == 404

    @pytest.mark.parametrize("role", [Role.elder, Role.family_proxy])
    async def test_the_region_makes_no_residents(self, world: World, role: Role) -> None:
        async with await world.as_role(Role.region_admin) as client:
            answer = await client.post("/accounts", json=nurse(world, role=role, institution_ids=[]))
        assert answer.status_code == 403

    async def test_staff_need_an_institution_and_the_region_has_none(self, world: World) -> None:
        async with await world.as_role(Role.region_admin) as client:
            answers = [
                await client.post("/accounts", json=nurse(world, institution_ids=[])),
                await client.post("/accounts", json=nurse(world, role="region_admin")),
            ]
        assert [(each.status_code, each.json()["code"]) for each in answers] == [(422, "institutions-do-not-fit")] * 2

    @pytest.mark.parametrize("role", [Role.nurse, Role.doctor, Role.dispatcher, Role.finance, Role.elder])
    async def test_a_role_without_the_scope_makes_nobody(self, world: World, role: Role) -> None:
        async with await world.as_role(role) as client:
            answers = [
                await client.post("/accounts", json=nurse(world)),
                await client.post(
                    "/accounts/residents", json={"username": "e-1", "role": "elder", "display_name": "王"}
                ),
                await client.get("/accounts"),
            ]
        assert [each.status_code for each in answers] == [403, 403, 403]

    async def test_a_service_client_makes_residents_only(self, world: World) -> None:
        async with await world.as_role(Role.service_client) as client:
            made = await client.post(
                "/accounts/residents", json={"username": "p-1", "role": "family_proxy", "display_name": "账号甲"}
            )
            staff = await client.post("/accounts/residents", json=nurse(world))
            plain = await client.post("/accounts", json=nurse(world))
        assert made.status_code == 201
        assert "client_secret" not in made.json()
        assert (staff.status_code, plain.status_code) == (422, 403)

    async def test_a_name_is_used_once_in_a_region(self, world: World) -> None:
        body = nurse(world)
        async with await world.as_role(Role.institution_admin) as client:
            await client.post("/accounts", json=body)
            answer = await client.post("/accounts", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "username-taken")
        other = World(world.owner, world.house, world.clock, world.app)
        await other.start()
        async with await other.as_role(Role.institution_admin) as client:
            there = await client.post("/accounts", json=nurse(other, username=body["username"]))
        assert there.status_code == 201

    async def test_of_two_at_once_one_gets_the_name(self, world: World) -> None:
        body = nurse(world)
        async with await world.as_role(Role.institution_admin) as client:
            answers = await asyncio.gather(*[client.post("/accounts", json=body) for _ in range(4)])
        assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"username": "护士甲"}, "#/username"),
            ({"username": "a\0b"}, "#/username"),
            ({"username": "ab"}, "#/username"),
            ({"role": "queen"}, "#/role"),
            ({"display_name": "\0"}, "#/display_name"),
            ({"password": "too short"}, "#/password"),
            ({"password": "一二三四五六七八九\0"}, "#/password"),
            ({"password": None}, "#"),
            ({"role": "service_client"}, "#"),
            ({"institution_ids": ["x"]}, "#/institution_ids/0"),
            ({"institution_ids": [str(new_id())] * 51}, "#/institution_ids"),
            ({"scopes": ["region:write"]}, "#/scopes"),
        ],
    )
    async def test_each_fault_is_named_by_its_place(self, world: World, change: dict[str, Any], pointer: str) -> None:
        async with await world.as_role(Role.institution_admin) as client:
            answer = await client.post("/accounts", json=nurse(world, **change))
        assert answer.status_code == 422
        assert pointer in {each["pointer"] for each in answer.json()["errors"]}


class TestListAccounts:
    async def test_an_institution_sees_its_own_and_the_region_all(self, world: World) -> None:
        other = await world.add_institution()
        mine, theirs = (
            await world.add_account(Role.nurse, world.institution_id),
            await world.add_account(Role.nurse, other),
        )
        both = await world.add_account(Role.nurse, world.institution_id, other)
        async with await world.as_role(Role.institution_admin) as client:
            seen = (await client.get("/accounts", params={"role": "nurse"})).json()["items"]
            hidden = await client.get(f"/accounts/{theirs}")
            shared = (await client.get(f"/accounts/{both}")).json()
        assert {each["id"] for each in seen} == {str(mine), str(both)}
        assert hidden.status_code == 404
        assert shared["institution_ids"] == [str(world.institution_id)]
        async with await world.as_role(Role.region_admin) as client:
            everyone = (await client.get("/accounts", params={"role": "nurse"})).json()["items"]
        assert {each["id"] for each in everyone} == {str(mine), str(theirs), str(both)}

    async def test_pages_follow_each_other(self, world: World) -> None:
        wanted = {str(await world.add_account(Role.nurse, world.institution_id)) for _ in range(3)}
        async with await world.as_role(Role.region_admin) as client:
            first = (await client.get("/accounts", params={"role": "nurse", "limit": 2})).json()
            rest = (
                await client.get("/accounts", params={"role": "nurse", "limit": 2, "cursor": first["next_cursor"]})
            ).json()
            elsewhere = await client.get("/institutions", params={"cursor": first["next_cursor"]})
        assert {each["id"] for each in first["items"] + rest["items"]} == wanted
        assert rest["next_cursor"] is None
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "cursor-invalid")


class TestChangeAccount:
    async def test_a_name_is_changed_and_the_rest_stays(self, world: World) -> None:
        body = nurse(world)
        async with await world.as_role(Role.institution_admin) as client:
            made = (await client.post("/accounts", json=body)).json()
            changed = (await client.patch(f"/accounts/{made['id']}", json={"display_name": "护士甲（护理组）"})).json()
        assert changed == {key: made[key] for key in changed} | {"display_name": "护士甲（护理组）"}
        assert await log_in(world, body["username"]) == 200

    async def test_a_reset_password_replaces_the_old_one_and_ends_sessions(self, world: World) -> None:
        body = nurse(world)
        grant = {
            "grant_type": "password", "region_code": world.region_code, "username": body["username"],
            "password": PASSWORD,
        }  # fmt: skip
        async with await world.as_role(Role.institution_admin) as client:
            made = (await client.post("/accounts", json=body)).json()
            token = (await client.post("/tokens", json=grant)).json()["refresh_token"]
            answer = await client.patch(f"/accounts/{made['id']}", json={"password": "一个全新的密码呀呀呀"})
            assert answer.status_code == 200
            renewed = await client.post("/tokens", json={"grant_type": "refresh_token", "refresh_token": token})
        assert renewed.status_code == 401
        assert await log_in(world, body["username"]) == 401
        assert await log_in(world, body["username"], "一个全新的密码呀呀呀") == 200

    async def test_one_who_works_elsewhere_too_is_not_in_ones_charge(self, world: World) -> None:
        other = await world.add_institution()
        both = await world.add_account(Role.institution_admin, world.institution_id, other)
        theirs = await world.add_account(Role.nurse, other)
        elder = await world.add_account(Role.elder)
        async with await world.as_role(Role.institution_admin) as client:
            for each in (both, theirs, elder, new_id()):
                answer = await client.patch(f"/accounts/{each}", json={"password": "一个全新的密码呀呀呀"})
                assert answer.status_code == 404
        async with await world.as_role(Role.region_admin) as client:
            assert (await client.patch(f"/accounts/{both}", json={"status": "disabled"})).status_code == 200

    async def test_nobody_disables_himself(self, world: World) -> None:
        admin = await world.add_account(Role.region_admin)
        async with world.client(world.principal(Role.region_admin, admin)) as client:
            answer = await client.patch(f"/accounts/{admin}", json={"status": "disabled"})
        assert (answer.status_code, answer.json()["code"]) == (409, "not-yourself")

    @pytest.mark.parametrize("role", [Role.elder, Role.family_proxy, Role.service_client])
    async def test_who_has_no_password_gets_none(self, world: World, role: Role) -> None:
        account = await world.add_account(role)
        async with await world.as_role(Role.region_admin) as client:
            answer = await client.patch(f"/accounts/{account}", json={"password": "一个全新的密码呀呀呀"})
        assert (answer.status_code, answer.json()["code"]) == (409, "password-not-used")

    async def test_a_role_or_an_institution_cannot_be_changed(self, world: World) -> None:
        account = await world.add_account(Role.nurse, world.institution_id)
        async with await world.as_role(Role.region_admin) as client:
            for change in ({"role": "region_admin"}, {"institution_ids": []}, {"username": "x"}, {"status": "gone"}):
                assert (await client.patch(f"/accounts/{account}", json=change)).status_code == 422

    async def test_only_the_region_renews_a_service_clients_secret(self, world: World) -> None:
        client_id = await world.add_account(Role.service_client)
        staff = await world.add_account(Role.nurse, world.institution_id)
        async with await world.as_role(Role.institution_admin) as client:
            assert (await client.post(f"/accounts/{client_id}/secret")).status_code == 404
        async with await world.as_role(Role.region_admin) as client:
            assert (await client.post(f"/accounts/{staff}/secret")).status_code == 404
            assert len((await client.post(f"/accounts/{client_id}/secret")).json()["client_secret"]) >= 43


class TestOwnPassword:
    async def test_it_takes_the_old_one_to_set_a_new_one(self, world: World) -> None:
        body = nurse(world)
        async with await world.as_role(Role.institution_admin) as client:
            made = (await client.post("/accounts", json=body)).json()
        async with world.client(world.principal(Role.nurse, made["id"])) as client:
            change = {"old_password": "不是原来的密码", "new_password": "一个全新的密码呀呀呀"}
            wrong = await client.post("/me/password", json=change)
            right = await client.post("/me/password", json=change | {"old_password": PASSWORD})
        assert (wrong.status_code, wrong.json()["code"]) == (409, "password-wrong")
        assert right.status_code == 204
        assert await log_in(world, body["username"], PASSWORD) == 401
        assert await log_in(world, body["username"], "一个全新的密码呀呀呀") == 200

    async def test_one_who_is_acted_for_sets_none(self, world: World) -> None:
        elder = await world.add_account(Role.elder)
        async with world.client(world.principal(Role.elder, elder)) as client:
            answer = await client.post(
                "/me/password", json={"old_password": "x", "new_password": "一个全新的密码呀呀呀"}
            )
        assert (answer.status_code, answer.json()["code"]) == (409, "password-not-used")


class TestSecrets:
    async def test_a_secret_is_shown_once_and_never_stored(self, world: World, owner_engine: AsyncEngine) -> None:
        body = {"username": "wechat-app", "role": "service_client", "display_name": "微信小程序"}
        async with await world.as_role(Role.region_admin) as client:
            key = {"Idempotency-Key": "make-client"}
            made = await client.post("/accounts", json=body, headers=key)
            again = await client.post("/accounts", json=body, headers=key)
            listed = await client.get("/accounts", params={"role": "service_client"})
        secret = made.json()["client_secret"]
        assert again.headers["idempotency-replayed"] == "true"
        assert again.json() == {key: value for key, value in made.json().items() if key != "client_secret"}
        assert secret not in listed.text
        async with owner_engine.connect() as connection:
            stored = [
                str(row)
                for table in ("accounts", "idempotent_answers", "refresh_tokens")
                for row in await connection.execute(text(f"select to_jsonb(t) from {table} t"))
            ]
        assert stored
        assert not [each for each in stored if secret in each or PASSWORD in each]
