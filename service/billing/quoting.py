"""Quotes (报价): what a visit would cost and what it would use, on the facts of its service date.

Booking places an order on a quote; `preview` tells the price without one. The fee of a quote is a ceiling: a shared
trip only makes it smaller.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import (
    errors,
    facts,
    making,
    presentation,
    promising,
    repository,
    rules,
    schemas,
    sentences,
    statement,
    translation,
)
from service.billing.models import Quote
from service.billing.statement import QuoteFacts
from service.catalog import usecases as catalog
from service.core import problems
from service.core.clock import local_date
from service.core.ids import new_id
from service.core.principal import Principal
from service.core.signing import Signer
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.orders.rules import staff_needed
from service.patients import usecases as patients

__all__ = ["QuoteFacts", "accept_quote", "keep_quote", "preview", "quote", "read_quote"]


async def quote(
    session: AsyncSession,
    *,
    region_id: UUID,
    institution_id: UUID,
    person_id: UUID,
    home_id: UUID,
    kind: str,
    service_on: date,
    start_at: datetime,
    items: Sequence[tuple[str, int]],
    staff_count: int,
    now: datetime,
    order_id: UUID | None = None,
    keep: bool = True,
) -> QuoteFacts:
    """Say what a visit would cost, keep it, and return the units that a booking must reserve.

    The crew is taken as licensed, the visit as verified; units reserved by other live orders count as used, those that
    `order_id` holds do not. Without `keep` nothing is written down.

    Raises:
        problems.NotFound: no such institution, person or home.
        errors.ProviderNotQualified, errors.TooFewStaff, errors.PriceMissing, errors.OutsideServiceArea: the gate.
    """
    quote_id = new_id()
    house = await facts.house_on(session, region_id=region_id, institution_id=institution_id, on=service_on)
    metres = await facts.distance_metres(session, region_id=region_id, house=house, home_id=home_id)
    crew = tuple(str(member) for member in range(1, staff_count + 1))
    known = await facts.gather(
        session,
        region_id=region_id,
        house=house,
        person_id=person_id,
        order_id=order_id,
        visit=translation.visit(
            quote_id,
            person_id=person_id,
            mode=facts.mode_of(kind),
            service_on=service_on,
            started_at=start_at,
            verified=True,
            staff=crew,
            distance_metres=metres,
            items=items,
        ),
        licences={member: (rules.Period(service_on),) for member in crew},
    )
    made = _made(known)
    lines = sentences.say(
        statement.lines_of(made, known.labels), sentences.grants_of(known.patient, known.terms.programmes)
    )
    row = {
        "region_id": region_id,
        "id": quote_id,
        "institution_id": institution_id,
        "person_id": person_id,
        "service_on": service_on,
        "distance_metres": metres,
        "gross_fen": made.bill.gross_fen,
        "patient_fen": made.patient_fen,
        "bill": {
            "proof": known.proof(made),
            "lines": [line.model_dump(mode="json") for line in presentation.lines(lines)],
        },
        "quoted_at": now,
        "asked": {
            "kind": str(kind),
            "start_at": start_at.astimezone(UTC).isoformat(),
            "items": sorted([code, quantity] for code, quantity in items),
        },
    }
    if keep:
        await repository.add_quote(session, row)
    claims = statement.claims_of(made, person_id=person_id, plan_code=known.plan_code)
    return QuoteFacts(
        quote_id=quote_id,
        gross_fen=made.bill.gross_fen,
        reduction_fen=made.reduction_fen,
        patient_fen=made.patient_fen,
        distance_metres=metres,
        claims=statement.reserved_of(claims),
        lines=lines,
        row=row,
    )


async def keep_quote(session: AsyncSession, *, quote: QuoteFacts, order_id: UUID, now: datetime) -> schemas.QuoteRead:
    """Write down a quote that was not kept yet, with the order that was placed on it, and return it.

    From now on it is the ceiling of what the family pays.
    """
    row = {**quote.row, "order_id": order_id, "accepted_at": now}
    await repository.add_quote(session, row)
    return presentation.quote(Quote(**row))


async def accept_quote(
    session: AsyncSession, *, region_id: UUID, quote_id: UUID, order_id: UUID, now: datetime | None = None
) -> None:
    """Bind a quote to the order that was placed with it; again for the same order changes nothing.

    From now on it is the ceiling of what the family pays; `now` None: since it was made.

    Raises:
        problems.NotFound: there is no such quote.
        errors.QuoteTaken: it belongs to another order.
    """
    row = await repository.find_quote(session, region_id=region_id, quote_id=quote_id, locked=True)
    if row is None:
        raise problems.NotFound(what="报价")
    if row.order_id not in {None, order_id}:
        raise errors.QuoteTaken
    row.order_id = order_id
    row.accepted_at = row.accepted_at or now or row.quoted_at
    await session.flush()


async def preview(
    session: AsyncSession, *, principal: Principal, asked: schemas.QuoteCreate, signer: Signer, now: datetime
) -> schemas.QuoteRead:
    """Say what a visit would cost to whoever may book for the person, signed; nothing is booked or reserved.

    Raises:
        problems.NotFound: the person or the institution is not the principal's to see.
        patients.errors.RightMissing: a proxy without the right `book`.
        errors.HomeUnknown: no address is known of the person.
        errors.ProviderNotQualified, errors.TooFewStaff, errors.PriceMissing, errors.OutsideServiceArea: the gate.
    """
    region_id, service_on = principal.region_id, local_date(asked.start_at)
    await patients.require_booking_at(
        session, principal=principal, institution_id=asked.institution_id, person_id=asked.person_id, now=now
    )
    person = await patients.get_person(session, region_id=region_id, person_id=asked.person_id)
    if person.home_id is None:
        raise errors.HomeUnknown
    minimum = await institutions.setting(
        session,
        region_id=region_id,
        institution_id=asked.institution_id,
        key=settings.STAFF_MINIMUM,
        on=service_on,
    )
    known = await catalog.items(session, region_id=region_id, codes=[item.code for item in asked.items])
    made = await quote(
        session,
        region_id=region_id,
        institution_id=asked.institution_id,
        person_id=asked.person_id,
        home_id=person.home_id,
        kind=asked.kind,
        service_on=service_on,
        start_at=asked.start_at,
        items=[(item.code, item.quantity) for item in asked.items],
        staff_count=staff_needed(known.values(), minimum),
        now=now,
    )
    await promising.sign(session, region_id=region_id, quote_id=made.quote_id, signer=signer, now=now)
    return await read_quote(session, principal=principal, quote_id=made.quote_id, now=now)


async def read_quote(
    session: AsyncSession, *, principal: Principal, quote_id: UUID, now: datetime
) -> schemas.QuoteRead:
    """Return a quote to its institution and to whoever may act for the person.

    Raises:
        problems.NotFound: there is no such quote, or it is not the principal's to see.
    """
    row = await repository.find_quote(session, region_id=principal.region_id, quote_id=quote_id)
    if row is None:
        raise problems.NotFound(what="报价")
    if row.institution_id not in principal.institution_ids and not await patients.rights_over(
        session, principal=principal, person_id=row.person_id, now=now
    ):
        raise problems.NotFound(what="报价")
    return presentation.quote(row)


def _made(known: facts.Facts) -> making.Made:
    try:
        return known.make()
    except rules.Refused as refused:
        raise statement.problem_of(refused.refusal) from refused
