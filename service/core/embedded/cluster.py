"""One PostgreSQL cluster on the disk: made, started, stopped."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from service.core.embedded import launch, layout
from service.core.embedded.errors import EmbeddedUnavailable

START_SECONDS: Final = 180
STOP_SECONDS: Final = 60
RETRIES: Final = 10
SETTINGS: Final = {
    "listen_addresses": "",
    "port": str(layout.PORT),
    "max_connections": "200",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",  # initdb would take the machine's: the same program must not answer differently elsewhere
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
FAST: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests: as quick as a file system cache, and lost with the machine."""
IN_USE: Final = ("pre-existing shared memory block", "lock file")
"""What the server says while a predecessor that was killed is still leaving."""


def create(home: layout.Home, launcher: launch.Launcher, *, fast: bool) -> None:
    """Make the cluster unless it exists; one that was interrupted leaves nothing behind that could pass for one.

    Raises:
        EmbeddedUnavailable: initdb failed; its last line is in the message.
    """
    if home.cluster.exists():
        launcher.own(home.cluster)
        return
    for leftover in home.root.glob("initdb-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix="initdb-", dir=home.root))
    launcher.own(draft)
    argv = ["initdb", "-D", str(draft), "-U", "postgres", "-A", "trust", "--locale=C.UTF-8", "--encoding=UTF8"]
    with contextlib.closing(_Log(home)) as log:
        status = launcher.start([*argv, "--no-sync"] if fast else argv, output=log.descriptor).wait()
    if status != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise EmbeddedUnavailable(f"initdb 失败（{home.log_tail()}），详见 {home.log}")
    draft.rename(home.cluster)


def start(home: layout.Home, launcher: launch.Launcher, *, fast: bool) -> subprocess.Popen[bytes]:
    """Start the server and return it once it accepts connections.

    Raises:
        EmbeddedUnavailable: it ended instead; its last line is in the message.
    """
    if home.socket_dir().parent == home.root:  # behind our own door; in /tmp only what is ours already is trusted
        launcher.own(home.socket_dir())
    layout.make_private(home.socket_dir(), uid=launcher.uid, gid=launcher.gid)
    settings = {**SETTINGS, **(FAST if fast else {}), "unix_socket_directories": str(home.socket_dir())}
    argv = [
        "postgres",
        "-D",
        str(home.cluster),
        *(part for item in settings.items() for part in ("-c", "=".join(item))),
    ]
    _clear_way(home.cluster)
    for _ in range(RETRIES):
        with contextlib.closing(_Log(home)) as log:
            server = launcher.start(argv, output=log.descriptor)
            try:
                if _becomes_ready(server, home.cluster):
                    return server
            except BaseException:  # told to leave meanwhile
                stop(server)
                raise
            said = log.since()
        if not any(words in said for words in IN_USE):
            break
        time.sleep(0.5)
    raise EmbeddedUnavailable(f"PostgreSQL 没有启动（{home.log_tail()}），详见 {home.log}")


def stop(server: subprocess.Popen[bytes]) -> None:
    """Stop the server: cleanly (connections are cut, everything is written), by force when it does not obey in time."""
    for order in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        server.send_signal(order)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(STOP_SECONDS)
            return


class _Log:
    """The server's log, opened for one run of a program."""

    def __init__(self, home: layout.Home) -> None:
        self._path = home.log
        self.descriptor = home.open_log()
        self._begin = os.fstat(self.descriptor).st_size

    def since(self) -> str:
        with self._path.open("rb") as log:
            log.seek(self._begin)
            return log.read().decode(errors="replace")

    def close(self) -> None:
        os.close(self.descriptor)


def _becomes_ready(server: subprocess.Popen[bytes], cluster: Path) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None:
        lines = _pid_file(cluster)
        # the eighth line is the postmaster's own word; an earlier server's file has another number in the first
        if len(lines) >= 8 and lines[0] == str(server.pid) and lines[7].strip() == "ready":
            return True
        if time.monotonic() > deadline:
            stop(server)
            return False
        time.sleep(0.01)
    return False


def _clear_way(cluster: Path) -> None:
    """Wait for a server whose supervisor was killed; drop its file when the number in it is another program's now."""
    lines = _pid_file(cluster)
    if not lines or not Path("/proc/self/cwd").exists():
        return  # without /proc PostgreSQL judges by itself, and refuses when in doubt
    deadline = time.monotonic() + STOP_SECONDS
    while _runs_in(int(lines[0]), cluster):
        os.kill(int(lines[0]), signal.SIGINT)
        if time.monotonic() > deadline:
            raise EmbeddedUnavailable(f"另一个 PostgreSQL（进程 {lines[0]}）占着 {cluster} 不肯停止，请先停止它")
        time.sleep(0.05)
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def _runs_in(pid: int, cluster: Path) -> bool:
    """A postmaster's working directory is its cluster, which tells it from any program that inherited its number."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == cluster
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


def _pid_file(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []
