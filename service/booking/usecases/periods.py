"""Accepting a period plan: each planned round becomes an order, booked as everybody books; what is refused says why."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.booking import schemas
from service.booking.usecases import placing
from service.core import problems
from service.core.db import bulk
from service.core.principal import Principal
from service.core.signing import Signer
from service.orders import usecases as orders
from service.orders.rounds import usecases as rounds
from service.orders.rounds.rules import HalfDay, RoundPlanFacts, window_of
from service.routing.period import usecases as periods
from service.routing.period.models import PeriodRound
from service.routing.period.schemas import PeriodRead
from service.routing.period.states import PeriodState

_ORDERED: Final = {"code": "planned-already", "detail": "该居民在最短间隔内已有同类订单或已上门，不再重复预约。"}


async def accept_period(
    session: AsyncSession, *, principal: Principal, period_plan_id: UUID, signer: Signer, now: datetime
) -> PeriodRead:
    """Place an order for each planned round of a period; an accepted one is only told again.

    Each is checked, quoted and reserved like any other booking; one that is refused stays without an order and says
    why, the others are placed. A person who was seen or is ordered meanwhile within the shortest interval is left out.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
        routing.errors.PeriodNotReady: it is not solved yet, or has failed.
    """
    row, found = await periods.hold_solved(session, principal=principal, period_plan_id=period_plan_id)
    if row.state == PeriodState.accepted:
        return await periods.told(session, row)
    planned = [each for each in found if each.planned_on is not None]
    plans = await _hold(session, row.region_id, planned)
    for each in sorted(planned, key=lambda one: (one.planned_on or one.due_on, one.round_plan_id)):
        await _order(session, principal, each, plans[each.round_plan_id], signer=signer, now=now)
    row.state, row.accepted_at = PeriodState.accepted, now
    row.accepted_by_account_id = principal.account_id
    await session.flush()
    return await periods.told(session, row)


async def _hold(session: AsyncSession, region_id: UUID, planned: Sequence[PeriodRound]) -> dict[UUID, RoundPlanFacts]:
    """Hold the round plans and the people, each in the order of their ids, before the first order is placed.

    With its number an order makes the institution's other bookings wait: whoever holds that may wait for no person.
    """
    ids = sorted({each.round_plan_id for each in planned})
    plans = {each: await rounds.hold_round_plan(session, region_id=region_id, round_plan_id=each) for each in ids}
    for person_id in sorted({each.person_id for each in planned}):
        await orders.count_open(session, person_id=person_id)
    return plans


async def _order(
    session: AsyncSession,
    principal: Principal,
    due: PeriodRound,
    plan: RoundPlanFacts,
    *,
    signer: Signer,
    now: datetime,
) -> None:
    on = due.planned_on or due.due_on
    seen = (await rounds.days_seen(session, region_id=due.region_id, plans=[plan]))[plan.id]
    if any(abs((on - each).days) < plan.minimum_days for each in seen):
        due.refusal = _ORDERED
        return
    window = window_of(on, HalfDay(due.half_day or HalfDay.any))
    asked = schemas.OrderPlacement(
        institution_id=plan.institution_id,
        person_id=plan.person_id,
        kind=plan.kind,
        wished_start=window.start,
        wished_end=window.end,
        items=[schemas.ItemAsked(code=code, quantity=quantity) for code, quantity in plan.items],
        mobility_reason=plan.mobility_reason,
    )
    try:
        booked = await bulk.attempt(
            session,
            lambda: placing.place_order(session, principal=principal, asked=asked, signer=signer, now=now),
        )
    except problems.Refusal as refusal:
        due.refusal = {"code": refusal.code(), "detail": refusal.sentence("zh")}
    else:
        due.order_id = booked.order.id
