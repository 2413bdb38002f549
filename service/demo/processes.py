"""The demo's real processes: a server and a worker on the demo's clock, started like anyone would start them."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx

START_SECONDS: Final = 60
STOP_SECONDS: Final = 30


class DemoFailed(Exception):
    """The demo cannot go on: one sentence."""


@dataclass(frozen=True, slots=True)
class ClockKnot:
    """`seconds` after the processes start, the demo's clock shows `shows`."""

    seconds: float
    shows: datetime


@dataclass
class Processes:
    """A server and a worker on one data directory; `log` collects what they say.

    The server inherits `listener`, so the port is ours from before its first start until after its last stop.
    """

    data_dir: Path
    listener: socket.socket
    log: Path
    running: list[asyncio.subprocess.Process] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        """Where the server answers."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    async def start(self, clock: Sequence[ClockKnot]) -> None:
        """Start the server and the worker on a demo clock, and wait until requests can be served.

        Raises:
            DemoFailed: they did not come up.
        """
        began = time.time()
        knots = [[began + each.seconds, each.shows.isoformat()] for each in clock]
        # whatever this shell is set up for, the demo's processes have the demo's data directory and nothing else
        outside = {name: value for name, value in os.environ.items() if not name.startswith("XUNZHEN_")}
        environment = outside | {
            "XUNZHEN_DATA_DIR": str(self.data_dir),
            "XUNZHEN_DEMO_CLOCK": json.dumps(knots),
            "XUNZHEN_LOG_LEVEL": "WARNING",
        }
        if environment.pop("PYTHONDONTWRITEBYTECODE", None):
            # four starts need not compile the same sources four times; they are kept with the demo's own data
            environment["PYTHONPYCACHEPREFIX"] = str(self.data_dir / "pycache")
        fd = self.listener.fileno()
        for command, fds in ((["serve", "--fd", str(fd)], (fd,)), (["worker"], ())):
            with self.log.open("ab") as log:
                argv = [sys.executable, "-m", "service.cli", *command]
                self.running.append(
                    await asyncio.create_subprocess_exec(*argv, env=environment, stdout=log, stderr=log, pass_fds=fds)
                )
        await self._wait_until_ready()

    async def stop(self) -> None:
        """Ask both to stop, and wait: requests and jobs in hand are finished; who does not is ended."""
        for process in self.running:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        for process in self.running:
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()
        self.running.clear()

    async def watch(self) -> None:
        """Return when one of the processes has ended."""
        waiting = [asyncio.create_task(each.wait()) for each in self.running]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()

    async def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        async with httpx.AsyncClient(base_url=self.base_url, timeout=1) as client:
            while time.monotonic() < deadline:
                if any(each.returncode is not None for each in self.running):
                    break
                try:
                    if (await client.get("/readyz")).status_code == httpx.codes.OK:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)
        raise DemoFailed(f"服务没有启动，详见 {self.log}。")


def listen(wished: int) -> socket.socket:
    """Take the wished port if it is free, else any free one, and hold it: nobody can slip in between two starts.

    Raises:
        DemoFailed: there is none.
    """
    for port in (wished, 0):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(512)
        except OSError:
            listener.close()
            continue
        return listener
    raise DemoFailed("没有可用的端口。")
