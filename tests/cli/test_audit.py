"""`xunzhen audit verify` as an operator runs it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.accounts.rules import Role
from service.core import embedded
from service.core.audit import seals
from service.core.clock import SystemClock
from tests.world import World

pytestmark = [pytest.mark.database, pytest.mark.processes]

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(server: embedded.EmbeddedServer, database: str, world: World) -> Run:
    """Run the command on the test's database, on the world's region unless told otherwise."""
    environment = os.environ | {
        "XUNZHEN_DATABASE_URL": server.url(embedded.APP_ROLE, database),
        "XUNZHEN_OWNER_URL": server.url(embedded.OWNER_ROLE, database),
        "XUNZHEN_KEYRING": str(world.house.settings.keyring_path),
    }

    def run(*arguments: str, region: str | None = None) -> "subprocess.CompletedProcess[str]":
        argv = [sys.executable, "-m", "service.cli", "audit", "verify", "--region", region or world.region_code]
        return subprocess.run([*argv, *arguments], check=False, capture_output=True, text=True, env=environment)

    return run


async def _leave_rows(world: World) -> None:
    client = await world.as_role(Role.dispatcher)
    await world.add_patient()
    for _ in range(3):
        assert (await client.get("/patients")).status_code == 200


async def test_a_whole_trail_is_counted_and_exits_with_0(world: World, run: Run) -> None:
    await _leave_rows(world)
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("审计记录 3 条")
    assert "完好" in done.stdout
    assert "还没有封存过" in done.stdout


async def test_what_is_wrong_is_named_by_its_place_and_exits_with_1(
    world: World, run: Run, owner_engine: AsyncEngine
) -> None:
    await _leave_rows(world)
    async with owner_engine.begin() as connection:
        edit = text("update audit_entries set role = 'driver' where region_id = :region and seq = 1 returning lane")
        lane = (await connection.execute(edit, {"region": world.region_id})).scalars().first()
    done = run()
    assert done.returncode == 1
    assert f"统筹区 {world.region_id} 第{lane}道 第1条：" in done.stdout
    assert "（edited）" in done.stdout


async def test_a_log_of_seals_tells_of_a_tail_that_is_gone(
    world: World, run: Run, owner_engine: AsyncEngine, tmp_path: Path
) -> None:
    await _leave_rows(world)
    house = world.house
    await seals.seal_heads(house.sessions, house.signer, now=SystemClock().now(), world_now=house.clock.now())
    async with owner_engine.begin() as connection:
        mine = {"region": world.region_id}
        gone = text("delete from audit_seals where region_id = :region returning token")
        tokens = (await connection.execute(gone, mine)).scalars().all()
        await connection.execute(text("delete from audit_entries where region_id = :region"), mine)
    world.witness.seen.clear()
    assert run().returncode == 0
    log = tmp_path / "worker.log"
    log.write_text("\n".join(f'{{"event": "sealed", "seal": "{each}"}}' for each in tokens))
    done = run("--seals", str(log))
    assert done.returncode == 1
    assert "（cut_off）" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "region", "said"),
    [
        ((), "nowhere", "没有编码为 nowhere 的统筹区。"),
        (("--seals", "no-such.log"), None, "读不了日志文件 no-such.log"),
    ],
)
async def test_bad_input_is_one_sentence(run: Run, arguments: tuple[str, ...], region: str | None, said: str) -> None:
    done = run(*arguments, region=region)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1


async def test_what_was_found_is_kept_for_those_who_look_after_the_platform(world: World, run: Run) -> None:
    await _leave_rows(world)
    assert run().returncode == 0
    async with await world.as_role(Role.platform_admin) as client:
        listed = (await client.get("/platform/audit-checks")).json()["items"]
    [mine] = [each for each in listed if each["region_id"] == str(world.region_id)]
    assert (mine["entries"], mine["wrong"], mine["sound"], mine["since"]) == (3, 0, True, None)
