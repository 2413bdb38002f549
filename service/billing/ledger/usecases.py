"""What other rooms ask of the ledger: post what a source is worth, take back what was posted. The only door."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing.ledger import repository, rules
from service.core.db.steps import Step


async def post(
    session: AsyncSession,
    *,
    region_id: UUID,
    institution_id: UUID,
    source: rules.LedgerSource,
    source_id: UUID,
    on: date,
    now: datetime,
    postings: Sequence[rules.Posting],
    reverses_id: UUID | None = None,
) -> str | None:
    """Post a source and issue its invoice; return the invoice's number, None for a source that is worth nothing.

    `on` is the accounting day. `reverses_id`: the source that a red one takes back, whole or in part; its invoice is
    named by the red-letter one. Call it last in a transaction: from here to the commit the institution's next
    invoice waits.

    Raises:
        ValueError: the postings do not balance.
        errors.JournaledAlready: the source was posted before.
        errors.InvoiceTakenBack: a red one is worth more than what is left of its original.
    """
    asked = _values(
        region_id=region_id,
        institution_id=institution_id,
        source=source,
        source_id=source_id,
        on=on,
        now=now,
        postings=postings,
        reverses_id=reverses_id,
    )
    return rules.invoice_no(on.year, await repository.post(session, asked)) if asked else None


def steps_of(
    *,
    region_id: UUID,
    institution_id: UUID,
    source: rules.LedgerSource,
    source_id: UUID,
    on: date,
    now: datetime,
    postings: Sequence[rules.Posting],
) -> list[Step]:
    """Return what `post` does, to be taken last of the steps of a transaction.

    Raises:
        ValueError: the postings do not balance.
    """
    asked = _values(
        region_id=region_id,
        institution_id=institution_id,
        source=source,
        source_id=source_id,
        on=on,
        now=now,
        postings=postings,
        reverses_id=None,
    )
    return repository.steps_of(asked) if asked else []


def _values(
    *,
    region_id: UUID,
    institution_id: UUID,
    source: rules.LedgerSource,
    source_id: UUID,
    on: date,
    now: datetime,
    postings: Sequence[rules.Posting],
    reverses_id: UUID | None,
) -> dict[str, Any]:
    """Return what is written of a source; empty for one that is worth nothing."""
    if not rules.is_balanced(postings):
        raise ValueError(f"{source} {source_id}: debits are not credits")
    if not postings:
        return {}
    return repository.values_of(
        region_id=region_id,
        institution_id=institution_id,
        source=source,
        source_id=source_id,
        reversed_source=rules.REVERSES.get(source),
        reversed_id=reverses_id,
        on=on,
        now=now,
        postings=postings,
        gross_fen=rules.gross_fen(postings),
        patient_fen=rules.patient_fen(postings),
    )


async def posted(
    session: AsyncSession, *, region_id: UUID, source: rules.LedgerSource, source_id: UUID
) -> tuple[rules.Posting, ...]:
    """Return what was posted for a source, so that `rules.red` can take it back; empty when nothing was."""
    return await repository.posted(session, region_id=region_id, source=source, source_id=source_id)
