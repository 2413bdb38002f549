"""Asking for the distribution of a period's rounds, reading and cancelling it; `booking` accepts it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import access, problems
from service.core.jobs import queue
from service.core.principal import Principal
from service.orders.rounds.rules import HalfDay
from service.routing import errors
from service.routing import repository as areas
from service.routing.period import repository, schemas
from service.routing.period.models import PeriodPlan, PeriodRound
from service.routing.period.states import EXPLANATIONS, MOVES, PERIOD_REQUESTED, STATE_LABELS, NotKept, PeriodState
from service.routing.usecases import planning


@dataclass(frozen=True, slots=True)
class PlannedRound:
    """The `seq`-th time that a round plan is due in a period, with the day and half that it falls on.

    `owed_on`: when it fell due by its own count, however late it is seen.
    """

    round_plan_id: UUID
    seq: int
    person_id: UUID
    owed_on: date
    on: date
    half: HalfDay


async def request_period(
    session: AsyncSession, *, principal: Principal, asked: schemas.PeriodRequest, now: datetime
) -> schemas.PeriodHead:
    """Ask the worker to spread the due rounds of an area's institutions, or of one, over some days.

    Raises:
        problems.NotFound: there is no such area, or not all of its institutions are the principal's.
        errors.DayNotPlannable: a day is over, or too far ahead.
    """
    planning.refuse_day(asked.first, now)
    planning.refuse_day(asked.last, now)
    institution_ids = await _institutions(session, principal, asked)
    row = PeriodPlan(
        region_id=principal.region_id,
        area_id=asked.area_id,
        institution_ids=institution_ids,
        first=asked.first,
        last=asked.last,
        travel_minutes=asked.travel_minutes,
        state=PeriodState.queued,
        requested_by_account_id=principal.account_id,
        requested_at=now,
    )
    session.add(row)
    await session.flush()
    await queue.enqueue(session, PERIOD_REQUESTED, queue.Job.of(principal, row.id, institution_ids))
    return schemas.PeriodHead.model_validate(schemas.shown(row))


async def _institutions(session: AsyncSession, principal: Principal, asked: schemas.PeriodRequest) -> list[UUID]:
    institution_ids = [asked.institution_id] if asked.institution_id else []
    if asked.area_id is not None:
        area = await areas.find_area(session, region_id=principal.region_id, area_id=asked.area_id)
        if area is None:
            raise problems.NotFound(what="调度区域")
        institution_ids = area.institution_ids
    for institution_id in institution_ids:
        access.require_institution(principal, institution_id)
    return institution_ids


async def read_period(session: AsyncSession, *, principal: Principal, period_plan_id: UUID) -> schemas.PeriodRead:
    """Return a period plan with its rounds.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
    """
    return await told(session, await _get(session, principal, period_plan_id))


async def cancel_period(
    session: AsyncSession, *, principal: Principal, period_plan_id: UUID, now: datetime
) -> schemas.PeriodHead:
    """Cancel a period plan that waits or is being solved; a cancelled one is only told again.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
        errors.PeriodNotCancellable: it has its answer: it is solved or accepted, or has failed.
    """
    # held: of this and an answer that is being stored the second one sees what the first one left
    row = await _get(session, principal, period_plan_id, lock=True)
    if row.state != PeriodState.cancelled:
        if PeriodState.cancelled not in MOVES[PeriodState(row.state)]:
            raise errors.PeriodNotCancellable(state=row.state, label=STATE_LABELS[PeriodState(row.state)])
        row.state, row.cancelled_at, row.cancelled_by_account_id = PeriodState.cancelled, now, principal.account_id
        await session.flush()
    return schemas.PeriodHead.model_validate(schemas.shown(row))


async def hold_solved(session: AsyncSession, *, principal: Principal, period_plan_id: UUID) -> list[PlannedRound]:
    """Return the planned rounds of a period that may be accepted, in the order of their days; none of one that has
    been. The period is held until the commit.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
        errors.PeriodNotReady: it is not solved yet, or has failed.
    """
    row = await _get(session, principal, period_plan_id, lock=True)
    if row.state not in {PeriodState.solved, PeriodState.accepted}:
        raise errors.PeriodNotReady(state=row.state, label=STATE_LABELS[PeriodState(row.state)])
    if row.state == PeriodState.accepted:
        return []
    found = await repository.list_rounds(session, region_id=row.region_id, period_plan_id=row.id)
    planned = [
        PlannedRound(
            round_plan_id=each.round_plan_id,
            seq=each.seq,
            person_id=each.person_id,
            # an earlier version did not write down more than the day it is due in the period
            owed_on=each.owed_on or each.due_on,
            on=each.planned_on,
            half=HalfDay(each.half_day),
        )
        for each in found
        if each.planned_on is not None and each.half_day is not None
    ]
    return sorted(planned, key=lambda each: (each.on, each.round_plan_id))


async def accept(
    session: AsyncSession,
    *,
    principal: Principal,
    period_plan_id: UUID,
    outcomes: Mapping[PlannedRound, UUID | problems.Refusal],
    now: datetime,
) -> schemas.PeriodRead:
    """Write down what became of each planned round, an order or a refusal; an accepted period is only told again.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
    """
    row = await _get(session, principal, period_plan_id, lock=True)
    if row.state != PeriodState.accepted:
        became = {(each.round_plan_id, each.seq): outcome for each, outcome in outcomes.items()}
        for each in await repository.list_rounds(session, region_id=row.region_id, period_plan_id=row.id):
            outcome = became.get((each.round_plan_id, each.seq))
            if isinstance(outcome, problems.Refusal):
                each.refusal = {"code": outcome.code(), "detail": outcome.sentence("zh")}
            else:
                each.order_id = outcome
        row.state, row.accepted_at = PeriodState.accepted, now
        row.accepted_by_account_id = principal.account_id
        await session.flush()
    return await told(session, row)


async def told(session: AsyncSession, row: PeriodPlan) -> schemas.PeriodRead:
    """Return a period plan as people read it."""
    found = await repository.list_rounds(session, region_id=row.region_id, period_plan_id=row.id)
    return schemas.PeriodRead.model_validate(schemas.shown(row) | {"rounds": [_round(each) for each in found]})


def _round(row: PeriodRound) -> dict[str, Any]:
    late = (row.planned_on - row.due_on).days if row.planned_on else 0
    return row.model_dump() | {
        "late_days": max(0, late),
        "explanation": EXPLANATIONS[NotKept(row.reason)] if row.reason else None,
    }


async def _get(session: AsyncSession, principal: Principal, period_plan_id: UUID, *, lock: bool = False) -> PeriodPlan:
    row = await repository.find_period(
        session,
        region_id=principal.region_id,
        period_plan_id=period_plan_id,
        institution_ids=principal.institution_ids,
        lock=lock,
    )
    if row is None:
        raise problems.NotFound(what="多日计划")
    return row
