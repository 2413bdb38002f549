"""Posting to the ledger in one statement, and reading back what was posted."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.billing.ledger import errors
from service.billing.ledger.rules import Account, Book, LedgerSource, Posting
from service.core.db import refusals
from service.core.db.steps import Step
from service.core.ids import new_id

_NAMED: Final = re.compile(r"(?<![:\w]):(\w+)")
_ENTRIES: Final = """
insert into journal_entries (region_id, id, institution_id, book, source, source_id, booked_on, gross_fen, posted_at)
select cast(:region as uuid), e.id, cast(:institution as uuid), e.book, cast(:source as text), cast(:source_id as uuid),
       cast(:booked_on as date), e.gross_fen, cast(:now as timestamptz)
from unnest(cast(:entry_ids as uuid[]), cast(:entry_books as text[]), cast(:entry_sums as bigint[]))
    as e (id, book, gross_fen)
returning 1
"""
_LINES: Final = """
insert into journal_lines
    (region_id, institution_id, entry_id, line_no, book, booked_on, account, debit_fen, credit_fen)
select cast(:region as uuid), cast(:institution as uuid), l.entry_id, l.line_no, l.book, cast(:booked_on as date),
       l.account, l.debit_fen, l.credit_fen
from unnest(cast(:line_entries as uuid[]), cast(:line_nos as int[]), cast(:line_books as text[]),
            cast(:line_accounts as text[]), cast(:line_debits as bigint[]), cast(:line_credits as bigint[]))
    as l (entry_id, line_no, book, account, debit_fen, credit_fen)
returning 1
"""
# The number is taken by whoever holds the counter's row until the commit: callers post last.
_COUNTER: Final = """
insert into invoice_counters as c (region_id, institution_id, year, last_no)
values (cast(:region as uuid), cast(:institution as uuid), cast(:year as int), 1)
on conflict (region_id, institution_id, year) do update set last_no = c.last_no + 1
returning c.last_no
"""
_INVOICE: Final = """
insert into invoices (region_id, id, institution_id, year, number, source, source_id, reverses_id, gross_fen,
                      patient_fen, issued_on, issued_at)
select cast(:region as uuid), cast(:invoice_id as uuid), cast(:institution as uuid), cast(:year as int),
       counter.last_no, cast(:source as text), cast(:source_id as uuid),
       (select i.id from invoices i where i.region_id = cast(:region as uuid)
        and i.source = cast(:reversed_source as text) and i.source_id = cast(:reversed_id as uuid)),
       cast(:gross_fen as bigint), cast(:patient_fen as bigint), cast(:booked_on as date), cast(:now as timestamptz)
from counter
"""
_POST: Final = text(
    f"with entries as ({_ENTRIES}), lines as ({_LINES}), counter as ({_COUNTER}) {_INVOICE} returning number"
)
_POSTED: Final = text(
    """
select l.book, l.account, l.debit_fen, l.credit_fen from journal_entries e
join journal_lines l on l.region_id = e.region_id and l.entry_id = e.id
where e.region_id = :region and e.source = :source and e.source_id = :source_id
order by e.id, l.line_no
"""
)


async def post(session: AsyncSession, asked: Mapping[str, Any]) -> int:
    """Write the entries of all books, their lines and the invoice of `values_of`; return the invoice's number."""
    number: int = (await session.execute(_POST, asked)).scalar_one()
    return number


def steps_of(asked: Mapping[str, Any]) -> list[Step]:
    """Return the steps that do what `post` does, to be taken last."""
    named = [
        {name: asked[name] for name in _NAMED.findall(sql)} for sql in (_ENTRIES, _LINES, f"{_COUNTER} {_INVOICE}")
    ]
    return [
        Step(_ENTRIES, named[0]),
        Step(_LINES, named[1]),
        Step(f"{_INVOICE} returning 1", named[2], first={"counter": _COUNTER}),
    ]


def values_of(
    *,
    region_id: UUID,
    institution_id: UUID,
    source: LedgerSource,
    source_id: UUID,
    reversed_source: LedgerSource | None,
    reversed_id: UUID | None,
    on: date,
    now: datetime,
    postings: Sequence[Posting],
    gross_fen: int,
    patient_fen: int,
) -> dict[str, Any]:
    """Return what is written of postings: the entries of all books, their lines and the invoice."""
    by_book = {book: [each for each in postings if each.book is book] for book in Book}
    entries = {book: new_id() for book, of_book in by_book.items() if of_book}
    lines = [each for of_book in by_book.values() for each in of_book]
    return {
        "region": region_id,
        "institution": institution_id,
        "source": str(source),
        "source_id": source_id,
        "reversed_source": str(reversed_source) if reversed_source else None,
        "reversed_id": reversed_id,
        "booked_on": on,
        "now": now,
        "year": on.year,
        "invoice_id": new_id(),
        "gross_fen": gross_fen,
        "patient_fen": patient_fen,
        "entry_ids": list(entries.values()),
        "entry_books": [str(book) for book in entries],
        "entry_sums": [sum(each.credit_fen for each in by_book[book]) for book in entries],
        "line_entries": [entries[each.book] for each in lines],
        "line_nos": [no for of_book in by_book.values() for no in range(1, len(of_book) + 1)],
        "line_books": [str(each.book) for each in lines],
        "line_accounts": [str(each.account) for each in lines],
        "line_debits": [each.debit_fen for each in lines],
        "line_credits": [each.credit_fen for each in lines],
    }


async def posted(
    session: AsyncSession, *, region_id: UUID, source: LedgerSource, source_id: UUID
) -> tuple[Posting, ...]:
    """Return what was posted for a source, empty when nothing was."""
    found = await session.execute(_POSTED, {"region": region_id, "source": str(source), "source_id": source_id})
    return tuple(Posting(Book(row.book), Account(row.account), row.debit_fen, row.credit_fen) for row in found)


refusals.name_constraints(
    {
        "journal_entries_once": errors.JournaledAlready,
        "invoices_once": errors.JournaledAlready,
        "invoices_red_within": errors.InvoiceTakenBack,
        "ck_invoices_red": errors.InvoiceTakenBack,
    }
)
