"""Settling over HTTP: ours against bare FastAPI with hand-written asyncpg, in turns on one database.

Each contender is a process of its own with the same server settings and pool. Before anything is measured both settle
visits that are alike, and the run fails when a body or a row that is left behind differs.
"""

import random
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.api import client, load
from bench.api.town import Desk
from bench.billing import check, town
from service.core import embedded, keyring

OPERATION = "POST /v1/visits/{id}/settlement"
GOAL = 0.6
_AT_FIRST = 200
"""Visits a second that a first turn is given."""


async def measure(ports: dict[str, int], world: town.Town, *, rounds: int, seconds: float) -> dict[str, load.Result]:
    """Let the contenders settle in turns, after one round each that is not counted; each visit is settled once."""
    results = {name: load.Result() for name in ports}
    waiting: deque[town.Waiting] = deque()
    fastest = float(_AT_FIRST)

    def settlements() -> Iterator[client.Request]:
        while True:
            yield check.request_of(waiting.popleft())

    for turn in range(rounds + 1):
        names = list(ports)
        random.shuffle(names)
        for name in names:
            # more than can be done: nobody stops for want of visits
            missing = int(2 * fastest * seconds) + load.CLIENTS - len(waiting)
            if missing > 0:
                waiting.extend(await world.pour(missing))
                await world.analyse()
            done = await client.drive(ports[name], load.CLIENTS, seconds, settlements)
            fastest = max(fastest, done.per_second)
            if turn:
                results[name].rounds.append(done)
    return results


async def run(server: embedded.EmbeddedServer, keys: Path, *, rounds: int, seconds: float) -> dict[str, Any]:
    """Build the town, check the contenders against each other, measure them."""
    world, desks = await town.build(server.owner_url, keys)
    try:
        with load.contenders(server.app_url, keys, names=("ours", "bare"), module="bench.billing.serve") as ports:
            await town.keep_quote(world, await _booked(ports["ours"], desks[-1]))
            await check.compare(ports, world)
            results = await measure(ports, world, rounds=rounds, seconds=seconds)
    finally:
        await world.owner.close()
    return load.told(OPERATION, results)


async def _booked(port: int, desk: Desk) -> str:
    """Book a visit as a desk does; return the order on whose quote all others stand."""
    async with client.Client(port) as one:
        answer = await one.send(client.post("/v1/orders", desk.token, "quote", load.asked(desk, desk.elders[-1])))
    if answer.status != 201:
        raise SystemExit(f"no booking to begin with: {answer.body.decode()}")
    order_id: str = answer.json()["order"]["id"]
    return order_id


async def serve_and_run(*, rounds: int, seconds: float) -> dict[str, Any]:
    """Measure on a database of its own, made and removed here."""
    with tempfile.TemporaryDirectory(prefix="xunzhen-bench-") as directory:
        keys, data_dir = Path(directory) / "keyring.json", Path(directory) / "pg"
        keyring.create(keys)
        try:
            with embedded.running(data_dir) as server:
                return await run(server, keys, rounds=rounds, seconds=seconds)
        finally:
            embedded.wait_until_stopped(data_dir)
