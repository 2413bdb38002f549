"""Every answer is safe for browsers and caches, whatever it is; other origins come in only by the settings."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI, Response
from httpx import ASGITransport, AsyncClient

from service.accounts.rules import Role
from service.core import front
from service.core.http import House
from service.main import build_app
from tests.world import World

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


def with_settings(house: House, **changes: Any) -> House:
    return dataclasses.replace(house, settings=house.settings.model_copy(update=changes))


def asking(app: FastAPI, base: str = "http://t") -> AsyncClient:
    return AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False), base_url=base)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with asking(app) as client:
        yield client


class TestEveryAnswer:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/healthz", 200),
            ("GET", "/v1/me", 401),
            ("GET", "/nothing", 404),
            ("PUT", "/v1/tokens", 405),
            ("POST", "/v1/tokens", 422),
            ("GET", "/docs", 200),
        ],
    )
    async def test_has_the_headers(self, client: AsyncClient, method: str, path: str, status: int) -> None:
        answer = await client.request(method, path)
        assert answer.status_code == status
        assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]

    async def test_what_is_too_large_has_them(self, client: AsyncClient) -> None:
        answer = await client.post("/v1/tokens", content=b"x" * ((1 << 20) + 1))
        assert answer.status_code == 413
        assert answer.headers["x-frame-options"] == "DENY"

    async def test_what_nobody_foresaw_has_them_too(self, house: House) -> None:
        app = FastAPI()
        front.install(app, house)

        @app.get("/bad")
        async def bad() -> None:
            raise RuntimeError("居民甲")

        async with asking(app) as client:
            answer = await client.get("/bad")
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
        assert "居民甲" not in answer.text


class TestCaching:
    async def test_nothing_of_a_person_is_kept_unless_the_route_says_how(self, world: World) -> None:
        async with await world.as_role(Role.nurse) as client:
            plain = await client.get("/institutions")
        assert plain.headers["cache-control"] == "no-store"

    async def test_what_a_route_says_stays(self, world: World) -> None:
        app = FastAPI()
        front.install(app, world.house)

        @app.get("/kept")
        async def kept() -> Any:
            return Response("x", headers={"Cache-Control": "private, no-cache"})

        async with asking(app) as client:
            assert (await client.get("/kept")).headers["cache-control"] == "private, no-cache"

    async def test_the_contract_may_be_kept(self, client: AsyncClient) -> None:
        assert "cache-control" not in (await client.get("/openapi.json")).headers


class TestDocs:
    async def test_the_page_may_load_what_it_names_and_the_api_nothing(self, client: AsyncClient) -> None:
        page = await client.get("/docs")
        policy = page.headers["content-security-policy"]
        hosts = {part.split("/")[2] for part in page.text.replace("'", '"').split('"') if part.startswith("https://")}
        assert hosts
        assert all(f"https://{host}" in policy for host in hosts), hosts
        assert "connect-src 'self'" in policy
        other = (await client.get("/healthz")).headers["content-security-policy"]
        assert other == "default-src 'none'; frame-ancestors 'none'"


class TestHsts:
    async def test_only_https_and_only_by_the_settings(self, house: House, client: AsyncClient) -> None:
        app = build_app(with_settings(house, hsts_seconds=31536000))
        async with asking(app, "https://t") as safe, asking(app) as plain:
            assert (await safe.get("/healthz")).headers["strict-transport-security"] == (
                "max-age=31536000; includeSubDomains"
            )
            assert "strict-transport-security" not in (await plain.get("/healthz")).headers
        assert "strict-transport-security" not in (await client.get("https://t/healthz")).headers


class TestCors:
    ORIGIN = "https://console.example"

    async def _preflight(self, client: AsyncClient, origin: str) -> Any:
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,idempotency-key",
        }
        return await client.options("/v1/orders", headers=asked)

    async def test_without_settings_no_origin_is_let_in(self, client: AsyncClient) -> None:
        answer = await self._preflight(client, self.ORIGIN)
        assert "access-control-allow-origin" not in answer.headers
        plain = await client.get("/healthz", headers={"Origin": self.ORIGIN})
        assert "access-control-allow-origin" not in plain.headers

    async def test_a_named_origin_is_let_in_without_credentials_and_no_other(self, house: House) -> None:
        app = build_app(with_settings(house, cors_origins=f"{self.ORIGIN}, https://b.example"))
        async with asking(app) as client:
            known, strange = [await self._preflight(client, each) for each in (self.ORIGIN, "https://evil.example")]
            refused = await client.get("/v1/me", headers={"Origin": self.ORIGIN})
        assert known.status_code == 200
        assert known.headers["access-control-allow-origin"] == self.ORIGIN
        assert "access-control-allow-credentials" not in known.headers
        assert strange.status_code == 400
        assert "access-control-allow-origin" not in strange.headers
        assert refused.headers["access-control-allow-origin"] == self.ORIGIN, "a page must be able to read a refusal"
        assert "Retry-After" in refused.headers["access-control-expose-headers"]
