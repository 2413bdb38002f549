"""How `initdb` and `postgres` are run: both refuse to be root, and neither needs a new account or wider modes for it.

* An ordinary user runs them as himself.
* Root runs them in a user namespace where it is `nobody`; outside they are still root's, so a venv and a data directory
  under a closed /root work as they are.
* Where namespaces are forbidden (many containers), root runs them as the user `nobody`, with the binaries copied under
  /var/tmp when it cannot reach them.
"""

import ctypes
import dataclasses
import enum
import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Final

from service.core.embedded import programs
from service.core.embedded.errors import EmbeddedUnavailable

CLONE_NEWUSER: Final = 0x10000000
PR_SET_PDEATHSIG: Final = 1
COPIES: Final = Path("/var/tmp")  # noqa: S108 — a copy is used only when root owns it and nobody else may write to it


class Mode(enum.Enum):
    """Who `postgres` is."""

    USER = "user"
    NAMESPACE = "namespace"
    NOBODY = "nobody"


@dataclasses.dataclass(frozen=True, slots=True)
class Launcher:
    """A way to run the server's programs; `uid` and `gid` own its files on the disk."""

    mode: Mode
    bin_dir: Path
    uid: int
    gid: int

    def start(self, argv: Sequence[str], *, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
        """Start `argv[0]` of the binaries; on Linux it gets SIGINT (a clean stop) when this process dies."""
        as_nobody = self.mode is Mode.NOBODY
        return programs.start(
            [str(self.bin_dir / argv[0]), *argv[1:]],
            stdout=output,
            stderr=output,
            user=self.uid if as_nobody else None,
            group=self.gid if as_nobody else None,
            before_exec=_preparation(self.mode),
        )

    def own(self, tree: Path) -> None:
        """Give `tree` to the one who runs the server, if it was another until now; modes stay.

        Raises:
            EmbeddedUnavailable: it is another user's, and we are not root.
        """
        if not tree.exists() or tree.stat().st_uid == self.uid:
            return
        if self.mode is Mode.USER:
            raise EmbeddedUnavailable(f"{tree} 属于另一个用户，请用该用户运行，或换一个数据目录")
        for path in (tree, *tree.rglob("*")):
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def choose(bin_dir: Path, *, data_dir: Path) -> Launcher:
    """Return how this process runs the programs of `bin_dir` on `data_dir`; call it from one thread only.

    Root's right to pass every door does not reach the server, neither in a namespace nor as `nobody`: a data directory
    of the other of these two is handed over, closed parents are not opened.

    Raises:
        EmbeddedUnavailable: the server would not get into the data directory, or there is nobody to run it as.
    """
    if os.geteuid() != 0:
        return Launcher(Mode.USER, bin_dir, os.geteuid(), os.getegid())
    nobody = _nobody()
    mode, uid, gid = Mode.NOBODY, nobody.pw_uid, nobody.pw_gid
    if sys.platform == "linux" and _namespace_works(nobody):
        mode, uid, gid = Mode.NAMESPACE, 0, 0
    owner = data_dir.stat().st_uid
    if owner not in {0, nobody.pw_uid} or not _may_enter(data_dir.parent, uid, gid):
        raise EmbeddedUnavailable(f"PostgreSQL 不能以 root 运行，而不带特权进不了 {data_dir}，请换一个 root 自己的目录")
    if owner != uid:
        os.chown(data_dir, uid, gid)
    reachable = bin_dir if _may_enter(bin_dir / "postgres", uid, gid) else copy_binaries(bin_dir)
    return Launcher(mode, reachable, uid, gid)


def copy_binaries(bin_dir: Path) -> Path:
    """Copy an installation to where everybody can read it, once, and return the copy's directory of programs.

    Raises:
        EmbeddedUnavailable: somebody other than root has put something at the copy's place.
    """
    prefix = bin_dir.parent
    stamp = f"{prefix} {(bin_dir / 'postgres').stat().st_mtime_ns}"
    place = COPIES / f"xunzhen-postgres-{hashlib.sha256(stamp.encode()).hexdigest()[:16]}"
    copied = place / prefix.parent.name / prefix.name
    if not place.exists():
        draft = Path(tempfile.mkdtemp(prefix="xunzhen-postgres-", dir=COPIES))
        shutil.copytree(prefix, draft / prefix.parent.name / prefix.name, symlinks=True)
        libraries = prefix.parent.with_name(
            f"{prefix.parent.name}.libs"
        )  # a wheel's own, found relative to the programs
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for path in (draft, *(path for path in draft.rglob("*") if not path.is_symlink())):
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        try:
            draft.rename(place)
        except OSError:  # another process was quicker
            shutil.rmtree(draft)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise EmbeddedUnavailable(f"{place} 不是 root 自己放的，请删除它")
    return copied / bin_dir.name


def _may_enter(path: Path, uid: int, gid: int) -> bool:
    """Say whether that user, without privileges, may execute `path` and pass every directory above it."""
    for found in (step.stat() for step in (path, *path.parents)):
        needed = 0o100 if found.st_uid == uid else 0o010 if found.st_gid == gid else 0o001
        if not found.st_mode & needed:
            return False
    return True


def _nobody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedUnavailable("PostgreSQL 不能以 root 运行，而本机没有 nobody 用户，请换一个普通用户运行") from None


def _preparation(mode: Mode) -> Callable[[], None] | None:
    """Return what the new process does before it becomes the program; everything is looked up before the fork."""
    if sys.platform != "linux":
        return None
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True)
    nobody = _nobody() if mode is Mode.NAMESPACE else None

    def prepare() -> None:
        if nobody is not None:
            _enter_namespace(libc, nobody)
        # after the change of identity, which would clear it
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:  # died in between: the signal will never come
            os._exit(1)

    return prepare


def _enter_namespace(libc: ctypes.CDLL, nobody: pwd.struct_passwd) -> None:
    outside_uid, outside_gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{nobody.pw_uid} {outside_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{nobody.pw_gid} {outside_gid} 1")


def _namespace_works(nobody: pwd.struct_passwd) -> bool:
    """Try it in a child, because there is no way back out of a namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _enter_namespace(libc, nobody)
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0
