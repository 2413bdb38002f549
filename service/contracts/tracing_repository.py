"""The query of what a settlement did to the ledger."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.contracts import rules

_TRACED: Final = text("select * from entitlements_traced(:settlement) where app_region() = :region")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an entitlement's chain, with what was used and reserved before and after it."""

    source: rules.Source
    ref_id: UUID
    code: str
    period: str
    cap: int
    counting: rules.Counting
    seq: int
    kind: str
    units: int
    used_before: int
    reserved_before: int
    used_after: int
    reserved_after: int
    posted_at: datetime


async def entries_of(session: AsyncSession, *, region_id: UUID, settlement_id: UUID) -> list[Entry]:
    """Return the entries that a settlement and its reversal appended, entitlement by entitlement."""
    found = await session.execute(_TRACED, {"region": region_id, "settlement": settlement_id})
    return [
        Entry(**row | {"source": rules.Source(row["source"]), "counting": rules.Counting(row["counting"])})
        for row in (dict(each) for each in found.mappings())
    ]
