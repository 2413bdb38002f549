"""People who log in over HTTP, for the tests of accounts."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
from httpx import ASGITransport, AsyncClient, Response

from service.accounts.rules import WORKS_SOMEWHERE, Role
from tests import refusals
from tests.world import World

PASSWORD = "一二三四五六七八九十"


def bearer(world: World, token: str, address: str | None = None) -> AsyncClient:
    """Return a client with a token, at an address."""
    transport = ASGITransport(world.app, raise_app_exceptions=False, client=(address or world.address, 4711))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    heard = {"response": [refusals.must_be_declared]}
    return AsyncClient(transport=transport, base_url="http://test/v1", headers=headers, event_hooks=heard)


async def ask(world: World, body: Any, *, address: str | None = None, device: str = "Xunzhen/1.0 (test)") -> Response:
    """Ask for a token from an address, with a device that calls itself something."""
    async with bearer(world, "", address) as client:
        return await client.post("/tokens", json=body, headers={"User-Agent": device})


async def status_with(world: World, token: str, path: str = "/me") -> int:
    """Return what a path answers to a token."""
    async with bearer(world, token) as client:
        return (await client.get(path)).status_code


@dataclass
class Person:
    """Somebody with a password; `totp` is what his telephone shows, once he has enrolled."""

    world: World
    account_id: str
    username: str
    totp: pyotp.TOTP | None = None

    def grant(self, **changes: Any) -> dict[str, Any]:
        """Return the body of a log-in."""
        return {
            "grant_type": "password",
            "region_code": self.world.region_code,
            "username": self.username,
            "password": PASSWORD,
        } | changes

    async def log_in(self, **changes: Any) -> dict[str, Any]:
        """Log in; it must succeed."""
        answer = await ask(self.world, self.grant(**changes))
        assert answer.status_code == 200, answer.text
        token: dict[str, Any] = answer.json()
        return token

    def code(self, steps: int = 0) -> str:
        """Return the code that the telephone shows now, or some steps of 30 seconds from now."""
        assert self.totp is not None
        return self.totp.at(datetime.now(UTC) + timedelta(seconds=30 * steps))

    async def enrol(self, token: dict[str, Any]) -> list[str]:
        """Enrol a second factor with the code of the step before; return the recovery codes."""
        async with bearer(self.world, token["access_token"]) as client:
            begun = await client.post("/me/second-factor")
            assert begun.status_code == 200, begun.text
            self.totp = pyotp.TOTP(begun.json()["secret"])
            confirmed = await client.post("/me/second-factor/confirmation", json={"totp_code": self.code(-1)})
        assert confirmed.status_code == 200, confirmed.text
        codes: list[str] = confirmed.json()["recovery_codes"]
        return codes


async def hire(world: World, role: Role = Role.nurse, *, by: Role = Role.region_admin) -> Person:
    """Make an account with a password; staff stand in the world's institution."""
    username = f"user.{world.number()}"
    body = {
        "username": username,
        "role": role,
        "display_name": "某人",
        "password": PASSWORD,
        "institution_ids": [str(world.institution_id)] if role in WORKS_SOMEWHERE else [],
    }
    async with await world.as_role(by) as client:
        answer = await client.post("/accounts", json=body)
    assert answer.status_code == 201, answer.text
    return Person(world, answer.json()["id"], username)


async def refresh(world: World, token: dict[str, Any]) -> Response:
    """Exchange a refresh token."""
    return await ask(world, {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]})
