"""Opening balances (期初已用): what was used of entitlements before the go-live, as dated entries with their source."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from service.contracts import closing_repository, errors, repository, rules
from service.contracts import use_schemas as forms
from service.contracts.closing_repository import Opening
from service.contracts.usecases import shares
from service.core import problems
from service.core.clock import local_date
from service.core.principal import Principal
from service.patients import usecases as patients


async def open_balance(
    session: AsyncSession, *, principal: Principal, asked: forms.OpeningCreate, now: datetime
) -> tuple[forms.OpeningRead, bool]:
    """Put down what was used of an entitlement before the go-live; return it, and whether it was put down just now.

    It may exceed the cap: then nothing is left. The same again changes nothing.

    Raises:
        problems.NotFound: a person not cared for here, or a contract of another institution.
        errors.UseInTheFuture: up to a day that has not come.
        errors.EntitlementUnknown: the person had no such entitlement that day.
        errors.OpenedAlready: it is on record with another amount, day or source.
    """
    region_id = principal.region_id
    await patients.require_care(session, principal=principal, person_id=asked.person_id, now=now)
    if asked.on > local_date(now):
        raise errors.UseInTheFuture(service_on=asked.on)
    if asked.contract_id is not None:
        contract = await repository.find_contract(session, region_id=region_id, contract_id=asked.contract_id)
        if contract is None or contract.institution_id not in principal.institution_ids:
            raise problems.NotFound(what="签约")
    claim = asked.claim(asked.on)
    balance = await shares.granted(session, region_id=region_id, person_id=asked.person_id, claim=claim, on=asked.on)
    opening = Opening(balance.entitlement_id, claim.units, asked.on, asked.because, asked.document_no)
    known = await closing_repository.openings_of(session, region_id=region_id, person_ids=[asked.person_id])
    stands = known.get(balance.entitlement_id)
    if stands is not None:
        if stands != opening:
            raise errors.OpenedAlready
        return _read(asked, opening, balance, added=0), False
    await closing_repository.open_entitlement(session, opening)
    return _read(asked, opening, balance, added=opening.units), True


def _read(asked: forms.OpeningCreate, opening: Opening, before: rules.Balance, *, added: int) -> forms.OpeningRead:
    used = before.used + added
    return forms.OpeningRead(
        person_id=asked.person_id,
        source=before.source,
        ref_id=before.ref_id,
        code=before.code,
        period=before.period,
        opening=opening.units,
        cap=before.cap,
        used=used,
        remaining=max(0, before.cap - used - before.reserved),
        on=opening.on,
        because=opening.because,
        document_no=opening.document_no,
    )
