"""What the clients were told against what is there: read over HTTP as the clients read it, and by SQL as the owner."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from service.core.jobs import runner
from tests.faults.storm.clients import Client
from tests.faults.storm.journal import Memory, Write
from tests.faults.storm.town import Town

TABLES = {"home": "homes", "patient": "patients", "contract": "contracts", "order": "orders"}
"""What is created by a kind of write, and where it lies."""
OPERATIONS = {
    "home": "register_home",
    "patient": "register_patient",
    "contract": "sign_contract",
    "order": "place_order",
    "accept": "accept_order",
    "cancel": "cancel_order",
}
STEPS = ("depart", "arrive", "start", "complete", "leave")
_DRAIN_SECONDS = 240.0

# every chain added up anew: what its entries say stands beside what they make together
_CHAINS = """
select count(*) from (
    select e.seq, e.used_after, e.reserved_after, t.cap,
           row_number() over chain as place,
           sum(case e.kind when 'consume' then e.units when 'reverse' then -e.units else 0 end) over chain as used,
           sum(case e.kind when 'reserve' then e.units when 'release' then -e.units else 0 end) over chain as reserved
    from entitlement_entries e join entitlements t on t.region_id = e.region_id and t.id = e.entitlement_id
    window chain as (partition by e.region_id, e.entitlement_id order by e.seq)
) entries
where seq <> place or used_after <> used or reserved_after <> reserved or used + reserved > cap
"""
# what an order holds, and what it should: its units while it is open, nothing when it is cancelled or settled
_HELD = """
select count(*) from orders o
join order_items i on i.region_id = o.region_id and i.order_id = o.id
left join lateral (
    select coalesce(sum(case e.kind when 'reserve' then e.units when 'release' then -e.units else 0 end), 0) as units
    from entitlement_entries e where e.region_id = o.region_id and e.order_id = o.id
) held on true
where held.units <> case when o.state in ('cancelled', 'closed') then 0 else i.quantity end
"""
# a visit's bill: one, paid to the last fen, its units taken from the contract, its order closed
_BILLS = """
select v.id::text, count(distinct s.id) as bills, o.state, sum(l.units)::int as units, i.quantity,
       bool_and(s.gross_fen = l.paid) as paid
from visits v
join orders o on o.region_id = v.region_id and o.id = v.order_id
join order_items i on i.region_id = o.region_id and i.order_id = o.id
left join settlements s on s.region_id = v.region_id and s.visit_id = v.id
left join lateral (
    select sum(f.units) as units, sum(f.amount_fen) as paid from bill_fundings f
    where f.region_id = s.region_id and f.settlement_id = s.id
) l on true
where v.state <> 'prepared' group by v.id, o.state, i.quantity
"""
_MOVED_TWICE = "select count(*) from (select 1 from order_moves group by order_id, to_state having count(*) > 1) twice"
_WAITING = "select entrypoint || ' ' || status::text as job, count(*) as jobs from pgqueuer group by 1"
_PARKED = "select news, attempts, outages, failure from job_attempts where parked"
"""Attempts that are not parked may be left: two workers had the job, and one died after the other had done it."""
_CHANGED = """
select operation, count(*) as rows from audit_entries where changes <> '[]'::jsonb and operation = any($1) group by 1
"""


@dataclass
class Verdict:
    """How often something is wrong, by what is wrong; and what was looked at."""

    lost: Counter[str] = field(default_factory=Counter)
    doubled: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    looked_at: Counter[str] = field(default_factory=Counter)

    @property
    def faults(self) -> dict[str, int]:
        """Everything that is wrong; nothing, where all is well."""
        named = (("lost", self.lost), ("doubled", self.doubled), ("wrong", self.wrong))
        return {f"{name}: {what}": count for name, found in named for what, count in found.items() if count}

    def compare(self, kind: str, told: list[str], there: list[str], *, before: int = 0) -> None:
        """Compare ids acknowledged with ids found; `before` were there at first."""
        self.looked_at[kind] += len(told)
        known, found = set(told), set(there)
        self.lost[kind] += len(known - found)
        self.doubled[kind] += len(told) - len(known) + len(there) - len(found)
        self.doubled[kind] += max(0, len(found - known) - before)


@dataclass(frozen=True)
class Judge:
    """Reads as the schema's owner, on a connection of its own each time: the last one may have been killed."""

    owner_url: str
    town: Town

    async def while_it_rages(self, told: Memory, verdict: Verdict) -> None:
        """Look, in the middle of it, whether all that was acknowledged so far is there.

        `told` must have been read before: what is acknowledged later is not missed.
        """
        while True:
            connection = await self._connect()
            try:
                there = {kind: await _ids(connection, table) for kind, table in TABLES.items()}
                verdict.wrong["entitlement chains"] += await connection.fetchval(_CHAINS)
                break
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(0.2)  # it was let in by a server that was going down with the one killed
            finally:
                connection.terminate()
        for kind, ids in there.items():
            verdict.lost[kind] += len(set(told.ids(kind)) - set(ids))
        verdict.looked_at["looks"] += 1

    async def when_all_is_done(self) -> None:
        """Return when the queue is empty.

        Raises:
            AssertionError: jobs are left over, or were parked for a human.
        """
        connection = await self._connect()
        last = time.monotonic() + _DRAIN_SECONDS
        try:
            while waiting := await connection.fetch(_WAITING):
                assert [dict(row) for row in await connection.fetch(_PARKED)] == []
                assert time.monotonic() < last, [dict(row) for row in waiting]
                await asyncio.sleep(0.3)
        finally:
            await connection.close()

    async def afterwards(self, told: Memory, verdict: Verdict) -> None:
        """Compare everything by SQL; nobody writes any more, so nothing may be there that nobody was told of."""
        connection = await self._connect()
        try:
            for kind, table in TABLES.items():
                verdict.compare(kind, told.ids(kind), await _ids(connection, table), before=self.town.people)
            await self._orders(connection, told, verdict)
            await self._visits(connection, told, verdict)
            await self._trail(connection, told, verdict)
            verdict.wrong["entitlement chains"] += await connection.fetchval(_CHAINS)
            verdict.wrong["units held by orders"] += await connection.fetchval(_HELD)
            keyed = [each.key for each in told.writes if each.key]
            stored = await connection.fetch("select key from idempotent_answers where key like 'storm-%'")
            verdict.compare("answer", keyed, [row["key"] for row in stored])
        finally:
            await connection.close()

    async def _orders(self, connection: asyncpg.Connection, told: Memory, verdict: Verdict) -> None:
        states = {row["id"]: row["state"] for row in await connection.fetch("select id::text, state from orders")}
        expected = dict.fromkeys(told.ids("order"), "submitted")
        expected |= dict.fromkeys(told.ids("accept"), "accepted") | dict.fromkeys(told.ids("cancel"), "cancelled")
        for order_id, state in expected.items():
            verdict.lost[f"order {state}"] += states.get(order_id) != state
        verdict.doubled["move of an order"] += await connection.fetchval(_MOVED_TWICE)

    async def _visits(self, connection: asyncpg.Connection, told: Memory, verdict: Verdict) -> None:
        events = await connection.fetch("select kind, visit_id::text as id from visit_events")
        for step in STEPS:
            verdict.compare(step, told.ids(step), [row["id"] for row in events if row["kind"] == step])
        items = await connection.fetch("select visit_id::text as id from visit_items")
        verdict.compare("item", told.ids("item"), [row["id"] for row in items])
        bills = await connection.fetch(_BILLS)
        verdict.compare("settlement", told.ids("leave"), [row["id"] for row in bills if row["bills"]])
        for row in bills:
            verdict.doubled["settlement"] += row["bills"] > 1
            verdict.wrong["bill"] += not row["paid"] or (row["units"], row["state"]) != (row["quantity"], "closed")

    async def _trail(self, connection: asyncpg.Connection, told: Memory, verdict: Verdict) -> None:
        """Each change left one row of the audit: replays and refused moves changed nothing."""
        rows = {each["operation"]: each["rows"] for each in await connection.fetch(_CHANGED, list(OPERATIONS.values()))}
        for kind, operation in OPERATIONS.items():
            # the base day's own: a home, elder, contract, order and acceptance each
            expected = len(told.done(kind)) + (self.town.people if kind != "cancel" else 0)
            verdict.lost[f"audit row of {operation}"] += max(0, expected - rows.get(operation, 0))
            verdict.doubled[f"audit row of {operation}"] += max(0, rows.get(operation, 0) - expected)

    async def _connect(self) -> asyncpg.Connection:
        for _ in range(600):
            try:
                return await runner.connect(self.owner_url)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.1)
        raise AssertionError("PostgreSQL did not come back")


async def _ids(connection: asyncpg.Connection, table: str) -> list[str]:
    return [row["id"] for row in await connection.fetch(f"select id::text from {table}")]


async def over_http(
    admin: Client, finance: Client, told: Memory, verdict: Verdict, *, town: Town, sample: int, draw: random.Random
) -> None:
    """Read everything as the clients do, send a sample of writes once more, and ask for each visit's bill."""
    for kind, table in TABLES.items():
        there = [str(each["id"]) for each in await admin.every(f"/{table}")]
        verdict.compare(kind, told.ids(kind), there, before=town.people)
    keyed = [each for each in told.writes if each.key and each.acknowledged]
    for write in draw.sample(keyed, min(sample, len(keyed))):
        verdict.looked_at["replays"] += 1
        verdict.wrong["replay"] += not await _told_again(admin, write)
    for visit_id in told.ids("leave"):
        bill: dict[str, Any] = await finance.read(f"/visits/{visit_id}/settlement")
        verdict.lost["bill over HTTP"] += bill["status"] != "settled"


async def _told_again(admin: Client, write: Write) -> bool:
    answer, replayed = await Client(write.who, admin.gate.tokens[write.who], admin.gate, admin.journal).again(write)
    named = answer["order"]["id"] if write.kind == "order" else answer["id"]
    return replayed and str(named) == write.id
