"""What people do with bed days: bill a period, take it back, read. Each day once per person, whatever the institution.

A period may be asked for again and again: it bills what has become due and is in no bill.
"""

from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.beds import usecases as beds
from service.beds.rules import StayFacts
from service.billing import repository as billing
from service.billing import rules as kernel
from service.billing import translation
from service.billing.bed_days import errors, evidence, facts, posting, presentation, proving, repository, rules, schemas
from service.billing.bed_days.models import BedDay, BedSettlement
from service.core import paging, problems
from service.core.audit import trail
from service.core.clock import local_date
from service.core.principal import Principal
from service.core.problems import Refusal
from service.patients import usecases as patients
from service.patients.rules import Right

LISTING: Final = "bed-settlements"
_SEES: Final = frozenset({Right.view, Right.pay})
_PROBLEMS: Final[dict[kernel.RefusalReason, type[Refusal]]] = {
    kernel.RefusalReason.bed_not_per_diem: errors.BedNotPerDiem,
    kernel.RefusalReason.nothing_to_bill: errors.NothingToBill,
    kernel.RefusalReason.not_settled: errors.NotSettled,
}


async def settle_bed_days(
    session: AsyncSession, *, principal: Principal, bed_id: UUID, asked: schemas.BedDaysCreate, now: datetime
) -> schemas.BedSettlementRead:
    """Bill the days of a period of a bed of the principal's institution that are past, open and in no bill.

    Days that the patient is known to have spent in another hospital, or that lie after his death, are left out.

    Raises:
        problems.NotFound: there is no such bed at the principal's institutions.
        errors.BedPeriodTooLong: more than a year.
        errors.BedNotPerDiem, errors.NothingToBill: the kernel's reasons.
        errors.NotInThisBed: all of them are left out.
        errors.InsuranceInterrupted: the insurance pays with an interruption.
        errors.BedDayBilled, errors.BedDayOutsideStay, contracts.errors.EntitlementExhausted: somebody was faster.
    """
    region_id = principal.region_id
    rules.refuse_long(asked.first, asked.until)
    stay = await _hold(session, principal, bed_id)
    # a day is billed when it is over: until then the bed may be closed or paused on it
    until = min(asked.until, local_date(now))
    try:
        kernel.require_per_diem(translation.stay(stay.bed))
        known = await facts.gather(session, region_id=region_id, stay=stay, first=asked.first, until=until)
        bill = known.settle()
    except kernel.Refused as refused:
        raise _PROBLEMS[refused.refusal.reason] from refused
    row = await posting.post(
        session,
        region_id=region_id,
        known=known,
        lines=rules.lines_of(bill, known.agreement.institution_share, stay.bed.kind, known.offers),
        account_id=principal.account_id,
        now=now,
    )
    return presentation.settlement(await repository.read(session, row))


async def reverse_bed_days(
    session: AsyncSession, *, principal: Principal, bed_id: UUID, asked: schemas.BedReversalCreate, now: datetime
) -> schemas.BedReversalRead:
    """Take back the billed days of a period of a bed; they can be billed again.

    Raises:
        problems.NotFound: there is no such bed at the principal's institutions.
        errors.BedPeriodTooLong: more than a year.
        errors.BedNotPerDiem, errors.NotSettled: the kernel's reasons.
        errors.BedDayReversed: somebody was faster.
    """
    region_id = principal.region_id
    rules.refuse_long(asked.first, asked.until)
    stay = await _hold(session, principal, bed_id)
    days = await repository.live_days(session, region_id=region_id, bed_id=bed_id, first=asked.first, until=asked.until)
    try:
        kernel.reverse_bed_days(translation.stay(stay.bed), [_day(day) for day in days])
    except kernel.Refused as refused:
        raise _PROBLEMS[refused.refusal.reason] from refused
    bills = await repository.settlements(
        session, region_id=region_id, settlement_ids={day.settlement_id for day in days}
    )
    # bill by bill: each has an invoice of its own to take back
    for settlement_id, of_bill in groupby(sorted(days, key=_bill_and_day), key=lambda day: day.settlement_id):
        await posting.take_back(
            session,
            bills[settlement_id],
            list(of_bill),
            reason=asked.reason,
            account_id=principal.account_id,
            now=now,
        )
    return presentation.reversal(days)


async def list_bed_settlements(
    session: AsyncSession,
    *,
    principal: Principal,
    bed_id: UUID,
    page: paging.PageRequest,
    cursors: paging.Cursors,
    now: datetime,
) -> paging.Page[schemas.BedSettlementSummary]:
    """Return a page of a bed's bills to its institution, and to whoever may view or pay for the person.

    Raises:
        problems.NotFound: there is no such bed, or it is not the principal's to see.
    """
    stay = await beds.stay(session, region_id=principal.region_id, bed_id=bed_id)
    await _require_sight(session, principal, stay.bed.institution_id, stay.person_id, now)
    found = await repository.list_page(session, region_id=principal.region_id, bed_id=bed_id, page=page)
    return paging.page_of(
        found,
        request=page,
        read=lambda row: presentation.summary(*row),
        last=lambda row: row[0].id,
        cursors=cursors,
        listing=LISTING,
    )


async def read_bed_settlement(
    session: AsyncSession, *, principal: Principal, settlement_id: UUID, now: datetime
) -> schemas.BedSettlementRead:
    """Return a bill to its institution, to the patient, and to whoever may view or pay for him.

    Raises:
        problems.NotFound: there is no such bill, or it is not the principal's to see.
    """
    row = await _find(session, principal, settlement_id)
    await _require_sight(session, principal, row.institution_id, row.person_id, now)
    return presentation.settlement(await repository.read(session, row))


async def read_bed_case(session: AsyncSession, *, principal: Principal, settlement_id: UUID) -> dict[str, Any]:
    """Return the evidence of a bill as a billing case whose last event bills the same days offline.

    Raises:
        problems.NotFound: there is no such bill at the principal's institutions.
    """
    return evidence.case_of((await _own(session, principal, settlement_id)).facts)


async def read_bed_proof(session: AsyncSession, *, principal: Principal, settlement_id: UUID) -> schemas.BedProofRead:
    """Return the proof of a bill of the principal's institution.

    Raises:
        problems.NotFound: there is no such bill at the principal's institutions.
    """
    return await proving.proof_of(session, await _own(session, principal, settlement_id))


async def _hold(session: AsyncSession, principal: Principal, bed_id: UUID) -> StayFacts:
    """Return a stay of the principal's institution, its bed and its person held until the commit.

    The bed: it is closed and paused by nobody meanwhile. The person: whoever bills him waits here and reads what is
    left instead of failing.
    """
    stay = await beds.stay(session, region_id=principal.region_id, bed_id=bed_id, lock=True)
    if stay.bed.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="床位")
    await billing.lock(session, region_id=principal.region_id, what=f"person/{stay.person_id}")
    return stay


async def _own(session: AsyncSession, principal: Principal, settlement_id: UUID) -> BedSettlement:
    """Return a bill of the principal's institution, and note whom it is about."""
    row = await _find(session, principal, settlement_id)
    if row.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="床日结算单")
    trail.name_person(session, row.person_id)
    return row


async def _find(session: AsyncSession, principal: Principal, settlement_id: UUID) -> BedSettlement:
    row = await repository.find(session, region_id=principal.region_id, settlement_id=settlement_id)
    if row is None:
        raise problems.NotFound(what="床日结算单")
    return row


async def _require_sight(
    session: AsyncSession, principal: Principal, institution_id: UUID, person_id: UUID, now: datetime
) -> None:
    if institution_id in principal.institution_ids:
        return
    rights = await patients.rights_over(session, principal=principal, person_id=person_id, now=now)
    if principal.institution_ids or not _SEES & rights:
        raise problems.NotFound(what="床日结算单")


def _day(row: BedDay) -> kernel.BedDay:
    return kernel.BedDay(str(row.bed_id), str(row.person_id), row.service_on, row.gross_fen, row.fund_fen)


def _bill_and_day(row: BedDay) -> tuple[UUID, object]:
    return row.settlement_id, row.service_on
