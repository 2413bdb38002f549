"""What every way of placing shares: the order held, its quote taken and kept, its units reserved, the answer."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts.rules import Role
from service.billing import promising, quoting
from service.billing.quoting import QuoteFacts
from service.billing.schemas import QuoteRead
from service.billing.words import Promise
from service.booking import errors, rules, schemas
from service.booking.usecases import checks
from service.contracts import usecases as contracts
from service.core.principal import Principal
from service.core.signing import Signer
from service.orders import usecases as orders
from service.orders.rules import OrderFacts
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


async def promised(
    session: AsyncSession,
    *,
    principal: Principal,
    asked: schemas.OrderPlacement,
    ask: rules.Ask,
    signer: Signer,
    now: datetime,
) -> Promise | None:
    """Return what the quote promises that a booking names, None when it names none.

    Raises:
        problems.NotFound, billing.errors.QuoteNotSigned, billing.errors.QuoteExpired, billing.errors.QuoteTaken: it
            is not good.
        errors.QuoteNotForThis: it was made for something else.
    """
    if asked.quote_id is None:
        return None
    promise = await promising.promised(
        session,
        region_id=principal.region_id,
        quote_id=asked.quote_id,
        token=asked.quote_token,
        signer=signer,
        now=now,
    )
    rules.refuse_other_quote(promise, ask)
    return promise


async def quoted(
    session: AsyncSession, *, region_id: UUID, ready: rules.Ready, now: datetime, promise: Promise | None = None
) -> QuoteFacts:
    """Return what the order would cost and what it would use of the person's entitlements.

    Of several windows that suit, the one at whose beginning the visit costs the family most counts (夜间加价), for the
    quote is the ceiling of what it pays, whichever the plan uses. Nothing is written down yet. With a `promise` nothing
    may have become dearer since.

    Raises:
        billing.errors: the kernel's gate refuses.
        errors.QuoteOutrun: the family would pay more than it was promised.
    """
    quotes = [
        await quoting.quote(
            session,
            region_id=region_id,
            institution_id=ready.ask.institution_id,
            person_id=ready.ask.person_id,
            home_id=ready.home_id,
            kind=ready.ask.kind,
            service_on=each.service_on,
            start_at=each.start,
            items=ready.ask.items,
            staff_count=ready.staff_count,
            now=now,
            keep=False,
        )
        for each in (ready.window, *ready.also_wished)
    ]
    made = max(quotes, key=lambda each: (each.patient_fen, each.gross_fen))
    if promise is not None:
        rules.refuse_dearer(promise, made.patient_fen)
    return made


async def reserve(
    session: AsyncSession, *, region_id: UUID, order_id: UUID, ready: rules.Ready, quote: QuoteFacts
) -> None:
    """Reserve exactly the units of an order's quote.

    Raises:
        contracts.errors.EntitlementExhausted: somebody else took the units in this moment.
    """
    await contracts.reserve(
        session,
        region_id=region_id,
        order_id=order_id,
        person_id=ready.ask.person_id,
        on=ready.window.service_on,
        claims=quote.claims,
    )


async def bind(
    session: AsyncSession,
    *,
    principal: Principal,
    order: OrderFacts,
    quote: QuoteFacts,
    promise: Promise | None = None,
    now: datetime,
) -> QuoteRead:
    """Keep the quote, or the one that was promised, with the order; who chooses for the elder lets the institution in.

    Raises:
        billing.errors.QuoteTaken: an order was placed with the quote that was promised.
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
    if promise is None:
        return await quoting.keep_quote(session, quote=quote, order_id=order.id, now=now)
    await quoting.accept_quote(session, region_id=region_id, quote_id=promise.quote_id, order_id=order.id, now=now)
    return await quoting.read_quote(session, principal=principal, quote_id=promise.quote_id, now=now)


async def told(
    session: AsyncSession, *, principal: Principal, order_id: UUID, quote: QuoteRead | None, now: datetime
) -> schemas.BookingRead:
    """Return the answer: the order as it stands now, with its quote."""
    order = await orders.read_order(session, principal=principal, order_id=order_id, now=now)
    return schemas.BookingRead(order=order, quote=quote)
