"""The worker's part: a requested period is gathered, solved in a process of its own, and stored with its reasons.

No transaction is open while the solver runs. Again changes nothing once the period is solved or has failed.
"""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import logs
from service.core.db.session import transaction
from service.core.http import House
from service.core.jobs.queue import Job
from service.routing.forked import SolverDied
from service.routing.period import apart, gathering, reasons, repository
from service.routing.period.gathering import Gathered
from service.routing.period.models import PeriodPlan, PeriodRound
from service.routing.period.problem import Answer, Planned
from service.routing.period.states import NotKept, PeriodState

_FAILED: Final = "求解程序意外中止，请重新安排；若再次发生请联系管理员。"
_log = logs.get_logger("routing.period")


async def distribute(house: House, job: Job) -> None:
    """Carry out PERIOD_REQUESTED."""
    now = house.clock.now()
    async with transaction(house.sessions, job.fence, now) as session:
        row = await _hold(session, job)
        if row is None:
            return
        ask = gathering.Ask(row.region_id, row.institution_ids, row.first, row.last, row.travel_minutes, now)
        gathered = await gathering.gather(session, ask)
    try:
        answer = await apart.solve_apart(gathered.period)
    except SolverDied as died:
        _log.error("solver died", period=str(job.subject_id), how=str(died))
        await _store(house, job, gathered, None)
        return
    await _store(house, job, gathered, answer)


async def _hold(session: AsyncSession, job: Job) -> PeriodPlan | None:
    row = await repository.find_period(
        session,
        region_id=job.region_id,
        period_plan_id=job.subject_id,
        institution_ids=job.institution_ids,
        lock=True,
    )
    return row if row is not None and row.state == PeriodState.queued else None


async def _store(house: House, job: Job, gathered: Gathered, answer: Answer | None) -> None:
    now = house.clock.now()
    async with transaction(house.sessions, job.fence, now) as session:
        row = await _hold(session, job)
        if row is None:
            return
        if answer is None:
            row.state, row.failure = PeriodState.failed, _FAILED
            return
        planned = reasons.explained(gathered.period, answer)
        row.state, row.solved_at = PeriodState.solved, now
        row.summary = {
            "due": len(planned),
            "planned": sum(each.slot is not None for each in planned),
            "late": sum(each.slot is not None and each.reason is not None for each in planned),
            "proven": answer.proven,
        }
        session.add_all(_round(row, gathered, each) for each in planned)


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
