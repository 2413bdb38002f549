"""PostgreSQL is not there, or has no connection left: clients are told to come back, and the queue forgets nothing."""

import asyncio
import dataclasses
from datetime import timedelta

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service.accounts.rules import Role
from service.core import embedded
from service.core.clock import SystemClock
from service.core.db import outages
from service.core.db.engine import make_engine, make_sessions
from service.core.db.session import transaction
from service.core.http import House
from service.core.ids import new_id
from service.core.jobs import queue, runner
from service.core.principal import Fence
from service.main import build_app
from tests.world import World

_WAITING = text("select count(*) from pgqueuer where entrypoint = :news")


async def test_without_postgresql_clients_are_told_to_come_back(world: World) -> None:
    engine = make_engine("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    app = build_app(dataclasses.replace(world.house, sessions=make_sessions(engine)))
    known = await world.as_role(Role.dispatcher)
    assert (await known.get("/orders")).status_code == 200
    assert known.auth is not None
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://test/v1", auth=known.auth) as client:
        answer = await client.get("/orders")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["code"] == "not-ready"


async def test_when_no_connection_becomes_free_clients_are_told_to_come_back(
    world: World, server: embedded.EmbeddedServer, database: str
) -> None:
    narrow = create_async_engine(server.url(embedded.APP_ROLE, database), pool_size=1, max_overflow=0, pool_timeout=0.1)
    app = build_app(dataclasses.replace(world.house, sessions=make_sessions(narrow)))
    known = await world.as_role(Role.dispatcher)
    assert known.auth is not None
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://test/v1", auth=known.auth) as client:
        assert (await client.get("/orders")).status_code == 200
        async with narrow.connect():
            answer = await client.get("/orders")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert (await client.get("/orders")).status_code == 200
    await narrow.dispose()


async def test_a_fault_of_our_own_is_no_outage(app_engine: AsyncEngine) -> None:
    async with app_engine.connect() as connection:
        with pytest.raises(DBAPIError) as wrong:
            await connection.execute(text("select 1 / 0"))
    assert not outages.is_outage(wrong.value)
    assert not outages.is_outage(RuntimeError("no"))


async def test_a_job_whose_beginning_could_not_be_counted_is_not_forgotten(
    house: House, app_engine: AsyncEngine, server: embedded.EmbeddedServer, database: str
) -> None:
    news, done, stop = f"test.{new_id().hex}", [], asyncio.Event()
    url = server.url(embedded.APP_ROLE, database)
    narrow = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.1)

    async def handle(told: queue.Job) -> None:
        done.append(told)
        stop.set()

    async with transaction(house.sessions, Fence(), SystemClock().now()) as session:
        await queue.enqueue(session, news, queue.Job(region_id=new_id(), institution_ids=(), subject_id=new_id()))
    async with narrow.connect():  # the worker's only connection is taken: it cannot even write down that it begins
        sessions, patience = make_sessions(narrow), timedelta(seconds=2)
        running = asyncio.create_task(runner.run_jobs(url, sessions, {news: handle}, stop, heartbeat=patience))
        await asyncio.sleep(3)
        assert done == []
    await asyncio.wait_for(running, 60)
    await narrow.dispose()
    assert len(done) == 1
    async with app_engine.connect() as connection:
        assert (await connection.execute(_WAITING, {"news": news})).scalar_one() == 0
