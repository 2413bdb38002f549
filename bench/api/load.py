"""`make bench-api`: ours, hand-written asyncpg and the common ORM style in turns; medians and ratios, one run.

Each contender is a process of its own with the same server settings, the same pool, on the same durable embedded
PostgreSQL. First a check that fails the run: reads answer the same JSON, a booking leaves the same rows.
"""

import argparse
import asyncio
import contextlib
import functools
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.api import check, client, town
from service.core import embedded, keyring
from service.core.clock import local_date

CONTENDERS = ("ours", "bare", "orm")
POOL, CLIENTS = 10, 8


@dataclass
class Result:
    """What one contender reached with one kind of request."""

    rounds: list[client.Round] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """The median of the rounds."""
        return statistics.median(each.per_second for each in self.rounds)

    def took_ms(self, percent: int) -> float:
        """Return a percentile of all answers, in milliseconds."""
        took = sorted(second for each in self.rounds for second in each.took)
        return 1000 * took[min(len(took) - 1, len(took) * percent // 100)]


def ratio(over: Result, under: Result) -> tuple[float, float, float]:
    """Return the median of the rounds' ratios, and the lowest and highest: a round's two ran beside the same noise."""
    each = [a.per_second / b.per_second for a, b in zip(over.rounds, under.rounds, strict=True)]
    return statistics.median(each), min(each), max(each)


def reads_one(desks: list[town.Desk]) -> Iterator[client.Request]:
    """Yield reads of single orders by their institutions."""
    while True:
        desk = random.choice(desks)
        yield client.get(f"/v1/orders/{random.choice(desk.orders)}", desk.token)


def reads_list(desks: list[town.Desk]) -> Iterator[client.Request]:
    """Yield the first page of an institution's orders."""
    while True:
        yield client.get("/v1/orders?limit=20", random.choice(desks).token)


def asked(desk: town.Desk, elder: str) -> dict[str, Any]:
    """Return a booking for the week ahead."""
    day = local_date(datetime.now(UTC)) + timedelta(days=1)
    return {
        "institution_id": desk.id,
        "person_id": elder,
        "kind": "home_visit",
        "wished_start": f"{day}T08:00:00+08:00",
        "wished_end": f"{day}T10:00:00+08:00",
        "items": [{"code": "REHAB", "quantity": 1}, {"code": "WOUND", "quantity": 1}],
        "mobility_reason": "偏瘫，无法自行下楼",
    }


def bookings(desks: list[town.Desk]) -> Iterator[client.Request]:
    """Yield bookings, each for the next elder, each with a key of its own."""
    turn = list(desks)
    random.shuffle(turn)
    while True:
        for desk in turn:
            yield client.post("/v1/orders", desk.token, uuid.uuid4().hex, asked(desk, random.choice(desk.elders)))


WORK: dict[str, Callable[[list[town.Desk]], Iterator[client.Request]]] = {
    "GET /v1/orders/{id}": reads_one,
    "GET /v1/orders": reads_list,
    "POST /v1/orders": bookings,
}


@contextlib.contextmanager
def contenders(
    database_url: str, keys: Path, *, names: Sequence[str] = CONTENDERS, module: str = "bench.api.serve"
) -> Iterator[dict[str, int]]:
    """Serve every contender in a process of its own, by a module that takes its name; yield their ports."""
    environ = os.environ | {
        "XUNZHEN_DATABASE_URL": database_url,
        "XUNZHEN_KEYRING": str(keys),
        "XUNZHEN_POOL_SIZE": str(POOL),
        # counted as always, but never refused
        "XUNZHEN_RATE_ACCOUNT_PER_SECOND": "100000",
        "XUNZHEN_RATE_ACCOUNT_BURST": "1000000",
    }
    ports: dict[str, int] = {}
    with contextlib.ExitStack() as stack:
        for name in names:
            ports[name] = free_port()
            argv = [sys.executable, "-m", module, name, str(ports[name])]
            process = subprocess.Popen(argv, env=environ)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        for port in ports.values():
            wait_for(port)
        yield ports


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until somebody listens at a port, at most a minute."""
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


async def measure(
    ports: dict[str, int], work: Callable[[], Iterator[client.Request]], *, rounds: int, seconds: float
) -> dict[str, Result]:
    """Let the contenders do the same work in turns, after one round each that is not counted."""
    results = {name: Result() for name in ports}
    for turn in range(rounds + 1):
        names = list(ports)
        random.shuffle(names)
        for name in names:
            done = await client.drive(ports[name], CLIENTS, seconds, work)
            if turn:
                results[name].rounds.append(done)
    return results


def told(operation: str, results: dict[str, Result]) -> dict[str, Any]:
    """Return the figures of one operation."""
    known = {
        name: {
            "per_second": round(each.per_second, 1),
            "p50_ms": round(each.took_ms(50), 2),
            "p95_ms": round(each.took_ms(95), 2),
        }
        for name, each in results.items()
    }
    ratios = {
        f"ours/{name}": [round(each, 3) for each in ratio(results["ours"], results[name])]
        for name in results
        if name != "ours"
    }
    return {"operation": operation, "contenders": known, "ratios": ratios}


def show(figures: dict[str, Any]) -> None:
    """Print the figures of one operation."""
    print(figures["operation"])
    for name, each in figures["contenders"].items():
        print(f"  {name:5} {each['per_second']:8.1f}/s   p50 {each['p50_ms']:6.2f} ms   p95 {each['p95_ms']:6.2f} ms")
    for name, (middle, lowest, highest) in figures["ratios"].items():
        print(f"  {name:10} {middle:.2f}  ({lowest:.2f}–{highest:.2f})", flush=True)


async def run(server: embedded.EmbeddedServer, keys: Path, given: argparse.Namespace) -> list[dict[str, Any]]:
    """Build the town, check the contenders against each other, measure them."""
    desks = await town.build(server.owner_url, keys)
    figures = []
    with contenders(server.app_url, keys) as ports:
        await check.compare(ports, desks, server.owner_url, asked)
        for operation, work in WORK.items():
            if not given.only or given.only in operation:
                ask = functools.partial(work, desks)
                results = await measure(ports, ask, rounds=given.rounds, seconds=given.seconds)
                figures.append(told(operation, results))
                if not given.json:
                    show(figures[-1])
    return figures


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3, help="of one contender's turn in a round")
    parser.add_argument("--rounds", type=int, default=7, help="rounds that count")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--only", default="", help="part of an operation's name, such as POST")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xunzhen-bench-") as directory:
        keys = Path(directory) / "keyring.json"
        keyring.create(keys)
        try:
            with embedded.running(Path(directory) / "pg") as server:
                figures = asyncio.run(run(server, keys, given))
        finally:
            embedded.wait_until_stopped(Path(directory) / "pg")
    if given.json:
        json.dump(figures, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
