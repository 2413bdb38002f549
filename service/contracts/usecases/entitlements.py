"""What is left of everything that pays for a person, in words he understands."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import usecases as catalog
from service.catalog.rules import InsuranceFacts, ProgrammeFacts
from service.contracts import rules, schemas
from service.contracts.usecases import enrolments, ledger
from service.core.clock import local_date
from service.core.principal import Principal
from service.patients import rules as patient_rules
from service.patients import usecases as patients


async def list_entitlements(
    session: AsyncSession, *, principal: Principal, person_id: UUID, now: datetime
) -> schemas.EntitlementsRead:
    """Return the balances that may pay for a person today: of his contracts, programmes and insurances.

    Also what the ledger does not know yet, because nothing has been used of it this year. Contracts of other
    institutions show as balances only, never as contracts.

    Raises:
        problems.NotFound: the principal has nothing to do with the person.
        patients.errors.RightMissing: he may not look.
    """
    region_id, today = principal.region_id, local_date(now)
    await patients.require_right(
        session, principal=principal, person_id=person_id, right=patient_rules.Right.view, now=now
    )
    programmes = await catalog.programmes(session, region_id=region_id, on=today)
    insurance = await _insurance(session, region_id=region_id, person_id=person_id, on=today)
    due = rules.due_grants(
        person_id=person_id,
        on=today,
        enrolments=await enrolments.enrolments_on(session, region_id=region_id, person_id=person_id, on=today),
        programmes=programmes,
        insurance=insurance,
        ltci_cap_fen=await ltci_cap_on(session, region_id=region_id, person_id=person_id, on=today),
    )
    covers = await ledger.cover_on(session, region_id=region_id, person_id=person_id, on=today)
    standing = rules.standing_today(
        known=await ledger.balances(session, region_id=region_id, person_id=person_id), due=due, covers=covers
    )
    return schemas.EntitlementsRead(
        person_id=person_id,
        on=today,
        items=await _told(
            session, region_id=region_id, on=today, standing=standing, programmes=programmes, insurance=insurance
        ),
    )


async def ltci_cap_on(session: AsyncSession, *, region_id: UUID, person_id: UUID, on: date) -> int | None:
    """Return what long-term care insurance pays at most (fen) for a person in the month of a day, None when nothing."""
    rule = await catalog.ltci_rule(session, region_id=region_id, on=on)
    if rule is None:
        return None
    ltci = await patients.ltci_on(session, region_id=region_id, person_id=person_id, on=on)
    return None if ltci is None else rule.monthly_caps.get(ltci.grade)


async def _insurance(session: AsyncSession, *, region_id: UUID, person_id: UUID, on: date) -> InsuranceFacts | None:
    coverage = await patients.coverage_on(session, region_id=region_id, person_id=person_id, on=on)
    if coverage is None:
        return None
    return await catalog.insurance_rule(session, region_id=region_id, plan_code=coverage.plan_code, on=on)


async def _told(
    session: AsyncSession,
    *,
    region_id: UUID,
    on: date,
    standing: list[rules.Standing],
    programmes: list[ProgrammeFacts],
    insurance: InsuranceFacts | None,
) -> list[schemas.EntitlementRead]:
    listed = await catalog.items(session, region_id=region_id, codes={each.grant.code for each in standing})
    names = {code: item.name for code, item in listed.items()}
    if insurance is not None:
        names[insurance.plan_code] = insurance.name
    ltci = await catalog.ltci_rule(session, region_id=region_id, on=on)
    if ltci is not None:
        names[""] = ltci.name
    payers = {programme.id: programme.payer for programme in programmes}
    return [
        schemas.EntitlementRead(
            source=each.grant.source,
            code=each.grant.code,
            name=names[each.grant.code],
            period=each.grant.period,
            cap=each.grant.cap,
            used=each.used,
            reserved=each.reserved,
            remaining=each.remaining,
            text=rules.describe(each, name=names[each.grant.code], payer=payers.get(each.grant.ref_id, "")),
        )
        for each in standing
    ]
