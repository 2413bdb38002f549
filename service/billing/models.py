"""Tables of billing: nothing posted is edited; a reversal is a row that names what it reverses."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.billing import guards
from service.core.db import fences, rows


def _journaled() -> Any:
    """Return the field that says that a row's entries are checked; what the version before writes has none."""
    return Field(default=False, sa_column_kwargs={"server_default": text("false")})


def _claimed() -> Any:
    """Return a field of what of a line came before medical insurance (fen)."""
    return rows.fen(default=0, sa_column_kwargs={"server_default": text("0")})


class Quote(rows.InstitutionRow, table=True):
    """What a visit was said to cost: the kernel's bill, its facts, the distance it stands on.

    `asked` is what it was asked for. With a `token`, the house's signature, it can be named in a booking until
    `valid_until`. Accepted, it is the ceiling of what the family pays; of several the one accepted last.
    """

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
    asked: Any = rows.document(nullable=True, default=None)
    valid_until: datetime | None = rows.moment(nullable=True, default=None)
    token: str | None = None
    accepted_at: datetime | None = rows.moment(nullable=True, default=None)


class Settlement(rows.InstitutionRow, table=True):
    """The settlement of a visit. The first has seq 1; a later one must follow the reversal of the one before.

    `kind` `cancellation`: of a crew that went in vain (上门服务取消费), not of a service.
    """

    __tablename__ = "settlements"
    __table_args__ = (
        rows.refers("visit_id", to="visits"),
        rows.refers("person_id", to="patients"),
        # one live settlement per visit: seq n + 1 needs the reversal of n, which is a row of its own
        UniqueConstraint("region_id", "visit_id", "seq", name="settlements_one_live"),
        # `is not distinct from`: a null would make the check neither true nor false, and let it pass
        CheckConstraint("seq > 0 and follows_seq is not distinct from nullif(seq - 1, 0)", name="follows"),
        ForeignKeyConstraint(
            ["region_id", "visit_id", "follows_seq"],
            ["reversals.region_id", "reversals.visit_id", "reversals.seq"],
            name="settlements_follow_a_reversal",
            use_alter=True,
        ),
        # of one round of a trip a visit has one bill: to be corrected it waits until all of the round are reversed
        UniqueConstraint("region_id", "visit_id", "trip_round", name="settlements_one_per_round"),
        ForeignKeyConstraint(
            ["region_id", "trip_id", "home_id", "trip_round"],
            ["visit_fees.region_id", "visit_fees.trip_id", "visit_fees.home_id", "visit_fees.round"],
            name="settlements_of_a_round",
        ),
        CheckConstraint("gross_fen >= 0 and patient_fen between 0 and gross_fen", name="amounts"),
        CheckConstraint("kind in ('visit', 'cancellation')", name="kind"),
        # a crew that went in vain is paid for once, also when that bill was taken back
        Index(
            "settlements_one_cancellation",
            "region_id",
            "visit_id",
            unique=True,
            postgresql_where=text("kind = 'cancellation'"),
        ),
        Index("ix_settlements_person", "region_id", "person_id", "service_on"),  # an elder's own bills
        Index("ix_settlements_day", "region_id", "institution_id", "service_on"),  # the totals of a period
        Index("ix_settlements_settled", "region_id", "institution_id", "settled_at"),  # the bills made in a period
        Index("ix_settlements_trip", "region_id", "trip_id", "home_id"),  # what stands of a trip
    )

    visit_id: UUID
    person_id: UUID
    kind: str = Field(default="visit", sa_column_kwargs={"server_default": "visit"})
    trip_id: UUID | None = None
    home_id: UUID | None = None
    trip_round: int
    seq: int
    follows_seq: int | None = None
    service_on: date
    gross_fen: int = rows.fen()
    patient_fen: int = rows.fen()
    plan_code: str | None = None
    facts: Any = rows.document()
    journaled: bool = _journaled()
    settled_at: datetime = rows.moment()


class BillLine(SQLModel, table=True):
    """One line of a settlement, with its price row and the sentence that explains it.

    `insured_fen` of it came before medical insurance in `insurance_class`; of that the policy covers `eligible_fen`,
    and of that `deductible_fen` fell below the deductible.
    """

    __tablename__ = "bill_lines"
    __table_args__ = (
        rows.refers("settlement_id", to="settlements"),
        CheckConstraint("income_class in ('unified', 'memorandum')", name="income_class"),
        CheckConstraint(
            "insured_fen between 0 and gross_fen and eligible_fen between 0 and insured_fen"
            " and deductible_fen between 0 and eligible_fen and (insured_fen = 0) = (insurance_class is null)",
            name="claimed",
        ),
    )

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
    national_code: str | None = None
    unit: str | None = None
    income_class: str = Field(default="unified", sa_column_kwargs={"server_default": "unified"})
    sentence: str | None = None
    insurance_class: str | None = None
    insured_fen: int = _claimed()
    eligible_fen: int = _claimed()
    deductible_fen: int = _claimed()


class BillFunding(SQLModel, table=True):
    """One payer's part of a line; `income_class` is that of the package that pays, None: the line's."""

    __tablename__ = "bill_fundings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["region_id", "settlement_id", "line_no"],
            ["bill_lines.region_id", "bill_lines.settlement_id", "bill_lines.line_no"],
            name="bill_fundings_of_a_line",
        ),
        CheckConstraint("amount_fen >= 0", name="amount"),
        CheckConstraint("income_class in ('unified', 'memorandum')", name="income_class"),
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
    income_class: str | None = None
    remaining: int | None = Field(default=None, sa_type=BigInteger)


class Reversal(rows.InstitutionRow, table=True):
    """A settlement taken back: by whom, why. Its consumption is returned by entries of the ledger.

    `reason_code`: no person decided it; it follows from what `reversed_by_account_id` wrote down of the patient.
    """

    __tablename__ = "reversals"
    __table_args__ = (
        rows.refers("settlement_id", to="settlements"),
        UniqueConstraint("region_id", "settlement_id", name="reversals_once"),
        CheckConstraint("reason_code in ('deceased', 'in_hospital')", name="reason_code"),
        UniqueConstraint("region_id", "visit_id", "seq", name="reversals_of_seq"),
        ForeignKeyConstraint(
            ["region_id", "visit_id", "seq"],
            ["settlements.region_id", "settlements.visit_id", "settlements.seq"],
            name="reversals_of_a_settlement",
        ),
        Index("ix_reversals_reversed", "region_id", "institution_id", "reversed_at"),  # those of a period
    )

    settlement_id: UUID
    visit_id: UUID
    seq: int
    reason: str
    reason_code: str | None = None
    gross_fen: int = rows.fen()
    patient_fen: int = rows.fen()
    reversed_by_account_id: UUID
    journaled: bool = _journaled()
    reversed_at: datetime = rows.moment()


class SettlementRefusal(rows.InstitutionRow, table=True):
    """Why the worker could not settle a visit: shown until the cause is gone and the visit is settled by hand."""

    __tablename__ = "settlement_refusals"
    __table_args__ = (
        rows.refers("visit_id", to="visits"),
        Index("ix_settlement_refusals_visit", "region_id", "visit_id"),  # the last refusal of a visit
    )

    visit_id: UUID
    code: str
    facts: Any = rows.document()
    reason: str
    refused_at: datetime = rows.moment()


class VisitFee(SQLModel, table=True):
    """The one visit fee of a trip to a home (上门服务费); its shares are the VISIT_FEE lines of the trip's bills.

    `shares` are the visits counted, each with its own fee. A next round begins when all bills of the one before are
    reversed. `fee_fen` None: there is none, or each visit pays its own.
    """

    __tablename__ = "visit_fees"
    __table_args__ = (rows.refers("trip_id", to="trips"), CheckConstraint("fee_fen >= 0", name="fee"))

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID
    trip_id: UUID = Field(primary_key=True)
    home_id: UUID = Field(primary_key=True)
    round: int = Field(primary_key=True)
    fee_fen: int | None = rows.fen(nullable=True, default=None)
    shares: Any = rows.document()


_PART = "exists (select 1 from settlements s where s.region_id = {table}.region_id and s.id = settlement_id)"

fences.fence(Quote, fences.Fence.institution_or_person)
fences.fence(Settlement, fences.Fence.institution_or_person, adds=fences.Fence.institution, verbs="select, insert")
_ADDED = guards.create_shows(Settlement)
fences.fence(BillLine, _PART.format(table="bill_lines"), adds=_ADDED, verbs="select, insert")
fences.fence(BillFunding, _PART.format(table="bill_fundings"), adds=_ADDED, verbs="select, insert")
fences.fence(Reversal, _PART.format(table="reversals"), adds=fences.Fence.institution, verbs="select, insert")
fences.fence(VisitFee, fences.Fence.institution, verbs="select, insert")
# not whoever sees the visit only because he is sent there (visits.helping)
_OWN_VISIT = (
    "exists (select 1 from visits v where v.region_id = settlement_refusals.region_id and v.id = visit_id and (OWN))"
).replace("OWN", fences.Fence.institution_or_person)
fences.fence(
    SettlementRefusal,
    _OWN_VISIT,
    adds=fences.Fence.institution,
    verbs="select, insert",
)
guards.create(Settlement, BillLine, BillFunding)
guards.create_rounds(Settlement, BillLine, VisitFee)
guards.create_charges(BillLine)
guards.create_hold(Settlement)
# Was he licensed? Asked by the institution whose visit it is, also of crew that another one has lent.
fences.definer(
    Settlement,
    "billing_crew_licences(asked_visits uuid[])",
    "table (practitioner_id uuid, valid_from date, valid_to date)",
    """
select distinct q.practitioner_id, q.valid_from, q.valid_to from visits v
join visit_events e on e.region_id = v.region_id and e.visit_id = v.id and e.kind = 'start'
join qualifications q on q.region_id = v.region_id and q.practitioner_id = e.practitioner_id and q.kind = 'licence'
where v.region_id = app_region() and v.id = any(asked_visits) and v.institution_id = any(app_institutions())
""",
)
