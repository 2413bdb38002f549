"""Which of a person's entitlements somebody outside a visit means, and whether it may pay there on that day."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import usecases as catalog
from service.catalog.rules import InsuranceFacts
from service.contracts import errors, rules
from service.contracts.usecases import entitlements, ledger
from service.institutions import usecases as institutions
from service.institutions.rules import LTCI_PLAN
from service.patients import usecases as patients

_INSURED = frozenset({rules.Source.insurance_fund, rules.Source.insurance_deductible})


async def granted(
    session: AsyncSession, *, region_id: UUID, person_id: UUID, claim: rules.Claim, on: date
) -> rules.Balance:
    """Return where the entitlement stands that a claim names, granting first what the person has by right that day.

    Raises:
        errors.EntitlementUnknown: he has no such entitlement.
    """
    of = {"region_id": region_id, "person_id": person_id}
    insurance = await _insurance(session, **of, plan_code=claim.code, on=on) if claim.source in _INSURED else None
    cap = await entitlements.ltci_cap_on(session, **of, on=on) if claim.source is rules.Source.ltci else None
    known = await ledger.ensure_year(session, **of, on=on, insurance=insurance, ltci_cap_fen=cap)
    for balance in known:
        if balance.key == claim.key:
            return balance
    raise errors.EntitlementUnknown(source=str(claim.source), item=claim.code, period=claim.period)


async def refuse_elsewhere(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, person_id: UUID, claim: rules.Claim, on: date
) -> None:
    """Refuse a use at an institution where the entitlement does not pay on that day.

    A contract pays on its days where its package is valid, an insurance where the institution is designated (定点).

    Raises:
        errors.NotValidHere: it does not.
    """
    at = {"region_id": region_id, "institution_id": institution_id}
    valid = True
    if claim.source is rules.Source.contract:
        covers = await ledger.cover_on(session, **at, person_id=person_id, on=on)
        valid = any(cover.contract_id == claim.ref_id for cover in covers)
    elif claim.source is not rules.Source.public_program:
        plan = LTCI_PLAN if claim.source is rules.Source.ltci else claim.code
        valid = await institutions.designated_on(session, **at, plan_code=plan, on=on)
    if not valid:
        raise errors.NotValidHere(on=on)


async def _insurance(
    session: AsyncSession, *, region_id: UUID, person_id: UUID, plan_code: str, on: date
) -> InsuranceFacts | None:
    coverage = await patients.coverage_on(session, region_id=region_id, person_id=person_id, on=on)
    if coverage is None or coverage.plan_code != plan_code:
        return None
    return await catalog.insurance_rule(session, region_id=region_id, plan_code=plan_code, on=on)
