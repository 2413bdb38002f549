"""A person's access log: who has looked at, or changed, what is kept about him."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core.audit import accesses
from service.core.audit.accesses import Access
from service.core.principal import Principal
from service.patients.usecases import acting


async def list_accesses(
    session: AsyncSession, *, principal: Principal, person_id: UUID, now: datetime, before: datetime | None, most: int
) -> list[Access]:
    """Return who touched a person's data, the newest first; `before` is real time, None for the present.

    Raises:
        problems.NotFound: the principal has nothing to do with the person.
        RightMissing: he is a proxy: whom the person lets look is the person's own affair.
    """
    await acting.require_grant(session, principal, person_id, now)
    return await accesses.list_accesses(session, person_id, before=before or datetime.now(UTC), most=most)
