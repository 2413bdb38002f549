"""The player's telephone, against a server of the test's own."""

import asyncio
import json

import httpx
import pytest

from service.demo.client import ATTEMPTS, Api, Line, Refused, for_each
from service.demo.processes import DemoFailed


def line(*answers: httpx.Response | type[Exception]) -> tuple[Api, list[httpx.Request]]:
    """Return a line to a server that gives these answers, and what it was asked."""
    waiting, asked = list(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        given = waiting.pop(0)
        if isinstance(given, httpx.Response):
            return given
        raise given("lost")

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://demo")
    return Api(Line(http)), asked


class TestApi:
    async def test_repeats_a_post_under_its_key_when_the_connection_is_lost(self) -> None:
        api, asked = line(httpx.ReadError, httpx.Response(201, json={"id": "1"}))
        assert await api.post("/orders", {"a": 1}) == {"id": "1"}
        first, second = asked
        assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
        assert json.loads(second.content) == {"a": 1}

    async def test_comes_back_while_its_first_attempt_is_in_flight(self) -> None:
        busy = httpx.Response(409, json={"code": "key-in-flight"})
        api, _ = line(busy, httpx.Response(201, json={"id": "1"}))
        assert await api.post("/orders", {}) == {"id": "1"}

    async def test_tells_a_refusal_and_counts_it(self) -> None:
        api, _ = line(httpx.Response(409, json={"code": "family-doctor-taken", "detail": "已有签约"}))
        with pytest.raises(Refused, match="已有签约") as refused:
            await api.post("/contracts", {})
        assert (refused.value.status, refused.value.code) == (409, "family-doctor-taken")
        assert api.line.refusals == {"family-doctor-taken": 1}

    async def test_ends_the_demo_when_the_server_fails_or_is_gone(self) -> None:
        api, _ = line(httpx.Response(500, text="oh"))
        with pytest.raises(DemoFailed, match="500"):
            await api.get("/orders")
        api, _ = line(*[httpx.ConnectError] * ATTEMPTS)
        with pytest.raises(DemoFailed, match="没有回答"):
            await api.get("/orders")

    async def test_waits_out_one_time_out_and_not_five(self) -> None:
        api, asked = line(httpx.ReadTimeout, httpx.Response(200, json={}))
        with pytest.raises(DemoFailed, match="没有回答"):
            await api.get("/orders")
        assert len(asked) == 1

    async def test_reads_a_list_to_its_end(self) -> None:
        api, asked = line(
            httpx.Response(200, json={"items": [{"id": 1}], "next_cursor": "c"}),
            httpx.Response(200, json={"items": [{"id": 2}], "next_cursor": None}),
        )
        assert [each["id"] for each in await api.every("/visits", state="completed")] == [1, 2]
        assert dict(asked[1].url.params) == {"limit": "200", "cursor": "c", "state": "completed"}


class TestForEach:
    async def test_keeps_the_order_and_counts_the_steps(self) -> None:
        steps: list[None] = []

        async def act(number: int) -> int:
            await asyncio.sleep(0.001 * (20 - number))
            return number

        assert await for_each(range(20), act, lambda: steps.append(None)) == list(range(20))
        assert len(steps) == 20

    async def test_stops_the_others_when_one_fails(self) -> None:
        done: list[int] = []

        async def act(number: int) -> None:
            if number == 3:
                raise DemoFailed("no")
            await asyncio.sleep(0.05)
            done.append(number)

        with pytest.raises(DemoFailed):
            await for_each(range(100), act)
        assert len(done) < 8
