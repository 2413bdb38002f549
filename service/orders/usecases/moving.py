"""How orders move: by whoever works on them, and by the institution that takes or sends back a request."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.contracts import usecases as contracts
from service.core import problems
from service.core.db.steps import Step
from service.core.jobs import queue
from service.core.principal import Principal
from service.orders import repository, rules
from service.orders.usecases import placing, rows


async def move(
    session: AsyncSession,
    *,
    region_id: UUID,
    order_id: UUID,
    to: rules.OrderState,
    now: datetime,
    account_id: UUID | None,
    because: str,
) -> rules.OrderFacts:
    """Move an order to another state, and write down when, by whom (None = the system) and why.

    Raises:
        problems.NotFound: there is no such order.
        errors.IllegalMove: it cannot move there from where it is.
    """
    # locked: of two moves at once the second one sees the state that the first one left
    row = await rows.get(session, region_id, order_id, lock=True)
    before = rules.OrderState(row.state)
    rules.refuse_illegal_move(before, to)
    row.state = to
    await rows.log(session, row, before=before, now=now, account_id=account_id, because=because)
    news = rules.news_of(before, to)
    if news is not None:
        job = queue.Job(region_id=region_id, institution_ids=(row.institution_id,), subject_id=order_id)
        await queue.enqueue(session, news, job)
    return await rows.facts(session, row)


async def steps_of_move(
    session: AsyncSession,
    *,
    region_id: UUID,
    order_id: UUID,
    to: rules.OrderState,
    now: datetime,
    account_id: UUID | None,
    because: str,
) -> list[Step]:
    """Return what `move` does to an order that the caller holds, to be taken together with steps of other rooms.

    Raises:
        problems.NotFound: there is no such order.
        errors.IllegalMove: it cannot move there from where it is.
    """
    row = await rows.standing(session, region_id=region_id, order_id=order_id)
    before = rules.OrderState(row.state)
    rules.refuse_illegal_move(before, to)
    step = rules.Step(row.next_seq, before, to, now, account_id, because)
    steps = repository.steps_of(region_id=region_id, institution_id=row.institution_id, order_id=order_id, step=step)
    news = rules.news_of(before, to)
    if news is not None:
        job = queue.Job(region_id=region_id, institution_ids=(row.institution_id,), subject_id=order_id)
        steps.append(queue.step(news, job))
    return steps


async def accept_by_itself(session: AsyncSession, *, region_id: UUID, order_id: UUID, now: datetime) -> None:
    """Accept a submitted order for an institution that takes each at once.

    Raises:
        errors.IllegalMove: it is not waiting for an answer.
    """
    await move(
        session,
        region_id=region_id,
        order_id=order_id,
        to=rules.OrderState.accepted,
        now=now,
        account_id=None,
        because=rules.BY_ITSELF,
    )


async def accept(session: AsyncSession, *, principal: Principal, order_id: UUID, now: datetime) -> rules.OrderFacts:
    """Accept an order for the institution, which must still have the registered mode on the service date (R005).

    Raises:
        problems.NotFound: there is no such order at the principal's institutions.
        errors.IllegalMove: it is not waiting for an answer.
        errors.ModeNotRegistered: the registration or the licence does not reach the service date.
    """
    order = await _own(session, principal, order_id)
    rules.refuse_illegal_move(order.state, rules.OrderState.accepted)
    await placing.require_mode(
        session,
        region_id=principal.region_id,
        institution_id=order.institution_id,
        kind=order.kind,
        on=order.service_on,
    )
    return await move(
        session,
        region_id=principal.region_id,
        order_id=order_id,
        to=rules.OrderState.accepted,
        now=now,
        account_id=principal.account_id,
        because="机构接单",
    )


async def reject(
    session: AsyncSession, *, principal: Principal, order_id: UUID, reason: str, now: datetime
) -> rules.OrderFacts:
    """Send an order back with a reason, and give back the units it held.

    Raises:
        problems.NotFound: there is no such order at the principal's institutions.
        errors.IllegalMove: it is not waiting for an answer, nor accepted without an appointment.
    """
    order = await _own(session, principal, order_id)
    moved = await move(
        session,
        region_id=principal.region_id,
        order_id=order_id,
        to=rules.OrderState.rejected,
        now=now,
        account_id=principal.account_id,
        because=reason,
    )
    await contracts.release_order(session, region_id=principal.region_id, order_id=order_id, on=order.service_on)
    return moved


async def _own(session: AsyncSession, principal: Principal, order_id: UUID) -> rules.OrderFacts:
    # an elder's account sees his order too: deciding is for those who work where it was placed
    row = await rows.get(session, principal.region_id, order_id, lock=True)
    if row.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="订单")
    return await rows.facts(session, row)
