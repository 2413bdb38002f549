"""Turns rows of bills of bed days into what people read. Pure."""

from collections.abc import Sequence
from itertools import groupby

from service.billing.bed_days import posting, repository, schemas, sharing
from service.billing.bed_days.models import BedDay, BedSettlement, BedSettlementFunding


def settlement(posted: repository.Posted) -> schemas.BedSettlementRead:
    """Return a bill as it was posted, with what was taken back of it."""
    returned = sum(back for _, back in posted.days)
    return schemas.BedSettlementRead(
        **summary(posted.settlement, len(posted.days), returned).model_dump(),
        agreement_id=posted.settlement.agreement_id,
        income_class=posted.settlement.income_class,
        lines=[
            schemas.BedLineRead.model_validate({**line.model_dump(), "fundings": _fundings(line.year, posted.fundings)})
            for line in posted.lines
        ],
        bed_days=[
            schemas.BedDayRead.model_validate({**day.model_dump(), "on": day.service_on, "reversed": back})
            for day, back in posted.days
        ],
        left_out=[
            schemas.BedDayLeftOutRead.model_validate(each) for each in posted.settlement.facts.get("left_out", [])
        ],
        reversals=[schemas.BedTakenBackRead.model_validate(row, from_attributes=True) for row in posted.reversals],
    )


def summary(row: BedSettlement, days: int, reversed_days: int) -> schemas.BedSettlementSummary:
    """Return a bill as a list shows it."""
    return schemas.BedSettlementSummary.model_validate(
        {**row.model_dump(), "days": days, "reversed_days": reversed_days}
    )


def reversal(days: Sequence[BedDay]) -> schemas.BedReversalRead:
    """Return what was taken back."""
    parts = posting.sum_of(days)
    return schemas.BedReversalRead(
        **parts.in_fen(),
        days=[day.service_on for day in days],
        settlement_ids=[bill for bill, _ in groupby(sorted(day.settlement_id for day in days))],
    )


def _fundings(year: int, fundings: Sequence[BedSettlementFunding]) -> list[schemas.BedFundingRead]:
    of_line = {row.source: row for row in fundings if row.year == year}
    return [
        schemas.BedFundingRead.model_validate(of_line[source], from_attributes=True)
        for source in sharing.SOURCES
        if source in of_line
    ]
