"""The house answers in problem+json, in the language asked for, knows its principal and what a phone has already."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from fastapi import FastAPI, Request
from httpx import ASGITransport, AsyncClient
from pydantic import BaseModel

from service.accounts.rules import Role
from service.core import http, problem_handlers
from service.core.ids import new_id
from service.core.principal import Principal
from tests.world import World


class TestAnswers:
    async def test_an_unknown_route_is_a_problem(self, world: World) -> None:
        async with world.client() as client:
            answer = await client.get("/nothing")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "route-unknown"

    async def test_a_wrong_method_is_a_problem_that_names_the_right_one(self, world: World) -> None:
        async with world.client() as client:
            answer = await client.put("/tokens", json={})
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
        assert answer.json()["status"] == 405

    @pytest.mark.parametrize(
        ("accept", "said"), [("en-GB,en;q=0.9", "Log in first."), ("zh-CN", "请先登录。"), ("", "请先登录。")]
    )
    async def test_it_speaks_the_language_asked_for(self, world: World, accept: str, said: str) -> None:
        async with world.client() as client:
            answer = await client.get("/me", headers={"Accept-Language": accept})
        assert answer.json()["detail"] == said

    async def test_a_world_has_an_institution_and_accounts(self, world: World) -> None:
        async with await world.as_role(Role.dispatcher) as client:
            answer = await client.get("http://test/readyz")
        assert answer.json()["status"] == "ready"

    async def test_what_nobody_foresaw_is_told_without_detail(self) -> None:
        app = FastAPI()
        problem_handlers.install(app)

        @app.get("/bad")
        async def bad() -> None:
            raise RuntimeError("居民甲 640202194505010021")

        async with AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://t") as client:
            answer = await client.get("/bad")
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert "640202194505010021" not in answer.text

    async def test_a_body_beyond_a_mebibyte_is_refused(self, world: World) -> None:
        async with world.client() as client:
            answer = await client.post("/tokens", content=b'{"a": "' + b"x" * (1 << 20) + b'"}')
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")

    async def test_a_body_of_unknown_length_is_read_no_further_than_that(self, world: World) -> None:
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            while True:
                sent += 1 << 16
                yield b"x" * (1 << 16)

        async with world.client() as client:
            answer = await client.post("/tokens", content=endless())
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
        assert answer.headers["content-type"] == "application/problem+json"
        assert sent < 1 << 22


class TestPrincipal:
    def test_claims_lead_back_to_the_principal(self, world: World) -> None:
        for principal in (
            replace(world.principal(Role.nurse), session_id=new_id()),
            Principal(
                new_id(), new_id(), "elder", frozenset({"orders:read"}), (), client_id=new_id(), session_id=new_id()
            ),
        ):
            assert http.principal_of(http.claims_of(principal) | {"exp": 1}) == principal

    async def test_a_token_without_the_scope_is_told_which(self, world: World) -> None:
        async with await world.as_role(Role.nurse) as client:
            answer = await client.post("/accounts", json={})
        assert (answer.status_code, answer.json()["scope"]) == (403, "accounts:write")


class TestWithEtag:
    def _request(self, **headers: str) -> Request:
        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        return Request({"type": "http", "headers": raw})

    def test_the_same_answer_is_not_sent_twice(self) -> None:
        class Answer(BaseModel):
            n: int

        first = http.with_etag(self._request(), Answer(n=1))
        etag = first.headers["etag"]
        assert (first.status_code, first.body) == (200, b'{"n":1}')
        for asked in (etag, f"W/{etag}", f'"other", {etag}'):
            again = http.with_etag(self._request(if_none_match=asked), Answer(n=1))
            assert (again.status_code, again.body) == (304, b"")
            assert again.headers["etag"] == etag
        changed = http.with_etag(self._request(if_none_match=etag), Answer(n=2))
        assert changed.status_code == 200


class TestRoutes:
    def test_every_operation_has_a_name_of_its_own(self, app: FastAPI) -> None:
        names = [each["operationId"] for path in app.openapi()["paths"].values() for each in path.values()]
        assert len(names) == len(set(names))
