"""Every query of the trail of bills that were made anew."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.billing import errors
from service.billing.models import Settlement
from service.billing.resettling.models import Resettlement
from service.billing.resettling.rules import Owed
from service.core.db import refusals
from service.core.paging import PageRequest


async def list_page(
    session: AsyncSession, *, region_id: UUID, page: PageRequest, owed: Owed | None = None
) -> Sequence[tuple[Resettlement, Settlement]]:
    """Return one more than a page of the bills made anew that the fence lets through, each with the bill before."""
    query = (
        select(Resettlement, Settlement)
        .join(
            Settlement,
            (col(Settlement.region_id) == col(Resettlement.region_id))
            & (col(Settlement.id) == col(Resettlement.before_id)),
        )
        .where(col(Resettlement.region_id) == region_id)
    )
    if owed is Owed.refund:
        query = query.where(col(Resettlement.patient_difference_fen) < 0)
    elif owed is Owed.claim:
        query = query.where(col(Resettlement.patient_difference_fen) > 0)
    if page.after is not None:
        query = query.where(col(Resettlement.id) > page.after)
    found = await session.execute(query.order_by(col(Resettlement.id)).limit(page.limit + 1))
    return [(row[0], row[1]) for row in found]


refusals.name_constraints({"resettlements_once": errors.ReversedAlready})
