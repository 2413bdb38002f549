"""Posting to the ledger in one statement, and reading back what was posted."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, DateTime, Integer, Text, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from service.billing.ledger import errors
from service.billing.ledger.rules import Account, Book, LedgerSource, Posting
from service.core.db import refusals
from service.core.ids import new_id

# One round trip. The number is taken by whoever holds the counter's row until the commit: callers post last.
_POST: Final = text(
    """
with entries as (
    insert into journal_entries
        (region_id, id, institution_id, book, source, source_id, booked_on, gross_fen, posted_at)
    select :region, e.id, :institution, e.book, :source, :source_id, :booked_on, e.gross_fen, :now
    from unnest(:entry_ids, :entry_books, :entry_sums) as e (id, book, gross_fen)
), lines as (
    insert into journal_lines
        (region_id, institution_id, entry_id, line_no, book, booked_on, account, debit_fen, credit_fen)
    select :region, :institution, l.entry_id, l.line_no, l.book, :booked_on, l.account, l.debit_fen, l.credit_fen
    from unnest(:line_entries, :line_nos, :line_books, :line_accounts, :line_debits, :line_credits)
        as l (entry_id, line_no, book, account, debit_fen, credit_fen)
), counter as (
    insert into invoice_counters as c (region_id, institution_id, year, last_no)
    values (:region, :institution, :year, 1)
    on conflict (region_id, institution_id, year) do update set last_no = c.last_no + 1
    returning c.last_no
)
insert into invoices (region_id, id, institution_id, year, number, source, source_id, reverses_id, gross_fen,
                      patient_fen, issued_on, issued_at)
select :region, :invoice_id, :institution, :year, counter.last_no, :source, :source_id,
       (select i.id from invoices i
        where i.region_id = :region and i.source = :reversed_source and i.source_id = :reversed_id),
       :gross_fen, :patient_fen, :booked_on, :now
from counter
returning number
"""
).bindparams(
    *(bindparam(name, type_=Uuid) for name in ("region", "institution", "source_id", "invoice_id", "reversed_id")),
    *(bindparam(name, type_=Text) for name in ("source", "reversed_source")),
    bindparam("booked_on", type_=Date),
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("year", type_=Integer),
    *(bindparam(name, type_=BigInteger) for name in ("gross_fen", "patient_fen")),
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("entry_ids", "line_entries")),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("entry_books", "line_books", "line_accounts")),
    bindparam("line_nos", type_=ARRAY(Integer)),
    *(bindparam(name, type_=ARRAY(BigInteger)) for name in ("entry_sums", "line_debits", "line_credits")),
)
_POSTED: Final = text(
    """
select l.book, l.account, l.debit_fen, l.credit_fen from journal_entries e
join journal_lines l on l.region_id = e.region_id and l.entry_id = e.id
where e.region_id = :region and e.source = :source and e.source_id = :source_id
order by e.id, l.line_no
"""
)


async def post(
    session: AsyncSession,
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
) -> int:
    """Write the entries of all books, their lines and the invoice; return the invoice's number."""
    by_book = {book: [each for each in postings if each.book is book] for book in Book}
    entries = {book: new_id() for book, of_book in by_book.items() if of_book}
    lines = [each for of_book in by_book.values() for each in of_book]
    asked = {
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
    number: int = (await session.execute(_POST, asked)).scalar_one()
    return number


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
