"""What is killed: real processes of the service and the PostgreSQL they share, each started again as an operator would.

`kill -9` leaves them no last word. A process that ends is started again at once, as systemd's `Restart=always` does;
the embedded PostgreSQL comes back with the next process that enters, here the fleet itself.
"""

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from service.core import embedded

ROOT = Path(__file__).resolve().parents[3]
API, WORKER, POSTGRES = "api", "worker", "postgres"
_START_SECONDS = 180.0


@dataclass
class Process:
    """One process of the service, kept alive; `ready` is set while it can do its work."""

    name: str
    argv: tuple[str, ...]
    environment: dict[str, str]
    log: Path
    answers: Callable[[], Awaitable[bool]]
    ends: Counter[str]
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    running: asyncio.subprocess.Process | None = None
    killed: bool = False

    async def keep(self) -> None:
        """Run it, again whenever it ends, until cancelled; then end it and wait."""
        try:
            while True:
                await self._once()
        finally:
            self.ready.clear()
            if self.running is not None and self.running.returncode is None:
                self.running.terminate()
                try:
                    await asyncio.wait_for(self.running.wait(), 60)
                except TimeoutError:
                    self.ends[f"{self.name} did not stop"] += 1
                    self.running.kill()
                    await self.running.wait()

    def kill(self) -> None:
        """Kill it; nothing of it goes on."""
        assert self.running is not None
        self.ready.clear()
        self.killed = True
        with contextlib.suppress(ProcessLookupError):
            self.running.kill()

    async def _once(self) -> None:
        with self.log.open("ab") as log:
            self.running = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "service.cli", *self.argv,
                env=self.environment, cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip
        self.killed = False
        looking = asyncio.create_task(self._look())
        try:
            code = await self.running.wait()
        finally:
            looking.cancel()
            self.ready.clear()
        if not self.killed:
            self.ends[f"{self.name} ended by itself ({code})"] += 1
            await asyncio.sleep(0.2)

    async def _look(self) -> None:
        while not await self.answers():
            await asyncio.sleep(0.1)
        self.ready.set()


@dataclass
class Fleet:
    """Two of each: servers on ports of their own and workers, on one data directory with an embedded PostgreSQL."""

    data_dir: Path
    clock: str
    server: embedded.EmbeddedServer
    shares: contextlib.ExitStack
    processes: dict[str, list[Process]] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)
    coming_back: asyncio.Task[None] | None = None

    @property
    def urls(self) -> list[str]:
        """Where the servers answer."""
        return [f"http://127.0.0.1:{each.argv[-1]}" for each in self.processes[API]]

    @property
    def environment(self) -> dict[str, str]:
        """What every process is started with: nothing of the shell's own settings."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith("XUNZHEN_")}
        if outside.pop("PYTHONDONTWRITEBYTECODE", None):
            outside["PYTHONPYCACHEPREFIX"] = str(self.data_dir / "pycache")  # dozens of starts compile once
        return outside | {
            "PYTHONPATH": str(ROOT),
            "XUNZHEN_DATA_DIR": str(self.data_dir),
            "XUNZHEN_DEMO_CLOCK": self.clock,
            "XUNZHEN_LOG_LEVEL": "INFO",
            "XUNZHEN_ACCESS_TOKEN_SECONDS": "3600",
            # a storm is no client: whoever tests the limits sets them
            "XUNZHEN_RATE_ACCOUNT_PER_SECOND": "0",
            "XUNZHEN_RATE_ADDRESS_PER_SECOND": "0",
            # the one plan is made before it breaks: workers that live for seconds need not load the solvers
            "XUNZHEN_SOLVER_WARM_SECONDS": "3600",
        }

    def run(self, *arguments: str, said: str = "") -> str:
        """Run a command to its end; return what it printed.

        Raises:
            AssertionError: its exit code is not 0.
        """
        done = subprocess.run(
            [sys.executable, "-m", "service.cli", *arguments],
            env=self.environment, cwd=ROOT, input=said.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout.decode()
        return done.stdout.decode()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep all processes running for the block."""
        self.processes = {
            API: [self._api(f"api-{number}") for number in (1, 2)],
            WORKER: [self._worker(f"worker-{number}") for number in (1, 2)],
        }
        everyone = [each for kind in self.processes.values() for each in kind]
        keepers = [asyncio.create_task(each.keep()) for each in everyone]
        try:
            for each in everyone:
                await asyncio.wait_for(each.ready.wait(), _START_SECONDS)
            yield
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)

    async def ready(self, target: str) -> None:
        """Wait until there is something to kill."""
        last = time.monotonic() + _START_SECONDS
        while not self._standing(target):
            assert time.monotonic() < last, f"{target} did not come up again"
            await asyncio.sleep(0.05)

    async def kill(self, target: str, draw: random.Random) -> None:
        """Kill one of a kind; of PostgreSQL everything, or one connection's process, which takes all others with it."""
        if target != POSTGRES:
            draw.choice(self._standing(target)).kill()
            return
        postmaster, children = self._postgres()
        backends = [each for each in children if b"xunzhen_app" in _command(each)]
        if backends and draw.random() < 0.3:
            _kill(draw.choice(backends))
            return
        _kill(postmaster, *children)
        self.coming_back = asyncio.create_task(self._enter_again())

    def _standing(self, target: str) -> list[Process]:
        if target == POSTGRES:
            back = self.coming_back is None or self.coming_back.done()
            return [each for each in self.processes[API] if each.ready.is_set()] if back else []
        return [each for each in self.processes[target] if each.ready.is_set()]

    async def _enter_again(self) -> None:
        await asyncio.to_thread(lambda: self.shares.enter_context(embedded.running(self.server.data_dir)))

    def _postgres(self) -> tuple[int, list[int]]:
        postmaster = int((self.server.data_dir / "pgdata" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        return postmaster, [int(each) for each in children]

    def _api(self, name: str) -> Process:
        port = _free_port()

        async def answers() -> bool:
            try:
                async with httpx.AsyncClient(timeout=5) as client:
                    return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        return self._process(name, ("serve", "--port", str(port)), {}, answers)

    def _worker(self, name: str) -> Process:
        port = _free_port()

        async def answers() -> bool:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return False
            writer.close()
            return True

        return self._process(name, ("worker",), {"XUNZHEN_WORKER_METRICS_PORT": str(port)}, answers)

    def _process(
        self, name: str, argv: tuple[str, ...], more: dict[str, str], answers: Callable[[], Awaitable[bool]]
    ) -> Process:
        log = self.data_dir / f"{name}.log"
        return Process(name, argv, self.environment | more, log, answers, self.ends)


@asynccontextmanager
async def fleet(data_dir: Path, clock: str) -> AsyncIterator[Fleet]:
    """Give a fleet on a data directory, with its PostgreSQL running, durable as in production; no process yet."""
    with contextlib.ExitStack() as shares:
        server = await asyncio.to_thread(lambda: shares.enter_context(embedded.running(data_dir / "pg")))
        yield Fleet(data_dir, clock, server, shares)


def _kill(*pids: int) -> None:
    for each in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
