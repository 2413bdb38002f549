"""Every query of uses posted from outside, and which refusal their constraints stand for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.contracts import errors
from service.contracts.use_models import EntitlementUse, EntitlementUseReversal
from service.core.db import refusals
from service.core.paging import PageRequest

Told = tuple[EntitlementUse, EntitlementUseReversal | None]


async def hold_number(session: AsyncSession, *, region_id: UUID, institution_id: UUID, external_no: str) -> None:
    """Hold a number until the commit: whoever sends it at the same moment waits, and then finds the use."""
    key = f"contracts.use/{region_id}/{institution_id}/{external_no}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


async def find_numbered(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, external_no: str
) -> EntitlementUse | None:
    """Return the use under an institution's number."""
    query = select(EntitlementUse).where(
        col(EntitlementUse.region_id) == region_id,
        col(EntitlementUse.institution_id) == institution_id,
        col(EntitlementUse.external_no) == external_no,
    )
    return (await session.execute(query)).scalar_one_or_none()


async def find_use(session: AsyncSession, *, region_id: UUID, use_id: UUID) -> EntitlementUse | None:
    """Return a use that the fence lets through."""
    return await session.get(EntitlementUse, (region_id, use_id))


async def find_reversal(session: AsyncSession, *, region_id: UUID, use_id: UUID) -> EntitlementUseReversal | None:
    """Return what took a use back, or None."""
    return await session.get(EntitlementUseReversal, (region_id, use_id))


async def list_uses(
    session: AsyncSession,
    *,
    region_id: UUID,
    institution_ids: Sequence[UUID],
    person_id: UUID | None,
    page: PageRequest,
) -> list[Told]:
    """Return a page (and one row more) of the uses of some institutions by id, with their reversals."""
    query = (
        select(EntitlementUse, EntitlementUseReversal)
        .outerjoin(
            EntitlementUseReversal,
            (col(EntitlementUseReversal.region_id) == col(EntitlementUse.region_id))
            & (col(EntitlementUseReversal.use_id) == col(EntitlementUse.id)),
        )
        .where(col(EntitlementUse.region_id) == region_id, col(EntitlementUse.institution_id).in_(institution_ids))
    )
    if person_id is not None:
        query = query.where(col(EntitlementUse.person_id) == person_id)
    if page.after is not None:
        query = query.where(col(EntitlementUse.id) > page.after)
    found = await session.execute(query.order_by(col(EntitlementUse.id)).limit(page.limit + 1))
    return [(row[0], row[1]) for row in found]


refusals.name_constraints(
    {
        "entitlement_uses_once": errors.UseDiffers,
        "pk_entitlement_use_reversals": errors.UseReversed,
    }
)
