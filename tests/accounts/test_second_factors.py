"""Second factors over HTTP: who must have one, how it is enrolled and used up, and what happens when it is lost."""

import re
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.accounts.rules import ROLE_SCOPES, Role
from tests.accounts.logins import PASSWORD, Person, ask, bearer, hire, refresh, status_with
from tests.world import World


@pytest.fixture
async def nurse(world: World) -> Person:
    return await hire(world)


@pytest.fixture
async def governor(world: World) -> Person:
    return await hire(world, Role.region_admin)


class TestWhoMustHaveOne:
    async def test_an_administrator_of_the_region_may_only_enrol_until_he_has(
        self, world: World, governor: Person
    ) -> None:
        token = await governor.log_in()
        assert (token["scope"], token["due"]) == ("accounts:secure", ["enrol-second-factor"])
        assert await status_with(world, token["access_token"], "/accounts") == 403
        assert await status_with(world, token["access_token"]) == 403
        await governor.enrol(token)
        renewed = (await refresh(world, token)).json()
        assert (set(renewed["scope"].split()), renewed["due"]) == (ROLE_SCOPES[Role.region_admin], [])
        assert await status_with(world, renewed["access_token"], "/accounts") == 200

    async def test_other_staff_may_and_need_not(self, world: World, nurse: Person) -> None:
        token = await nurse.log_in()
        assert token["due"] == []
        await nurse.enrol(token)
        assert (await ask(world, nurse.grant())).json()["code"] == "second-factor-required"

    @pytest.mark.parametrize("role", [Role.elder, Role.service_client])
    async def test_who_has_no_password_enrols_none(self, world: World, role: Role) -> None:
        async with await world.as_role(role) as client:
            answer = await client.post("/me/second-factor")
        assert (answer.status_code, answer.json()["code"]) == (409, "password-not-used")


class TestEnrolment:
    async def test_the_secret_is_shown_once_and_rests_sealed(
        self, world: World, nurse: Person, owner_engine: AsyncEngine
    ) -> None:
        token = await nurse.log_in()
        async with bearer(world, token["access_token"]) as client:
            first = await client.post("/me/second-factor")
            second = await client.post("/me/second-factor")
        assert first.headers["cache-control"] == "no-store"
        shown = second.json()
        assert shown["otpauth_uri"].startswith("otpauth://totp/")
        assert f"secret={shown['secret']}" in shown["otpauth_uri"]
        assert first.json()["secret"] != shown["secret"]
        async with owner_engine.connect() as connection:
            query = text("select secret_sealed, confirmed_at from second_factors where region_id = :region")
            [(sealed, confirmed)] = (await connection.execute(query, {"region": world.region_id})).all()
        assert shown["secret"].encode() not in sealed
        assert confirmed is None
        # nothing counts before it is confirmed
        assert (await ask(world, nurse.grant())).status_code == 200

    async def test_needs_the_right_code_and_happens_once(self, world: World, nurse: Person) -> None:
        token = await nurse.log_in()
        async with bearer(world, token["access_token"]) as client:
            early = await client.post("/me/second-factor/confirmation", json={"totp_code": "123456"})
            await client.post("/me/second-factor")
            wrong = await client.post("/me/second-factor/confirmation", json={"totp_code": "000000"})
        await nurse.enrol(token)
        async with bearer(world, token["access_token"]) as client:
            again = await client.post("/me/second-factor/confirmation", json={"totp_code": nurse.code()})
            anew = await client.post("/me/second-factor")
        assert (early.status_code, early.json()["code"]) == (409, "second-factor-missing")
        assert (wrong.status_code, wrong.json()["code"]) == (401, "second-factor-wrong")
        assert [each.json()["code"] for each in (again, anew)] == ["second-factor-enrolled"] * 2

    async def test_ends_the_sessions_from_before_but_its_own(self, world: World, nurse: Person) -> None:
        elsewhere, token = await nurse.log_in(), await nurse.log_in()
        await nurse.enrol(token)
        assert await status_with(world, elsewhere["access_token"]) == 401
        assert (await refresh(world, elsewhere)).status_code == 401
        assert await status_with(world, token["access_token"]) == 200


class TestLogIn:
    async def test_asks_for_the_code_only_who_has_the_password(self, world: World, nurse: Person) -> None:
        await nurse.enrol(await nurse.log_in())
        missing = await ask(world, nurse.grant())
        stranger = await ask(world, nurse.grant(password="完全不对的一个密码", totp_code=nurse.code()))
        assert (missing.status_code, missing.json()["code"]) == (401, "second-factor-required")
        assert missing.headers["www-authenticate"] == "Bearer"
        assert (stranger.status_code, stranger.json()["code"]) == (401, "log-in-failed")
        assert (await ask(world, nurse.grant(totp_code=nurse.code()))).status_code == 200

    async def test_a_code_is_good_once(self, world: World, nurse: Person) -> None:
        await nurse.enrol(await nurse.log_in())
        code = nurse.code()
        assert (await ask(world, nurse.grant(totp_code=code))).status_code == 200
        again = await ask(world, nurse.grant(totp_code=code))
        assert (again.status_code, again.json()["code"]) == (401, "second-factor-wrong")
        assert (await ask(world, nurse.grant(totp_code=nurse.code(1)))).status_code == 200

    async def test_a_code_of_another_time_is_wrong(self, world: World, nurse: Person) -> None:
        await nurse.enrol(await nurse.log_in())
        for steps in (-3, 3):
            assert (await ask(world, nurse.grant(totp_code=nurse.code(steps)))).json()["code"] == "second-factor-wrong"

    async def test_a_recovery_code_is_good_once_in_either_case(self, world: World, nurse: Person) -> None:
        codes = await nurse.enrol(await nurse.log_in())
        assert len(set(codes)) == 10
        assert all(re.fullmatch(r"[a-z2-7]{4}(-[a-z2-7]{4}){3}", each) for each in codes)
        token = await nurse.log_in(totp_code=codes[0].upper())
        async with bearer(world, token["access_token"]) as client:
            assert (await client.get("/me")).json()["recovery_codes_left"] == 9
        again = await ask(world, nurse.grant(totp_code=codes[0]))
        assert (again.status_code, again.json()["code"]) == (401, "second-factor-wrong")
        assert (await ask(world, nurse.grant(totp_code=codes[1]))).status_code == 200

    async def test_recovery_codes_rest_hashed(self, world: World, nurse: Person, owner_engine: AsyncEngine) -> None:
        codes = await nurse.enrol(await nurse.log_in())
        async with owner_engine.connect() as connection:
            query = text("select code_hash from recovery_codes where region_id = :region")
            hashes = (await connection.execute(query, {"region": world.region_id})).scalars().all()
        assert len(hashes) == 10
        assert not any(each.encode() in hashed for each in codes for hashed in hashes)

    @pytest.mark.parametrize("code", ["12345", "1234567", "12345a", "abcd-efgh", "１２３４５６", "", "12345\0"])
    async def test_a_malformed_code_is_named_by_its_place(self, world: World, nurse: Person, code: str) -> None:
        answer = await ask(world, nurse.grant(totp_code=code))
        assert answer.status_code == 422
        assert {each["pointer"] for each in answer.json()["errors"]} == {"#/totp_code"}


class TestRemoval:
    async def test_needs_a_code_and_ends_every_session(self, world: World, nurse: Person) -> None:
        token = await nurse.log_in()
        codes = await nurse.enrol(token)
        async with bearer(world, token["access_token"]) as client:
            wrong = await client.post("/me/second-factor/removal", json={"totp_code": "000000"})
            removed = await client.post("/me/second-factor/removal", json={"totp_code": codes[3]})
        assert (wrong.status_code, removed.status_code) == (401, 204)
        assert await status_with(world, token["access_token"]) == 401
        assert (await ask(world, nurse.grant())).status_code == 200
        token = await nurse.log_in()
        async with bearer(world, token["access_token"]) as client:
            none = await client.post("/me/second-factor/removal", json={"totp_code": codes[4]})
        assert (none.status_code, none.json()["code"]) == (409, "second-factor-missing")

    async def test_an_administrator_of_the_region_must_enrol_again(self, world: World, governor: Person) -> None:
        token = await governor.log_in()
        await governor.enrol(token)
        async with bearer(world, token["access_token"]) as client:
            await client.post("/me/second-factor/removal", json={"totp_code": governor.code()})
        assert (await governor.log_in())["due"] == ["enrol-second-factor"]


class TestReset:
    async def test_who_has_charge_of_an_account_helps_when_the_telephone_is_lost(
        self, world: World, nurse: Person
    ) -> None:
        token = await nurse.log_in()
        await nurse.enrol(token)
        async with await world.as_role(Role.institution_admin) as client:
            assert (await client.delete(f"/accounts/{nurse.account_id}/second-factor")).status_code == 204
            again = await client.delete(f"/accounts/{nurse.account_id}/second-factor")
        assert (again.status_code, again.json()["code"]) == (409, "second-factor-missing")
        assert await status_with(world, token["access_token"]) == 401
        assert (await nurse.log_in())["due"] == []

    @pytest.mark.parametrize("role", [Role.region_admin, Role.inspector])
    async def test_an_institution_does_not_for_the_region_s_own(self, world: World, role: Role) -> None:
        person = await hire(world, role)
        await person.enrol(await person.log_in())
        async with await world.as_role(Role.institution_admin) as client:
            assert (await client.delete(f"/accounts/{person.account_id}/second-factor")).status_code == 404

    async def test_nobody_resets_his_own_without_a_code(self, world: World, governor: Person) -> None:
        token = await governor.log_in()
        await governor.enrol(token)
        own: dict[str, Any] = (await refresh(world, token)).json()
        async with bearer(world, own["access_token"]) as client:
            answer = await client.delete(f"/accounts/{governor.account_id}/second-factor")
        assert (answer.status_code, answer.json()["code"]) == (409, "not-yourself")
        assert (await ask(world, governor.grant(password=PASSWORD))).json()["code"] == "second-factor-required"
