"""Overflow agreements: the region records what two institutions signed, everybody may read it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import paging, problems
from service.core.principal import Principal
from service.institutions import rules as institution_rules
from service.institutions import usecases as institutions
from service.orders.rules import OrderKind
from service.routing import errors, overflow_repository
from service.routing import overflow_schemas as schemas
from service.routing.overflow_models import OverflowAgreement

LISTING = "overflow-agreements"


async def add_agreement(
    session: AsyncSession, *, principal: Principal, asked: schemas.OverflowAgreementCreate, now: datetime
) -> schemas.OverflowAgreementRead:
    """Record an agreement of two institutions of the region.

    Raises:
        errors.OverflowPartiesInvalid: they are one and the same, or not of the region.
        PeriodReversed: it would end before it starts.
        errors.OverflowAgreed: at the flush; the two have agreed on part of the period already.
    """
    parties = {asked.giving_institution_id, asked.helping_institution_id}
    known = await institutions.list_institutions_facts(
        session, region_id=principal.region_id, institution_ids=sorted(parties)
    )
    if len(parties) < 2 or {each.id for each in known} != parties:
        raise errors.OverflowPartiesInvalid
    institution_rules.refuse_reversed(asked.valid_from, asked.valid_to)
    row = OverflowAgreement(
        region_id=principal.region_id,
        **asked.model_dump(exclude={"order_kinds"}),
        order_kinds=sorted({str(each) for each in asked.order_kinds}),
        recorded_by_account_id=principal.account_id,
        recorded_at=now,
    )
    session.add(row)
    await session.flush()
    return _read(row)


async def list_agreements(
    session: AsyncSession, *, principal: Principal, page: paging.PageRequest, cursors: paging.Cursors
) -> paging.Page[schemas.OverflowAgreementRead]:
    """Return a page of the region's agreements, past ones included."""
    found = await overflow_repository.list_agreements(session, region_id=principal.region_id, page=page)
    return paging.page_of(found, request=page, read=_read, last=lambda row: row.id, cursors=cursors, listing=LISTING)


async def change_agreement(
    session: AsyncSession, *, principal: Principal, agreement_id: UUID, asked: schemas.OverflowAgreementUpdate
) -> schemas.OverflowAgreementRead:
    """Say when an agreement ends, or that it has no end; what is promised already stays promised.

    Raises:
        problems.NotFound: there is none with this id.
        PeriodReversed: it would end before it starts.
        errors.OverflowAgreed: at the flush; it would reach into the next one of the two.
    """
    row = await overflow_repository.lock_agreement(session, region_id=principal.region_id, agreement_id=agreement_id)
    if row is None:
        raise problems.NotFound(what="互助协议")
    institution_rules.refuse_reversed(row.valid_from, asked.valid_to)
    row.valid_to = asked.valid_to
    await session.flush()
    return _read(row)


def _read(row: OverflowAgreement) -> schemas.OverflowAgreementRead:
    return schemas.OverflowAgreementRead(
        id=row.id,
        giving_institution_id=row.giving_institution_id,
        helping_institution_id=row.helping_institution_id,
        order_kinds=[OrderKind(each) for each in row.order_kinds],
        price_minutes=row.price_minutes,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )
