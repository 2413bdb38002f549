"""Three real servers on one PostgreSQL, each a process of its own on a port of its own, as an operator runs them."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.faults.storm.targets import Process
from tests.upgrades.test_side_by_side import free_port

SERVERS = 3
POOL_SIZE = 17
"""Connections that a server keeps: all that a crowd uses of it at once. More of them would be opened each time."""
_START_SECONDS = 180.0


@dataclass(frozen=True)
class Servers:
    """The servers that are running: where they answer, and what became of their processes."""

    urls: tuple[str, ...]
    ends: Counter[str]
    logs: tuple[Path, ...]

    def said(self) -> str:
        """Return what they wrote down: warnings and worse, nothing where all is well."""
        return "".join(each.read_text() for each in self.logs)


@asynccontextmanager
async def servers(database_url: str, keyring: Path, directory: Path) -> AsyncIterator[Servers]:
    """Run the servers for the block, on a database as the application's role (SQLAlchemy URL)."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("XUNZHEN_")}
    environment = outside | {
        "XUNZHEN_DATABASE_URL": database_url,
        "XUNZHEN_KEYRING": str(keyring),
        "XUNZHEN_FILES_DIR": str(directory / "files"),
        "XUNZHEN_LOG_LEVEL": "WARNING",
        # whoever waits for the same visit does so in a query, on a connection of his own
        "XUNZHEN_POOL_SIZE": str(POOL_SIZE),
        "XUNZHEN_SLOW_QUERY_MS": "0",
        # a storm is no client: whoever tests the limits sets them
        "XUNZHEN_RATE_ACCOUNT_PER_SECOND": "0",
        "XUNZHEN_RATE_ADDRESS_PER_SECOND": "0",
    }
    ends: Counter[str] = Counter()
    ports = [free_port() for _ in range(SERVERS)]
    processes = [_server(number, port, environment, directory, ends) for number, port in enumerate(ports)]
    keepers = [asyncio.create_task(each.keep()) for each in processes]
    try:
        for each in processes:
            await asyncio.wait_for(each.ready.wait(), _START_SECONDS)
        yield Servers(tuple(_url(port) for port in ports), ends, tuple(each.log for each in processes))
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


def _server(number: int, port: int, environment: dict[str, str], directory: Path, ends: Counter[str]) -> Process:
    async def answers() -> bool:
        try:
            async with httpx.AsyncClient(timeout=5, verify=False) as client:
                return (await client.get(f"{_url(port)}/readyz")).status_code == 200
        except httpx.TransportError:
            return False

    log = directory / f"server-{number}.log"
    return Process(f"server-{number}", ("serve", "--port", str(port)), environment, log, answers, ends)


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"
