"""Writes a solved period: which due round falls on which day, or why on none, and the sums."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from service.routing.period import reasons
from service.routing.period.gathering import Gathered
from service.routing.period.models import PeriodPlan, PeriodRound
from service.routing.period.problem import Answer, Planned
from service.routing.period.states import NotKept, PeriodState


async def store(session: AsyncSession, row: PeriodPlan, gathered: Gathered, answer: Answer, now: datetime) -> None:
    """Store a period's answer with its reasons in its row, which the caller holds."""
    planned = reasons.explained(gathered.period, answer)
    row.state, row.solved_at = PeriodState.solved, now
    row.summary = {
        "due": len(planned),
        "planned": sum(each.slot is not None for each in planned),
        "late": sum(each.slot is not None and each.reason is not None for each in planned),
        "proven": answer.proven,
    }
    session.add_all(_round(row, gathered, each) for each in planned)
    await session.flush()


def _round(row: PeriodPlan, gathered: Gathered, planned: Planned) -> PeriodRound:
    plan = gathered.plans[planned.round_id]
    return PeriodRound(
        region_id=row.region_id,
        period_plan_id=row.id,
        round_plan_id=plan.id,
        seq=planned.seq,
        institution_id=plan.institution_id,
        person_id=plan.person_id,
        due_on=planned.due_on,
        owed_on=planned.owed_on,
        planned_on=planned.slot.on if planned.slot else None,
        half_day=planned.slot.half if planned.slot else None,
        overflow_agreement_ids=list(planned.by),
        reason=NotKept.home_unseen if plan.id in gathered.unseen else planned.reason,
    )
