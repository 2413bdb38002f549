"""The process that owns the server: it starts PostgreSQL, waits until no client is left, and stops it.

`python -m service.core.embedded.supervisor DATA_DIR [--fast]`, started by the first client, leaves it at once and lives
on its own; one line of JSON on stdout says how the start went. It is one-threaded by design: it forks, and the kernel
tells the server of the death of the thread that started it.

The hand-over: whoever arrives takes the start lock, then its share of the clients lock. The supervisor takes the start
lock too before it looks for clients, and keeps it until the server is down. So a client is either seen, or finds no
server.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from service.core.embedded import binaries, cluster, launch, layout, locks, provision
from service.core.embedded.errors import EmbeddedUnavailable

POLL_SECONDS: Final = 0.3
READY: Final = "ready"
BUSY: Final = "busy"


def main(arguments: list[str]) -> None:
    """Leave the caller, then serve the data directory named first until its last client is gone."""
    if os.fork():  # the caller gets its child back at once; init inherits the grandchild
        os._exit(0)
    os.umask(0o077)
    home = layout.Home.at(Path(arguments[0]))
    # interpreter start-up of a rival may keep a probe's descriptor for a moment, hence not at the first attempt only
    try:
        with locks.held(home.supervisor_lock, seconds=0.5):
            _serve(home, fast="--fast" in arguments)
    except TimeoutError:
        _tell({"status": BUSY})


def _serve(home: layout.Home, *, fast: bool) -> None:
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    try:
        with _running_server(home, fast=fast) as server:
            home.announce(layout.Ready(str(home.socket_dir()), layout.PORT, fast))
            _tell({"status": READY})
            _watch(home, server)
    except EmbeddedUnavailable as refused:
        _tell({"status": "unavailable", "reason": refused.reason})
    except Exception as problem:  # it is the caller who must hear of it: nobody reads this process's stderr
        traceback.print_exc()
        _tell({"status": "unavailable", "reason": f"内嵌 PostgreSQL 出错（{problem}），详见 {home.log}"})


@contextlib.contextmanager
def _running_server(home: layout.Home, *, fast: bool) -> Iterator[subprocess.Popen[bytes]]:
    home.forget()
    launcher = launch.choose(binaries.find(), data_dir=home.root)
    cluster.create(home, launcher, fast=fast)
    server = cluster.start(home, launcher, fast=fast)
    try:
        provision.provision(home)
        yield server
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        home.forget()  # before the server goes: who arrives now waits for its successor
        cluster.stop(server)
        home.remove_socket_dir()


def _watch(home: layout.Home, server: subprocess.Popen[bytes]) -> None:
    """Return when the server ended by itself, or, with the server stopped, when no client is left."""
    while server.poll() is None:
        with locks.attempt(home.start_lock) as quiet:
            if quiet and _has_no_clients(home):
                home.forget()
                cluster.stop(server)
                return
        time.sleep(POLL_SECONDS)


def _has_no_clients(home: layout.Home) -> bool:
    with locks.attempt(home.clients_lock) as alone:
        return alone


def _tell(answer: dict[str, str]) -> None:
    """Write the one line that the caller waits for and close the pipe; a caller that died meanwhile does not matter."""
    with contextlib.suppress(BrokenPipeError):
        os.write(1, json.dumps(answer).encode() + b"\n")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _leave(_number: int, _frame: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
