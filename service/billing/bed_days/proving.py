"""Answers with the proof of a bill of bed days: the document that it keeps, and what it rests on."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from service.beds import usecases as beds
from service.beds.rules import StayFacts
from service.billing.bed_days import evidence, reducing, repository, schemas, sharing
from service.billing.bed_days.models import BedSettlement
from service.billing.proof import beds as proofs
from service.billing.proof.schemas import EntitlementEntryRead
from service.catalog import usecases as catalog
from service.catalog.per_diem_rules import PerDiemFacts
from service.catalog.per_diem_schemas import PerDiemAgreementRead
from service.contracts import usecases as contracts


async def proof_of(session: AsyncSession, row: BedSettlement) -> schemas.BedProofRead:
    """Return the proof of a bill.

    Raises:
        problems.NotFound: the fence does not show its stay.
    """
    agreement = await catalog.get_per_diem(session, region_id=row.region_id, agreement_id=row.agreement_id)
    posted = await repository.read(session, row)
    stay = await beds.stay(session, region_id=row.region_id, bed_id=row.bed_id)
    entries = [
        EntitlementEntryRead.model_validate(each, from_attributes=True)
        for source_id in (row.id, *(reversal.id for reversal in posted.reversals))
        for each in await contracts.entries_of_settlement(session, region_id=row.region_id, settlement_id=source_id)
    ]
    kept: dict[str, Any] = row.facts
    if "sharing" not in kept:
        kept = _of_bare_case(posted, agreement)
    return schemas.BedProofRead(
        settlement_id=row.id,
        **kept,
        evidence=schemas.BedRestsOnRead(agreement=_agreement(agreement), stay=_stay(stay), entitlements=entries),
    )


def _of_bare_case(posted: repository.Posted, agreement: PerDiemFacts) -> dict[str, Any]:
    """Return the proof of a bill that kept its case alone: nothing was taken off then."""
    years: dict[int, list[sharing.DayBill]] = {}
    for day, _ in posted.days:
        parts = sharing.Parts(day.gross_fen, day.fund_fen, day.institution_fen)
        years.setdefault(day.service_on.year, []).append(sharing.DayBill(day.service_on, parts))
    # the days are in date order, and so are the years
    return proofs.envelope(
        evidence.case_of(posted.settlement.facts),
        list(years.values()),
        (),
        institution_share=agreement.institution_share,
        offers=reducing.NOTHING,
    )


def _agreement(agreement: PerDiemFacts) -> PerDiemAgreementRead:
    return PerDiemAgreementRead(
        id=agreement.id,
        institution_id=agreement.institution_id,
        kind=agreement.kind,
        plan_code=agreement.plan_code,
        daily_rate=agreement.daily_rate,
        pay_ratio=agreement.pay_ratio,
        year_cap_fen=agreement.year_cap_fen,
        excluded_codes=sorted(agreement.excluded_codes),
        institution_share=agreement.institution_share,
        income_class=agreement.income_class,
        valid_from=agreement.valid_from,
        valid_to=agreement.valid_to,
    )


def _stay(stay: StayFacts) -> schemas.StayRead:
    bed = stay.bed
    return schemas.StayRead(
        bed_id=bed.bed_id,
        person_id=stay.person_id,
        kind=bed.kind,
        opened_on=bed.opened_on,
        closed_on=bed.closed_on,
        pauses=[schemas.StayPauseRead(first=each.first, until=each.until) for each in bed.pauses],
    )
