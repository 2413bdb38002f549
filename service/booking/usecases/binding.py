"""What every way of placing shares: the order held, its quote taken and kept, its units reserved, the answer."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts.rules import Role
from service.billing import quoting
from service.billing.quoting import QuoteFacts
from service.booking import errors, rules, schemas
from service.booking.usecases import checks
from service.contracts import usecases as contracts
from service.core.clock import local_date
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.orders import usecases as orders
from service.orders.rules import OrderFacts, OrderState
from service.patients import usecases as patients

_CHOOSE_FOR_HIM: Final = frozenset({Role.elder, Role.family_proxy, Role.care_home_staff})


async def held(session: AsyncSession, *, principal: Principal, order_id: UUID, now: datetime) -> OrderFacts:
    """Return an order that the principal may change, and hold it until the commit.

    Raises:
        problems.NotFound: there is no such order, or it is not the principal's to see.
        patients.errors.RightMissing: a proxy without the right `book`.
        errors.BookedByOthers: the elder's care home asks, and somebody else booked.
    """
    order = await orders.hold_order(session, region_id=principal.region_id, order_id=order_id)
    if order.institution_id not in principal.institution_ids:
        await checks.require_booking(session, principal=principal, person_id=order.person_id, now=now)
        if principal.role == Role.care_home_staff and not await orders.placed_by_us(session, order_id=order_id):
            raise errors.BookedByOthers
    return order


async def quoted(session: AsyncSession, *, region_id: UUID, ready: rules.Ready, now: datetime) -> QuoteFacts:
    """Return what the order would cost and what it would use of the person's entitlements.

    Raises:
        billing.errors: the kernel's gate refuses.
    """
    return await quoting.quote(
        session,
        region_id=region_id,
        institution_id=ready.ask.institution_id,
        person_id=ready.ask.person_id,
        home_id=ready.home_id,
        kind=ready.ask.kind,
        service_on=ready.window.service_on,
        start_at=ready.window.start,
        items=ready.ask.items,
        staff_count=ready.staff_count,
        now=now,
    )


async def bind(session: AsyncSession, *, principal: Principal, order: OrderFacts, quote: QuoteFacts) -> None:
    """Keep the quote with the order and reserve exactly its units; who chooses for the elder lets the institution in.

    Raises:
        contracts.errors.EntitlementExhausted: somebody else took the units in this moment.
    """
    region_id = principal.region_id
    if principal.role in _CHOOSE_FOR_HIM:
        await patients.relate_institution(
            session,
            region_id=region_id,
            person_id=order.person_id,
            institution_id=order.institution_id,
            because=f"预约 {order.order_no}",
        )
    await quoting.accept_quote(session, region_id=region_id, quote_id=quote.quote_id, order_id=order.id)
    await contracts.reserve(
        session,
        region_id=region_id,
        order_id=order.id,
        person_id=order.person_id,
        on=order.service_on,
        claims=quote.claims,
    )


async def accept_by_itself(session: AsyncSession, *, region_id: UUID, order: OrderFacts, now: datetime) -> None:
    """Accept a submitted order at once where the institution's setting says so."""
    if await institutions.setting(
        session,
        region_id=region_id,
        institution_id=order.institution_id,
        key=settings.ORDERS_AUTO_ACCEPT,
        on=local_date(now),
    ):
        await orders.move(
            session,
            region_id=region_id,
            order_id=order.id,
            to=OrderState.accepted,
            now=now,
            account_id=None,
            because="自动接单",
        )


async def told(
    session: AsyncSession, *, principal: Principal, order_id: UUID, quote: QuoteFacts | None, now: datetime
) -> schemas.BookingRead:
    """Return the answer: the order as it stands now, with its quote."""
    order = await orders.read_order(session, principal=principal, order_id=order_id, now=now)
    if quote is None:
        return schemas.BookingRead(order=order, quote=None)
    said = await quoting.read_quote(session, principal=principal, quote_id=quote.quote_id, now=now)
    return schemas.BookingRead(order=order, quote=said)
