"""Field keys rotate beside a running application; the index key does not rotate."""

import asyncio
import dataclasses
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service.accounts.rules import Role
from service.core import embedded, field_keys, keyring, rotation
from service.core.crypt import FieldCipher
from service.core.http import House
from service.core.keyring import FieldCipherName, SecretKey
from service.main import build_app, build_house
from service.sealed import SEALED
from tests.world import TestClock, World


@dataclass(frozen=True)
class Installation:
    """An installation of its own: a database, a file of keys, a running application with people in it."""

    world: World
    owner: AsyncEngine
    path: Path
    running: House

    def cipher(self) -> FieldCipher:
        """Return what a command that starts now seals with."""
        return FieldCipher(keyring.load(self.path))


@pytest.fixture
async def installation(
    server: embedded.EmbeddedServer, own_database: str, house: House, tmp_path: Path, clock: TestClock
) -> AsyncIterator[Installation]:
    owner = create_async_engine(server.url(embedded.OWNER_ROLE, own_database))
    app = create_async_engine(server.url(embedded.APP_ROLE, own_database))
    path = tmp_path / "keyring.json"
    shutil.copy(house.settings.keyring_path, path)
    running = dataclasses.replace(build_house(house.settings.model_copy(update={"keyring": path}), app), clock=clock)
    world = World(owner, running, clock, build_app(running))
    await world.start()
    for _ in range(7):
        await world.add_patient()
    yield Installation(world, owner, path, running)
    await app.dispose()
    await owner.dispose()


async def numbers(here: Installation) -> list[str]:
    """Return what the running application shows of everybody's identity number."""
    async with await here.world.as_role(Role.nurse) as client:
        listed = (await client.get("/patients", params={"limit": 50})).json()["items"]
    return sorted(each["id_number_masked"] for each in listed)


class TestReseal:
    async def test_everything_is_sealed_with_the_new_key_and_reads_as_before(self, installation: Installation) -> None:
        before, old = await numbers(installation), installation.cipher().current_kid
        new = field_keys.add(installation.path, FieldCipherName.sm4_gcm)
        done = await rotation.reseal(installation.owner, installation.cipher(), SEALED, batch=3)
        assert (done["patients.id_number_sealed"], done["homes.address_sealed"]) == (7, 7)
        assert set(await rotation.left(installation.owner, SEALED)) == {new}
        assert len(before) == 7
        assert await numbers(installation) == before, "the process that was running has learnt of the key"
        field_keys.retire(installation.path, old)
        assert FieldCipher(keyring.load(installation.path)).current_kid == new
        again = await rotation.reseal(installation.owner, installation.cipher(), SEALED)
        assert sum(again.values()) == 0

    async def test_a_run_that_was_stopped_goes_on_where_it_was(self, installation: Installation) -> None:
        new = field_keys.add(installation.path, FieldCipherName.aes_gcm)
        async with installation.owner.begin() as connection:
            person = (await connection.execute(text("select id from patients order by id desc limit 1"))).scalar_one()
            whole = text("select id_number_sealed from patients where id = :id")
            sealed = (await connection.execute(whole, {"id": person})).scalar_one()
            change = text("update patients set id_number_sealed = :to where id = :id")
            await connection.execute(change, {"to": sealed[:-1], "id": person})
        with pytest.raises(InvalidTag):
            await rotation.reseal(installation.owner, installation.cipher(), SEALED, batch=1)
        halfway = await rotation.left(installation.owner, SEALED)
        assert len(halfway) == 2
        async with installation.owner.begin() as connection:
            await connection.execute(change, {"to": sealed, "id": person})
        await rotation.reseal(installation.owner, installation.cipher(), SEALED, batch=1)
        assert set(await rotation.left(installation.owner, SEALED)) == {new}

    async def test_what_is_changed_meanwhile_is_not_undone(self, installation: Installation) -> None:
        desk = await installation.world.as_role(Role.phone_agent)
        people = [each["id"] for each in (await desk.get("/patients", params={"limit": 50})).json()["items"]]
        field_keys.add(installation.path, FieldCipherName.sm4_gcm)

        async def change(person: str, number: int) -> None:
            answer = await desk.patch(f"/patients/{person}", json={"phone": f"1381234{number:04d}"})
            assert answer.status_code == 200

        async def change_all() -> None:
            for number in range(10):
                await asyncio.gather(*(change(each, number) for each in people))

        async def rotate() -> None:
            while not changing.done():
                await rotation.reseal(installation.owner, installation.cipher(), SEALED, batch=2)

        changing = asyncio.create_task(change_all())
        await asyncio.gather(changing, rotate())
        await rotation.reseal(installation.owner, installation.cipher(), SEALED)
        assert len(await rotation.left(installation.owner, SEALED)) == 1
        shown = [(await desk.get(f"/patients/{each}")).json()["phone_masked"] for each in people]
        assert shown == ["+86138****0009"] * len(people)
        await desk.aclose()

    async def test_a_value_whose_key_is_gone_stops_it(self, installation: Installation) -> None:
        keys = keyring.load(installation.path)
        other = FieldCipher(dataclasses.replace(keys, fields=(SecretKey("other", b"o" * 32),)))
        with pytest.raises(KeyError):
            await rotation.reseal(installation.owner, other, SEALED)
