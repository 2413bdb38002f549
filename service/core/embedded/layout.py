"""Where everything of one embedded server lies on the disk, and the note that says it is ready.

The data directory holds `pgdata` (the cluster), `server.log`, the three locks and, while the server runs,
`server.json`. The socket lies in it too when its path is short and plain enough, else in a directory of our own in
/tmp.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import stat
from pathlib import Path
from typing import Final, Self

from service.core.embedded.errors import EmbeddedUnavailable

PORT: Final = 5432
"""Only a part of the socket's name: the server opens no TCP port."""
LONGEST_SOCKET_PATH: Final = 107
"""Bytes of `sun_path` that Linux leaves for the name."""
LOG_BYTES: Final = 10_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class Ready:
    """The note of a supervisor whose server accepts connections."""

    socket_dir: str
    port: int
    fast: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Home:
    """One data directory; `root` is absolute and free of symbolic links, so all who mean it share its server."""

    root: Path

    @classmethod
    def at(cls, data_dir: Path) -> Self:
        """Return the home in `data_dir`, created with mode 700 when missing; nothing that exists is changed.

        Raises:
            EmbeddedUnavailable: the directory cannot be created, or is not ours to write to.
        """
        root = data_dir.expanduser().resolve()
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise EmbeddedUnavailable(f"数据目录 {root} 无法建立（{problem.strerror}），请换一个目录") from problem
        if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
            raise EmbeddedUnavailable(f"当前用户不能写数据目录 {root}，请换一个目录或用它的属主运行")
        return cls(root)

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.root / "pgdata"

    @property
    def log(self) -> Path:
        """What the supervisor and the server wrote."""
        return self.root / "server.log"

    @property
    def start_lock(self) -> Path:
        """Held by whoever is arriving, starting or stopping; taken before the other two, never after."""
        return self.root / "start.lock"

    @property
    def clients_lock(self) -> Path:
        """Held shared by every client for as long as it lives."""
        return self.root / "clients.lock"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the living supervisor."""
        return self.root / "supervisor.lock"

    @property
    def provisioned(self) -> Path:
        """Names the version of the roles and databases that this cluster was given."""
        return self.cluster / "xunzhen_provisioned"

    def log_tail(self) -> str:
        """Return the last line of the log, for a message, or an empty text."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return lines[-1] if lines else ""

    def open_log(self) -> int:
        """Open the log for appending, after moving one of more than 10 MB aside, and return the descriptor."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def socket_dir(self) -> Path:
        """Return the directory of the socket: inside the data directory, or under /tmp when that path would not do."""
        inside = self.root / "socket"
        longest = len(os.fsencode(socket_path(inside)))
        # the server splits its list of directories at commas and quotes, hence plain characters only
        if longest <= LONGEST_SOCKET_PATH and re.fullmatch(r"[A-Za-z0-9._/-]+", str(inside)):
            return inside
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path("/tmp", f"xunzhen-{os.geteuid()}-{digest}")  # noqa: S108 — checked by make_private

    def remove_socket_dir(self) -> None:
        """Leave nothing in /tmp behind; a directory that is not empty stays."""
        if self.socket_dir().parent != self.root:
            with contextlib.suppress(OSError):
                self.socket_dir().rmdir()

    def announce(self, ready: Ready) -> None:
        """Write the note that the server accepts connections, at once and whole."""
        draft = self._note.with_suffix(".new")
        draft.write_text(json.dumps(dataclasses.asdict(ready)))
        draft.replace(self._note)

    def forget(self) -> None:
        """Take the note away."""
        self._note.unlink(missing_ok=True)

    def find_ready(self) -> Ready | None:
        """Return the note, or None when there is none; a dead supervisor may have left it behind."""
        try:
            return Ready(**json.loads(self._note.read_text()))
        except FileNotFoundError:
            return None

    @property
    def _note(self) -> Path:
        return self.root / "server.json"


def socket_path(directory: Path) -> Path:
    """Return the socket's own path in `directory`."""
    return directory / f".s.PGSQL.{PORT}"


def make_private(directory: Path, *, uid: int, gid: int) -> None:
    """Make `directory` with mode 700 for `uid`; one that exists must be a real directory, private, and his or ours.

    Raises:
        EmbeddedUnavailable: somebody else made it first, or opened it to others.
    """
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
    if not private or found.st_uid not in {uid, os.geteuid()}:
        raise EmbeddedUnavailable(f"目录 {directory} 已被他人占用或对他人开放，请删除它")
    if found.st_uid != uid:
        os.chown(directory, uid, gid)
