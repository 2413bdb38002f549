"""What others call: join the server of a data directory, starting it when nobody has."""

import contextlib
import dataclasses
import json
import os
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from service.core.embedded import cluster, layout, locks, programs, provision
from service.core.embedded.errors import EmbeddedUnavailable

LOOK_SECONDS: Final = 0.02
PACKAGE_ROOT: Final = Path(__file__).resolve().parents[3]


@dataclasses.dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """The address of a running server; the URLs are SQLAlchemy's, for asyncpg, on the database of the service."""

    data_dir: Path
    socket_dir: Path
    port: int
    owner_url: str
    app_url: str
    superuser_url: str

    def url(self, role: str, database: str) -> str:
        """Return the URL of `role` on `database`."""
        return _url(self.socket_dir, self.port, role, database)


@contextlib.contextmanager
def running(data_dir: Path, *, fast: bool = False) -> Iterator[EmbeddedServer]:
    """Keep the server of `data_dir` running for the block, shared with every other process that asks for it.

    The first one starts it, on an empty or missing directory after creating the cluster (about a second). It outlives
    this process for as long as others use it and stops by itself within a second after the last. A server that vanished
    while it was in use is started again, on the same address, by whoever enters next. `fast` trades durability for
    speed: tests only. Blocks the thread; in a coroutine call it before the work starts.

    Raises:
        EmbeddedUnavailable: no PostgreSQL can be run here, or it runs `fast` already and durability was asked for.
    """
    home = layout.Home.at(data_dir)
    with contextlib.ExitStack() as stack:
        try:
            with locks.held(home.start_lock, seconds=cluster.START_SECONDS):
                # the share is taken under the start lock, or a supervisor about to stop would not see it
                share = locks.held(home.clients_lock, shared=True, seconds=cluster.START_SECONDS)
                stack.enter_context(share)
                ready = _join_or_start(home, fast=fast)
        except TimeoutError:
            raise EmbeddedUnavailable(
                f"等了 {cluster.START_SECONDS} 秒，{home.root} 的 PostgreSQL 仍未就绪，请稍后再试"
            ) from None
        if ready.fast and not fast:
            raise EmbeddedUnavailable(f"{home.root} 正以不落盘的测试方式运行，请等它结束或换一个数据目录")
        yield _server(home, ready)


def wait_until_stopped(data_dir: Path, *, seconds: float = 30) -> None:
    """Wait until the server of `data_dir` is down, for example before the directory is removed.

    Raises:
        TimeoutError: it still runs after `seconds`, most likely because somebody uses it.
    """
    if not data_dir.exists():
        return
    lock = layout.Home.at(data_dir).supervisor_lock
    with locks.held(lock, shared=True, seconds=seconds):
        return


def _join_or_start(home: layout.Home, *, fast: bool) -> layout.Ready:
    deadline = time.monotonic() + cluster.START_SECONDS
    while time.monotonic() < deadline:
        if not locks.is_exclusive(home.supervisor_lock):
            _start_supervisor(home, fast=fast)
        ready = home.find_ready()
        if ready is not None and _answers(ready) and locks.is_exclusive(home.supervisor_lock):
            return ready
        time.sleep(LOOK_SECONDS)  # it is starting for somebody who died, or stopping: either ends soon
    raise TimeoutError(str(home.root))


def _start_supervisor(home: layout.Home, *, fast: bool) -> None:
    """Start the supervisor and wait for its word.

    Raises:
        EmbeddedUnavailable: the server did not start.
    """
    argv = [
        sys.executable,
        "-P",
        "-m",
        "service.core.embedded.supervisor",
        str(home.root),
        *(["--fast"] if fast else []),
    ]
    path = os.pathsep.join(filter(None, (str(PACKAGE_ROOT), os.environ.get("PYTHONPATH"))))
    environ = programs.environment(PYTHONPATH=path)
    with open(home.open_log(), "ab") as log:
        process = programs.start(argv, stdout=subprocess.PIPE, stderr=log, environ=environ, new_session=True)
    with process:
        try:
            said, _ = process.communicate(timeout=cluster.START_SECONDS)
        except subprocess.TimeoutExpired:
            raise TimeoutError(str(home.root)) from None
    answer = json.loads(said) if said else {"status": "unavailable", "reason": _died(home)}
    if answer["status"] == "unavailable":
        raise EmbeddedUnavailable(answer["reason"])


def _died(home: layout.Home) -> str:
    return f"内嵌 PostgreSQL 的看护进程中途退出（{home.log_tail()}），请再试一次，详见 {home.log}"


def _answers(ready: layout.Ready) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(layout.socket_path(Path(ready.socket_dir))))
        except OSError:
            return False
    return True


def _server(home: layout.Home, ready: layout.Ready) -> EmbeddedServer:
    directory, port = Path(ready.socket_dir), ready.port
    owner, app, superuser = (
        _url(directory, port, role, provision.DATABASE)
        for role in (provision.OWNER_ROLE, provision.APP_ROLE, provision.SUPERUSER)
    )
    return EmbeddedServer(home.root, directory, port, owner, app, superuser)


def _url(socket_dir: Path, port: int, role: str, database: str) -> str:
    query = urllib.parse.urlencode({"host": str(socket_dir), "port": port}, safe="/")
    return f"postgresql+asyncpg://{urllib.parse.quote(role)}@/{urllib.parse.quote(database)}?{query}"
