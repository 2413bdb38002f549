"""Changing and cancelling an order, with everything that it holds in other rooms."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.booking import rules, schemas
from service.booking.usecases import binding, checks
from service.contracts import usecases as contracts
from service.core.clock import local_date
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.orders import rules as order_rules
from service.orders import usecases as orders
from service.orders.rules import OrderFacts, OrderState, Window
from service.orders.schemas import OrderRead
from service.routing import usecases as routing
from service.visits import usecases as visits


async def change_order(
    session: AsyncSession, *, principal: Principal, order_id: UUID, asked: schemas.OrderChange, now: datetime
) -> schemas.BookingRead:
    """Change the window or the wished-for practitioner; a submitted order is quoted and reserved anew.

    Raises:
        problems.NotFound, patients.errors.RightMissing, errors.BookedByOthers: not the principal's order.
        errors.OrderNotChangeable: the institution has answered it already.
        errors, orders.errors, billing.errors, contracts.errors: as `place_order`.
    """
    order = await binding.held(session, principal=principal, order_id=order_id, now=now)
    rules.refuse_unchangeable(order.state)
    ask = _changed(rules.ask_of(order), asked)
    if order.state is OrderState.draft:
        draft = await checks.drafted(session, region_id=principal.region_id, ask=ask)
        await orders.change(
            session,
            principal=principal,
            order_id=order_id,
            order=draft.order(order.state, None),
            now=now,
            because="修改草稿",
        )
        return await binding.told(session, principal=principal, order_id=order_id, quote=None, now=now)
    # the person's orders first, then his entitlements: whoever places another one for him locks them in this order
    await orders.count_open(session, person_id=ask.person_id)
    # what the order holds must not stand in its own way when it is quoted anew
    await contracts.release_order(session, region_id=principal.region_id, order_id=order_id, on=order.service_on)
    await checks.ask_ahead(session, principal=principal, ask=ask, now=now)
    ready = await checks.ready(session, region_id=principal.region_id, ask=ask, now=now, open_orders=None)
    quote = await binding.quoted(session, region_id=principal.region_id, ready=ready, now=now)
    await binding.reserve(session, region_id=principal.region_id, order_id=order_id, ready=ready, quote=quote)
    order = await orders.change(
        session,
        principal=principal,
        order_id=order_id,
        order=ready.order(order.state, quote.distance_metres),
        now=now,
        because="改约",
    )
    kept = await binding.bind(session, principal=principal, order=order, quote=quote, now=now)
    return await binding.told(session, principal=principal, order_id=order_id, quote=kept, now=now)


async def cancel_order(
    session: AsyncSession, *, principal: Principal, order_id: UUID, asked: schemas.OrderCancellation, now: datetime
) -> OrderRead:
    """Cancel an order; the units it held and the staff it was promised are free again.

    A crew that has set out and not begun is called back by the institution only; the way may then be charged to the
    family, when it was the family that cancelled, and too late to do so freely.

    Raises:
        problems.NotFound, patients.errors.RightMissing, errors.BookedByOthers: not the principal's order.
        orders.errors.IllegalMove: staff are under way, or it has ended already.
        orders.errors.CancelTooLate: the elder's side comes after the deadline.
    """
    # the visit first, then the order: a crew that reports its departure locks them in this order
    await visits.cancel_visit(session, region_id=principal.region_id, order_id=order_id)
    order = await binding.held(session, principal=principal, order_id=order_id, now=now)
    order_rules.refuse_illegal_move(order.state, OrderState.cancelled)
    if order.state is OrderState.in_progress:
        await _call_back(session, principal, order, asked, now)
    else:
        await _refuse_late(session, principal, order, now)
    await orders.move(
        session,
        region_id=principal.region_id,
        order_id=order_id,
        to=OrderState.cancelled,
        now=now,
        account_id=principal.account_id,
        because=asked.reason,
    )
    await contracts.release_order(session, region_id=principal.region_id, order_id=order_id, on=order.service_on)
    await routing.release_order(session, region_id=principal.region_id, order_id=order_id)
    # again: the visit may have been prepared while this waited for the order
    await visits.cancel_visit(session, region_id=principal.region_id, order_id=order_id)
    return await orders.read_order(session, principal=principal, order_id=order_id, now=now)


async def _call_back(
    session: AsyncSession, principal: Principal, order: OrderFacts, asked: schemas.OrderCancellation, now: datetime
) -> None:
    """Call the crew of an order back, unless the elder's side asks, or the service has begun."""
    hours = await institutions.setting(
        session,
        region_id=principal.region_id,
        institution_id=order.institution_id,
        key=settings.ORDERS_FREE_CANCEL_HOURS,
        on=local_date(now),
    )
    in_vain = asked.by_family and now > order_rules.free_until(order.windows[0].start, hours)
    if order.institution_id not in principal.institution_ids or not await visits.call_back(
        session, region_id=principal.region_id, order_id=order.id, in_vain=in_vain
    ):
        raise order_rules.illegal_move(order.state, OrderState.cancelled)


async def _refuse_late(session: AsyncSession, principal: Principal, order: OrderFacts, now: datetime) -> None:
    institution = await institutions.get_institution(
        session, region_id=principal.region_id, institution_id=order.institution_id
    )
    hours = await institutions.setting(
        session,
        region_id=principal.region_id,
        institution_id=order.institution_id,
        key=settings.ORDERS_FREE_CANCEL_HOURS,
        on=local_date(now),
    )
    order_rules.refuse_late_cancellation(
        order.state,
        # whichever window comes first: the visit may be in that one
        order.windows[0].start,
        by_staff=order.institution_id in principal.institution_ids,
        free_cancel_hours=hours,
        now=now,
        phone=institution.published_phone,
    )


def _changed(ask: rules.Ask, asked: schemas.OrderChange) -> rules.Ask:
    if asked.wished_start is not None and asked.wished_end is not None:
        ask = replace(ask, window=Window(asked.wished_start, asked.wished_end))
    # null takes a wish back; left out it stays
    if "preferred_practitioner_id" in asked.model_fields_set:
        ask = replace(ask, preferred_practitioner_id=asked.preferred_practitioner_id)
    if "staff_sex" in asked.model_fields_set:
        ask = replace(ask, staff_sex=asked.staff_sex)
    return replace(
        ask,
        preferred_only=ask.preferred_only if asked.preferred_only is None else asked.preferred_only,
        excluded_practitioner_ids=ask.excluded_practitioner_ids
        if asked.excluded_practitioner_ids is None
        else tuple(asked.excluded_practitioner_ids),
        same_staff=ask.same_staff if asked.same_staff is None else asked.same_staff,
        also_wished=ask.also_wished
        if asked.also_wished is None
        else tuple(Window(each.start, each.end) for each in asked.also_wished),
        staff_sex_required=ask.staff_sex_required if asked.staff_sex_required is None else asked.staff_sex_required,
    )
