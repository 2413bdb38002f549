"""Asking for a plan's repair after a disruption: a plan of its own, to be published or thrown away."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import access, problems
from service.core.jobs import queue
from service.core.principal import Principal
from service.routing import changes, repository, schemas
from service.routing.models import Plan
from service.routing.states import PLAN_REQUESTED, PlanState
from service.routing.usecases import pinning, planning, standing


async def request_repair(
    session: AsyncSession, *, principal: Principal, plan_id: UUID, asked: changes.RepairAsk, now: datetime
) -> schemas.PlanHead:
    """Ask the worker to mend a plan after a disruption; the plan itself stays as it is, and in force.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
        errors.DayNotPlannable: its day is over.
        errors.PlanNotStanding: it is not solved, has failed, or was superseded.
        errors.PinWithoutPromise: the plan in force does not promise what is pinned.
    """
    before = await standing.get_plan(session, principal, plan_id)
    planning.refuse_day(before.service_on, now)
    standing.refuse_unless_it_stands(before)
    area = await repository.find_area(session, region_id=before.region_id, area_id=before.area_id)
    if area is None:
        raise problems.NotFound(what="调度区域")
    for institution_id in before.institution_ids:
        access.require_institution(principal, institution_id)
    frozen_until = max(now, asked.frozen_until or now)
    row = Plan(
        region_id=before.region_id,
        area_id=before.area_id,
        service_on=before.service_on,
        institution_ids=before.institution_ids,
        state=PlanState.queued,
        seconds_limit=asked.seconds_limit,
        seed=asked.seed,
        requested_by_account_id=principal.account_id,
        requested_at=now,
        repairs_plan_id=before.id,
        pinned_order_ids=asked.pinned_order_ids,
        repair=asked.model_copy(update={"frozen_until": frozen_until}).model_dump(mode="json"),
    )
    await pinning.refuse_unpromised(session, row)
    session.add(row)
    await session.flush()
    await queue.enqueue(session, PLAN_REQUESTED, queue.Job.of(principal, row.id, before.institution_ids))
    return planning.head(row)
