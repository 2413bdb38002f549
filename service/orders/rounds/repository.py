"""Every query of round plans, and of the days on which somebody was or will be seen."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import refusals
from service.core.paging import PageRequest
from service.orders.models import Order
from service.orders.rounds import errors
from service.orders.rounds.models import RoundPlan
from service.orders.rules import SEEN, OrderKind

refusals.name_constraints({"round_plans_one": errors.RoundPlanOverlaps, "orders_round_apart": errors.SeenTooSoon})


async def find_round_plan(
    session: AsyncSession, *, region_id: UUID, round_plan_id: UUID, lock: bool = False
) -> RoundPlan | None:
    """Return a round plan that the fence lets through; `lock` holds it to the commit."""
    query = select(RoundPlan).where(col(RoundPlan.region_id) == region_id, col(RoundPlan.id) == round_plan_id)
    if lock:
        # the identity map may hold the row as it was before the lock was granted
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def list_page(
    session: AsyncSession,
    *,
    region_id: UUID,
    institution_ids: Collection[UUID],
    person_id: UUID | None,
    page: PageRequest,
) -> Sequence[RoundPlan]:
    """Return a page of the round plans of some institutions, one more than its limit."""
    query = select(RoundPlan).where(
        col(RoundPlan.region_id) == region_id, col(RoundPlan.institution_id).in_(institution_ids)
    )
    if person_id is not None:
        query = query.where(col(RoundPlan.person_id) == person_id)
    if page.after is not None:
        query = query.where(col(RoundPlan.id) > page.after)
    return (await session.execute(query.order_by(col(RoundPlan.id)).limit(page.limit + 1))).scalars().all()


async def list_in_force(
    session: AsyncSession, *, region_id: UUID, institution_ids: Collection[UUID], first: date, last: date
) -> Sequence[RoundPlan]:
    """Return the round plans of some institutions in force on any of the days first … last, by id."""
    query = (
        select(RoundPlan)
        .where(
            col(RoundPlan.region_id) == region_id,
            col(RoundPlan.institution_id).in_(institution_ids),
            col(RoundPlan.valid_from) <= last,
            col(RoundPlan.valid_to).is_(None) | (col(RoundPlan.valid_to) >= first),
        )
        .order_by(col(RoundPlan.id))
    )
    return (await session.execute(query)).scalars().all()


async def days_seen(
    session: AsyncSession,
    *,
    region_id: UUID,
    institution_ids: Collection[UUID],
    person_ids: Collection[UUID],
    first: date,
    last: date,
) -> Mapping[tuple[UUID, UUID, OrderKind], list[date]]:
    """Return (institution, person, kind) → which of the days first … last they were or will be seen on, in order."""
    query = (
        select(col(Order.institution_id), col(Order.person_id), col(Order.kind), col(Order.service_on))
        .where(
            col(Order.region_id) == region_id,
            col(Order.institution_id).in_(institution_ids),
            col(Order.person_id).in_(person_ids),
            col(Order.state).in_(SEEN),
            col(Order.service_on).between(first, last),
        )
        .order_by(col(Order.service_on))
    )
    found: defaultdict[tuple[UUID, UUID, OrderKind], list[date]] = defaultdict(list)
    for institution_id, person_id, kind, on in (await session.execute(query)).all():
        found[institution_id, person_id, OrderKind(kind)].append(on)
    return found
