"""Who runs the server: an ordinary user, root in a user namespace, root where namespaces are forbidden."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.core import embedded
from service.core.embedded import binaries, launch

pytestmark = [
    pytest.mark.database,
    pytest.mark.processes,
    pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="changes its identity: root on Linux only"),
]

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import os, sys
from pathlib import Path
from service.core import embedded
home = Path(sys.argv[1])
for _ in range(2):
    with embedded.running(home, fast=True) as server:
        embedded.create_database(server, "proof")
        embedded.drop_database(server, "proof")
        pid = (home / "pgdata" / "postmaster.pid").read_text().split()[0]
        print(os.stat(f"/proc/{pid}").st_uid, os.stat(home / "pgdata").st_uid, os.readlink(f"/proc/{pid}/exe"))
    embedded.wait_until_stopped(home)
"""
# what a container's default profile does: the call `unshare` answers EPERM in this process and all it starts
FORBID_NAMESPACES = """
import ctypes, platform, struct
call = {"x86_64": 272, "aarch64": 97}[platform.machine()]
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, call), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
assert ctypes.CDLL(None, use_errno=True).prctl(22, 2, program) == 0, ctypes.get_errno()
"""


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that every user can reach: pytest's own lie below a closed one."""
    directory = Path(tempfile.mkdtemp(prefix="xz-", dir="/tmp"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def closed_binaries(open_directory: Path) -> Iterator[Path]:
    """An installation that only root can reach, as in a venv below /root; no copy of it stays behind."""
    copied = install(open_directory / "closed" / "lib")
    (open_directory / "closed").chmod(0o700)
    yield copied
    shutil.rmtree(launch.copy_binaries(copied).parents[2])


def install(place: Path) -> Path:
    found = binaries.find()
    package = found.parents[1]
    shutil.copytree(found.parent, place / package.name / found.parent.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, place / libraries.name)
    return place / package.name / found.parent.name / found.name


def run(script: str, home: Path, *, bin_dir: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **({"XUNZHEN_PG_BIN": str(bin_dir)} if bin_dir else {})}
    argv = [sys.executable, "-c", script, str(home)]
    return subprocess.run(argv, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60)


def namespaces_allowed() -> bool:
    return launch._namespace_works(pwd.getpwnam("nobody"))


class TestOrdinaryUser:
    def test_needs_the_standard_library_only(self, open_directory: Path) -> None:
        python = Path("/usr/bin/python3")
        if (
            not python.exists()
            or subprocess.run(
                [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], check=False
            ).returncode
        ):
            pytest.skip("no interpreter of 3.11 that every user may run")
        nobody = pwd.getpwnam("nobody")
        code = open_directory / "code"
        for part in ("service/__init__.py", "service/core/__init__.py"):
            (code / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / part, code / part)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "service/core/embedded", code / "service/core/embedded", ignore=ignored)
        (open_directory / "his").mkdir()
        os.chown(open_directory / "his", nobody.pw_uid, nobody.pw_gid)
        bin_dir = install(open_directory / "lib")
        done = subprocess.run(
            [python, "-S", "-c", RUN, str(open_directory / "his" / "pg")],
            env={"PYTHONPATH": str(code), "XUNZHEN_PG_BIN": str(bin_dir), "PATH": "/usr/bin:/bin"},
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.stderr == ""
        assert done.stdout.splitlines() == [f"{nobody.pw_uid} {nobody.pw_uid} {bin_dir}/postgres"] * 2


class TestRoot:
    def test_in_a_namespace_everything_stays_roots_and_closed_doors_do_not_matter(
        self, open_directory: Path, closed_binaries: Path
    ) -> None:
        if not namespaces_allowed():
            pytest.skip("user namespaces are forbidden here")
        done = run(RUN, open_directory / "closed" / "pg", bin_dir=closed_binaries)
        assert done.stderr == ""
        assert done.stdout.splitlines() == [f"0 0 {closed_binaries}/postgres"] * 2

    def test_without_namespaces_it_is_nobody_with_a_copy_of_closed_binaries(
        self, open_directory: Path, closed_binaries: Path
    ) -> None:
        nobody = pwd.getpwnam("nobody").pw_uid
        home = open_directory / "pg"
        done = run(FORBID_NAMESPACES + RUN, home, bin_dir=closed_binaries)
        assert done.stderr == ""
        copy = launch.copy_binaries(closed_binaries)
        assert copy.is_relative_to("/var/tmp")
        assert done.stdout.splitlines() == [f"{nobody} {nobody} {copy}/postgres"] * 2
        assert open_directory.stat().st_uid == 0
        if namespaces_allowed():  # the same data, when the machine allows them again
            done = run(RUN, home)
            assert done.stdout.splitlines() == [f"0 0 {binaries.find()}/postgres"] * 2

    def test_without_namespaces_a_closed_parent_is_refused_and_stays_closed(self, open_directory: Path) -> None:
        closed = open_directory / "closed"
        closed.mkdir(mode=0o700)
        done = run(FORBID_NAMESPACES + RUN, closed / "pg")
        assert "EmbeddedUnavailable: PostgreSQL 不能以 root 运行" in done.stderr
        assert "XUNZHEN_DATABASE_URL" in done.stderr
        assert closed.stat().st_mode & 0o777 == 0o700
        assert closed.stat().st_uid == 0

    def test_refuses_a_copy_that_somebody_else_may_have_put_there(self, closed_binaries: Path) -> None:
        place = launch.copy_binaries(closed_binaries).parents[2]
        place.chmod(0o777)
        with pytest.raises(embedded.EmbeddedUnavailable, match="不是 root 自己放的"):
            launch.copy_binaries(closed_binaries)
        place.chmod(0o755)

    def test_refuses_the_directory_of_another_user(self, open_directory: Path) -> None:
        (open_directory / "theirs").mkdir()
        os.chown(open_directory / "theirs", 12345, 12345)
        with (
            pytest.raises(embedded.EmbeddedUnavailable, match="root 自己的目录"),
            embedded.running(open_directory / "theirs"),
        ):
            pytest.fail("took it")
        assert (open_directory / "theirs").stat().st_uid == 12345
