"""Placing an order: check, quote, write, reserve, in one transaction; a draft is only written."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.booking import rules, schemas
from service.booking.usecases import binding, checks
from service.core.ids import new_id
from service.core.principal import Principal
from service.core.signing import Signer
from service.orders import usecases as orders
from service.orders.rules import OrderState, RoundDue, Window, refuse_illegal_move


async def place_order(
    session: AsyncSession,
    *,
    principal: Principal,
    asked: schemas.OrderPlacement,
    signer: Signer,
    now: datetime,
    due: RoundDue | None = None,
) -> schemas.BookingRead:
    """Place an order, or keep it as a draft; on a quote asked for before, or on one that is made now.

    `due`: the round that it is placed for, of which no other order may stand.

    Raises:
        problems.NotFound, patients.errors.RightMissing: not the principal's person or institution.
        errors, orders.errors: whatever `checks.ready` refuses.
        billing.errors: the kernel's gate says that it could not be settled, or the quote named is not good.
        errors.QuoteNotForThis, errors.QuoteOutrun: the quote named is another's, or the price has risen.
        contracts.errors.EntitlementExhausted: somebody else took the units in this moment.
        orders.errors.RoundOrdered: there is an order for the due round.
    """
    ask = _ask(asked)
    if asked.draft:
        return await _keep_draft(session, principal=principal, ask=ask, now=now)
    region_id, order_id = principal.region_id, new_id()
    # first of all: what is asked after it holds until the commit
    open_orders = await orders.count_open(session, person_id=ask.person_id)
    await checks.ask_ahead(session, principal=principal, ask=ask, now=now)
    await _require_rights(session, principal, ask, now)
    promise = await binding.promised(session, principal=principal, asked=asked, ask=ask, signer=signer, now=now)
    ready = await checks.ready(session, region_id=region_id, ask=ask, now=now, open_orders=open_orders)
    quote = await binding.quoted(session, region_id=region_id, ready=ready, now=now, promise=promise)
    await binding.reserve(session, region_id=region_id, order_id=order_id, ready=ready, quote=quote)
    # the order last: with its number the institution's other bookings wait for the commit
    placed = await orders.create(
        session,
        principal=principal,
        order_id=order_id,
        order=replace(ready.order(OrderState.submitted, quote.distance_metres), due=due),
        now=now,
        because="提交预约",
        accepted=ready.accepted_at_once,
    )
    kept = await binding.bind(session, principal=principal, order=placed.order, quote=quote, promise=promise, now=now)
    return schemas.BookingRead(order=await orders.told(session, placed, region_id=region_id), quote=kept)


async def _keep_draft(
    session: AsyncSession, *, principal: Principal, ask: rules.Ask, now: datetime
) -> schemas.BookingRead:
    await _require_rights(session, principal, ask, now)
    draft = await checks.drafted(session, region_id=principal.region_id, ask=ask)
    kept = await orders.create(
        session,
        principal=principal,
        order_id=new_id(),
        order=draft.order(OrderState.draft, None),
        now=now,
        because="保存草稿",
    )
    told = await orders.told(session, kept, region_id=principal.region_id)
    return schemas.BookingRead(order=told, quote=None)


async def _require_rights(session: AsyncSession, principal: Principal, ask: rules.Ask, now: datetime) -> None:
    await checks.require_rights(
        session, principal=principal, institution_id=ask.institution_id, person_id=ask.person_id, now=now
    )


async def submit_order(
    session: AsyncSession, *, principal: Principal, order_id: UUID, now: datetime
) -> schemas.BookingRead:
    """Submit a draft: everything is checked, quoted and reserved as if it were placed now.

    Raises:
        problems.NotFound, patients.errors.RightMissing, errors.BookedByOthers: not the principal's order.
        orders.errors.IllegalMove: it is no draft.
        errors, orders.errors, billing.errors, contracts.errors: as `place_order`.
    """
    draft = await binding.held(session, principal=principal, order_id=order_id, now=now)
    refuse_illegal_move(draft.state, OrderState.submitted)
    ask = rules.ask_of(draft)
    open_orders = await orders.count_open(session, person_id=ask.person_id)
    await checks.ask_ahead(session, principal=principal, ask=ask, now=now)
    ready = await checks.ready(session, region_id=principal.region_id, ask=ask, now=now, open_orders=open_orders)
    quote = await binding.quoted(session, region_id=principal.region_id, ready=ready, now=now)
    await binding.reserve(session, region_id=principal.region_id, order_id=order_id, ready=ready, quote=quote)
    order = await orders.change(
        session,
        principal=principal,
        order_id=order_id,
        order=ready.order(OrderState.submitted, quote.distance_metres),
        now=now,
        because="提交预约",
    )
    kept = await binding.bind(session, principal=principal, order=order, quote=quote, now=now)
    if ready.accepted_at_once:
        await orders.accept_by_itself(session, region_id=principal.region_id, order_id=order_id, now=now)
    return await binding.told(session, principal=principal, order_id=order_id, quote=kept, now=now)


def _ask(asked: schemas.OrderPlacement) -> rules.Ask:
    return rules.Ask(
        institution_id=asked.institution_id,
        kind=asked.kind,
        person_id=asked.person_id,
        window=Window(asked.wished_start, asked.wished_end),
        items=tuple(sorted((item.code, item.quantity) for item in asked.items)),
        mobility_reason=asked.mobility_reason,
        preferred_practitioner_id=asked.preferred_practitioner_id,
        staff_sex=asked.staff_sex,
        preferred_only=asked.preferred_only,
        excluded_practitioner_ids=tuple(asked.excluded_practitioner_ids),
        same_staff=asked.same_staff,
        also_wished=tuple(Window(each.start, each.end) for each in asked.also_wished),
        staff_sex_required=asked.staff_sex_required,
    )
