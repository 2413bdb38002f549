"""The worker's part: a requested period is gathered, solved in a process of its own, and stored with its reasons.

No transaction is open while the solver runs. Again changes nothing once the period is solved, has failed or is
cancelled; one that is cancelled meanwhile is let go, and nothing is stored of it.
"""

from functools import partial
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import logs
from service.core.db.session import transaction
from service.core.http import House
from service.core.jobs.queue import Job
from service.routing.forked import SolverDied
from service.routing.letting_go import PlanCancelled, unless_cancelled
from service.routing.period import apart, gathering, repository, storing
from service.routing.period.gathering import Gathered
from service.routing.period.models import PeriodPlan
from service.routing.period.problem import Answer
from service.routing.period.states import PeriodState

_FAILED: Final = "求解程序意外中止，请重新安排；若再次发生请联系管理员。"
_log = logs.get_logger("routing.period")


async def distribute(house: House, job: Job) -> None:
    """Carry out PERIOD_REQUESTED."""
    gathered = await _begin(house, job)
    if gathered is None:
        return
    is_cancelled = partial(repository.is_cancelled, region_id=job.region_id, period_plan_id=job.subject_id)
    try:
        answer = await unless_cancelled(house, job, apart.solve_apart(gathered.period), is_cancelled)
    except PlanCancelled:
        return
    except SolverDied as died:
        _log.error("solver died", period=str(job.subject_id), how=str(died))
        await _store(house, job, gathered, None)
        return
    await _store(house, job, gathered, answer)


async def _begin(house: House, job: Job) -> Gathered | None:
    """Gather what is due and who is there; None when the period has been answered or cancelled already."""
    now = house.clock.now()
    async with transaction(house.sessions, job.fence, now) as session:
        row = await _hold(session, job)
        if row is None:
            return None
        ask = gathering.Ask(row.region_id, row.institution_ids, row.first, row.last, row.travel_minutes, now)
        return await gathering.gather(session, ask)


async def _hold(session: AsyncSession, job: Job) -> PeriodPlan | None:
    """Return the period plan, held until the commit, if the worker still owes an answer."""
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
        await storing.store(session, row, gathered, answer, now)
