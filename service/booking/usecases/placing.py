"""Placing an order: check, quote, write, reserve, in one transaction; a draft is only written."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.booking import rules, schemas
from service.booking.usecases import binding, checks
from service.core.principal import Principal
from service.orders import usecases as orders
from service.orders.rules import OrderState, Window, refuse_illegal_move


async def place_order(
    session: AsyncSession, *, principal: Principal, asked: schemas.OrderPlacement, now: datetime
) -> schemas.BookingRead:
    """Place an order, or keep it as a draft.

    Raises:
        problems.NotFound, patients.errors.RightMissing: not the principal's person or institution.
        errors, orders.errors: whatever `checks.ready` refuses.
        billing.errors: the kernel's gate says that it could not be settled.
        contracts.errors.EntitlementExhausted: somebody else took the units in this moment.
    """
    await checks.require_rights(
        session,
        principal=principal,
        institution_id=asked.institution_id,
        person_id=asked.person_id,
        now=now,
    )
    ask = _ask(asked)
    if asked.draft:
        draft = await checks.drafted(session, region_id=principal.region_id, ask=ask)
        order = await orders.create(
            session, principal=principal, order=draft.order(OrderState.draft, None), now=now, because="保存草稿"
        )
        return await binding.told(session, principal=principal, order_id=order.id, quote=None, now=now)
    ready = await checks.ready(session, region_id=principal.region_id, ask=ask, now=now, one_more=True)
    quote = await binding.quoted(session, region_id=principal.region_id, ready=ready, now=now)
    order = await orders.create(
        session,
        principal=principal,
        order=ready.order(OrderState.submitted, quote.distance_metres),
        now=now,
        because="提交预约",
    )
    await binding.bind(session, principal=principal, order=order, quote=quote)
    await binding.accept_by_itself(session, order=order, region_id=principal.region_id, now=now)
    return await binding.told(session, principal=principal, order_id=order.id, quote=quote, now=now)


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
    ready = await checks.ready(session, region_id=principal.region_id, ask=ask, now=now, one_more=True)
    quote = await binding.quoted(session, region_id=principal.region_id, ready=ready, now=now)
    order = await orders.change(
        session,
        principal=principal,
        order_id=order_id,
        order=ready.order(OrderState.submitted, quote.distance_metres),
        now=now,
        because="提交预约",
    )
    await binding.bind(session, principal=principal, order=order, quote=quote)
    await binding.accept_by_itself(session, order=order, region_id=principal.region_id, now=now)
    return await binding.told(session, principal=principal, order_id=order_id, quote=quote, now=now)


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
    )
