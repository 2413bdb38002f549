"""What a platform's administrator is told of the audit trails: when each was sealed and checked, and what was found."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_CHECKS = text("select * from audit_checks_told()")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a region's chains stand; without a region: what was done outside of any. None = never."""

    region_id: UUID | None
    code: str | None
    name: str | None
    sealed_at: datetime | None
    checked_at: datetime | None
    since: datetime | None
    entries: int | None
    wrong: int | None
    sound: bool | None


async def list_standings(session: AsyncSession) -> list[Standing]:
    """Return how the chains of every region stand; the database tells a platform's administrator only."""
    return [
        Standing(
            region_id=row.region_id if row.region_id.int else None,
            code=row.code,
            name=row.name,
            sealed_at=row.sealed_at,
            checked_at=row.checked_at,
            since=row.since,
            entries=row.entries,
            wrong=row.wrong,
            sound=row.sound,
        )
        for row in await session.execute(_CHECKS)
    ]
