"""Posts bills of bed days and their reversals: rows, the use of the yearly cap, the journal."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing.bed_days import facts, rules, sharing
from service.billing.bed_days.models import (
    BedDay,
    BedDayReversal,
    BedReversal,
    BedSettlement,
    BedSettlementFunding,
    BedSettlementLine,
)
from service.billing.ledger import usecases as ledger
from service.billing.ledger.rules import LedgerSource, postings_of, red
from service.billing.proof import beds
from service.contracts import usecases as contracts
from service.core.clock import local_date


async def post(
    session: AsyncSession,
    *,
    region_id: UUID,
    known: facts.Facts,
    lines: Sequence[rules.LineBill],
    account_id: UUID,
    now: datetime,
) -> BedSettlement:
    """Write a bill, use what it says of the yearly caps, and book it; the database has the last word on each day.

    Raises:
        errors.BedDayBilled: a day was billed by somebody else.
        errors.BedDayOutsideStay: a day is none of the stay.
        contracts.errors.EntitlementExhausted: somebody else used the cap just now.
    """
    stay = known.stay
    of: dict[str, Any] = {"region_id": region_id, "institution_id": stay.bed.institution_id}
    days = [day for line in lines for day in line.days]
    total = sharing.sum_of(day.parts for day in days)
    row = BedSettlement(
        **of,
        bed_id=stay.bed.bed_id,
        person_id=stay.person_id,
        agreement_id=known.agreement.id,
        first=known.first,
        until=known.until,
        plan_code=known.agreement.plan_code,
        income_class=known.agreement.income_class,
        **total.in_fen(),
        facts=beds.envelope(
            known.as_case(),
            [line.days for line in lines],
            [each for line in lines for each in line.reduced],
            institution_share=known.agreement.institution_share,
            offers=known.offers,
            left_out=[each.as_document() for each in known.left_out],
        ),
        settled_by_account_id=account_id,
        settled_at=now,
    )
    session.add(row)
    await session.flush()
    bill: dict[str, Any] = {**of, "settlement_id": row.id}
    session.add_all(
        BedSettlementLine(
            **bill,
            year=line.year,
            days=len(line.days),
            gross_fen=line.parts.gross_fen,
            patient_fen=line.parts.patient_fen,
            reason=line.reason,
        )
        for line in lines
    )
    await session.flush()
    session.add_all(
        BedSettlementFunding(**bill, year=line.year, source=paid.source, amount_fen=paid.amount_fen, reason=paid.reason)
        for line in lines
        for paid in line.fundings
    )
    # in date order, so that two who bill the same days wait for each other, and never in a circle
    session.add_all(
        BedDay(
            **bill,
            person_id=row.person_id,
            bed_id=row.bed_id,
            service_on=day.on,
            seq=known.again.get(day.on, 0) + 1,
            follows_seq=known.again.get(day.on),
            **day.parts.in_fen(),
        )
        for day in days
    )
    await session.flush()
    await contracts.use_bed_days(
        session,
        region_id=region_id,
        person_id=row.person_id,
        settlement_id=row.id,
        on=days[-1].on,
        claims=rules.claims_of(row.person_id, {line.year: line.parts.fund_fen for line in lines}),
    )
    await ledger.post(
        session,
        region_id=region_id,
        institution_id=row.institution_id,
        source=LedgerSource.bed_days,
        source_id=row.id,
        on=local_date(now),
        now=now,
        postings=postings_of([rules.charge_of(total, row.income_class)]),
    )
    return row


async def take_back(
    session: AsyncSession,
    bill: BedSettlement,
    days: Sequence[BedDay],
    *,
    reason: str,
    account_id: UUID,
    now: datetime,
) -> BedReversal:
    """Write the reversal of some days of one bill, give back what they used, and book it in red.

    Raises:
        errors.BedDayReversed: a day was taken back by somebody else.
    """
    total = sum_of(days)
    row = BedReversal(
        region_id=bill.region_id,
        institution_id=bill.institution_id,
        settlement_id=bill.id,
        bed_id=bill.bed_id,
        person_id=bill.person_id,
        reason=reason,
        **total.in_fen(),
        reversed_by_account_id=account_id,
        reversed_at=now,
    )
    session.add(row)
    await session.flush()
    session.add_all(
        BedDayReversal(
            region_id=day.region_id,
            person_id=day.person_id,
            service_on=day.service_on,
            seq=day.seq,
            institution_id=row.institution_id,
            settlement_id=bill.id,
            reversal_id=row.id,
        )
        for day in days
    )
    await session.flush()
    by_year: Counter[int] = Counter()
    for day in days:
        by_year[day.service_on.year] += day.fund_fen
    await contracts.return_bed_days(
        session,
        region_id=bill.region_id,
        person_id=bill.person_id,
        reversal_id=row.id,
        on=days[-1].service_on,
        claims=rules.claims_of(bill.person_id, by_year),
    )
    await ledger.post(
        session,
        region_id=bill.region_id,
        institution_id=bill.institution_id,
        source=LedgerSource.bed_days_reversal,
        source_id=row.id,
        on=local_date(now),
        now=now,
        postings=red(postings_of([rules.charge_of(total, bill.income_class)])),
        reverses_id=bill.id,
    )
    return row


def sum_of(days: Iterable[BedDay]) -> sharing.Parts:
    """Return what posted days come to together."""
    return sharing.sum_of(
        sharing.Parts(day.gross_fen, day.fund_fen, day.institution_fen, day.reduction_fen) for day in days
    )
