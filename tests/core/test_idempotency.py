"""A creating request with a key happens once, whatever the network does."""

import asyncio
from datetime import timedelta

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service import worker
from service.accounts.rules import Role
from service.core import idempotency
from service.core.db.session import transaction
from service.core.idempotency import IdempotentAnswer
from service.core.principal import Fence
from service.institutions.models import District
from tests.world import World

BODY = {"code": "640205", "name": "惠农区"}


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


async def count(engine: AsyncEngine, world: World, table: str) -> int:
    async with engine.connect() as connection:
        query = text(f"select count(*) from {table} where region_id = :region")
        found = await connection.scalar(query, {"region": world.region_id})
    return int(found or 0)


@pytest.fixture
async def client(world: World) -> AsyncClient:
    return await world.as_role(Role.region_admin)


class TestOnce:
    async def test_the_same_request_again_gets_the_same_answer_and_does_nothing(
        self, world: World, client: AsyncClient, owner_engine: AsyncEngine
    ) -> None:
        first = await client.post("/districts", json=BODY, headers=keyed("k-1"))
        again = await client.post("/districts", json=BODY, headers=keyed("k-1"))
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json() == first.json()
        assert "idempotency-replayed" not in first.headers
        assert again.headers["idempotency-replayed"] == "true"
        assert await count(owner_engine, world, "districts") == 2

    async def test_the_order_of_fields_is_no_other_request(self, client: AsyncClient) -> None:
        await client.post("/districts", json=BODY, headers=keyed("k-1"))
        again = await client.post("/districts", json=dict(reversed(BODY.items())), headers=keyed("k-1"))
        assert again.headers["idempotency-replayed"] == "true"

    async def test_another_body_under_the_same_key_is_refused(self, client: AsyncClient) -> None:
        await client.post("/districts", json=BODY, headers=keyed("k-1"))
        answer = await client.post("/districts", json=BODY | {"name": "惠农"}, headers=keyed("k-1"))
        assert (answer.status_code, answer.json()["code"]) == (422, "key-reused")

    async def test_without_a_key_each_request_stands_for_itself(self, client: AsyncClient) -> None:
        await client.post("/districts", json=BODY)
        answer = await client.post("/districts", json=BODY)
        assert (answer.status_code, answer.json()["code"]) == (409, "district-code-taken")

    async def test_a_key_belongs_to_one_account(self, world: World, client: AsyncClient) -> None:
        await client.post("/districts", json=BODY, headers=keyed("k-1"))
        async with await world.as_role(Role.region_admin) as other:
            answer = await other.post("/districts", json=BODY | {"code": "640206"}, headers=keyed("k-1"))
        assert answer.status_code == 201
        assert "idempotency-replayed" not in answer.headers

    async def test_a_key_belongs_to_one_address(self, world: World, client: AsyncClient) -> None:
        await client.post("/districts", json=BODY, headers=keyed("k-1"))
        place = {"lon": 106.38, "lat": 39.02}
        answer = await client.post(
            f"/institutions/{world.institution_id}/stations",
            json={"code": "S2", "name": "二站", "place": place},
            headers=keyed("k-1"),
        )
        assert answer.status_code == 201

    async def test_a_refusal_is_not_kept(self, world: World, client: AsyncClient, owner_engine: AsyncEngine) -> None:
        taken = await client.post("/districts", json=BODY | {"code": "640202"}, headers=keyed("k-1"))
        malformed = await client.post("/districts", json={}, headers=keyed("k-2"))
        assert (taken.status_code, malformed.status_code) == (409, 422)
        assert await count(owner_engine, world, "idempotent_answers") == 0
        for key in ("k-1", "k-2"):
            answer = await client.post("/districts", json=BODY | {"code": f"64-{key}"}, headers=keyed(key))
            assert answer.status_code == 201

    async def test_a_request_in_flight_is_not_carried_out_a_second_time(
        self, world: World, client: AsyncClient, owner_engine: AsyncEngine
    ) -> None:
        async with asyncio.timeout(30), owner_engine.connect() as blocker:
            # an open insert of the same district holds the first request up inside its transaction
            waiting = await blocker.begin()
            row = District(region_id=world.region_id, code=BODY["code"], name="占位")
            await blocker.execute(
                text("insert into districts (region_id, id, code, name) values (:region, :id, :code, :name)"),
                {"region": row.region_id, "id": row.id, "code": row.code, "name": row.name},
            )
            first = asyncio.create_task(client.post("/districts", json=BODY, headers=keyed("k-1")))
            await _until_blocked(blocker)
            second = await client.post("/districts", json=BODY, headers=keyed("k-1"))
            assert (second.status_code, second.json()["code"]) == (409, "key-in-flight")
            assert second.headers["retry-after"] == "1"
            assert not first.done()
            await waiting.rollback()
        assert (await first).status_code == 201
        third = await client.post("/districts", json=BODY, headers=keyed("k-1"))
        assert third.json() == (await first).json()

    async def test_a_burst_of_equal_requests_makes_one(
        self, world: World, client: AsyncClient, owner_engine: AsyncEngine
    ) -> None:
        answers = await asyncio.gather(*[client.post("/districts", json=BODY, headers=keyed("k-1")) for _ in range(8)])
        made = [each for each in answers if each.status_code == 201]
        assert len({each.json()["id"] for each in made}) == 1
        assert {each.json()["code"] for each in answers if each.status_code != 201} <= {"key-in-flight"}
        assert await count(owner_engine, world, "districts") == 2

    @pytest.mark.parametrize("key", ["", "a b", "x" * 256, "钥匙".encode().decode("latin-1"), "\x7f", "a\tb"])
    async def test_a_key_that_is_none_is_refused(self, client: AsyncClient, key: str) -> None:
        answer = await client.post("/districts", json=BODY, headers={"Idempotency-Key": key.encode("latin-1")})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "header/Idempotency-Key"

    async def test_the_longest_key_is_good(self, client: AsyncClient) -> None:
        answer = await client.post("/districts", json=BODY, headers=keyed("x" * 255))
        assert answer.status_code == 201

    async def test_what_was_asked_cannot_be_guessed_from_what_is_kept(
        self, world: World, client: AsyncClient, owner_engine: AsyncEngine
    ) -> None:
        await client.post("/districts", json=BODY, headers=keyed("k-1"))
        async with owner_engine.connect() as connection:
            kept = await connection.scalar(
                text("select fingerprint from idempotent_answers where region_id = :region"),
                {"region": world.region_id},
            )
        canonical = '{"code": "640205", "name": "惠农区"}'
        cipher = world.house.cipher
        assert kept == cipher.blind(canonical, context="idempotent_answers.fingerprint").hex()

    async def test_answers_are_behind_the_fence_of_their_account(self, world: World, client: AsyncClient) -> None:
        await client.post("/districts", json=BODY, headers=keyed("k-1"))
        principal = world.principal(Role.region_admin)
        async with transaction(world.house.sessions, principal.fence, world.clock.now()) as session:
            assert await session.scalar(text("select count(*) from idempotent_answers")) == 0


async def _until_blocked(connection: AsyncConnection) -> None:
    """Wait until another transaction waits for a lock."""
    for _ in range(200):
        if await connection.scalar(text("select count(*) from pg_locks where not granted")):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waits")


class TestForgetOld:
    async def test_an_answer_can_be_had_for_thirty_days_and_then_the_key_is_free(
        self, world: World, client: AsyncClient, owner_engine: AsyncEngine
    ) -> None:
        for number in range(3):
            body = {"code": f"64020{number + 5}", "name": f"第{number}区"}
            await client.post("/districts", json=body, headers=keyed(f"k-{number}"))
        world.clock.shows += timedelta(days=30)
        await client.post("/districts", json={"code": "640209", "name": "新区"}, headers=keyed("k-9"))
        await idempotency.forget_old(world.house.sessions, now=world.clock.now, batch=2)
        assert await count(owner_engine, world, "idempotent_answers") == 4
        world.clock.shows += timedelta(seconds=1)
        # the answers of all regions are forgotten: other tests may have left some
        assert await idempotency.forget_old(world.house.sessions, now=world.clock.now, batch=2) >= 3
        assert await count(owner_engine, world, "idempotent_answers") == 1
        again = await client.post("/districts", json={"code": "640205", "name": "第0区"}, headers=keyed("k-0"))
        assert (again.status_code, again.json()["code"]) == (409, "district-code-taken"), "carried out anew"

    async def test_the_clear_answers_of_the_version_before_go_with_them(
        self, world: World, owner_engine: AsyncEngine
    ) -> None:
        clear = IdempotentAnswer(
            region_id=world.region_id, account_id=world.region_id, route="POST /x", key="k", fingerprint="f",
            status=201, body={"address": "甲"}, answered_at=world.clock.now() - timedelta(days=31),
        )  # fmt: skip
        await world.add(clear)
        await idempotency.forget_old(world.house.sessions, now=world.clock.now)
        assert await count(owner_engine, world, "idempotent_answers") == 0

    async def test_the_application_itself_removes_nothing(self, world: World, client: AsyncClient) -> None:
        await client.post("/districts", json=BODY, headers=keyed("k-1"))
        with pytest.raises(DBAPIError, match="permission denied"):
            async with transaction(world.house.sessions, Fence(world.region_id), world.clock.now()) as session:
                await session.execute(text("delete from idempotent_answers"))

    async def test_a_worker_does_it_every_night(self, world: World) -> None:
        cron, forget = worker.routines(world.house)[idempotency.ROUTINE]
        assert cron.split()[2:] == ["*", "*", "*"]
        await world.add(
            IdempotentAnswer(
                region_id=world.region_id, account_id=world.region_id, route="POST /x", key="k", fingerprint="f",
                status=201, answered_at=world.clock.now() - timedelta(days=31),
            )
        )  # fmt: skip
        await forget()
        async with world.owner.connect() as connection:
            left = text("select count(*) from idempotent_answers where region_id = :region")
            assert await connection.scalar(left, {"region": world.region_id}) == 0
