"""Every query of charges for crews that went in vain."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.billing.models import Reversal, Settlement


async def standing_charges(session: AsyncSession, *, region_id: UUID, person_id: UUID) -> Sequence[UUID]:
    """Return the charges of a person that stand, as far as the fence shows them, the oldest first."""
    taken_back = select(col(Reversal.id)).where(
        col(Reversal.region_id) == col(Settlement.region_id), col(Reversal.settlement_id) == col(Settlement.id)
    )
    query = select(col(Settlement.id)).where(
        col(Settlement.region_id) == region_id,
        col(Settlement.person_id) == person_id,
        col(Settlement.kind) == "cancellation",
        ~taken_back.exists(),
    )
    return (await session.execute(query.order_by(col(Settlement.id)))).scalars().all()
