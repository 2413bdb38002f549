"""Uses that are not a visit's: clinic, phone desk and the institution's HIS post them to the same ledger, once each."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.contracts import errors, rules, use_repository
from service.contracts import use_schemas as forms
from service.contracts.use_models import EntitlementUse, EntitlementUseReversal
from service.contracts.usecases import ledger, shares
from service.core import access, problems
from service.core.clock import local_date
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.patients import rules as patient_rules
from service.patients import usecases as patients


async def record_use(
    session: AsyncSession, *, principal: Principal, asked: forms.UseCreate, now: datetime
) -> tuple[forms.UseRead, bool]:
    """Use an entitlement under the institution's own number; return the use, and whether it was made just now.

    Raises:
        problems.NotFound: another's institution, or a person it does not care for.
        errors.UseDiffers: the number stands for another use.
        errors.UseInTheFuture: the service has not been given yet.
        errors.NotValidHere, errors.EntitlementUnknown: the entitlement does not pay here on that day, or is not his.
        errors.EntitlementExhausted, errors.EntitlementExpired: too little is left of it, or it had ended.
    """
    region_id, on = principal.region_id, asked.service_on
    access.require_institution(principal, asked.institution_id)
    await patients.require_right(
        session, principal=principal, person_id=asked.person_id, right=patient_rules.Right.view, now=now
    )
    number: dict[str, Any] = {
        "region_id": region_id,
        "institution_id": asked.institution_id,
        "external_no": asked.external_no,
    }
    await use_repository.hold_number(session, **number)
    claim = asked.claim(on)
    row = EntitlementUse(
        **number,
        person_id=asked.person_id,
        source=claim.source,
        ref_id=claim.ref_id,
        code=claim.code,
        period=claim.period,
        units=claim.units,
        service_on=on,
        recorded_by_account_id=principal.account_id,
        recorded_at=now,
    )
    known = await use_repository.find_numbered(session, **number)
    if known is not None:
        if _said(known) != _said(row):
            raise errors.UseDiffers(external_no=asked.external_no)
        back = await use_repository.find_reversal(session, region_id=region_id, use_id=known.id)
        return _read(known, back), False
    if on > local_date(now):
        raise errors.UseInTheFuture(service_on=on)
    of = {"region_id": region_id, "person_id": asked.person_id}
    await shares.refuse_elsewhere(session, **of, institution_id=asked.institution_id, claim=claim, on=on)
    await shares.granted(session, **of, claim=claim, on=on)
    session.add(row)
    await session.flush()
    await ledger.consume(session, **of, visit_id=None, order_id=None, settlement_id=row.id, on=on, claims=[claim])
    return _read(row, None), True


async def reverse_use(
    session: AsyncSession, *, principal: Principal, use_id: UUID, asked: forms.UseReversalCreate, now: datetime
) -> forms.UseRead:
    """Take a use of the principal's institution back: everything it used is left again.

    Raises:
        problems.NotFound: there is no such use at the principal's institutions.
        errors.UseReversed: it was taken back before.
    """
    row = await _own(session, principal=principal, use_id=use_id)
    back = EntitlementUseReversal(
        region_id=row.region_id,
        use_id=row.id,
        institution_id=row.institution_id,
        reason=asked.reason,
        reversed_by_account_id=principal.account_id,
        reversed_at=now,
    )
    session.add(back)
    await session.flush()
    await ledger.return_settlement(session, region_id=row.region_id, settlement_id=row.id, on=row.service_on)
    return _read(row, back)


async def read_use(session: AsyncSession, *, principal: Principal, use_id: UUID) -> forms.UseRead:
    """Return a use of the principal's institution.

    Raises:
        problems.NotFound: there is no such use there.
    """
    row = await _own(session, principal=principal, use_id=use_id)
    return _read(row, await use_repository.find_reversal(session, region_id=row.region_id, use_id=row.id))


async def list_uses(
    session: AsyncSession, *, principal: Principal, person_id: UUID | None, page: PageRequest
) -> list[forms.UseRead]:
    """Return a page (and one more) of the uses that the principal's institutions have posted."""
    found = await use_repository.list_uses(
        session,
        region_id=principal.region_id,
        institution_ids=principal.institution_ids,
        person_id=person_id,
        page=page,
    )
    return [_read(row, back) for row, back in found]


async def _own(session: AsyncSession, *, principal: Principal, use_id: UUID) -> EntitlementUse:
    row = await use_repository.find_use(session, region_id=principal.region_id, use_id=use_id)
    if row is None or row.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="额度使用记录")
    return row


def _said(row: EntitlementUse) -> tuple[object, ...]:
    return row.person_id, row.source, row.ref_id, row.code, row.period, row.units, row.service_on


def _read(row: EntitlementUse, back: EntitlementUseReversal | None) -> forms.UseRead:
    return forms.UseRead(
        **row.model_dump(exclude={"region_id", "source", "recorded_by_account_id"}),
        source=rules.Source(row.source),
        reversed_at=back.reversed_at if back else None,
        reversal_reason=back.reason if back else None,
    )
