"""Too many requests are refused before any work is done, and say when to come back."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from service.accounts.rules import Role
from service.core.http import House
from service.core.ids import new_id
from service.core.rate_limits import Buckets, Limits, TooManyRequests, network_of
from service.main import build_app
from tests.world import World


class Seconds:
    """A clock in seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestBuckets:
    def test_a_burst_is_let_through_and_then_one_for_each_share_of_a_second(self) -> None:
        clock = Seconds()
        buckets = Buckets(2, 3, clock)
        assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 1]
        clock.now += 0.5
        assert [buckets.take("a"), buckets.take("a")] == [0, 1]

    def test_a_refused_request_costs_nothing(self) -> None:
        clock = Seconds()
        buckets = Buckets(1, 1, clock)
        assert [buckets.take("a") for _ in range(5)] == [0, 1, 1, 1, 1]
        clock.now += 1
        assert buckets.take("a") == 0

    def test_each_has_a_bucket_of_its_own(self) -> None:
        buckets = Buckets(1, 1, Seconds())
        assert [buckets.take("a"), buckets.take("b"), buckets.take("a")] == [0, 0, 1]

    def test_a_rest_never_fills_more_than_the_burst(self) -> None:
        clock = Seconds()
        buckets = Buckets(10, 2, clock)
        buckets.take("a")
        clock.now += 3600
        assert [buckets.take("a") for _ in range(3)] == [0, 0, 1]

    def test_zero_lets_everything_through_and_keeps_nothing(self) -> None:
        buckets = Buckets(0, 1, Seconds())
        assert {buckets.take("a") for _ in range(100)} == {0}
        assert len(buckets) == 0

    def test_a_million_strangers_take_no_more_room_than_the_most(self) -> None:
        buckets = Buckets(1, 1, Seconds(), most=100)
        for number in range(5000):
            buckets.take(number)
        assert len(buckets) == 100
        assert buckets.take(4999) == 1, "the last ones are remembered"


class TestNetworkOf:
    @pytest.mark.parametrize(
        ("address", "counts_as"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
            ("", ""),
            ("testclient", "testclient"),
        ],
    )
    def test_a_household_is_one_client(self, address: str, counts_as: str) -> None:
        assert network_of(address) == counts_as


def limited(house: House, **figures: Buckets) -> FastAPI:
    open_to_all = {each.name: Buckets(0, 1) for each in dataclasses.fields(Limits)}
    return build_app(dataclasses.replace(house, limits=Limits(**(open_to_all | figures))))


@pytest.fixture
async def anonymous(house: House) -> AsyncIterator[AsyncClient]:
    app = limited(house, addresses=Buckets(1, 2, Seconds()))
    async with AsyncClient(transport=ASGITransport(app, client=("192.0.2.1", 1)), base_url="http://t/v1") as client:
        yield client


def told(answer: Any) -> tuple[int, str, str | None]:
    return answer.status_code, answer.json()["code"], answer.headers.get("retry-after")


class TestAddresses:
    async def test_whoever_brings_no_token_is_counted_by_where_he_comes_from(self, anonymous: AsyncClient) -> None:
        answers = [await anonymous.get("/me") for _ in range(3)]
        assert [each.status_code for each in answers] == [401, 401, 429]
        assert told(answers[-1]) == (429, "too-many-requests", "1")
        assert answers[-1].headers["content-type"] == "application/problem+json"
        assert answers[-1].headers["x-content-type-options"] == "nosniff"

    async def test_it_is_told_in_the_language_asked_for(self, anonymous: AsyncClient) -> None:
        for _ in range(2):
            await anonymous.get("/me")
        answer = await anonymous.get("/me", headers={"Accept-Language": "en"})
        assert answer.json()["detail"] == "Too many requests; retry in 1 s."

    async def test_tokens_that_do_not_hold_are_counted_like_none(self, anonymous: AsyncClient) -> None:
        answers = [await anonymous.get("/me", headers={"Authorization": f"Bearer x{n}"}) for n in range(3)]
        assert [each.status_code for each in answers] == [401, 401, 429]
        assert told(answers[-1]) == (429, "too-many-requests", "1")

    async def test_a_token_spares_nobody_the_count_where_none_is_looked_at(self, anonymous: AsyncClient) -> None:
        answers = [
            await anonymous.get("http://t/openapi.json", headers={"Authorization": "Bearer x"}) for _ in range(3)
        ]
        assert [each.status_code for each in answers] == [200, 200, 429]

    async def test_an_empty_token_is_none(self, anonymous: AsyncClient) -> None:
        answers = [await anonymous.get("/me", headers={"Authorization": "Bearer  "}) for _ in range(3)]
        assert [each.status_code for each in answers] == [401, 401, 429]

    async def test_a_refused_log_in_has_not_looked_at_the_password(self, house: House) -> None:
        app = limited(house, addresses=Buckets(1, 1, Seconds()))
        async with AsyncClient(transport=ASGITransport(app), base_url="http://t/v1") as client:
            answers = [await client.post("/tokens", content=b"{") for _ in range(2)]
        assert [each.status_code for each in answers] == [422, 429]


class TestAccounts:
    async def test_an_account_is_counted_whatever_token_it_shows(self, world: World) -> None:
        app = limited(world.house, accounts=Buckets(1, 2, Seconds()))
        account_id = await world.add_account(Role.nurse, world.institution_id)
        other = await world.add_account(Role.nurse, world.institution_id)
        here = dataclasses.replace(world, app=app)

        async def ask(account: Any) -> int:
            async with here.client(here.principal(Role.nurse, account)) as client:
                return (await client.get("/institutions")).status_code

        assert [await ask(account_id) for _ in range(3)] == [200, 200, 429]
        assert await ask(other) == 200

    def test_a_service_client_is_counted_for_all_whom_it_acts_for(self, world: World) -> None:
        limits = Limits(Buckets(0, 1), Buckets(1, 2, Seconds()), Buckets(0, 1))
        client_id = new_id()
        for _ in range(2):
            limits.admit(dataclasses.replace(world.principal(Role.elder), client_id=client_id))
        with pytest.raises(TooManyRequests, match="1秒"):
            limits.admit(dataclasses.replace(world.principal(Role.elder), client_id=client_id))
        limits.admit(world.principal(Role.elder))
