"""`xunzhen keys rotate fields` beside a running service, killed in the middle, and what `drop` refuses."""

import asyncio
import os
import shutil
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service.accounts.rules import Role
from service.core import embedded, keyring, rotation
from service.core.http import House
from service.core.ids import new_id
from service.main import build_app, build_house
from service.sealed import SEALED
from tests.world import CENTRE, TestClock, World

pytestmark = pytest.mark.processes

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(2000)
COMMAND = (sys.executable, "-c", "from service.cli import main; main()")


@dataclass(frozen=True)
class Installation:
    """A database, a file of keys and a directory of files of its own; commands and a service that work on them."""

    world: World
    owner: AsyncEngine
    path: Path
    environment: dict[str, str]

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start `xunzhen keys …`."""
        return await asyncio.create_subprocess_exec(
            *COMMAND,
            "keys",
            *arguments,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run `xunzhen keys …`; return the exit code and what it said."""
        process = await self.start(*arguments)
        said, complained = await process.communicate()
        return process.returncode or 0, said.decode(), complained.decode()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Run `xunzhen serve` for a while; give its address."""
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            door.listen(128)
            door.set_inheritable(True)
            process = await asyncio.create_subprocess_exec(
                *COMMAND, "serve", "--fd", str(door.fileno()), pass_fds=(door.fileno(),), env=self.environment
            )
            try:
                yield f"http://127.0.0.1:{door.getsockname()[1]}/v1"
            finally:
                process.terminate()
                await asyncio.wait_for(process.wait(), 30)

    async def headers(self, role: Role) -> dict[str, str]:
        """Log somebody in; return what his requests carry."""
        principal = replace(self.world.principal(role), session_id=new_id())
        return {"Authorization": f"Bearer {await self.world.open_session(principal)}"}

    def kids(self) -> list[str]:
        """Return the names of the field keys, the one in use first."""
        return [each.kid for each in keyring.load(self.path).fields]

    async def sealed_by(self) -> set[str]:
        """Return the names of the keys by which any row is sealed."""
        return set(await rotation.left(self.owner, SEALED))


@pytest.fixture
async def here(
    server: embedded.EmbeddedServer, own_database: str, house: House, tmp_path: Path, clock: TestClock
) -> AsyncIterator[Installation]:
    app_url, owner_url = (server.url(role, own_database) for role in (embedded.APP_ROLE, embedded.OWNER_ROLE))
    owner, app = create_async_engine(owner_url), create_async_engine(app_url)
    path = tmp_path / "keyring.json"
    shutil.copy(house.settings.keyring_path, path)
    settings = house.settings.model_copy(update={"keyring": path, "files_dir": tmp_path / "files"})
    running = replace(build_house(settings, app), clock=clock)
    world = World(owner, running, clock, build_app(running))
    await world.start()
    for _ in range(5):
        await world.add_patient()
    environment = os.environ | {
        "XUNZHEN_DATABASE_URL": app_url,
        "XUNZHEN_OWNER_URL": owner_url,
        "XUNZHEN_KEYRING": str(path),
        "XUNZHEN_FILES_DIR": str(tmp_path / "files"),
        "XUNZHEN_FIELD_CIPHER": "sm4-gcm",
        "XUNZHEN_LOG_LEVEL": "CRITICAL",
        "XUNZHEN_RATE_ACCOUNT_PER_SECOND": "0",
    }
    yield Installation(world, owner, path, environment)
    await app.dispose()
    await owner.dispose()


class People:
    """Reads and writes what is sealed, without a pause, until told to stop; every answer is counted."""

    def __init__(self, client: httpx.AsyncClient, at: str) -> None:
        self._client, self._at = client, at
        self.answers: Counter[str] = Counter()
        self.stopped = False

    async def work(self, number: int) -> None:
        """Change telephone numbers, add homes, and read both again."""
        listed = await self._ask("GET", "/patients")
        person = listed["items"][number % len(listed["items"])]["id"]
        turn = 0
        while not self.stopped:
            turn += 1
            last = f"{number}{turn % 1000:03d}"
            await self._ask("PATCH", f"/patients/{person}", json={"phone": f"1381234{last}"})
            read = await self._ask("GET", f"/patients/{person}")
            assert read["phone_masked"].endswith(last), "the last number that was given"
            place = {"lon": CENTRE[0], "lat": CENTRE[1], "datum": "wgs84"}
            home = {"institution_id": self._at, "address": f"甲{turn}号", "place": place, "floor": 1}
            added = await self._ask("POST", "/homes", json=home, headers={"Idempotency-Key": str(new_id())})
            await self._ask("GET", f"/homes/{added['id']}")

    async def _ask(self, method: str, path: str, **parts: Any) -> Any:
        answer = await self._client.request(method, path, **parts)
        self.answers[f"{method} {answer.status_code}"] += 1
        return answer.json()


class TestBesideARunningService:
    async def test_nothing_is_unreadable_and_the_old_key_can_be_dropped(self, here: Installation) -> None:
        [old] = here.kids()
        async with here.serving() as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
            nurse = await here.headers(Role.nurse)
            kept = await client.post(
                "/files", content=JPEG, params={"institution_id": str(here.world.institution_id)}, headers=nurse
            )
            file = f"/files/{kept.json()['id']}"
            client.headers.update(await here.headers(Role.phone_agent))
            people = People(client, str(here.world.institution_id))
            working = [asyncio.create_task(people.work(number)) for number in range(3)]
            code, said, complained = await here.run("rotate", "fields")
            assert (code, complained) == (0, "")
            new, _ = here.kids()
            assert f"新的字段密钥 {new} 已启用" in said
            assert "patients.id_number_sealed：5 项" in said
            assert "文件：1 个" in said
            assert said.endswith(f"全部内容已用字段密钥 {new} 封存；旧密钥可用 keys drop 停用。\n")
            assert await here.sealed_by() == {new}, "while people go on writing"
            assert await here.run("drop", old) == (0, f"字段密钥 {old} 已停用。\n", "")
            before = people.answers.total()
            await asyncio.sleep(1)
            people.stopped = True
            await asyncio.gather(*working)
            assert people.answers.total() > before > 20
            assert set(people.answers) == {"GET 200", "PATCH 200", "POST 201"}
            assert here.kids() == [new]
            assert (await client.get(file, headers=nurse)).content == JPEG


class TestKilled:
    async def test_it_goes_on_where_it_was_with_the_key_that_it_had_begun_with(self, here: Installation) -> None:
        [old] = here.kids()
        async with here.owner.connect() as held:
            # the rotation waits at a row that somebody holds, and dies there
            await held.execute(text("select id from patients limit 1 for update"))
            process = await here.start("rotate", "fields")
            assert process.stdout is not None
            async for line in process.stdout:
                if "homes.address_sealed：5 项" in line.decode():
                    break
            process.kill()
            await process.communicate()
        new, _ = here.kids()
        assert await here.sealed_by() == {old, new}
        code, _, complained = await here.run("drop", old)
        assert code == 2
        assert complained.startswith("还有 10 项由 ")
        code, said, complained = await here.run("rotate", "fields")
        assert (code, complained) == (0, "")
        assert said.startswith("接着上次没有做完的轮换：还有 10 项由旧密钥封存。\n")
        assert here.kids() == [new, old], "no third key"
        assert await here.sealed_by() == {new}


class TestRefused:
    async def test_what_cannot_be_opened_stops_it_and_is_named(self, here: Installation) -> None:
        async with here.owner.begin() as connection:
            await connection.execute(text("update patients set phone_sealed = substr(phone_sealed, 1, 30)"))
        code, _, complained = await here.run("rotate", "fields")
        assert code == 1
        assert complained.startswith("patients.phone_sealed 中有一项打不开")

    async def test_a_transaction_that_does_not_end_is_waited_for(self, here: Installation) -> None:
        async with here.world.house.sessions() as session, session.begin():
            await session.execute(text("select 1"))
            assert not await rotation.let_finish(here.owner, seconds=0.5)
        assert await rotation.let_finish(here.owner, seconds=0.5)

    async def test_the_key_in_use_stays(self, here: Installation) -> None:
        [only] = here.kids()
        assert await here.run("drop", only) == (
            2, "", f"{only} 正在用于封存：请先运行 xunzhen keys rotate fields。\n",
        )  # fmt: skip
        assert here.kids() == [only]

    async def test_without_a_database_nothing_is_changed(self, here: Installation) -> None:
        kids = here.kids()
        for url, said in (("", "请设置 XUNZHEN_OWNER_URL"), ("postgresql+asyncpg://x@127.0.0.1:1/x", "连不上数据库")):
            elsewhere = replace(here, environment=here.environment | {"XUNZHEN_OWNER_URL": url})
            code, _, complained = await elsewhere.run("rotate", "fields")
            assert code == 2
            assert complained.startswith(said)
        assert here.kids() == kids


class TestSeveralMachines:
    async def test_a_key_is_added_copied_put_first_copied_and_only_then_used_for_everything(
        self, here: Installation
    ) -> None:
        [old] = here.kids()
        code, said, _ = await here.run("rotate", "fields", "--prepare")
        kept, new = here.kids()
        assert (code, kept) == (0, old)
        assert f"--use {new}" in said
        code, _, complained = await here.run("rotate", "fields", "--use", "00000000")
        assert (code, complained) == (2, "没有名为 00000000 的字段密钥，请用 xunzhen keys list 查看。\n")
        assert (await here.run("rotate", "fields", "--use", new))[0] == 0
        assert here.kids() == [new, old]
        code, said, _ = await here.run("rotate", "fields")
        assert code == 0
        assert said.startswith("接着上次")
        assert await here.sealed_by() == {new}
