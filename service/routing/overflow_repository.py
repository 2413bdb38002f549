"""Every query of overflow agreements, and which refusal their constraints stand for."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, or_, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import refusals
from service.core.paging import PageRequest
from service.routing import errors
from service.routing.overflow_models import OverflowAgreement

_NAMES: Final = text("select order_id, name from overflow_names(:orders)").bindparams(
    bindparam("orders", type_=ARRAY(Uuid))
)


async def agreements_on(
    session: AsyncSession, *, region_id: UUID, institution_ids: Collection[UUID], on: date
) -> Sequence[OverflowAgreement]:
    """Return the agreements between some institutions that are in force on a day, the oldest first."""
    query = select(OverflowAgreement).where(
        col(OverflowAgreement.region_id) == region_id,
        col(OverflowAgreement.giving_institution_id).in_(institution_ids),
        col(OverflowAgreement.helping_institution_id).in_(institution_ids),
        col(OverflowAgreement.valid_from) <= on,
        or_(col(OverflowAgreement.valid_to).is_(None), col(OverflowAgreement.valid_to) >= on),
    )
    return (await session.execute(query.order_by(col(OverflowAgreement.id)))).scalars().all()


async def list_agreements(session: AsyncSession, *, region_id: UUID, page: PageRequest) -> Sequence[OverflowAgreement]:
    """Return a page of the region's agreements, past ones included, one more than its limit."""
    query = select(OverflowAgreement).where(col(OverflowAgreement.region_id) == region_id)
    if page.after is not None:
        query = query.where(col(OverflowAgreement.id) > page.after)
    return (await session.execute(query.order_by(col(OverflowAgreement.id)).limit(page.limit + 1))).scalars().all()


async def lock_agreement(session: AsyncSession, *, region_id: UUID, agreement_id: UUID) -> OverflowAgreement | None:
    """Return an agreement, locked to be changed; only the region's administration finds it."""
    return await session.get(OverflowAgreement, (region_id, agreement_id), with_for_update=True)


async def names_at_doors(session: AsyncSession, *, order_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return whom the asker visits by agreement, by order; nothing of orders at which he is not promised."""
    found = await session.execute(_NAMES, {"orders": list(order_ids)})
    return {row.order_id: row.name for row in found}


refusals.name_constraints(
    {
        "overflow_agreements_once": errors.OverflowAgreed,
        "appointments_by_agreement": errors.OverflowNotAgreed,
    }
)
