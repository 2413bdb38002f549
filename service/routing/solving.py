"""The worker's part: a requested plan is gathered, solved in a process of its own, checked by the referee and stored.

No transaction is open while the roads are asked and the solver runs. A worker that dies leaves a plan in `solving`,
which the next one solves again; whoever is first to store has stored, under the plan's lock. A plan that is cancelled
meanwhile is let go, and nothing is stored of it.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import logs, metrics
from service.core.db.session import transaction
from service.core.http import House
from service.core.jobs.queue import Job
from service.routing import (
    building,
    changes,
    gathering,
    referee,
    repair_solving,
    repository,
    solver_process,
    storing,
    travel,
    validation,
)
from service.routing.building import DayFacts, Told, ToldTour
from service.routing.building.repairing import Disruption
from service.routing.forked import SolverDied
from service.routing.letting_go import PlanCancelled, unless_cancelled
from service.routing.models import Plan as PlanRow
from service.routing.problem import Limits
from service.routing.repair_solving import RulesBroken
from service.routing.solver_process import Task
from service.routing.solver_progress import Progress
from service.routing.solver_refusal import NumbersTooLarge
from service.routing.states import UNDER_WAY, PlanState
from service.routing.storing import Solved
from service.routing.usecases import pinning, standing

PROGRESS_EVERY_SECONDS: Final = 0.5
CORES: Final = min(2, os.cpu_count() or 1)

_log = logs.get_logger("routing.solving")


@dataclass(frozen=True, slots=True)
class _Begun:
    """What the first transaction found out."""

    facts: DayFacts
    seconds_limit: int
    seed: int
    told: Sequence[Told] = ()
    driven: Sequence[ToldTour] = ()
    happened: Disruption | None = None


async def solve_plan(house: House, job: Job) -> None:
    """Carry out PLAN_REQUESTED; again changes nothing once the plan is solved, has failed or is cancelled."""
    begun = await _begin(house, job)
    if begun is None:
        return
    started = time.monotonic()
    try:
        solving = _solve(house, begun, _Reporter(house, job), started)
        is_cancelled = partial(repository.is_cancelled, region_id=job.region_id, plan_id=job.subject_id)
        solved = await unless_cancelled(house, job, solving, is_cancelled)
    except PlanCancelled:
        metrics.solved("cancelled", time.monotonic() - started)
        return
    except (SolverDied, validation.ProblemInvalid, NumbersTooLarge, RulesBroken) as failed:
        why = _why_not(failed)
        metrics.solved(why.outcome, time.monotonic() - started)
        _log.error(why.event, plan=str(job.subject_id), how=str(failed))
        await _fail(house, job, why.sentence)
        return
    metrics.solved("solved", time.monotonic() - started)
    now = house.clock.now()
    async with transaction(house.sessions, job.fence, now) as session:
        row = await _hold(session, job)
        if row is not None:
            await storing.store(session, row, solved, now)


@dataclass(frozen=True, slots=True)
class _WhyNot:
    """Why there is no plan: for the metrics, for the log, for people."""

    outcome: str
    event: str
    sentence: str


def _why_not(failed: Exception) -> _WhyNot:
    if isinstance(failed, SolverDied):
        return _WhyNot("died", "solver died", "求解程序意外中止，请重新排班；若再次发生请联系管理员。")
    if isinstance(failed, validation.ProblemInvalid):
        sentence = f"当天的数据自相矛盾，无法排班；请联系管理员（{failed}）。"
        return _WhyNot("invalid", "day contradicts itself", sentence)
    if isinstance(failed, NumbersTooLarge):
        sentence = f"当天的数据中有过大的数值，无法累加，不能排班；请核对后重新排班（{failed}）。"
        return _WhyNot("invalid", "numbers too large", sentence)
    return _WhyNot("infeasible", "plan breaks a rule", str(failed))


async def _solve(house: House, begun: _Begun, reporter: "_Reporter", started: float) -> Solved:
    """Solve a day, or mend the plan of one.

    Raises:
        ProblemInvalid: the day contradicts itself.
        NumbersTooLarge: no search can add up its numbers.
        SolverDied: the solver gave no answer.
        RulesBroken: what it answered breaks a rule.
    """
    limits = Limits(seconds=float(begun.seconds_limit), workers=CORES)
    roads = travel.roads_of(house.settings)
    if begun.happened is not None:
        ask = repair_solving.Ask(begun.facts, begun.told, begun.happened, limits, begun.seed, begun.driven)
        return await repair_solving.repair(ask, roads, reporter.hear, started)
    day = await asyncio.to_thread(building.draw, begun.facts)
    matrices = await roads.matrices(day.points, day.means, outside=begun.facts.outside)
    problem = await asyncio.to_thread(building.problem_of, day, [each.seconds for each in matrices])
    await asyncio.to_thread(validation.check, problem)
    plan = await solver_process.solve_apart(Task(problem, limits, begun.seed), reporter.hear)
    verdict = await asyncio.to_thread(referee.check_plan, problem, plan)
    repair_solving.refuse_broken(problem, verdict)
    return Solved(
        day=day,
        problem=problem,
        plan=plan,
        travel=matrices,
        verdict=verdict,
        seconds=time.monotonic() - started,
        facts=begun.facts,
        begun=begun.facts.begun_stops,
    )


async def _begin(house: House, job: Job) -> _Begun | None:
    """Mark the plan as being solved and gather its day; None when it has been answered already."""
    now = house.clock.now()
    async with transaction(house.sessions, job.fence, now) as session:
        row = await _hold(session, job)
        if row is None:
            return None
        row.state = PlanState.solving
        if row.repairs_plan_id is not None:
            return await _begin_repair(session, job, row, row.repairs_plan_id)
        replaced = await repository.find_published(
            session, region_id=row.region_id, area_id=row.area_id, on=row.service_on
        )
        ask = gathering.Ask(
            region_id=row.region_id,
            institution_ids=row.institution_ids,
            on=row.service_on,
            now=now,
            replaced=replaced.id if replaced else None,
        )
        facts = replace(await gathering.gather(session, ask), pins=await pinning.kept(session, row))
        return _Begun(facts, row.seconds_limit, row.seed)


async def _begin_repair(session: AsyncSession, job: Job, row: PlanRow, plan_id: UUID) -> _Begun:
    """Gather the whole day of the plan that is to be mended, and what happened."""
    before = await repository.find_plan(
        session, region_id=job.region_id, plan_id=plan_id, institution_ids=job.institution_ids
    )
    told = await standing.list_told(session, region_id=row.region_id, plan_id=plan_id)
    asked = changes.RepairAsk.model_validate(row.repair)
    happened = Disruption(
        frozen_until=asked.frozen_until or row.requested_at,
        absent={each.practitioner_id: each.from_at for each in asked.absent},
        cancelled=frozenset(asked.cancelled_order_ids),
        urgent=frozenset(asked.urgent_order_ids),
        longer={each.order_id: each.minutes for each in asked.longer},
    )
    driven = await standing.list_told_tours(session, before or row)
    facts = replace(await standing.gather(session, before or row, driven), pins=await pinning.kept(session, row))
    return _Begun(facts, row.seconds_limit, row.seed, told, driven, happened)


async def _hold(session: AsyncSession, job: Job) -> PlanRow | None:
    """Return the plan, held until the commit, if the worker still owes an answer."""
    row = await repository.find_plan(
        session, region_id=job.region_id, plan_id=job.subject_id, institution_ids=job.institution_ids, lock=True
    )
    return row if row is not None and row.state in UNDER_WAY else None


class _Reporter:
    """Writes the solver's progress down, now and then, each time in a transaction of its own."""

    def __init__(self, house: House, job: Job) -> None:
        self._house, self._job = house, job
        self._said_at = float("-inf")

    async def hear(self, progress: Progress) -> None:
        if time.monotonic() - self._said_at < PROGRESS_EVERY_SECONDS:
            return
        self._said_at = time.monotonic()
        told: dict[str, Any] = {
            "seconds": round(progress.seconds, 1),
            "cost": progress.cost,
            "unassigned": progress.unassigned,
            "phase": progress.phase.value,
        }
        async with transaction(self._house.sessions, self._job.fence, self._house.clock.now()) as session:
            await repository.say_progress(
                session, region_id=self._job.region_id, plan_id=self._job.subject_id, progress=told
            )


async def _fail(house: House, job: Job, failure: str) -> None:
    async with transaction(house.sessions, job.fence, house.clock.now()) as session:
        row = await _hold(session, job)
        if row is not None:
            row.state, row.failure = PlanState.failed, failure
