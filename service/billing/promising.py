"""Quotes that can be named in a booking: signed when they are made, checked when they are named."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import errors, promises, repository
from service.billing.words import Promise
from service.core import problems
from service.core.clock import LOCAL, local_date
from service.core.signing import Signer
from service.institutions import usecases as institutions
from service.institutions.rules import settings


async def promised(
    session: AsyncSession, *, region_id: UUID, quote_id: UUID, token: str | None, signer: Signer, now: datetime
) -> Promise:
    """Return what a signed quote promises, and hold it until the commit; `token` is what its owner was given.

    Raises:
        problems.NotFound: there is no such quote.
        errors.QuoteNotSigned: it was never signed, or says something else than was signed.
        errors.QuoteExpired: its time is over.
        errors.QuoteTaken: an order was placed with it.
    """
    row = await repository.find_quote(session, region_id=region_id, quote_id=quote_id, locked=True)
    if row is None:
        raise problems.NotFound(what="报价")
    if token not in {None, row.token} or not promises.is_kept(signer, row):
        raise errors.QuoteNotSigned
    if row.valid_until is None or now >= row.valid_until:
        raise errors.QuoteExpired(valid_until=f"{row.valid_until.astimezone(LOCAL):%H:%M}" if row.valid_until else "")
    if row.order_id is not None:
        raise errors.QuoteTaken
    return Promise(
        quote_id=row.id,
        institution_id=row.institution_id,
        person_id=row.person_id,
        kind=row.asked["kind"],
        start_at=datetime.fromisoformat(row.asked["start_at"]),
        items=tuple((code, quantity) for code, quantity in row.asked["items"]),
        patient_fen=row.patient_fen,
    )


async def sign(session: AsyncSession, *, region_id: UUID, quote_id: UUID, signer: Signer, now: datetime) -> None:
    """Sign a quote that was just kept: it can be named in a booking as long as the institution's setting says.

    Raises:
        problems.NotFound: there is no such quote.
    """
    row = await repository.find_quote(session, region_id=region_id, quote_id=quote_id)
    if row is None:
        raise problems.NotFound(what="报价")
    minutes = await institutions.setting(
        session,
        region_id=region_id,
        institution_id=row.institution_id,
        key=settings.QUOTE_VALID_MINUTES,
        on=local_date(now),
    )
    row.valid_until = now + timedelta(minutes=minutes)
    row.token = promises.sign(signer, row)
    await session.flush()
