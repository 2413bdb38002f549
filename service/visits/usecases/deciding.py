"""Deciding exceptions: a named person approves with a reason code, or refuses for good."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import problems
from service.core.principal import Principal
from service.orders.rules import OrderState
from service.visits import errors, repository, rules, schemas
from service.visits.models import Visit
from service.visits.usecases import proving, reading


async def decide_exception(
    session: AsyncSession,
    *,
    principal: Principal,
    visit_id: UUID,
    exception_id: UUID,
    asked: schemas.DecisionCreate,
    now: datetime,
) -> schemas.VisitRead:
    """Decide an exception of a visit, once and for all; with the last one approved the visit is verified.

    Raises:
        problems.NotFound: there is no such exception of such a visit, or it is not yours.
        errors.ExceptionDecided: it was decided before.
        errors.ReasonContradicts: approved with a reason that only refuses.
        errors.EndNeeded: a missing end, or a missing part, is approved without a credible time.
    """
    visit = await reading.get(session, principal.region_id, visit_id, lock=True)
    row = await repository.find_exception(session, principal.region_id, exception_id)
    # who helps a neighbour institution out sees its visit: what is doubtful about it is not his to decide
    if row is None or row.visit_id != visit.id or visit.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="异常")
    if row.decision is not None:
        raise errors.ExceptionDecided
    if rules.contradicts(asked.decision, asked.reason_code):
        raise errors.ReasonContradicts
    if row.kind in rules.ENDLESS and asked.decision is rules.Decision.approved:
        await _supply_end(session, visit, asked.ended_at, now, principal.account_id)
    row.decision, row.reason_code, row.note = asked.decision, asked.reason_code, asked.note
    row.decided_by_account_id, row.decided_at = principal.account_id, now
    await session.flush()
    await proving.judge(session, visit)
    return await reading.describe(session, visit)


async def _supply_end(
    session: AsyncSession, visit: Visit, ended_at: datetime | None, now: datetime, account_id: UUID
) -> None:
    """Write the end that the phone never reported."""
    if ended_at is None or visit.started_at is None or not visit.started_at <= ended_at <= now:
        raise errors.EndNeeded(started_at=visit.started_at)
    if not await repository.items(session, visit.region_id, visit.id):
        raise errors.NothingPerformed
    visit.ended_at, visit.state = ended_at, rules.VisitState.completed
    await proving.move_order(session, visit, OrderState.done, now=now, account_id=account_id, because="end_supplied")
