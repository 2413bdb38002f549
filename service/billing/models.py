"""Tables of billing: nothing posted is edited; a reversal is a row that names what it reverses."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.billing import guards
from service.core.db import fences, rows


class Quote(rows.InstitutionRow, table=True):
    """What an order was said to cost when it was placed: the kernel's bill, its facts, the distance it stands on."""

    __tablename__ = "quotes"
    __table_args__ = (
        rows.refers("order_id", to="orders"),
        rows.refers("person_id", to="patients"),
        Index("ix_quotes_order", "region_id", "order_id"),  # the quote an order was placed with
    )

    order_id: UUID | None = None
    person_id: UUID
    service_on: date
    distance_metres: int
    gross_fen: int = rows.fen()
    patient_fen: int = rows.fen()
    bill: Any = rows.document()
    quoted_at: datetime = rows.moment()


class Settlement(rows.InstitutionRow, table=True):
    """The settlement of a visit. The first has seq 1; a later one must follow the reversal of the one before."""

    __tablename__ = "settlements"
    __table_args__ = (
        rows.refers("visit_id", to="visits"),
        rows.refers("person_id", to="patients"),
        # one live settlement per visit: seq n + 1 needs the reversal of n, which is a row of its own
        UniqueConstraint("region_id", "visit_id", "seq", name="settlements_one_live"),
        CheckConstraint("(seq = 1 and follows_seq is null) or (seq > 1 and follows_seq = seq - 1)", name="follows"),
        ForeignKeyConstraint(
            ["region_id", "visit_id", "follows_seq"],
            ["reversals.region_id", "reversals.visit_id", "reversals.seq"],
            name="settlements_follow_a_reversal",
            use_alter=True,
        ),
        CheckConstraint("gross_fen >= 0 and patient_fen between 0 and gross_fen", name="amounts"),
    )

    visit_id: UUID
    person_id: UUID
    seq: int
    follows_seq: int | None = None
    service_on: date
    gross_fen: int = rows.fen()
    patient_fen: int = rows.fen()
    facts: Any = rows.document()
    settled_at: datetime = rows.moment()


class BillLine(SQLModel, table=True):
    """One line of a settlement, with its price row and the sentence that explains it."""

    __tablename__ = "bill_lines"
    __table_args__ = (rows.refers("settlement_id", to="settlements"),)

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID
    settlement_id: UUID = Field(primary_key=True)
    line_no: int = Field(primary_key=True)
    code: str
    name: str
    quantity: int | None = None
    charged_quantity: int | None = None
    status: str
    gross_fen: int = rows.fen()
    patient_fen: int = rows.fen()
    price_from: date | None = None
    reason: str


class BillFunding(SQLModel, table=True):
    """One payer's part of a line."""

    __tablename__ = "bill_fundings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["region_id", "settlement_id", "line_no"],
            ["bill_lines.region_id", "bill_lines.settlement_id", "bill_lines.line_no"],
            name="bill_fundings_of_a_line",
        ),
        CheckConstraint("amount_fen >= 0", name="amount"),
    )

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID
    settlement_id: UUID = Field(primary_key=True)
    line_no: int = Field(primary_key=True)
    funding_no: int = Field(primary_key=True)
    source: str
    ref_id: UUID | None = None
    units: int | None = Field(default=None, sa_type=BigInteger)
    amount_fen: int = rows.fen()
    reason: str


class Reversal(rows.InstitutionRow, table=True):
    """A settlement taken back: by whom, why. Its consumption is returned by entries of the ledger."""

    __tablename__ = "reversals"
    __table_args__ = (
        rows.refers("settlement_id", to="settlements"),
        UniqueConstraint("region_id", "settlement_id", name="reversals_once"),
        UniqueConstraint("region_id", "visit_id", "seq", name="reversals_of_seq"),
        ForeignKeyConstraint(
            ["region_id", "visit_id", "seq"],
            ["settlements.region_id", "settlements.visit_id", "settlements.seq"],
            name="reversals_of_a_settlement",
        ),
    )

    settlement_id: UUID
    visit_id: UUID
    seq: int
    reason: str
    gross_fen: int = rows.fen()
    patient_fen: int = rows.fen()
    reversed_by_account_id: UUID
    reversed_at: datetime = rows.moment()


class VisitFee(SQLModel, table=True):
    """The one visit fee of a trip to a home (上门服务费); its shares are the VISIT_FEE lines of the trip's bills."""

    __tablename__ = "visit_fees"
    __table_args__ = (rows.refers("trip_id", to="trips"), CheckConstraint("fee_fen >= 0", name="fee"))

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID
    trip_id: UUID = Field(primary_key=True)
    home_id: UUID = Field(primary_key=True)
    fee_fen: int = rows.fen()


_PART = "exists (select 1 from settlements s where s.region_id = {table}.region_id and s.id = settlement_id)"

fences.fence(Quote, fences.Fence.institution_or_person)
fences.fence(Settlement, fences.Fence.institution_or_person, adds=fences.Fence.institution, verbs="select, insert")
fences.fence(BillLine, _PART.format(table="bill_lines"), verbs="select, insert")
fences.fence(BillFunding, _PART.format(table="bill_fundings"), verbs="select, insert")
fences.fence(Reversal, _PART.format(table="reversals"), adds=fences.Fence.institution, verbs="select, insert")
fences.fence(VisitFee, fences.Fence.institution, verbs="select, insert")
guards.create(Settlement, BillLine, BillFunding)
