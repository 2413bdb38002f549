"""Every query of consents, and of the quote that a family accepted."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.billing.consents.models import VisitConsent
from service.billing.models import Quote
from service.core.db.questions import Question

# what a family agreed to with the quote that it accepted last; its lines without the proof
ACCEPTED: Final[Question[Any]] = Question(
    "gross_fen",
    "quotes q where q.region_id = :region_id and q.order_id = :order_id"
    " order by coalesce(q.accepted_at, q.quoted_at) desc, q.id desc limit 1",
    lambda rows: next(iter(rows), None),
    also={"lines": "q.bill -> 'lines'"},
)


async def accepted_quote(session: AsyncSession, *, region_id: UUID, order_id: UUID) -> Quote | None:
    """Return the quote of an order that was accepted last, or None."""
    # the application of the version before accepts without saying when
    accepted = func.coalesce(col(Quote.accepted_at), col(Quote.quoted_at))
    query = select(Quote).where(col(Quote.region_id) == region_id, col(Quote.order_id) == order_id)
    return (await session.execute(query.order_by(accepted.desc(), col(Quote.id).desc()).limit(1))).scalar_one_or_none()


async def list_consents(session: AsyncSession, *, region_id: UUID, visit_id: UUID) -> Sequence[VisitConsent]:
    """Return the consents to a visit, the oldest first."""
    query = select(VisitConsent).where(col(VisitConsent.region_id) == region_id, col(VisitConsent.visit_id) == visit_id)
    return (await session.execute(query.order_by(col(VisitConsent.id)))).scalars().all()
