"""Every query of parked bills, and of what a bill is compared with."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.billing.parking import errors
from service.billing.parking.models import ParkedSettlement
from service.billing.parking.rules import ParkingState
from service.core.db import refusals
from service.core.paging import PageRequest

_SETTLED: Final = text("select billing_settled_that_day(:person, :on)")
_MEDIAN: Final = text(
    """
select count(*) as bills, percentile_disc(0.5) within group (order by gross_fen) as gross_fen from (
    select s.gross_fen from settlements s
    where s.region_id = :region and s.institution_id = :institution and s.kind = 'visit'
      and not exists (select 1 from reversals r where r.region_id = s.region_id and r.settlement_id = s.id)
    order by s.settled_at desc limit :most
) as last_bills
"""
)
_LAST: Final = 100


async def settled_that_day(session: AsyncSession, *, person_id: UUID, on: date) -> int:
    """Return how many live bills a person has of a day, at any institution."""
    return int(await session.scalar(_SETTLED, {"person": person_id, "on": on}) or 0)


async def median_fen(session: AsyncSession, *, region_id: UUID, institution_id: UUID, least: int) -> int | None:
    """Return the median of an institution's last live bills, None when there are fewer than `least`."""
    asked = {"region": region_id, "institution": institution_id, "most": _LAST}
    row = (await session.execute(_MEDIAN, asked)).one()
    return int(row.gross_fen) if row.bills >= least else None


async def last_of_visit(session: AsyncSession, *, region_id: UUID, visit_id: UUID) -> ParkedSettlement | None:
    """Return the last time that a visit's bill was parked, or None."""
    query = select(ParkedSettlement).where(
        col(ParkedSettlement.region_id) == region_id, col(ParkedSettlement.visit_id) == visit_id
    )
    return (await session.execute(query.order_by(col(ParkedSettlement.id).desc()).limit(1))).scalar_one_or_none()


async def find(session: AsyncSession, *, region_id: UUID, parked_id: UUID) -> ParkedSettlement | None:
    """Return a parked bill that the fence lets through, as it stands now and locked to be decided, or None."""
    return await session.get(ParkedSettlement, (region_id, parked_id), with_for_update=True, populate_existing=True)


async def list_page(
    session: AsyncSession, *, region_id: UUID, state: ParkingState | None, page: PageRequest
) -> Sequence[ParkedSettlement]:
    """Return one more than a page of the parked bills that the fence lets through."""
    query = select(ParkedSettlement).where(col(ParkedSettlement.region_id) == region_id)
    if state is not None:
        query = query.where(col(ParkedSettlement.state) == state)
    if page.after is not None:
        query = query.where(col(ParkedSettlement.id) > page.after)
    return (await session.execute(query.order_by(col(ParkedSettlement.id)).limit(page.limit + 1))).scalars().all()


refusals.name_constraints(
    {
        "parked_settlements_one_open": errors.SettlementParked,
        "parked_settlements_decided_for_good": errors.ParkingDecided,
    }
)
