"""A real `xunzhen serve` that is told to stop answers what it has accepted; what takes too long is ended."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
from sqlalchemy import text

from service.accounts.rules import Role
from service.core import embedded
from service.core.ids import new_id
from tests import canaries
from tests.world import World

pytestmark = pytest.mark.processes

CLIENTS = 8
ROUNDS = 3


@pytest.fixture
async def door() -> AsyncIterator[socket.socket]:
    """A listening socket that outlives its processes, as systemd's socket activation holds one."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        listening.set_inheritable(True)
        yield listening


@asynccontextmanager
async def serving(
    world: World, url: str, door: socket.socket, **more: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `xunzhen serve` on an open door; it has been told to stop at the end, at the latest."""
    environment = {
        **os.environ,
        "XUNZHEN_DATABASE_URL": url,
        "XUNZHEN_KEYRING": str(world.house.settings.keyring),
        "XUNZHEN_LOG_LEVEL": "INFO",
        "XUNZHEN_RATE_ACCOUNT_PER_SECOND": "0",
        "XUNZHEN_RATE_ADDRESS_PER_SECOND": "0",
        **more,
    }
    with canaries.overheard("serve") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from service.cli import main; main()", "serve", "--fd", str(door.fileno())),
            pass_fds=(door.fileno(),), env=environment, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 30)


def address(door: socket.socket) -> str:
    return f"http://127.0.0.1:{door.getsockname()[1]}"


async def ready(door: socket.socket) -> None:
    """Wait until somebody answers at the door."""
    async with httpx.AsyncClient(base_url=address(door), timeout=60) as client:
        assert (await client.get("/readyz")).status_code == 200


async def named(world: World, prefix: str) -> set[str]:
    async with world.owner.connect() as connection:
        query = text("select code from districts where region_id = :region and code like :prefix")
        found = await connection.execute(query, {"region": world.region_id, "prefix": f"{prefix}%"})
        return set(found.scalars())


async def log_in(world: World) -> dict[str, str]:
    account_id = await world.add_account(Role.region_admin)
    principal = world.principal(Role.region_admin, account_id)
    async with world.client(principal) as client:
        asked = await client.get("/districts")
    return {"Authorization": asked.request.headers["authorization"]}


async def test_processes_are_replaced_under_load_and_every_request_is_answered(
    world: World, server: embedded.EmbeddedServer, database: str, door: socket.socket
) -> None:
    url, headers, prefix = server.url(embedded.APP_ROLE, database), await log_in(world), new_id().hex[-8:]
    stop, journal, answers = asyncio.Event(), set(), Counter[str]()

    async def write(client_no: int) -> None:
        number = 0
        # every other one keeps its connection: both ways to ask are on the way when the process ends
        close = {"Connection": "close"} if client_no % 2 else {}
        async with httpx.AsyncClient(base_url=address(door), headers=headers | close, timeout=30) as client:
            while not stop.is_set():
                code = f"{prefix}-{client_no}-{number}"
                number += 1
                try:
                    answer = await client.post("/v1/districts", json={"code": code, "name": "测试"})
                except httpx.HTTPError as error:
                    answers[type(error).__name__] += 1
                    continue
                answers[str(answer.status_code)] += 1
                if answer.status_code == 201:
                    journal.add(code)

    async with AsyncExitStack() as processes:
        running = await processes.enter_async_context(serving(world, url, door))
        await ready(door)
        clients = [asyncio.create_task(write(each)) for each in range(CLIENTS)]
        for _ in range(ROUNDS):
            following = await processes.enter_async_context(serving(world, url, door))
            before = len(journal)
            while len(journal) < before + 50:
                await asyncio.sleep(0.05)
            running.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(running.wait(), 30) == 0
            running = following
        stop.set()
        await asyncio.gather(*clients)
    assert set(answers) == {"201"}, answers
    assert journal == await named(world, prefix)


async def test_a_request_that_takes_longer_than_the_grace_is_ended_and_nothing_of_it_stands(
    world: World, server: embedded.EmbeddedServer, database: str, door: socket.socket
) -> None:
    url, headers, code = server.url(embedded.APP_ROLE, database), await log_in(world), new_id().hex[-8:]
    async with serving(world, url, door, XUNZHEN_GRACEFUL_SECONDS="1") as process:
        await ready(door)
        async with httpx.AsyncClient(base_url=address(door), headers=headers, timeout=30) as client:
            async with world.owner.begin() as connection:
                await connection.execute(text("lock table districts in exclusive mode"))
                asked = asyncio.create_task(client.post("/v1/districts", json={"code": code, "name": "测试"}))
                await asyncio.sleep(1)
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                await asyncio.wait_for(process.wait(), 15)
                took = time.monotonic() - began
            (outcome,) = await asyncio.gather(asked, return_exceptions=True)
    assert took < 10
    assert isinstance(outcome, httpx.HTTPError) or outcome.status_code >= 500
    assert await named(world, code) == set()


async def test_where_a_request_comes_from_is_what_a_trusted_proxy_says_and_nobody_else(
    world: World, server: embedded.EmbeddedServer, database: str, door: socket.socket
) -> None:
    url, few = server.url(embedded.APP_ROLE, database), {"XUNZHEN_RATE_ADDRESS_PER_SECOND": "1"}
    few["XUNZHEN_RATE_ADDRESS_BURST"] = "3"

    async def statuses() -> list[int]:
        async with httpx.AsyncClient(base_url=address(door), timeout=60) as client:
            forwarded = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in range(6)]
            return [(await client.get("/v1/me", headers=each)).status_code for each in forwarded]

    async with serving(world, url, door, **few, XUNZHEN_TRUSTED_PROXIES="127.0.0.1"):
        assert await statuses() == [401] * 6
    async with serving(world, url, door, **few, XUNZHEN_TRUSTED_PROXIES="192.0.2.200"):
        assert (await statuses()).count(429) >= 2
