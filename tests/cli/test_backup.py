"""An installation is backed up and made again on another server, equal to the last row; what is damaged is refused."""

import dataclasses
import json
import tarfile
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from service.core import embedded
from service.core.backup import archive, contents, postgres
from tests.upgrades import release
from tests.upgrades.clerk import PASSWORD, Clerk, log_in
from tests.upgrades.test_side_by_side import FOUND, employ, free_port

pytestmark = [pytest.mark.database, pytest.mark.processes]

ELDERS = 4


@dataclasses.dataclass(frozen=True)
class Site:
    """An installation with files of its own."""

    installation: release.Installation
    directory: Path

    async def run(self, *arguments: str, said: str = "", code: int = 0) -> str:
        """Run a command here; return what it printed."""
        return await self.installation.run(*arguments, said=said, code=code)

    async def contents(self) -> dict[str, contents.TableContents]:
        """Return what the database holds."""
        connection = await asyncpg.connect(postgres.plain_url(self.installation.owner_url))
        try:
            async with connection.transaction():
                return await contents.read_contents(connection)
        finally:
            await connection.close()


def site(server: embedded.EmbeddedServer, name: str, directory: Path) -> Site:
    directory.mkdir()
    embedded.create_database(server, name)
    there = release.Installation(
        release.ROOT,
        server.url(embedded.APP_ROLE, name),
        server.url(embedded.OWNER_ROLE, name),
        directory / "keyring.json",
        {"XUNZHEN_DATA_DIR": str(directory)},
    )
    return Site(there, directory)


@pytest.fixture(scope="module")
async def first(server: embedded.EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """An installation in use: people, and a kept file."""
    name = f"b{uuid.uuid4().hex[:12]}"
    made = site(server, name, tmp_path_factory.mktemp("sites") / "first")
    await made.run(*FOUND, said=f"{PASSWORD}\n")
    kept = made.directory / "files" / "ab" / "abcdef"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"sealed evidence")
    async with made.installation.serving(free_port()) as line:
        await employ_counter(made, line)
    yield made
    embedded.drop_database(server, name)


@pytest.fixture(scope="module")
async def second(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """An empty database on a server of its own."""
    directory = tmp_path_factory.mktemp("other")
    with embedded.running(directory / "pg", fast=True) as server:
        yield site(server, "second", directory / "second")
        embedded.drop_database(server, "second")


@pytest.fixture(scope="module")
async def backup(first: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the first, its keys beside it."""
    path = tmp_path_factory.mktemp("backup") / "backup.tar"
    said = await first.run("backup", str(path), "--keys", str(path.with_name("keys.json")))
    assert "1 个文件" in said
    return path


async def employ_counter(site: Site, line: object) -> None:
    institution_id, token = await employ(line)
    clerk = Clerk(line, token, institution_id)
    for _ in range(ELDERS):
        await clerk.admit()


@pytest.mark.parametrize("damage", ["byte", "cut", "another", "added"])
def test_a_damaged_backup_is_seen_before_anything_is_done_with_it(backup: Path, tmp_path: Path, damage: str) -> None:
    raw = bytearray(backup.read_bytes())
    if damage == "byte":
        raw[len(raw) // 3] ^= 1
    elif damage == "cut":
        del raw[len(raw) // 2 :]
    elif damage == "another":
        raw = bytearray(b"not a backup at all")
    wrong = tmp_path / "wrong.tar"
    wrong.write_bytes(raw)
    if damage == "added":
        (tmp_path / "extra").write_text("x")
        with tarfile.open(wrong, "a") as tar:
            tar.add(tmp_path / "extra", arcname="files/zz/extra")
    with pytest.raises(archive.ArchiveDamaged):
        archive.unpack(wrong, tmp_path / "unpacked")
    assert archive.unpack(backup, tmp_path / "whole").members.keys() == {"database.dump", "files/ab/abcdef"}


async def test_refusals_change_nothing(first: Site, second: Site, backup: Path, tmp_path: Path) -> None:
    keys = ("--keys", str(backup.with_name("keys.json")))
    wrong = tmp_path / "wrong.tar"
    wrong.write_bytes(backup.read_bytes()[: backup.stat().st_size // 2])
    assert "没有恢复任何内容" in await second.run("restore", str(wrong), *keys, code=1)
    assert "密钥" in await second.run("restore", str(backup), code=2)
    assert await second.contents() == {}
    assert "已经存在" in await first.run("backup", str(backup), code=2)
    assert "不是空的" in await first.run("restore", str(backup), code=2)
    assert "已有密钥" in await first.run("restore", str(backup), *keys, code=2)
    assert "备份没有做成" in await first.run("backup", str(tmp_path / "nowhere" / "backup.tar"), code=2)
    assert not (tmp_path / "nowhere").exists()


async def test_another_server_holds_the_same_to_the_last_row(first: Site, second: Site, backup: Path) -> None:
    keys = backup.with_name("keys.json")
    assert backup.stat().st_mode & 0o077 == keys.stat().st_mode & 0o077 == 0
    assert "内容逐表相符" in await second.run("restore", str(backup), "--keys", str(keys))
    before, after = await first.contents(), await second.contents()
    assert before == after
    assert before["patients"].rows == ELDERS
    assert (second.directory / "files" / "ab" / "abcdef").read_bytes() == b"sealed evidence"
    # and it is an installation again: somebody logs in and opens what is sealed
    async with second.installation.serving(free_port()) as line:
        clerk = Clerk(line, await log_in(line, "counter"), "")
        assert len(await clerk.known()) == ELDERS


def test_a_backup_is_no_use_without_the_keys(first: Site, backup: Path) -> None:
    keyring = json.loads((first.directory / "keyring.json").read_text())
    assert keyring["index"].encode() not in backup.read_bytes()


async def test_a_changed_row_changes_the_checksum(first: Site, backup: Path) -> None:
    before = await first.contents()
    connection = await asyncpg.connect(postgres.plain_url(first.installation.owner_url))
    await connection.execute("update institutions set address = address || ' '")
    await connection.close()
    assert contents.differing(before, await first.contents()) == ["institutions"]
