"""Every query of period plans and their rounds."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import fences
from service.routing.period.models import PeriodPlan, PeriodRound
from service.routing.period.states import PeriodState


async def find_period(
    session: AsyncSession,
    *,
    region_id: UUID,
    period_plan_id: UUID,
    institution_ids: Sequence[UUID],
    lock: bool = False,
) -> PeriodPlan | None:
    """Return a period plan all of whose institutions are among `institution_ids`; `lock` holds it to the commit."""
    within = fences.table_of(PeriodPlan).c.institution_ids.contained_by(list(institution_ids))
    query = select(PeriodPlan).where(
        col(PeriodPlan.region_id) == region_id, col(PeriodPlan.id) == period_plan_id, within
    )
    if lock:
        # the identity map may hold the row as it was before the lock was granted
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def is_cancelled(session: AsyncSession, *, region_id: UUID, period_plan_id: UUID) -> bool:
    """Return whether a period plan is cancelled, as it is committed; none is that the fence does not let through."""
    query = select(PeriodPlan.state).where(col(PeriodPlan.region_id) == region_id, col(PeriodPlan.id) == period_plan_id)
    return (await session.execute(query)).scalar_one_or_none() == PeriodState.cancelled


async def list_rounds(session: AsyncSession, *, region_id: UUID, period_plan_id: UUID) -> Sequence[PeriodRound]:
    """Return a period plan's rounds, by the day they are due."""
    query = (
        select(PeriodRound)
        .where(col(PeriodRound.region_id) == region_id, col(PeriodRound.period_plan_id) == period_plan_id)
        .order_by(col(PeriodRound.due_on), col(PeriodRound.round_plan_id), col(PeriodRound.seq))
    )
    return (await session.execute(query)).scalars().all()
