"""One server for many processes: who starts it, who keeps it, and what is left when somebody is killed."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from service.core import embedded

pytestmark = [pytest.mark.database, pytest.mark.processes]

ROOT = Path(__file__).resolve().parents[2]
CLIENT = """
import sys
from pathlib import Path
from service.core import embedded
with embedded.running(Path(sys.argv[1]), fast=True):
    print("in", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def stopped_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("pg") / "seed"
    with embedded.running(home, fast=True):
        pass
    embedded.wait_until_stopped(home)
    return home


@pytest.fixture
def home(stopped_home: Path, tmp_path: Path) -> Iterator[Path]:
    copy = shutil.copytree(stopped_home, tmp_path / "pg")
    yield copy
    embedded.wait_until_stopped(copy)


@pytest.fixture
def enter() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Start another process that is a client until it is killed or its stdin is closed."""
    with contextlib.ExitStack() as stack:

        def start(home: Path) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", CLIENT, str(home)],
                cwd=ROOT,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


def is_in(client: subprocess.Popen[str]) -> bool:
    assert client.stdout is not None
    return client.stdout.readline() == "in\n"


def postmaster(home: Path) -> int:
    return int((home / "pgdata" / "postmaster.pid").read_text().split()[0])


def supervisor(home: Path) -> int:
    marker = b"service.core.embedded.supervisor\0" + os.fsencode(home) + b"\0"
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if marker in (entry / "cmdline").read_bytes():
                return int(entry.name)
    raise LookupError(home)


def kill_and_see_it_dead(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(FileNotFoundError):  # reaped already
        while (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.0005)


def log(home: Path) -> str:
    return (home / "server.log").read_text()


async def ask(server: embedded.EmbeddedServer, sql: str, role: str = embedded.OWNER_ROLE) -> object:
    connection = await asyncpg.connect(
        host=str(server.socket_dir), port=server.port, user=role, database=embedded.DATABASE
    )
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


class TestSharing:
    async def test_two_processes_share_one_server(self, home: Path, enter: Callable) -> None:
        assert is_in(enter(home))
        first = postmaster(home)
        with embedded.running(home, fast=True) as server:
            assert postmaster(home) == first
            assert await ask(server, "SELECT 1") == 1

    def test_runs_while_one_client_lives_and_stops_when_the_last_was_killed(self, home: Path, enter: Callable) -> None:
        starter, other = enter(home), enter(home)
        assert is_in(starter)
        assert is_in(other)
        server = postmaster(home)
        starter.kill()
        time.sleep(0.8)
        assert postmaster(home) == server
        other.kill()
        embedded.wait_until_stopped(home)
        assert not (home / "pgdata" / "postmaster.pid").exists()
        assert log(home).rstrip().endswith("database system is shut down")

    def test_four_that_start_at_once_on_nothing_get_one_server(self, tmp_path: Path, enter: Callable) -> None:
        home = tmp_path / "fresh" / "pg"
        clients = [enter(home) for _ in range(4)]
        for client in clients:
            assert is_in(client)
        assert log(home).count("starting PostgreSQL") == 1
        for client in clients:
            client.kill()
        embedded.wait_until_stopped(home)

    async def test_a_client_that_arrives_while_the_server_stops_gets_a_working_one(self, home: Path) -> None:
        for arrival in range(10):
            with embedded.running(home, fast=True) as server:
                assert await ask(server, f"SELECT {arrival}") == arrival
            while log(home).count("received fast shutdown request") < arrival + 2:  # the seed's stop is the first
                time.sleep(0.0005)  # noqa: ASYNC251
        embedded.wait_until_stopped(home)
        assert log(home).count("starting PostgreSQL") == 11  # the seed's, and each of the ten

    async def test_clients_that_come_and_go_at_any_moment_never_miss(self, home: Path) -> None:
        for arrival in range(6):
            with embedded.running(home, fast=True) as server:
                assert await ask(server, f"SELECT {arrival}") == arrival
            time.sleep(0.24 + arrival * 0.02)  # noqa: ASYNC251

    def test_threads_of_one_process_hold_it_independently(self, home: Path) -> None:
        with embedded.running(home, fast=True):
            server = postmaster(home)
            leave = threading.Event()
            entered = threading.Event()

            def stay() -> None:
                with embedded.running(home, fast=True):
                    entered.set()
                    leave.wait(10)

            thread = threading.Thread(target=stay)
            thread.start()
            assert entered.wait(10)
        time.sleep(0.8)
        assert postmaster(home) == server
        leave.set()
        thread.join()


class TestSurvival:
    async def test_a_committed_row_survives_and_the_second_run_is_quick(self, home: Path) -> None:
        with embedded.running(home) as server:
            assert await ask(server, "SHOW fsync", embedded.SUPERUSER) == "on"
            assert await ask(server, "CREATE TABLE kept AS SELECT 7 AS n") is None
        embedded.wait_until_stopped(home)
        begin = time.monotonic()
        with embedded.running(home) as server:
            assert time.monotonic() - begin < 1
            assert await ask(server, "SELECT n FROM kept") == 7

    async def test_a_killed_supervisor_takes_the_server_down_cleanly_and_the_next_client_brings_it_back(
        self, home: Path, enter: Callable
    ) -> None:
        assert is_in(enter(home))
        with embedded.running(home, fast=True) as server:
            await ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
            before = postmaster(home)
            kill_and_see_it_dead(supervisor(home))
            with embedded.running(home, fast=True) as again:
                assert again == server
                assert postmaster(home) != before
                assert await ask(again, "SELECT n FROM kept") == 7
                assert "was not properly shut down" not in log(home)

    async def test_a_killed_server_is_started_again_for_the_next_client(self, home: Path) -> None:
        with embedded.running(home) as server:
            await ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
            kill_and_see_it_dead(postmaster(home))
            with embedded.running(home) as again:
                assert await ask(again, "SELECT n FROM kept") == 7

    def test_a_supervisor_told_to_leave_stops_the_server_cleanly(self, home: Path) -> None:
        with embedded.running(home, fast=True):
            os.kill(supervisor(home), signal.SIGTERM)
            embedded.wait_until_stopped(home)
            assert log(home).rstrip().endswith("database system is shut down")

    async def test_a_number_left_in_postmaster_pid_by_a_crash_may_be_another_programs_by_now(self, home: Path) -> None:
        (home / "pgdata" / "postmaster.pid").write_text(f"{os.getpid()}\n{home}/pgdata\n0\n5432\n\n\n0 0\nready   \n")
        with embedded.running(home, fast=True) as server:
            assert await ask(server, "SELECT 1") == 1

    async def test_an_interrupted_creation_leaves_nothing_in_the_way(self, tmp_path: Path) -> None:
        half = tmp_path / "pg" / "initdb-half"
        half.mkdir(parents=True)
        (half / "PG_VERSION").write_text("18")
        with embedded.running(tmp_path / "pg", fast=True) as server:
            assert await ask(server, "SELECT 1") == 1
            assert not half.exists()
        embedded.wait_until_stopped(tmp_path / "pg")

    def test_says_at_once_that_a_test_server_is_not_durable(self, home: Path) -> None:
        with (
            embedded.running(home, fast=True),
            pytest.raises(embedded.EmbeddedUnavailable, match="不落盘"),
            embedded.running(home),
        ):
            pytest.fail("joined a server that does not write to the disk")

    def test_names_the_servers_own_words_when_it_cannot_start(self, home: Path) -> None:
        (home / "pgdata" / "PG_VERSION").write_text("9\n")
        with (
            pytest.raises(embedded.EmbeddedUnavailable, match=r"没有启动.*version 9.*XUNZHEN_DATABASE_URL"),
            embedded.running(home, fast=True),
        ):
            pytest.fail("started")

    def test_a_directory_that_is_gone_counts_as_stopped(self, tmp_path: Path) -> None:
        embedded.wait_until_stopped(tmp_path / "never")
        assert not (tmp_path / "never").exists()

    def test_waiting_for_the_end_of_a_server_in_use_has_an_end(self, home: Path) -> None:
        with embedded.running(home, fast=True), pytest.raises(TimeoutError):
            embedded.wait_until_stopped(home, seconds=0.1)
