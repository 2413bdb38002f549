"""Who has touched a person's data: the trail told to the person himself, and to those who care for him."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_ACCESSES = text("select * from audit_accesses(:person, :before, :most)")


@dataclass(frozen=True, slots=True)
class Access:
    """One request or job that touched a person's data; `at` is real time, `role` None for a job."""

    at: datetime
    account_id: UUID | None
    role: str | None
    institution_ids: tuple[UUID, ...]
    operation: str
    purpose: str | None
    changed: bool
    refused: str | None


async def list_accesses(session: AsyncSession, person_id: UUID, *, before: datetime, most: int) -> list[Access]:
    """Return the last `most` accesses before a moment, the newest first; none of a person whom the fence hides."""
    found = await session.execute(_ACCESSES, {"person": person_id, "before": before, "most": most})
    return [
        Access(
            at=row.at,
            account_id=row.account_id,
            role=row.role,
            institution_ids=tuple(row.institution_ids),
            operation=row.operation,
            purpose=row.purpose,
            changed=row.changed,
            refused=row.refused,
        )
        for row in found
    ]
