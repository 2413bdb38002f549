"""Rows in a database of an earlier revision: put in as tables were then, whatever the models say now."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

import asyncpg

from service.cli.migrate import upgrade
from service.core.ids import new_id

_FILLERS: Final[Mapping[str, Any]] = {
    "text": "x",
    "character varying": "x",
    "integer": 1,
    "bigint": 0,
    "numeric": 1,
    "boolean": False,
    "double precision": 1.0,
    "date": date(2026, 1, 1),
    "timestamp with time zone": datetime(2026, 1, 1, tzinfo=UTC),
    "jsonb": "{}",
    "bytea": b"x",
    "ARRAY": [],
}
"""Type of a column that must have a value → what stands in it where the test does not care."""
_NEEDED: Final = (
    "select column_name, data_type from information_schema.columns"
    " where table_schema = 'public' and table_name = $1 and is_nullable = 'NO' and column_default is null"
)


async def put(connection: asyncpg.Connection, table: str, **given: Any) -> dict[str, Any]:
    """Put a row into a table as it is at this revision, columns that must have a value being filled; return it.

    Of a row only its own constraints are checked: what it refers to need not be there, and no trigger speaks.
    """
    row = dict(given)
    for name, kind in await connection.fetch(_NEEDED, table):
        if name not in row:
            row[name] = uuid.uuid4() if kind == "uuid" else _FILLERS[kind]
    values = [json.dumps(value) if isinstance(value, dict) else value for value in row.values()]
    places = ", ".join(f"${at}" for at in range(1, len(row) + 1))
    await connection.execute("set session_replication_role = replica")
    await connection.execute(f"insert into {table} ({', '.join(row)}) values ({places})", *values)
    await connection.execute("set session_replication_role = origin")
    return row


@dataclass
class Earlier:
    """A region of the earlier revision, with two institutions."""

    connection: asyncpg.Connection
    owner_url: str
    region_id: uuid.UUID = field(default_factory=new_id)
    near: uuid.UUID = field(default_factory=new_id)
    far: uuid.UUID = field(default_factory=new_id)
    person_id: uuid.UUID = field(default_factory=new_id)

    async def put(self, table: str, **given: Any) -> dict[str, Any]:
        return await put(self.connection, table, region_id=self.region_id, **given)

    async def bill(
        self, at: datetime, *lines: tuple[str, dict[str, int]], institution_id: uuid.UUID | None = None
    ) -> uuid.UUID:
        """Add a settled visit: its lines as code and source → fen; return the settlement."""
        own = {"institution_id": institution_id or self.near}
        gross = sum(sum(paid.values()) for _, paid in lines)
        patient = sum(paid.get("self_pay", 0) for _, paid in lines)
        row = await self.put(
            "settlements", **own, id=new_id(), person_id=self.person_id, seq=1, trip_round=1,
            gross_fen=gross, patient_fen=patient, settled_at=at, service_on=at.date(),
        )  # fmt: skip
        of = {**own, "settlement_id": row["id"]}
        for line_no, (code, paid) in enumerate(lines, start=1):
            await self.put(
                "bill_lines", **of, line_no=line_no, code=code, status="charged",
                gross_fen=sum(paid.values()), patient_fen=paid.get("self_pay", 0),
            )  # fmt: skip
            for funding_no, (source, fen) in enumerate(paid.items(), start=1):
                await self.put(
                    "bill_fundings", **of, line_no=line_no, funding_no=funding_no, source=source, amount_fen=fen
                )
        return uuid.UUID(str(row["id"]))

    async def reverse(self, settlement_id: uuid.UUID, at: datetime) -> uuid.UUID:
        """Take a settlement back; return the reversal."""
        of = await self.connection.fetchrow("select * from settlements where id = $1", settlement_id)
        row = await self.put(
            "reversals", id=new_id(), institution_id=of["institution_id"], settlement_id=settlement_id,
            visit_id=of["visit_id"], seq=1, gross_fen=of["gross_fen"], patient_fen=of["patient_fen"], reversed_at=at,
        )  # fmt: skip
        return uuid.UUID(str(row["id"]))

    async def entitlement(self, source: str, cap: int, *entries: tuple[str, int]) -> uuid.UUID:
        """Add an entitlement with its chain: kinds and units; return it."""
        row = await self.put(
            "entitlements", id=new_id(), ref_id=new_id(), person_id=self.person_id, source=source, cap=cap,
            period="2026", code="EMPLOYEE" if source.startswith("insurance") else "BP", counting="quantity",
        )  # fmt: skip
        used = 0
        for seq, (kind, units) in enumerate(entries, start=1):
            used += units if kind == "consume" else -units
            await self.put(
                "entitlement_entries", entitlement_id=row["id"], seq=seq, kind=kind, units=units,
                used_after=used, reserved_after=0,
            )  # fmt: skip
        return uuid.UUID(str(row["id"]))

    async def upgrade(self, to: str) -> None:
        await asyncio.to_thread(upgrade, self.owner_url, to)

    async def lines(self, source: str, source_id: uuid.UUID) -> list[tuple[Any, ...]]:
        """Return what is booked for a source: book, day, account, debit, credit."""
        return await self.rows(
            "select e.book, e.booked_on, l.account, l.debit_fen, l.credit_fen from journal_entries e"
            " join journal_lines l on l.region_id = e.region_id and l.entry_id = e.id"
            " where e.source = $1 and e.source_id = $2 order by e.book, l.line_no",
            source, source_id,
        )  # fmt: skip

    async def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.connection.fetch(query, *values)]
