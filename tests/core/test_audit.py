"""The chains of the audit trail: whatever is done to them is found, whoever does it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.core import logs
from service.core.audit import checking, seals, verify
from service.core.audit.checking import Report
from service.core.audit.functions import LANES
from service.core.audit.models import AuditEntry
from service.core.audit.verify import Wrong
from service.core.db import fences
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.jobs import runner
from service.core.keyring import create, load
from service.core.principal import Fence
from service.core.signing import Signer
from tests.world import World

pytestmark = pytest.mark.database

APPEND: Final = text(
    "select audit_append('nurse', gen_random_uuid(), gen_random_uuid(), 'read_order', 'care', 'order_id=1',"
    ' array[gen_random_uuid()], array[\'orders\'], \'[{"table": "orders", "verb": "update"}]\', \'not-found\','
    " '10.0.0.1', 'abcdef', 'request-1') from generate_series(1, :count)"
)
EDITS: Final = {
    "region_id": "gen_random_uuid()",
    "lane": "lane + 100",
    "seq": "seq + 1000",
    "at": "at + interval '1 microsecond'",
    "world_at": "world_at - interval '1 microsecond'",
    "account_id": "gen_random_uuid()",
    "client_id": "null",
    "session_id": "gen_random_uuid()",
    "role": "'doctor'",
    "institution_ids": "'{}'",
    "operation": "'read_orders'",
    "purpose": "'emergency'",
    "subject": "'order_id=2'",
    "person_ids": "person_ids || gen_random_uuid()",
    "reads": "'{}'",
    "changes": "'[]'",
    "refused": "null",
    "address": "'10.0.0.2'",
    "agent": "'fedcba'",
    "request_id": "'request-2'",
    "prev_hash": "decode(repeat('00', 32), 'hex')",
    "hash": "decode(repeat('ff', 32), 'hex')",
}
"""Column → what somebody with the owner's rights writes into it."""


@dataclass
class Trail:
    """The chains of a region of the test's own."""

    world: World
    raw: Any

    async def leave(self, count: int) -> None:
        """Let the application leave `count` rows in one lane."""
        fence = Fence(self.world.region_id, (self.world.institution_id,), new_id())
        async with transaction(self.world.house.sessions, fence, self.world.clock.now()) as session:
            await session.execute(APPEND, {"count": count})

    async def grow(self, count: int) -> int:
        """Let the application leave `count` rows in one lane; return the lane."""
        await self.leave(count)
        lane: int = await self.raw.fetchval(
            "select lane from audit_entries where region_id = $1 order by at desc limit 1", self.world.region_id
        )
        return lane

    async def alter(self, sql: str, *values: Any) -> None:
        """Do something to the region's entries as the owner; `$1` is the region."""
        await self.raw.execute(sql, self.world.region_id, *values)

    async def rewrite(self, first: int) -> None:
        """Recompute every hash from `first` on, as somebody would who knows how they are made."""
        await self.raw.execute(f"""
            do $$
            declare entry audit_entries%rowtype; before bytea;
            begin
                select hash into before from audit_entries
                    where region_id = '{self.world.region_id}' and seq = {first - 1};
                for entry in select * from audit_entries
                    where region_id = '{self.world.region_id}' and seq >= {first} order by seq
                loop
                    entry.prev_hash := before;
                    entry.hash := audit_hash(entry);
                    before := entry.hash;
                    update audit_entries set prev_hash = entry.prev_hash, hash = entry.hash
                        where region_id = entry.region_id and lane = entry.lane and seq = entry.seq;
                end loop;
            end $$
        """)

    async def seal(self) -> None:
        """Seal the heads as the worker does."""
        house = self.world.house
        await seals.seal_heads(house.sessions, house.signer, now=datetime.now(UTC), world_now=self.world.clock.now())

    async def check(self, **more: Any) -> Report:
        """Check the region's chains."""
        signer = more.pop("signer", self.world.house.signer)
        return await checking.check(self.raw, signer, region_id=self.world.region_id, **more)

    async def wrong(self, **more: Any) -> list[tuple[int, Wrong]]:
        """Return what is wrong, and where."""
        return [(fault.seq, fault.wrong) for fault in (await self.check(**more)).faults]


@pytest.fixture
async def trail(world: World, owner_engine: AsyncEngine) -> AsyncIterator[Trail]:
    """A region whose chains are empty."""
    raw = await runner.connect(owner_engine.url.render_as_string(hide_password=False))
    yield Trail(world, raw)
    await raw.close()


class TestWhatIsDoneToAChain:
    async def test_a_chain_that_nobody_touched_is_whole(self, trail: Trail) -> None:
        await trail.grow(7)
        report = await trail.check()
        assert (report.is_whole, report.entries, report.lanes) == (True, 7, 1)

    def test_every_column_has_an_edit(self) -> None:
        columns = {column.name for column in fences.table_of(AuditEntry).columns}
        assert set(EDITS) == columns
        assert set(verify.FIELDS) == columns - {"prev_hash", "hash"}

    @pytest.mark.parametrize("column", sorted(EDITS))
    async def test_an_edit_of_any_column_is_found_where_it_was_made(self, trail: Trail, column: str) -> None:
        await trail.grow(7)
        await trail.alter(f"update audit_entries set {column} = {EDITS[column]} where region_id = $1 and seq = 4")
        assert 4 in {seq for seq, _ in await trail.wrong()}

    @pytest.mark.parametrize(
        "edit", ["purpose = ''", "operation = 'read_orderc', purpose = 'are'", "purpose = null, subject = 'care'"]
    )
    async def test_no_two_entries_read_alike(self, trail: Trail, edit: str) -> None:
        await trail.grow(3)
        await trail.alter(f"update audit_entries set {edit} where region_id = $1 and seq = 2")
        assert await trail.wrong() == [(2, Wrong.edited)]

    @pytest.mark.parametrize("seq", [1, 4])
    async def test_a_deleted_entry_is_found(self, trail: Trail, seq: int) -> None:
        await trail.grow(7)
        await trail.alter("delete from audit_entries where region_id = $1 and seq = $2", seq)
        assert await trail.wrong() == [(seq, Wrong.missing)]

    async def test_a_deleted_entry_is_found_when_the_others_close_ranks(self, trail: Trail) -> None:
        await trail.grow(4)
        await trail.alter("delete from audit_entries where region_id = $1 and seq = 2")
        for seq in (3, 4):
            await trail.alter("update audit_entries set seq = seq - 1 where region_id = $1 and seq = $2", seq)
        assert (2, Wrong.displaced) in await trail.wrong()

    async def test_two_entries_that_changed_places_are_found(self, trail: Trail) -> None:
        await trail.grow(7)
        for old, new in ((3, 1003), (4, 3), (1003, 4)):
            await trail.alter("update audit_entries set seq = $3 where region_id = $1 and seq = $2", old, new)
        assert {seq for seq, _ in await trail.wrong()} >= {3, 4}

    async def test_an_entry_put_in_with_a_right_hash_is_found(self, trail: Trail) -> None:
        await trail.grow(4)
        await trail.alter("update audit_entries set seq = seq + 1000 where region_id = $1 and seq >= 3")
        await trail.raw.execute("create temp table put_in (like audit_entries)")
        await trail.alter("insert into put_in select * from audit_entries where region_id = $1 and seq = 2")
        await trail.raw.execute("update put_in set seq = 3, prev_hash = hash, account_id = null")
        await trail.raw.execute("insert into audit_entries select * from put_in")
        await trail.raw.execute(
            "update audit_entries e set hash = audit_hash(e) where e.seq = 3 and e.account_id is null"
        )
        await trail.alter("update audit_entries set seq = seq - 999 where region_id = $1 and seq > 1000")
        assert await trail.wrong() == [(4, Wrong.displaced), (4, Wrong.edited), (5, Wrong.edited)]

    async def test_an_entry_moved_to_another_lane_is_found(self, trail: Trail) -> None:
        lane = await trail.grow(3)
        other = (lane + 1) % LANES
        await trail.alter("update audit_entries set lane = $2 where region_id = $1 and seq = 1", other)
        assert {fault.lane.number for fault in (await trail.check()).faults} == {lane, other}


class TestSeals:
    async def test_a_sealed_chain_that_goes_on_is_whole(self, trail: Trail) -> None:
        await trail.grow(3)
        await trail.seal()
        await trail.grow(3)
        report = await trail.check()
        assert (report.is_whole, report.entries, report.seals) == (True, 6, 1)
        assert report.sealed_at is not None

    async def test_a_lane_that_has_not_moved_is_not_sealed_again(self, trail: Trail) -> None:
        await trail.grow(3)
        await trail.seal()
        await trail.seal()
        count = await trail.raw.fetchval("select count(*) from audit_seals where region_id = $1", trail.world.region_id)
        assert count == 1

    async def test_sealing_leaves_no_row_to_be_sealed_next_time(self, trail: Trail) -> None:
        before = await trail.raw.fetchval("select count(*) from audit_entries")
        await trail.seal()
        assert await trail.raw.fetchval("select count(*) from audit_entries") == before

    async def test_a_recomputed_chain_is_whole_in_itself_and_found_by_its_seal(self, trail: Trail) -> None:
        await trail.grow(7)
        await trail.alter("update audit_entries set account_id = null where region_id = $1 and seq = 4")
        await trail.rewrite(4)
        assert await trail.wrong() == []
        await trail.alter("delete from audit_entries where region_id = $1")
        await trail.grow(7)
        await trail.seal()
        await trail.alter("update audit_entries set account_id = null where region_id = $1 and seq = 4")
        await trail.rewrite(4)
        assert await trail.wrong() == [(7, Wrong.unsealed)]

    async def test_a_tail_cut_off_is_found_by_its_seal(self, trail: Trail) -> None:
        await trail.grow(7)
        await trail.seal()
        await trail.alter("delete from audit_entries where region_id = $1 and seq > 5")
        assert await trail.wrong() == [(6, Wrong.cut_off)]

    async def test_a_lane_that_is_gone_is_found_by_its_seal(self, trail: Trail) -> None:
        await trail.grow(2)
        await trail.seal()
        await trail.alter("delete from audit_entries where region_id = $1")
        assert await trail.wrong() == [(1, Wrong.cut_off)]

    async def test_when_the_seals_are_deleted_too_the_log_tells(
        self, trail: Trail, capsys: pytest.CaptureFixture[str]
    ) -> None:
        await trail.grow(7)
        logs.configure("INFO")
        try:
            await trail.seal()
        finally:
            logs.configure("ERROR")
        mine = [line for line in capsys.readouterr().out.splitlines() if str(trail.world.region_id) in line]
        await trail.alter("delete from audit_entries where region_id = $1 and seq > 5")
        await trail.alter("delete from audit_seals where region_id = $1")
        assert await trail.wrong() == []
        assert await trail.wrong(logged=seals.tokens_in("\n".join(mine))) == [(6, Wrong.cut_off)]

    async def test_a_seal_of_another_key_is_told(self, trail: Trail, tmp_path: Any) -> None:
        await trail.grow(1)
        create(tmp_path / "keys.json")
        house = trail.world.house
        foreign = Signer(load(tmp_path / "keys.json"))
        await seals.seal_heads(house.sessions, foreign, now=datetime.now(UTC), world_now=trail.world.clock.now())
        report = await trail.check()
        assert (report.is_whole, report.forged_seals, report.seals) == (False, 1, 0)

    async def test_a_check_from_a_moment_begins_behind_the_seal_before_it(self, trail: Trail) -> None:
        await trail.grow(3)
        await trail.seal()
        since = datetime.now(UTC)
        lane = await trail.grow(2)  # the same lane, unless the pool gave another connection
        report = await trail.check(since=since)
        assert (report.is_whole, report.entries) == (True, 2)
        new = "select min(seq) + 1 from audit_entries where region_id = $1 and lane = $2 and at > $3"
        second = await trail.raw.fetchval(new, trail.world.region_id, lane, since)
        edit = "update audit_entries set role = 'driver' where region_id = $1 and lane = $2 and seq = $3"
        await trail.alter(edit, lane, second)
        assert await trail.wrong(since=since) == [(second, Wrong.edited)]


class TestAppending:
    async def test_many_at_once_leave_complete_chains(self, trail: Trail) -> None:
        await asyncio.gather(*(trail.leave(2) for _ in range(60)))
        report = await trail.check()
        assert (report.is_whole, report.entries) == (True, 120)
        assert report.lanes > 1

    async def test_a_transaction_that_goes_on_does_not_hold_up_the_next(self, trail: Trail) -> None:
        fence = Fence(trail.world.region_id)
        async with transaction(trail.world.house.sessions, fence, trail.world.clock.now()) as session:
            await session.execute(APPEND, {"count": 1})
            await asyncio.wait_for(trail.leave(1), timeout=10)
        report = await trail.check()
        assert (report.is_whole, report.entries, report.lanes) == (True, 2, 2)

    async def test_when_every_lane_is_busy_it_waits_for_one(self, trail: Trail) -> None:
        holds = trail.raw.transaction()
        await holds.start()
        await trail.raw.execute(
            "select pg_advisory_xact_lock(hashtextextended('audit/' || $1::uuid || '/' || lane, 0))"
            f" from generate_series(0, {LANES - 1}) as lane",
            trail.world.region_id,
        )
        waits = asyncio.create_task(trail.leave(1))
        await asyncio.sleep(0.3)
        assert not waits.done()
        await holds.rollback()
        await asyncio.wait_for(waits, timeout=10)
        assert (await trail.check()).entries == 1

    async def test_what_is_rolled_back_leaves_no_row(self, trail: Trail) -> None:
        fence = Fence(trail.world.region_id)
        with pytest.raises(ZeroDivisionError):
            async with transaction(trail.world.house.sessions, fence, trail.world.clock.now()) as session:
                await session.execute(APPEND, {"count": 1})
                raise ZeroDivisionError
        assert (await trail.check()).entries == 0

    @pytest.mark.parametrize(
        "sql",
        [
            "insert into audit_entries select * from audit_entries",
            "update audit_entries set role = null",
            "delete from audit_entries",
            "truncate audit_entries",
            "insert into audit_seals select * from audit_seals",
            "delete from audit_seals",
        ],
    )
    async def test_the_application_may_only_append(self, app_engine: AsyncEngine, sql: str) -> None:
        async with app_engine.connect() as connection:
            with pytest.raises(ProgrammingError) as refused:
                await connection.execute(text(sql))
        assert isinstance(refused.value.orig, Exception)
        assert getattr(refused.value.orig, "sqlstate", "") == asyncpg.InsufficientPrivilegeError.sqlstate
