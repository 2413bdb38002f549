"""Cancelling a plan that is not solved yet: the worker lets it be, and nothing is stored of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import problems
from service.core.principal import Principal
from service.routing import errors, repository, schemas, states
from service.routing.states import PlanState
from service.routing.usecases import planning


async def cancel_plan(session: AsyncSession, *, principal: Principal, plan_id: UUID, now: datetime) -> schemas.PlanHead:
    """Cancel a plan, or a repair, that waits or is being solved; a cancelled one is only told again.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
        errors.PlanNotCancellable: it has its answer: it is solved, published or superseded, or has failed.
    """
    # held: of this and an answer that is being stored the second one sees what the first one left
    row = await repository.find_plan(
        session, region_id=principal.region_id, plan_id=plan_id, institution_ids=principal.institution_ids, lock=True
    )
    if row is None:
        raise problems.NotFound(what="计划")
    if row.state != PlanState.cancelled:
        if not states.may_move(PlanState(row.state), PlanState.cancelled):
            raise errors.PlanNotCancellable(state=row.state, label=states.STATE_LABELS[PlanState(row.state)])
        row.state, row.cancelled_at, row.cancelled_by_account_id = PlanState.cancelled, now, principal.account_id
        await session.flush()
    return planning.head(row)
