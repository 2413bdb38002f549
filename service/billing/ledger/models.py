"""Tables of the ledger: entries and their lines, invoices without a gap. Posted once, never edited or deleted."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.billing.ledger import guards
from service.core.db import fences, rows


class JournalEntry(rows.InstitutionRow, table=True):
    """What one source (a settlement, its reversal, bed days) does to one book of an institution.

    `gross_fen` is the sum of its debits and of its credits; a red entry, which takes another back, has it negative.
    `booked_on` is the accounting day: a reversal counts on its own day, so a closed month stays as it was.
    """

    __tablename__ = "journal_entries"
    __table_args__ = (
        # what is journaled once is not journaled again, whoever asks
        UniqueConstraint("region_id", "source", "source_id", "book", name="journal_entries_once"),
        CheckConstraint("book in ('medical', 'elder_care')", name="book"),
        CheckConstraint("source in ('settlement', 'reversal', 'bed_days', 'bed_days_reversal')", name="source"),
        CheckConstraint(
            "case when source in ('reversal', 'bed_days_reversal') then gross_fen < 0 else gross_fen > 0 end",
            name="red",
        ),
        Index("ix_journal_entries_booked", "region_id", "institution_id", "booked_on"),  # the entries of a period
    )

    book: str
    source: str
    source_id: UUID
    booked_on: date
    gross_fen: int = rows.fen()
    posted_at: datetime = rows.moment()


class JournalLine(SQLModel, table=True):
    """One account's part of an entry; `book` and `booked_on` are the entry's, so that sums need no join.

    Every entry has a line 1, so that entries can be counted on the way.
    """

    __tablename__ = "journal_lines"
    __table_args__ = (
        rows.refers("entry_id", to="journal_entries"),
        CheckConstraint("(debit_fen = 0) <> (credit_fen = 0)", name="one_side"),
        # the sums of a period: read from the index alone
        Index(
            "ix_journal_lines_booked",
            "region_id",
            "institution_id",
            "booked_on",
            "book",
            "account",
            postgresql_include=["debit_fen", "credit_fen", "line_no"],
        ),
    )

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID
    entry_id: UUID = Field(primary_key=True)
    line_no: int = Field(primary_key=True)
    book: str
    booked_on: date
    account: str
    debit_fen: int = rows.fen()
    credit_fen: int = rows.fen()


class InvoiceCounter(SQLModel, table=True):
    """The last invoice number of an institution's year; whoever takes the next one holds the row until the commit."""

    __tablename__ = "invoice_counters"
    __table_args__ = (CheckConstraint("last_no > 0", name="last_no"),)

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID = Field(primary_key=True)
    year: int = Field(primary_key=True)
    last_no: int


class Invoice(rows.InstitutionRow, table=True):
    """An invoice, numbered without a gap per institution and year; a red-letter one (红字) names what it takes back."""

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("region_id", "institution_id", "year", "number", name="invoices_one_number"),
        UniqueConstraint("region_id", "source", "source_id", name="invoices_once"),
        ForeignKeyConstraint(
            ["region_id", "reverses_id"], ["invoices.region_id", "invoices.id"], name="invoices_reverse_an_invoice"
        ),
        CheckConstraint("gross_fen <> 0 and (gross_fen < 0) = (reverses_id is not null)", name="red"),
        CheckConstraint("patient_fen between least(gross_fen, 0) and greatest(gross_fen, 0)", name="patient"),
        Index("ix_invoices_reverses", "region_id", "reverses_id"),  # what was taken back of an invoice
        Index("ix_invoices_issued", "region_id", "institution_id", "issued_on"),  # the invoices of a period
    )

    year: int
    number: int
    source: str
    source_id: UUID
    reverses_id: UUID | None = None
    gross_fen: int = rows.fen()
    patient_fen: int = rows.fen()
    issued_on: date
    issued_at: datetime = rows.moment()


fences.fence(JournalEntry, fences.Fence.institution, verbs="select, insert")
fences.fence(JournalLine, fences.Fence.institution, verbs="select, insert")
fences.fence(InvoiceCounter, fences.Fence.institution)
fences.fence(Invoice, fences.Fence.institution, verbs="select, insert")
guards.create_balance(JournalEntry, JournalLine)
guards.create_journaled(JournalEntry)
guards.create_gapless(InvoiceCounter, Invoice)
