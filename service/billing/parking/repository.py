"""Every query of parked bills, and of what a bill is compared with."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.billing.parking import errors
from service.billing.parking.models import ParkedSettlement
from service.billing.parking.rules import ParkingState
from service.core.db import refusals
from service.core.db.questions import Question
from service.core.paging import PageRequest

# how many live bills a person has of a day, at any institution
SETTLED_THAT_DAY: Final[Question[int]] = Question(
    "settled", "billing_settled_that_day(:person_id, :on) as settled", lambda rows: int(rows[0].settled)
)
# how many of an institution's last bills are live, and their median; of an order with a quote nobody asks for it
USUAL: Final[Question[tuple[int, int | None]]] = Question(
    "bills gross_fen",
    """(
    select count(*) as bills, percentile_disc(0.5) within group (order by gross_fen) as gross_fen from (
        select s.gross_fen from settlements s
        where s.region_id = :region_id and s.institution_id = :institution_id and s.kind = 'visit'
          and not exists (select 1 from reversals r where r.region_id = s.region_id and r.settlement_id = s.id)
        order by s.settled_at desc limit 100
    ) as last_bills
) as usual where not exists (select 1 from quotes q where q.region_id = :region_id and q.order_id = :order_id)""",
    lambda rows: (rows[0].bills, rows[0].gross_fen) if rows else (0, None),
)
# what was said of a visit's bill the last time that it was parked
LAST_SAID: Final[Question[Any]] = Question(
    "state reason",
    "parked_settlements where region_id = :region_id and visit_id = :visit_id order by id desc limit 1",
    lambda rows: next(iter(rows), None),
)


async def last_of_visit(session: AsyncSession, *, region_id: UUID, visit_id: UUID) -> ParkedSettlement | None:
    """Return the last time that a visit's bill was parked, or None."""
    query = select(ParkedSettlement).where(
        col(ParkedSettlement.region_id) == region_id, col(ParkedSettlement.visit_id) == visit_id
    )
    return (await session.execute(query.order_by(col(ParkedSettlement.id).desc()).limit(1))).scalar_one_or_none()


async def find_of_settlement(session: AsyncSession, *, region_id: UUID, settlement_id: UUID) -> ParkedSettlement | None:
    """Return the parked bill whose release made a settlement, or None."""
    query = select(ParkedSettlement).where(
        col(ParkedSettlement.region_id) == region_id, col(ParkedSettlement.settlement_id) == settlement_id
    )
    return (await session.execute(query)).scalar_one_or_none()


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
