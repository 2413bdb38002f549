"""Attempts to guess: counted by name and by address, for names that nobody has as well, and forgotten by a success."""

import asyncio
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from service.accounts.rules import Role
from service.core.ids import new_id
from tests.accounts.logins import PASSWORD, Person, ask, bearer, hire
from tests.world import World


def wrong(person: Person, **changes: Any) -> dict[str, Any]:
    return person.grant(password="完全不对的一个密码", **changes)


@pytest.fixture
async def nurse(world: World) -> Person:
    return await hire(world)


@pytest.fixture
def strict(world: World) -> Iterator[World]:
    """The same application with three attempts of an address and a short wait."""
    was = world.app.state.house
    settings = was.settings.model_copy(update={"log_in_attempts_per_address": 3, "log_in_lock_seconds": 2})
    world.app.state.house = dataclasses.replace(was, settings=settings)
    yield world
    world.app.state.house = was


class TestName:
    async def test_waits_after_five_wrong_passwords_even_for_the_right_one(self, world: World, nurse: Person) -> None:
        statuses = [(await ask(world, wrong(nurse))).status_code for _ in range(5)]
        locked = await ask(world, nurse.grant())
        assert statuses == [401] * 5
        assert (locked.status_code, locked.json()["code"]) == (429, "too-many-log-ins")
        assert 0 < int(locked.headers["retry-after"]) <= 900
        assert locked.json()["retry_after_seconds"] == int(locked.headers["retry-after"])

    async def test_a_name_that_nobody_has_is_answered_alike(self, world: World, nurse: Person) -> None:
        nobody = f"nobody.{new_id().hex[:8]}"
        known = [await ask(world, wrong(nurse)) for _ in range(6)]
        unknown = [await ask(world, wrong(nurse, username=nobody)) for _ in range(6)]
        assert [each.status_code for each in known] == [each.status_code for each in unknown]
        seconds = {"retry_after_seconds", "detail"}
        assert {k: v for k, v in known[-1].json().items() if k not in seconds} == {
            k: v for k, v in unknown[-1].json().items() if k not in seconds
        }

    async def test_another_name_and_another_region_do_not_wait(self, world: World, nurse: Person) -> None:
        for _ in range(6):
            await ask(world, wrong(nurse))
        other = await hire(world)
        assert (await ask(world, other.grant())).status_code == 200

    async def test_a_success_forgets_what_was_tried_in_vain(self, world: World, nurse: Person) -> None:
        for _ in range(3):
            statuses = [(await ask(world, wrong(nurse))).status_code for _ in range(4)]
            assert statuses == [401] * 4
            assert (await ask(world, nurse.grant())).status_code == 200

    async def test_a_code_is_guessed_no_more_often_than_a_password(self, world: World, nurse: Person) -> None:
        await nurse.enrol(await nurse.log_in())
        answers = []
        for _ in range(5):
            answers.append((await ask(world, nurse.grant(totp_code="000000"))).json()["code"])
            # the password alone is no success: it forgets nothing
            await ask(world, nurse.grant())
        assert answers == ["second-factor-wrong"] * 5
        assert (await ask(world, nurse.grant(totp_code=nurse.code()))).status_code == 429

    async def test_a_stolen_token_guesses_the_old_password_no_more_often(self, world: World, nurse: Person) -> None:
        token = await nurse.log_in()
        body = {"old_password": "完全不对的一个密码", "new_password": "一个全新的密码呀呀呀"}
        async with bearer(world, token["access_token"]) as client:
            statuses = [(await client.post("/me/password", json=body)).status_code for _ in range(6)]
            right = await client.post("/me/password", json=body | {"old_password": PASSWORD})
        assert statuses == [409] * 5 + [429]
        assert right.status_code == 429


class TestAddress:
    async def test_waits_whatever_names_it_tries(self, strict: World, nurse: Person) -> None:
        address = f"10.1.{strict.number() % 250}.{new_id().int % 250}"
        tried = [
            (await ask(strict, wrong(nurse, username=f"n.{new_id().hex[:8]}"), address=address)).status_code
            for _ in range(3)
        ]
        assert tried == [401] * 3
        assert (await ask(strict, nurse.grant(), address=address)).status_code == 429
        assert (await ask(strict, nurse.grant(), address=f"{address}1")).status_code == 200

    async def test_one_good_log_in_does_not_make_room_for_more_guesses(self, strict: World, nurse: Person) -> None:
        address = f"10.2.{strict.number() % 250}.{new_id().int % 250}"
        for _ in range(2):
            await ask(strict, wrong(nurse, username=f"n.{new_id().hex[:8]}"), address=address)
        assert (await ask(strict, nurse.grant(), address=address)).status_code == 200
        assert (await ask(strict, wrong(nurse), address=address)).status_code == 401
        assert (await ask(strict, nurse.grant(), address=address)).status_code == 429

    async def test_a_client_s_secret_is_guessed_from_one_address_and_locks_no_other_out(self, strict: World) -> None:
        async with await strict.as_role(Role.region_admin) as client:
            made = (
                await client.post("/accounts", json={"username": "app", "role": "service_client", "display_name": "x"})
            ).json()
        grant = {"grant_type": "client_credentials", "region_code": strict.region_code, "client_id": "app"}
        bad, good = grant | {"client_secret": "x" * 43}, grant | {"client_secret": made["client_secret"]}
        address = f"10.3.{strict.number() % 250}.{new_id().int % 250}"
        assert [(await ask(strict, bad, address=address)).status_code for _ in range(4)] == [401, 401, 401, 429]
        assert (await ask(strict, good, address=address)).status_code == 429
        assert (await ask(strict, good, address=f"{address}1")).status_code == 200


class TestWait:
    async def test_is_over_after_its_time(self, strict: World, nurse: Person) -> None:
        for _ in range(6):
            await ask(strict, wrong(nurse), address=f"10.4.0.{new_id().int % 250}")
        assert (await ask(strict, nurse.grant(), address="10.4.1.1")).status_code == 429
        await asyncio.sleep(2.1)
        assert (await ask(strict, nurse.grant(), address="10.4.1.1")).status_code == 200
