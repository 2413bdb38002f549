"""Log-ins over HTTP: passwords, client secrets, refresh tokens, acting for an elder; and what a token is worth."""

import asyncio
import base64
import json
import shutil
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from httpx import AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.accounts.models import Account
from service.accounts.rules import ROLE_SCOPES, Role
from service.core import key_rotation, keyring
from service.core.http import ACCESS_AUDIENCE, claims_of
from service.core.ids import new_id
from service.core.signing import Signer
from tests.world import World

PASSWORD = "一二三四五六七八九十"


@dataclass
class Nurse:
    """A nurse with a log-in."""

    account_id: str
    username: str
    region_code: str

    def grant(self, **changes: Any) -> dict[str, Any]:
        return {
            "grant_type": "password",
            "region_code": self.region_code,
            "username": self.username,
            "password": PASSWORD,
        } | changes


@dataclass
class Client:
    """A service client with its secret."""

    account_id: str
    username: str
    region_code: str
    secret: str

    def grant(self, **changes: Any) -> dict[str, Any]:
        return {
            "grant_type": "client_credentials",
            "region_code": self.region_code,
            "client_id": self.username,
            "client_secret": self.secret,
        } | changes


async def make(world: World, **body: Any) -> dict[str, Any]:
    async with await world.as_role(Role.region_admin) as client:
        answer = await client.post("/accounts", json={"display_name": "某人"} | body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.fixture
async def nurse(world: World) -> Nurse:
    made = await make(
        world, username="zhang.min", role="nurse", password=PASSWORD, institution_ids=[str(world.institution_id)]
    )
    return Nurse(made["id"], "zhang.min", world.region_code)


@pytest.fixture
async def app_client(world: World) -> Client:
    made = await make(world, username="wechat-app", role="service_client")
    return Client(made["id"], "wechat-app", world.region_code, made["client_secret"])


async def ask(world: World, body: Any) -> Response:
    async with world.client() as client:
        return await client.post("/tokens", json=body)


async def refresh(world: World, token: str) -> Response:
    return await ask(world, {"grant_type": "refresh_token", "refresh_token": token})


def bearer(world: World, token: str) -> AsyncClient:
    client = world.client()
    client.headers["Authorization"] = f"Bearer {token}"
    return client


async def status_with(world: World, token: str) -> int:
    async with bearer(world, token) as client:
        return (await client.get("/me")).status_code


class TestPasswordGrant:
    async def test_a_nurse_logs_in_and_is_herself(self, world: World, nurse: Nurse) -> None:
        answer = await ask(world, nurse.grant())
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        granted = answer.json()
        assert (granted["role"], granted["account_id"], granted["expires_in"]) == ("nurse", nurse.account_id, 900)
        assert set(granted["scope"].split()) == ROLE_SCOPES[Role.nurse]
        async with bearer(world, granted["access_token"]) as client:
            me = (await client.get("/me")).json()
            assert (await client.get("/accounts")).status_code == 403
        assert (me["id"], me["institution_ids"]) == (nurse.account_id, [str(world.institution_id)])
        assert me["client_id"] is None

    @pytest.mark.parametrize(
        "change",
        [
            {"password": "一二三四五六七八九九"},
            {"username": "zhang.mi"},
            {"username": "查无此人"},
            {"region_code": "R00000000"},
            {"username": "Zhang.Min"},
        ],
    )
    async def test_what_was_wrong_is_not_told(self, world: World, nurse: Nurse, change: dict[str, str]) -> None:
        wrong = await ask(world, nurse.grant(**change))
        other = await ask(world, nurse.grant(password="完全不对的一个密码"))
        assert wrong.status_code == 401
        assert wrong.json() == other.json()
        assert wrong.headers["www-authenticate"] == "Bearer"

    async def test_an_unknown_name_costs_as_much_time_as_a_wrong_password(self, world: World, nurse: Nurse) -> None:
        async def best(*bodies: dict[str, Any]) -> list[float]:
            """Return the least work of each, in seconds of the processor: what else the machine does is not in it."""
            times: list[list[float]] = [[] for _ in bodies]
            for _ in range(5):
                for body, taken in zip(bodies, times, strict=True):
                    start = time.process_time()
                    assert (await ask(world, body)).status_code == 401
                    taken.append(time.process_time() - start)
            return [min(taken) for taken in times]

        known, unknown, nowhere = await best(
            nurse.grant(password="不对的密码一二三四"),
            nurse.grant(username=f"nobody.{new_id().hex[:6]}"),
            nurse.grant(region_code=f"R{new_id().hex[-8:]}"),
        )
        assert unknown > known / 2
        assert nowhere > known / 2

    async def test_a_service_client_cannot_log_in_as_a_person_nor_a_person_as_a_client(
        self, world: World, nurse: Nurse, app_client: Client
    ) -> None:
        as_person = await ask(world, nurse.grant(username=app_client.username, password=app_client.secret))
        as_client = await ask(world, app_client.grant(client_id=nurse.username, client_secret=PASSWORD))
        assert (as_person.status_code, as_client.status_code) == (401, 401)

    async def test_an_account_without_a_password_cannot_log_in(self, world: World) -> None:
        no = world.number()
        await world.add(
            Account(
                region_id=world.region_id, username=f"elder-{no}", role="elder", display_name="居民甲",
                created_at=world.clock.now(),
            )
        )  # fmt: skip
        body = {"grant_type": "password", "region_code": world.region_code, "username": f"elder-{no}", "password": "x"}
        assert (await ask(world, body)).status_code == 401

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({}, "#"),
            ({"grant_type": "magic"}, "#"),
            ({"grant_type": "password", "region_code": "R1", "username": "u"}, "#/password"),
            ({"grant_type": "password", "region_code": "R1", "username": "u\0", "password": "p"}, "#/username"),
            ({"grant_type": "password", "region_code": "R1", "username": "u", "password": "\0"}, "#/password"),
            ({"grant_type": "password", "region_code": "R1", "username": "u", "password": "x" * 129}, "#/password"),
            ({"grant_type": "password", "region_code": "R1", "username": 5, "password": "p"}, "#/username"),
            ({"grant_type": "password", "region_code": "R\0", "username": "u", "password": "p"}, "#/region_code"),
            ({"grant_type": "refresh_token", "refresh_token": "x" * 201}, "#/refresh_token"),
            ({"grant_type": "refresh_token", "refresh_token": "x", "more": 1}, "#/more"),
            (
                {"grant_type": "token-exchange", "region_code": "R1", "client_id": "c", "client_secret": "s"},
                "#",
            ),
            ([], "#"),
        ],
    )
    async def test_a_malformed_grant_is_named_by_its_place(self, world: World, body: Any, pointer: str) -> None:
        answer = await ask(world, body)
        assert answer.status_code == 422
        assert pointer in {each["pointer"] for each in answer.json()["errors"]}

    async def test_a_lone_surrogate_is_refused(self, world: World) -> None:
        raw = b'{"grant_type": "password", "region_code": "R1", "username": "\\ud800", "password": "\\udc00"}'
        async with world.client() as client:
            answer = await client.post("/tokens", content=raw, headers={"content-type": "application/json"})
        assert answer.status_code == 422


class TestAccessToken:
    async def _claims(self, world: World, **changes: Any) -> dict[str, Any]:
        """Return claims that would be believed, were they signed by us."""
        principal = replace(world.principal(Role.region_admin), session_id=new_id())
        assert await status_with(world, await world.open_session(principal)) == 200
        return claims_of(principal) | {
            "iss": "xunzhen", "aud": ACCESS_AUDIENCE, "iat": datetime.now(UTC),
            "exp": datetime.now(UTC) + timedelta(minutes=5),
        } | changes  # fmt: skip

    def _kid(self, world: World) -> str:
        return keyring.load(world.house.settings.keyring_path).signing[0].kid

    async def test_one_signed_with_a_foreign_key_is_worthless(self, world: World) -> None:
        forged = jwt.encode(
            await self._claims(world),
            Ed25519PrivateKey.generate(),
            algorithm="EdDSA",
            headers={"kid": self._kid(world)},
        )
        assert await status_with(world, forged) == 401

    async def test_one_without_an_algorithm_is_worthless(self, world: World) -> None:
        forged = jwt.encode(await self._claims(world), None, algorithm="none", headers={"kid": self._kid(world)})
        assert await status_with(world, forged) == 401

    async def test_one_signed_with_a_shared_secret_is_worthless(self, world: World) -> None:
        forged = jwt.encode(await self._claims(world), "k" * 32, algorithm="HS256", headers={"kid": self._kid(world)})
        assert await status_with(world, forged) == 401

    async def test_one_signed_with_the_public_key_as_a_shared_secret_is_worthless(self, world: World) -> None:
        key = keyring.load(world.house.settings.keyring_path).signing[0]
        public = key.private.public_key().public_bytes_raw()
        forged = jwt.encode(await self._claims(world), public, algorithm="HS256", headers={"kid": key.kid})
        assert await status_with(world, forged) == 401

    async def test_one_under_another_key_s_name_is_worthless(self, world: World, nurse: Nurse) -> None:
        token = (await ask(world, nurse.grant())).json()["access_token"]
        head, body, seal = token.split(".")
        for kid in ("00000000", "", "../keyring.json", 7, None):
            swapped = json.dumps({"alg": "EdDSA", "typ": "JWT", "kid": kid}).encode()
            renamed = base64.urlsafe_b64encode(swapped).decode().rstrip("=")
            assert await status_with(world, f"{renamed}.{body}.{seal}") == 401, kid
        assert await status_with(world, f"{head}.{body}.{seal}") == 200

    async def test_one_of_another_issuer_is_worthless(self, world: World, nurse: Nurse) -> None:
        key = keyring.load(world.house.settings.keyring_path).signing[0]
        principal = replace(world.principal(Role.nurse, UUID(nurse.account_id)), session_id=new_id())
        await world.open_session(principal)
        now = datetime.now(UTC)
        times = {"aud": ACCESS_AUDIENCE, "iat": now, "exp": now + timedelta(minutes=5)}
        for issuer, expected in (("xunzhen", 200), ("elsewhere", 401), ("", 401)):
            claims = claims_of(principal) | times | {"iss": issuer}
            token = jwt.encode(claims, key.private, algorithm="EdDSA", headers={"kid": key.kid})
            assert await status_with(world, token) == expected

    async def test_one_without_a_session_or_with_another_s_is_worthless(self, world: World, nurse: Nurse) -> None:
        mine, other = UUID(nurse.account_id), await world.add_account(Role.nurse, world.institution_id)
        theirs = replace(world.principal(Role.nurse, other), session_id=new_id())
        await world.open_session(theirs)
        principal = world.principal(Role.nurse, mine)
        for session_id in (None, new_id(), theirs.session_id):
            token = world.house.signer.sign(
                claims_of(replace(principal, session_id=session_id)),
                audience=ACCESS_AUDIENCE,
                now=datetime.now(UTC),
                seconds=60,
            )
            assert await status_with(world, token) == 401

    async def test_one_signed_before_a_rotation_is_good_until_its_key_is_dropped(
        self, world: World, nurse: Nurse, tmp_path: Path
    ) -> None:
        path = tmp_path / "keyring.json"
        shutil.copy(world.house.settings.keyring_path, path)
        was, keys = world.house, keyring.load(path)
        here, there = (Signer(keys, renewed=keyring.Watch(path).changed, clock=lambda: time.time() * 100) for _ in "ab")
        world.app.state.house = replace(was, signer=here)
        try:
            old = (await ask(world, nurse.grant())).json()["access_token"]
            fresh = key_rotation.rotate_signing(path)
            await asyncio.sleep(0.06)  # the time after which a process looks, a hundred times as fast
            new = (await ask(world, nurse.grant())).json()["access_token"]
            assert jwt.get_unverified_header(new)["kid"] == fresh != jwt.get_unverified_header(old)["kid"]
            assert [await status_with(world, each) for each in (old, new)] == [200, 200]
            # a process that has not looked yet learns of the key from the token
            world.app.state.house = replace(was, signer=there)
            assert [await status_with(world, each) for each in (old, new)] == [200, 200]
            key_rotation.drop_signing(path, jwt.get_unverified_header(old)["kid"])
            await asyncio.sleep(0.06)
            assert [await status_with(world, each) for each in (old, new)] == [401, 200]
        finally:
            world.app.state.house = was

    async def test_one_that_has_expired_is_worthless(self, world: World, nurse: Nurse) -> None:
        principal = replace(world.principal(Role.nurse, UUID(nurse.account_id)), session_id=new_id())
        await world.open_session(principal)
        for age, expected in ((timedelta(minutes=11), 401), (timedelta(minutes=9), 200)):
            token = world.house.signer.sign(
                claims_of(principal), audience=ACCESS_AUDIENCE, now=datetime.now(UTC) - age, seconds=600
            )
            assert await status_with(world, token) == expected

    async def test_one_for_another_audience_is_worthless(self, world: World) -> None:
        token = world.house.signer.sign(
            await self._claims(world), audience="xunzhen:quote", now=datetime.now(UTC), seconds=600
        )
        assert await status_with(world, token) == 401

    @pytest.mark.parametrize(
        "change", [{"sub": "x"}, {"rid": 5}, {"iids": 7}, {"scope": None}, {"act": "x"}, {"sid": "x"}, {"sid": None}]
    )
    async def test_one_whose_claims_are_not_ours_is_worthless(self, world: World, change: dict[str, Any]) -> None:
        token = world.house.signer.sign(
            await self._claims(world) | change, audience=ACCESS_AUDIENCE, now=datetime.now(UTC), seconds=60
        )
        assert await status_with(world, token) == 401

    @pytest.mark.parametrize("token", ["x", "a.b.c", "e30.e30.", base64.b64encode(b"\xff" * 9).decode(), "a" * 5000])
    async def test_noise_is_worthless(self, world: World, token: str) -> None:
        assert await status_with(world, token) == 401

    async def test_more_scope_written_into_a_token_breaks_it(self, world: World, nurse: Nurse) -> None:
        token = (await ask(world, nurse.grant())).json()["access_token"]
        head, body, seal = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        claims["scope"] += " region:write"
        altered = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        assert await status_with(world, token) == 200
        assert await status_with(world, f"{head}.{altered}.{seal}") == 401


class TestRefresh:
    async def test_each_token_is_good_once_and_gives_another(self, world: World, nurse: Nurse) -> None:
        first = (await ask(world, nurse.grant())).json()["refresh_token"]
        second = await refresh(world, first)
        assert second.status_code == 200
        third = await refresh(world, second.json()["refresh_token"])
        assert third.status_code == 200
        assert len({first, second.json()["refresh_token"], third.json()["refresh_token"]}) == 3
        assert await status_with(world, third.json()["access_token"]) == 200

    async def test_a_second_use_revokes_the_whole_family_but_no_other(self, world: World, nurse: Nurse) -> None:
        stolen = (await ask(world, nurse.grant())).json()["refresh_token"]
        elsewhere = (await ask(world, nurse.grant())).json()["refresh_token"]
        child = (await refresh(world, stolen)).json()["refresh_token"]
        again = await refresh(world, stolen)
        assert (again.status_code, again.json()["code"]) == (401, "log-in-again")
        assert (await refresh(world, child)).status_code == 401
        assert (await refresh(world, elsewhere)).status_code == 200

    async def test_of_two_uses_at_once_at_most_one_is_good_and_the_family_ends(
        self, world: World, nurse: Nurse
    ) -> None:
        token = (await ask(world, nurse.grant())).json()["refresh_token"]
        answers = await asyncio.gather(*[refresh(world, token) for _ in range(4)])
        good = [each for each in answers if each.status_code == 200]
        assert len(good) == 1
        assert (await refresh(world, good[0].json()["refresh_token"])).status_code == 401

    async def test_one_that_has_expired_is_refused(self, world: World, nurse: Nurse, owner_engine: AsyncEngine) -> None:
        token = (await ask(world, nurse.grant())).json()["refresh_token"]
        async with owner_engine.begin() as connection:
            await connection.execute(
                text("update refresh_tokens set expires_at = now() - interval '1 second' where region_id = :region"),
                {"region": world.region_id},
            )
        assert (await refresh(world, token)).status_code == 401

    async def test_an_altered_token_is_refused_and_harms_nobody(self, world: World, nurse: Nurse) -> None:
        token = (await ask(world, nurse.grant())).json()["refresh_token"]
        region, number, secret = token.split(".")
        for altered in (
            f"{region}.{number}.{secret[:-2]}xx",
            f"{region}.{new_id()}.{secret}",
            f"{new_id()}.{number}.{secret}",
            "x", "..", "a.b.c", token + ".d", f"{region}.{number}.密",
        ):  # fmt: skip
            assert (await refresh(world, altered)).status_code == 401, altered
        assert (await refresh(world, token)).status_code == 200

    async def test_a_disabled_account_neither_logs_in_nor_refreshes_not_even_when_enabled_again(
        self, world: World, nurse: Nurse
    ) -> None:
        token = (await ask(world, nurse.grant())).json()["refresh_token"]
        other = (await ask(world, nurse.grant())).json()["refresh_token"]
        async with await world.as_role(Role.institution_admin) as client:
            changed = await client.patch(f"/accounts/{nurse.account_id}", json={"status": "disabled"})
            assert changed.json()["status"] == "disabled"
            assert (await ask(world, nurse.grant())).status_code == 401
            assert (await refresh(world, token)).status_code == 401
            await client.patch(f"/accounts/{nurse.account_id}", json={"status": "active"})
        assert (await refresh(world, other)).status_code == 401
        assert (await ask(world, nurse.grant())).status_code == 200

    async def test_it_carries_the_rights_of_today(self, world: World, nurse: Nurse, owner_engine: AsyncEngine) -> None:
        token = (await ask(world, nurse.grant())).json()["refresh_token"]
        async with owner_engine.begin() as connection:
            await connection.execute(
                text("delete from account_institutions where account_id = :id"), {"id": nurse.account_id}
            )
        renewed = (await refresh(world, token)).json()["access_token"]
        assert jwt.decode(renewed, options={"verify_signature": False})["iids"] == []


class TestRevocation:
    async def test_logging_out_ends_the_session_and_no_other(self, world: World, nurse: Nurse) -> None:
        token = (await ask(world, nurse.grant())).json()["refresh_token"]
        elsewhere = (await ask(world, nurse.grant())).json()["refresh_token"]
        child = (await refresh(world, token)).json()["refresh_token"]
        async with world.client() as client:
            answer = await client.post("/tokens/revocation", json={"refresh_token": token})
            assert (answer.status_code, answer.content) == (204, b"")
            unknown = await client.post("/tokens/revocation", json={"refresh_token": "x.y.z"})
        assert unknown.status_code == 204
        assert (await refresh(world, child)).status_code == 401
        assert (await refresh(world, elsewhere)).status_code == 200


class TestServiceClient:
    async def test_it_logs_in_for_itself_without_a_refresh_token(self, world: World, app_client: Client) -> None:
        granted = (await ask(world, app_client.grant())).json()
        assert (granted["role"], granted["refresh_token"]) == ("service_client", None)
        assert set(granted["scope"].split()) == ROLE_SCOPES[Role.service_client]
        assert (await ask(world, app_client.grant(client_secret="x" * 43))).status_code == 401

    async def test_it_opens_an_elders_account_and_acts_for_it(self, world: World, app_client: Client) -> None:
        own = (await ask(world, app_client.grant())).json()["access_token"]
        async with bearer(world, own) as client:
            made = await client.post(
                "/accounts/residents", json={"username": "elder-1", "role": "elder", "display_name": "居民甲"}
            )
        assert made.status_code == 201, made.text
        for name in ({"account_username": "elder-1"}, {"account_id": made.json()["id"]}):
            granted = await ask(world, app_client.grant(grant_type="token-exchange", **name))
            assert granted.status_code == 200, granted.text
            assert granted.json()["refresh_token"] is None
            async with bearer(world, granted.json()["access_token"]) as client:
                me = (await client.get("/me")).json()
            assert (me["id"], me["role"], me["client_id"]) == (made.json()["id"], "elder", app_client.account_id)
            assert set(me["scopes"]) == ROLE_SCOPES[Role.elder]

    async def test_it_acts_for_no_staff_no_other_region_and_nobody_disabled(
        self, world: World, app_client: Client, nurse: Nurse
    ) -> None:
        stranger = World(world.owner, world.house, world.clock, world.app)
        await stranger.start()
        foreign = await stranger.add_account(Role.elder)
        disabled = await world.add_account(Role.elder, client_id=UUID(app_client.account_id))
        async with await world.as_role(Role.region_admin) as client:
            assert (await client.patch(f"/accounts/{disabled}", json={"status": "disabled"})).status_code == 200
        for name in (
            {"account_username": nurse.username},
            {"account_id": nurse.account_id},
            {"account_id": app_client.account_id},
            {"account_id": str(foreign)},
            {"account_id": str(disabled)},
            {"account_id": str(new_id())},
            {"account_username": "nobody"},
        ):
            answer = await ask(world, app_client.grant(grant_type="token-exchange", **name))
            assert (answer.status_code, answer.json()["code"]) == (403, "not-to-act-for"), name

    async def test_only_a_service_client_acts_for_others(self, world: World, nurse: Nurse, app_client: Client) -> None:
        elder = await world.add_account(Role.elder, client_id=UUID(app_client.account_id))
        for change in ({"client_id": nurse.username, "client_secret": PASSWORD}, {"client_secret": "x" * 43}):
            body = app_client.grant(grant_type="token-exchange", account_id=str(elder), **change)
            assert (await ask(world, body)).status_code == 401

    async def test_a_renewed_secret_replaces_the_old_one(self, world: World, app_client: Client) -> None:
        async with await world.as_role(Role.region_admin) as client:
            renewed = await client.post(f"/accounts/{app_client.account_id}/secret")
            assert renewed.headers["cache-control"] == "no-store"
        assert (await ask(world, app_client.grant())).status_code == 401
        fresh = app_client.grant(client_secret=renewed.json()["client_secret"])
        assert (await ask(world, fresh)).status_code == 200
