"""What a platform's administrator is told of audit trails: when each was sealed and checked, and what was found."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts.rules import Role
from service.core import keyring
from service.core.audit import checking, seals
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.jobs import runner
from service.core.principal import Fence
from service.core.signing import Signer
from tests.world import World


async def told(world: World) -> dict[str, Any]:
    """Return what is told of the world's region."""
    async with await world.as_role(Role.platform_admin) as client:
        answer = await client.get("/platform/audit-checks")
    assert answer.status_code == 200
    [mine] = [each for each in answer.json()["items"] if each["region_id"] == str(world.region_id)]
    return dict(mine)


async def check(world: World, **parts: Any) -> checking.Report:
    """Check as `xunzhen audit verify` does, and keep what was found."""
    signer = Signer(keyring.load(world.house.settings.keyring_path))
    connection: asyncpg.Connection[Any] = await runner.connect(world.owner.url.render_as_string(hide_password=False))
    try:
        report = await checking.check(connection, signer, **parts)
        await checking.keep(connection, report, region_id=parts.get("region_id"), since=parts.get("since"))
    finally:
        await connection.close()
    return report


async def leave_rows(world: World) -> None:
    async with await world.as_role(Role.dispatcher) as client:
        await world.add_patient()
        for _ in range(3):
            await client.get("/patients")


async def run(world: World, sql: str) -> None:
    async with world.owner.begin() as connection:
        await connection.execute(text(sql), {"region": world.region_id})


class TestAuditChecks:
    async def test_a_region_that_was_never_sealed_or_checked_says_so(self, world: World) -> None:
        mine = await told(world)
        assert (mine["code"], mine["name"]) == (world.region_code, "测试统筹区")
        assert {mine[each] for each in ("sealed_at", "checked_at", "since", "entries", "wrong", "sound")} == {None}

    async def test_the_last_seal_and_the_last_check_are_told(self, world: World) -> None:
        begun = datetime.now(UTC) - timedelta(seconds=5)
        await leave_rows(world)
        house = world.house
        await seals.seal_heads(house.sessions, house.signer, now=datetime.now(UTC), world_now=world.clock.now())
        await check(world, region_id=world.region_id)
        mine = await told(world)
        assert (mine["entries"], mine["wrong"], mine["sound"]) == (3, 0, True)
        assert datetime.fromisoformat(mine["sealed_at"]) > begun
        assert datetime.fromisoformat(mine["checked_at"]) > begun
        await leave_rows(world)
        since = datetime.now(UTC)
        await check(world, region_id=world.region_id, since=since)
        later = await told(world)
        assert later["checked_at"] > mine["checked_at"]
        assert datetime.fromisoformat(later["since"]) == since
        assert later["entries"] == 3, "those before the seal were not walked again"

    async def test_what_is_wrong_with_one_region_is_wrong_with_no_other(self, world: World) -> None:
        other = World(world.owner, world.house, world.clock, world.app)
        await other.start()
        for each in (world, other):
            await leave_rows(each)
        await run(world, "update audit_entries set role = 'driver' where region_id = :region and seq = 1")
        report = await check(world)
        world.witness.seen.clear()
        assert report.wrong >= 1
        mine, theirs = await told(world), await told(other)
        assert (mine["sound"], mine["wrong"] >= 1) == (False, True)
        assert (theirs["sound"], theirs["wrong"]) == (True, 0)

    async def test_a_forged_seal_is_the_fault_of_its_region(self, world: World) -> None:
        await leave_rows(world)
        await run(
            world,
            "insert into audit_seals select region_id, lane, seq, hash, now(), 'eyJ.no.seal' from audit_entries"
            " where region_id = :region limit 1",
        )
        await check(world, region_id=world.region_id)
        mine = await told(world)
        assert (mine["sound"], mine["wrong"]) == (False, 1)

    async def test_a_forged_seal_in_a_log_may_be_of_any_region(self, world: World) -> None:
        await leave_rows(world)
        await check(world, region_id=world.region_id, logged=["eyJ.no.seal"])
        assert (await told(world))["sound"] is False

    async def test_what_belongs_to_no_region_comes_first(self, world: World) -> None:
        async with await world.as_role(Role.platform_admin) as client:
            first = (await client.get("/platform/audit-checks")).json()["items"][0]
        assert (first["region_id"], first["code"], first["name"]) == (None, None, None)

    @pytest.mark.parametrize("role", sorted(set(Role) - {Role.platform_admin}))
    async def test_nobody_else_is_told(self, world: World, role: Role) -> None:
        async with await world.as_role(role) as client:
            assert (await client.get("/platform/audit-checks")).status_code == 403

    async def test_the_database_tells_nobody_else_either(self, world: World) -> None:
        for account in (await world.add_account(Role.region_admin), new_id()):
            fence = Fence(world.region_id, (), account, region_wide=True)
            with pytest.raises(DBAPIError, match="not a platform administrator"):
                async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                    await session.execute(text("select * from audit_checks_told()"))

    async def test_the_application_writes_no_result(self, world: World) -> None:
        fence = Fence(world.region_id, (), new_id(), region_wide=True)
        with pytest.raises(DBAPIError, match="permission denied"):
            async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                await session.execute(
                    text("insert into audit_checks select :r, now(), null, 0, 0, true"), {"r": new_id()}
                )
