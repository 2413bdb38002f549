"""What the embedded server holds, and where it puts things on the disk."""

import stat
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine

from service.core import embedded
from service.core.embedded import binaries, layout

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.EmbeddedServer]:
    home = tmp_path_factory.mktemp("pg") / "pg"
    with embedded.running(home, fast=True) as running:
        yield running
    embedded.wait_until_stopped(home)


async def ask(url: str, sql: str) -> object:
    """Return the first row as a tuple, or the value itself when the row has one."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            row = (await connection.execute(sqlalchemy.text(sql))).one()
    finally:
        await engine.dispose()
    return row[0] if len(row) == 1 else tuple(row)


async def run(url: str, sql: str) -> None:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.execute(sqlalchemy.text(sql))
    finally:
        await engine.dispose()


def modes(path: Path) -> dict[Path, int]:
    return {step: stat.S_IMODE(step.stat().st_mode) for step in (path, *path.parents)}


class TestRoles:
    @pytest.mark.parametrize("role", [embedded.APP_ROLE, embedded.OWNER_ROLE])
    async def test_neither_role_has_any_power_over_the_server(self, server: embedded.EmbeddedServer, role: str) -> None:
        powers = "rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication"
        url = server.url(role, embedded.DATABASE)
        assert await ask(url, f"SELECT {powers} FROM pg_roles WHERE rolname = current_user") == (False,) * 5
        memberships = "SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole"
        assert await ask(url, memberships) == 0

    async def test_the_owner_owns_the_database_and_the_app_does_not(self, server: embedded.EmbeddedServer) -> None:
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        assert await ask(server.app_url, owner) == embedded.OWNER_ROLE

    @pytest.mark.parametrize("statement", ["CREATE TABLE t ()", "CREATE TEMP TABLE t ()", "CREATE SCHEMA s"])
    async def test_the_app_creates_nothing(self, server: embedded.EmbeddedServer, statement: str) -> None:
        with pytest.raises(sqlalchemy.exc.ProgrammingError, match="permission denied"):
            await run(server.app_url, statement)

    async def test_the_app_reads_what_it_was_granted_and_row_security_binds_it(
        self, server: embedded.EmbeddedServer
    ) -> None:
        await run(server.owner_url, "CREATE TABLE fenced AS SELECT 1 AS n")
        await run(server.owner_url, f"GRANT SELECT ON fenced TO {embedded.APP_ROLE}")
        assert await ask(server.app_url, "SELECT count(*) FROM fenced") == 1
        await run(server.owner_url, "ALTER TABLE fenced ENABLE ROW LEVEL SECURITY")
        assert await ask(server.app_url, "SELECT count(*) FROM fenced") == 0


class TestSettings:
    async def test_listens_on_the_socket_only_in_utf8_and_utc(self, server: embedded.EmbeddedServer) -> None:
        names = ("listen_addresses", "max_connections", "server_encoding", "TimeZone", "lc_messages", "fsync")
        shown = [await ask(server.superuser_url, f"SELECT current_setting('{name}')") for name in names]
        assert shown == ["", "200", "UTF8", "UTC", "C.UTF-8", "off"]


class TestDatabases:
    async def test_a_copy_has_the_templates_rows_extensions_and_grants(self, server: embedded.EmbeddedServer) -> None:
        embedded.create_database(server, "pattern")
        await run(server.url(embedded.OWNER_ROLE, "pattern"), "CREATE TABLE kept AS SELECT 7 AS n")
        embedded.create_database(server, 'a "copy"', "pattern")
        owner, app = (server.url(role, 'a "copy"') for role in (embedded.OWNER_ROLE, embedded.APP_ROLE))
        assert await ask(owner, "SELECT n FROM kept") == 7
        count = "SELECT count(*) FROM pg_extension WHERE extname IN ('btree_gist', 'pg_trgm')"
        assert await ask(app, count) == 2
        assert await ask(app, "SELECT has_schema_privilege('public', 'CREATE')") is False

    async def test_the_services_own_database_has_the_extensions(self, server: embedded.EmbeddedServer) -> None:
        assert await ask(server.app_url, "SELECT similarity('和平路88号', '和平路89号') > 0.3") is True

    def test_refuses_a_name_that_is_taken(self, server: embedded.EmbeddedServer) -> None:
        embedded.create_database(server, "taken")
        with pytest.raises(embedded.StatementRefused, match='"taken" already exists'):
            embedded.create_database(server, "taken")

    async def test_drops_a_database_in_use_and_one_that_is_not_there(self, server: embedded.EmbeddedServer) -> None:
        embedded.create_database(server, "short_lived")
        connection = await asyncpg.connect(
            host=str(server.socket_dir), port=server.port, user=embedded.APP_ROLE, database="short_lived"
        )
        embedded.drop_database(server, "short_lived")
        embedded.drop_database(server, "short_lived")
        connection.terminate()
        count = "SELECT count(*) FROM pg_database WHERE datname = 'short_lived'"
        assert await ask(server.superuser_url, count) == 0


class TestDisk:
    def test_keeps_everything_private_and_no_parents_mode_changes(self, tmp_path: Path) -> None:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        before = modes(closed)
        home = closed / "pg"
        with embedded.running(home, fast=True) as server:
            assert {modes(path)[path] for path in (home, home / "pgdata", server.socket_dir)} == {0o700}
            assert {modes(path)[path] & 0o077 for path in home.iterdir()} == {0}
            assert modes(closed) == before
        embedded.wait_until_stopped(home)
        assert modes(closed) == before

    async def test_a_long_or_chinese_path_gets_its_socket_under_tmp_and_leaves_nothing_there(
        self, tmp_path: Path
    ) -> None:
        home = tmp_path / ("数据" * 20)
        with embedded.running(home, fast=True) as server:
            assert server.socket_dir.parent == Path("/tmp")
            assert modes(server.socket_dir)[server.socket_dir] == 0o700
            assert await ask(server.app_url, "SELECT 1") == 1
        embedded.wait_until_stopped(home)
        assert not server.socket_dir.exists()

    def test_the_longest_path_that_the_kernel_takes_stays_inside(self) -> None:
        overhead = len("/socket/.s.PGSQL.5432")
        fits = Path("/" + "d" * (107 - overhead - 1))
        assert layout.Home(fits).socket_dir() == fits / "socket"
        assert layout.Home(Path(f"{fits}d")).socket_dir().parent == Path("/tmp")

    def test_refuses_a_directory_of_the_sockets_name_that_is_open_to_others(self, tmp_path: Path) -> None:
        home = tmp_path / "pg"
        (home / "socket").mkdir(parents=True)
        (home / "socket").chmod(0o755)
        with pytest.raises(embedded.EmbeddedUnavailable, match="对他人开放"), embedded.running(home, fast=True):
            pytest.fail("put the socket where others could have put theirs")
        embedded.wait_until_stopped(home)

    def test_refuses_a_symbolic_link_in_the_sockets_place(self, tmp_path: Path) -> None:
        (tmp_path / "theirs").mkdir(mode=0o700)
        (tmp_path / "socket").symlink_to(tmp_path / "theirs")
        with pytest.raises(embedded.EmbeddedUnavailable):
            layout.make_private(tmp_path / "socket", uid=0, gid=0)

    def test_refuses_a_data_directory_that_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(embedded.EmbeddedUnavailable, match="无法建立"), embedded.running(tmp_path / "file"):
            pytest.fail("ran")


class TestBinaries:
    def test_a_directory_that_was_named_is_not_replaced_by_another(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XUNZHEN_PG_BIN", str(tmp_path))
        with pytest.raises(embedded.EmbeddedUnavailable, match=r"XUNZHEN_PG_BIN.*XUNZHEN_DATABASE_URL") as refused:
            binaries.find()
        assert str(refused.value).count("。") == 1

    def test_refuses_a_server_older_than_fifteen(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in binaries.NEEDED:
            (tmp_path / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("XUNZHEN_PG_BIN", str(tmp_path))
        with pytest.raises(embedded.EmbeddedUnavailable, match="15"):
            binaries.find()

    async def test_runs_on_the_machines_own_fifteen(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        own = Path("/usr/lib/postgresql/15/bin")
        if not (own / "postgres").exists():
            pytest.skip("no PostgreSQL 15 of the system")
        monkeypatch.setenv("XUNZHEN_PG_BIN", str(own))
        with embedded.running(tmp_path / "pg", fast=True) as server:
            assert str(await ask(server.app_url, "SHOW server_version")).startswith("15.")
        embedded.wait_until_stopped(tmp_path / "pg")
