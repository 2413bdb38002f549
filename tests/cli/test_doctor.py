"""`xunzhen doctor` finds what is wrong, says how to mend it, and ends with 1; a sound installation ends with 0."""

import dataclasses
import json
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from service.core import embedded, keyring
from service.core.backup import postgres
from tests.cli.test_backup import Site, site
from tests.upgrades.clerk import PASSWORD, Clerk
from tests.upgrades.test_side_by_side import FOUND, employ, free_port

pytestmark = [pytest.mark.database, pytest.mark.processes]


@pytest.fixture(scope="module")
async def here(server: embedded.EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """An installation with one elder."""
    name = f"d{uuid.uuid4().hex[:12]}"
    made = site(server, name, tmp_path_factory.mktemp("doctor") / "site")
    await made.run(*FOUND, said=f"{PASSWORD}\n")
    async with made.installation.serving(free_port()) as line:
        institution_id, token = await employ(line)
        await Clerk(line, token, institution_id).admit()
    # the test server trades durability for speed, which the doctor rightly does not like
    await sql(made, f"alter database {name} set synchronous_commit = on")
    yield made
    embedded.drop_database(server, name)


async def sql(made: Site, statement: str) -> None:
    connection = await asyncpg.connect(postgres.plain_url(made.installation.owner_url))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def findings(made: Site, code: int) -> dict[str, dict[str, str]]:
    said = await made.run("doctor", "--json", code=code)
    return {each["code"]: each for each in map(json.loads, said.splitlines())}


def ill(found: dict[str, dict[str, str]]) -> set[str]:
    """Return the codes of what is broken; each says how to mend it."""
    broken = {code for code, each in found.items() if each["level"] == "broken"}
    assert all(found[code]["mend"] for code in broken)
    return broken


async def test_what_is_sound_is_said_to_be_sound(here: Site) -> None:
    found = await findings(here, 1)
    # the only thing wrong here is that the tests' server does not flush to the disk
    assert ill(found) == {"durability"}
    assert {"keys", "role", "schema", "region", "worker", "sealed", "files", "clock"} <= set(found)
    assert {found[each]["level"] for each in ("keys", "role", "schema", "region", "worker", "sealed")} == {"sound"}
    assert "640200" in found["region"]["what"]


async def test_keys_that_others_read_and_keys_that_do_not_fit(here: Site) -> None:
    path = here.directory / "keyring.json"
    own = path.read_text()
    path.chmod(0o644)
    path.unlink()
    keyring.create(path)
    path.chmod(0o644)
    try:
        found = await findings(here, 1)
        assert {"keys-mode", "sealed"} <= ill(found)
        assert "chmod 600" in found["keys-mode"]["mend"]
        path.write_text("{")
        assert "keys" in ill(await findings(here, 1))
        path.unlink()
        assert "keys" in ill(await findings(here, 1))
    finally:
        path.write_text(own)
        path.chmod(0o600)


async def test_a_queue_that_nobody_serves_and_jobs_that_were_given_up(here: Site) -> None:
    await sql(
        here,
        "insert into pgqueuer (entrypoint, payload, priority, status, created, execute_after)"
        " values ('visit.final', '', 0, 'queued', now() - interval '1 hour', now() - interval '1 hour');"
        " insert into job_attempts (job_id, news, attempts, last_at, parked) values (1, 'visit.final', 5, now(), true)",
    )
    found = await findings(here, 1)
    assert {"worker", "parked-jobs"} <= ill(found)
    await sql(here, "delete from pgqueuer; delete from job_attempts")
    assert not {"worker", "parked-jobs"} & ill(await findings(here, 1))


async def test_a_schema_left_behind_and_a_table_without_its_fence(here: Site) -> None:
    await sql(here, "alter table homes disable row level security")
    await sql(here, "update alembic_version set version_num = '202611221300' where version_num <> '202611221300'")
    found = await findings(here, 1)
    assert {"schema", "fences"} <= ill(found)
    assert "xunzhen migrate" in found["schema"]["mend"]
    assert "homes" in found["fences"]["what"]


async def test_a_role_that_nothing_binds_and_a_server_that_is_not_there(here: Site) -> None:
    there = here.installation
    unbound = dataclasses.replace(there, app_url=there.owner_url)
    assert "role" in ill(await findings(Site(unbound, here.directory), 1))
    nowhere = "postgresql+asyncpg://xunzhen_app@127.0.0.1:9/x"
    gone = dataclasses.replace(there, app_url=nowhere, owner_url=nowhere)
    found = await findings(Site(gone, here.directory), 1)
    assert "database" in ill(found)


async def test_nothing_is_there_at_all(here: Site) -> None:
    nothing = here.directory.parent / "nothing"
    there = dataclasses.replace(
        here.installation,
        app_url="",
        owner_url="",
        keyring=nothing / "keyring.json",
        more={"XUNZHEN_DATA_DIR": str(nothing)},
    )
    found = await findings(Site(there, nothing), 1)
    assert ill(found) == {"data-dir", "keys"}
    assert not nothing.exists()
    said = await Site(there, nothing).run("doctor", code=1)
    assert "怎么修" in said
    assert "2 处需要修" in said
