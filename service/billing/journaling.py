"""Books what is posted and what is reversed: the journal and the invoice, in the transaction that makes them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import repository, statement
from service.billing.ledger import rules
from service.billing.ledger import usecases as ledger
from service.billing.models import Reversal, Settlement
from service.core.clock import local_date
from service.core.db.steps import Step, take_together


async def book(
    session: AsyncSession, settlement: Settlement, lines: Sequence[statement.LineFacts], *, now: datetime
) -> None:
    """Book a bill and issue its invoice: the last thing its transaction does, for the next invoice waits from here.

    Raises:
        ledger.errors.JournaledAlready: it is booked.
    """
    await take_together(session, steps_of(settlement, lines, now=now))


def steps_of(settlement: Settlement, lines: Sequence[statement.LineFacts], *, now: datetime) -> list[Step]:
    """Return what `book` does, to be taken last of the steps of a transaction."""
    return ledger.steps_of(
        region_id=settlement.region_id,
        institution_id=settlement.institution_id,
        source=rules.LedgerSource.settlement,
        source_id=settlement.id,
        on=local_date(now),
        now=now,
        postings=rules.postings_of(statement.charges_of(lines)),
    )


async def take_back(session: AsyncSession, settlement: Settlement, reversal: Reversal, *, now: datetime) -> None:
    """Book a reversal: the same postings in red, on the day of the reversal, and a red-letter invoice.

    A bill that the application of the version before posted is booked first, on its own day.

    Raises:
        ledger.errors.JournaledAlready: it is booked.
    """
    of = rules.LedgerSource.settlement
    postings = await ledger.posted(session, region_id=settlement.region_id, source=of, source_id=settlement.id)
    if not postings and settlement.gross_fen:
        postings = rules.postings_of(_charges(await repository.read(session, settlement)))
        await _post(session, settlement, postings, now=settlement.settled_at)
    await ledger.post(
        session,
        region_id=settlement.region_id,
        institution_id=settlement.institution_id,
        source=rules.LedgerSource.reversal,
        source_id=reversal.id,
        on=local_date(now),
        now=now,
        postings=rules.red(postings),
        reverses_id=settlement.id,
    )


async def _post(
    session: AsyncSession, settlement: Settlement, postings: Sequence[rules.Posting], *, now: datetime
) -> None:
    await ledger.post(
        session,
        region_id=settlement.region_id,
        institution_id=settlement.institution_id,
        source=rules.LedgerSource.settlement,
        source_id=settlement.id,
        on=local_date(now),
        now=now,
        postings=postings,
    )


def _charges(posted: repository.Posted) -> list[rules.Charge]:
    return [
        rules.Charge(
            line.code,
            rules.Income(line.income_class),
            tuple(
                rules.Part(paid.source, paid.amount_fen, paid.income_class)
                for paid in posted.fundings
                if paid.line_no == line.line_no
            ),
        )
        for line in posted.lines
    ]
