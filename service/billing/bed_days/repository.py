"""Every query and posting of bed days, and which refusal each of their constraints stands for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Exists, func, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.billing.bed_days import errors
from service.billing.bed_days.models import (
    BedDay,
    BedDayReversal,
    BedReversal,
    BedSettlement,
    BedSettlementFunding,
    BedSettlementLine,
)
from service.core.db import refusals
from service.core.paging import PageRequest

_BILLED: Final = text("select * from bed_days_billed(:person, :first, :until)")


@dataclass(frozen=True, slots=True)
class Posted:
    """A bill with its lines, their fundings, its days (each with whether it was taken back) and its reversals."""

    settlement: BedSettlement
    lines: Sequence[BedSettlementLine]
    fundings: Sequence[BedSettlementFunding]
    days: Sequence[tuple[BedDay, bool]]
    reversals: Sequence[BedReversal]


async def billed(
    session: AsyncSession, *, person_id: UUID, first: date, until: date
) -> Mapping[date, tuple[int, bool]]:
    """Return the days of a person in [first, until) that were ever billed, anywhere: the last seq, and if it stands."""
    found = await session.execute(_BILLED, {"person": person_id, "first": first, "until": until})
    return {row.service_on: (row.seq, row.live) for row in found}


async def find(session: AsyncSession, *, region_id: UUID, settlement_id: UUID) -> BedSettlement | None:
    """Return a bill that the fence lets through, or None."""
    return await session.get(BedSettlement, (region_id, settlement_id))


async def list_page(
    session: AsyncSession, *, region_id: UUID, bed_id: UUID, page: PageRequest
) -> Sequence[tuple[BedSettlement, int, int]]:
    """Return one more than a page of a bed's bills, each with how many days it has and how many were taken back."""
    of_bill = col(BedDay.region_id) == col(BedSettlement.region_id), col(BedDay.settlement_id) == col(BedSettlement.id)
    returned = (
        col(BedDayReversal.region_id) == col(BedSettlement.region_id),
        col(BedDayReversal.settlement_id) == col(BedSettlement.id),
    )
    days = select(func.count()).select_from(BedDay).where(*of_bill).scalar_subquery()
    back = select(func.count()).select_from(BedDayReversal).where(*returned).scalar_subquery()
    query = select(BedSettlement, days, back).where(
        col(BedSettlement.region_id) == region_id, col(BedSettlement.bed_id) == bed_id
    )
    if page.after is not None:
        query = query.where(col(BedSettlement.id) > page.after)
    found = await session.execute(query.order_by(col(BedSettlement.id)).limit(page.limit + 1))
    return [(row[0], row[1], row[2]) for row in found]


async def read(session: AsyncSession, settlement: BedSettlement) -> Posted:
    """Return a bill with everything that belongs to it."""
    of = {"region_id": settlement.region_id, "settlement_id": settlement.id}
    lines = select(BedSettlementLine).filter_by(**of).order_by(col(BedSettlementLine.year))
    paid = select(BedSettlementFunding).filter_by(**of)
    back = select(BedReversal).filter_by(**of).order_by(col(BedReversal.id))
    days = select(BedDay, _taken_back()).filter_by(**of).order_by(col(BedDay.service_on))
    return Posted(
        settlement,
        (await session.execute(lines)).scalars().all(),
        (await session.execute(paid)).scalars().all(),
        [(row[0], bool(row[1])) for row in await session.execute(days)],
        (await session.execute(back)).scalars().all(),
    )


async def live_days(
    session: AsyncSession, *, region_id: UUID, bed_id: UUID, first: date, until: date
) -> Sequence[BedDay]:
    """Return the days of a bed in [first, until) that stand in a bill, in date order."""
    query = select(BedDay).where(
        col(BedDay.region_id) == region_id,
        col(BedDay.bed_id) == bed_id,
        col(BedDay.service_on) >= first,
        col(BedDay.service_on) < until,
        ~_taken_back(),
    )
    return (await session.execute(query.order_by(col(BedDay.service_on)))).scalars().all()


async def settlements(
    session: AsyncSession, *, region_id: UUID, settlement_ids: set[UUID]
) -> Mapping[UUID, BedSettlement]:
    """Return bills by id."""
    query = select(BedSettlement).where(
        col(BedSettlement.region_id) == region_id, col(BedSettlement.id).in_(settlement_ids)
    )
    return {row.id: row for row in (await session.execute(query)).scalars()}


def _taken_back() -> Exists:
    """Whether a day was taken back."""
    return (
        select(col(BedDayReversal.seq))
        .where(
            col(BedDayReversal.region_id) == col(BedDay.region_id),
            col(BedDayReversal.person_id) == col(BedDay.person_id),
            col(BedDayReversal.service_on) == col(BedDay.service_on),
            col(BedDayReversal.seq) == col(BedDay.seq),
        )
        .exists()
    )


refusals.name_constraints(
    {
        "pk_bed_days": errors.BedDayBilled,
        "bed_days_follow_a_reversal": errors.BedDayBilled,
        "bed_days_in_stay": errors.BedDayOutsideStay,
        "pk_bed_day_reversals": errors.BedDayReversed,
    }
)
