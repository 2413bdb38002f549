"""Every query of overflow agreements, and which refusal their constraints stand for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Uuid, bindparam, or_, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import refusals
from service.core.paging import PageRequest
from service.routing import errors
from service.routing.overflow_models import OverflowAgreement

_NAMES: Final = text("select order_id, name from overflow_names(:orders)").bindparams(
    bindparam("orders", type_=ARRAY(Uuid))
)
_GIVEN_AWAY: Final = text(
    "select order_id, order_no, order_state, institution_id, overflow_agreement_id, plan_id, start_at, end_at"
    " from appointments_given_away(:who, :start, :end)"
).bindparams(
    bindparam("who", type_=Uuid),
    bindparam("start", type_=DateTime(timezone=True)),
    bindparam("end", type_=DateTime(timezone=True)),
)


@dataclass(frozen=True, slots=True)
class GivenAway:
    """What a member of staff has promised by an agreement at another institution's door, without whose it is."""

    order_id: UUID
    order_no: str
    order_state: str
    institution_id: UUID
    overflow_agreement_id: UUID
    plan_id: UUID
    start: datetime
    end: datetime


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


async def given_away(
    session: AsyncSession, *, practitioner_id: UUID, start: datetime, end: datetime
) -> list[GivenAway]:
    """Return what one of one's own staff has promised by agreements that touches [start, end), in order of time."""
    found = await session.execute(_GIVEN_AWAY, {"who": practitioner_id, "start": start, "end": end})
    return [GivenAway(*row) for row in found]


refusals.name_constraints(
    {
        "overflow_agreements_once": errors.OverflowAgreed,
        "appointments_by_agreement": errors.OverflowNotAgreed,
    }
)
