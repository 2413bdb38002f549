"""Accepting a period plan: each planned round becomes an order, booked as everybody books; what is refused says why."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
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
from service.orders.rounds.rules import Hours, RoundPlanFacts, refuse_on, window_of
from service.orders.rules import RoundDue
from service.routing.period import usecases as periods
from service.routing.period.schemas import PeriodRead
from service.routing.period.usecases import PlannedRound


async def accept_period(
    session: AsyncSession, *, principal: Principal, period_plan_id: UUID, signer: Signer, now: datetime
) -> PeriodRead:
    """Place an order for each planned round of a period; an accepted one is only told again.

    Each is checked, quoted and reserved like any other booking; one that is refused stays without an order and says
    why, the others are placed. A round whose plan has ended meanwhile, or whose person is seen within the shortest
    interval, or that another period has made an order of, is refused too.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
        routing.errors.PeriodNotReady: it is not solved yet, or has failed.
    """
    planned = await periods.hold_solved(session, principal=principal, period_plan_id=period_plan_id)
    plans = await _hold(session, principal.region_id, planned)
    seen = await _seen(session, principal.region_id, planned, plans)
    outcomes: dict[PlannedRound, UUID | problems.Refusal] = {}
    for each in planned:
        plan, days = plans[each.round_plan_id], seen[each.round_plan_id]
        outcomes[each] = await _order(session, principal, each, plan, days, signer=signer, now=now)
    return await periods.accept(session, principal=principal, period_plan_id=period_plan_id, outcomes=outcomes, now=now)


async def _hold(session: AsyncSession, region_id: UUID, planned: Sequence[PlannedRound]) -> dict[UUID, RoundPlanFacts]:
    """Hold the round plans and the people, each in the order of their ids, before the first order is placed.

    With its number an order makes the institution's other bookings wait: whoever holds that may wait for no person.
    """
    ids = sorted({each.round_plan_id for each in planned})
    plans = {each: await rounds.hold_round_plan(session, region_id=region_id, round_plan_id=each) for each in ids}
    for person_id in sorted({each.person_id for each in planned}):
        await orders.count_open(session, person_id=person_id)
    return plans


async def _seen(
    session: AsyncSession, region_id: UUID, planned: Sequence[PlannedRound], plans: Mapping[UUID, RoundPlanFacts]
) -> Mapping[UUID, list[date]]:
    """Return when the people of round plans that are held are seen around the days planned."""
    days = [each.on for each in planned]
    if not days:
        return {}
    return await rounds.days_seen(
        session, region_id=region_id, plans=list(plans.values()), first=min(days), last=max(days)
    )


async def _order(
    session: AsyncSession,
    principal: Principal,
    due: PlannedRound,
    plan: RoundPlanFacts,
    seen: list[date],
    *,
    signer: Signer,
    now: datetime,
) -> UUID | problems.Refusal:
    """Place the order of a planned round, note its day in `seen` and return its id, or return the refusal."""
    try:
        refuse_on(plan, due.on, seen)
        hours = await rounds.hours_on(
            session, region_id=principal.region_id, institution_id=plan.institution_id, on=due.on
        )
        booked = await bulk.attempt(
            session,
            lambda: placing.place_order(
                session,
                principal=principal,
                asked=_asked(plan, due, hours),
                signer=signer,
                now=now,
                # whoever else orders rounds of the plan at this moment, without waiting here, meets the constraints
                due=RoundDue(plan.id, due.owed_on, plan.minimum_days),
            ),
        )
    except problems.Refusal as refusal:
        return refusal
    seen.append(due.on)
    return booked.order.id


def _asked(plan: RoundPlanFacts, due: PlannedRound, hours: Hours) -> schemas.OrderPlacement:
    window = window_of(due.on, due.half, hours)
    return schemas.OrderPlacement(
        institution_id=plan.institution_id,
        person_id=plan.person_id,
        kind=plan.kind,
        wished_start=window.start,
        wished_end=window.end,
        items=[schemas.ItemAsked(code=code, quantity=quantity) for code, quantity in plan.items],
        mobility_reason=plan.mobility_reason,
    )
