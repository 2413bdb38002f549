"""Tables of bed days: nothing posted is edited; a day taken back is a row that names it, and can be billed again."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.billing.bed_days import guards
from service.catalog.models import one_of
from service.catalog.rules import IncomeClass
from service.core.db import fences, rows

_STAY = ("institution_id", "person_id", "bed_id")
_PARTS = (
    "gross_fen = fund_fen + institution_fen + reduction_fen + patient_fen"
    " and least(fund_fen, institution_fen, reduction_fen, patient_fen) >= 0"
)


def _reduced() -> Any:
    """Return the field of what was taken off; the version before takes nothing off."""
    return rows.fen(default=0, sa_column_kwargs={"server_default": text("0")})


def _of_the_settlement(name: str) -> ForeignKeyConstraint:
    """Return the foreign key to a settlement of the same institution, person and bed."""
    return ForeignKeyConstraint(
        ["region_id", "settlement_id", *_STAY],
        [f"bed_settlements.{column}" for column in ("region_id", "id", *_STAY)],
        name=name,
    )


class BedSettlement(rows.InstitutionRow, table=True):
    """A bill of bed days: those of [first, until) that were open and in no bill."""

    __tablename__ = "bed_settlements"
    __table_args__ = (
        rows.refers("bed_id", to="beds"),
        rows.refers("person_id", to="patients"),
        rows.refers("agreement_id", to="per_diem_agreements"),
        UniqueConstraint("region_id", "id", *_STAY, name="bed_settlements_of_a_stay"),  # days and reversals refer to it
        CheckConstraint(_PARTS, name="amounts"),
        one_of("income_class", IncomeClass),
        Index("ix_bed_settlements_bed", "region_id", "bed_id"),  # the bills of a stay
    )

    bed_id: UUID
    person_id: UUID
    agreement_id: UUID
    first: date
    until: date
    plan_code: str | None = None
    income_class: str
    gross_fen: int = rows.fen()
    fund_fen: int = rows.fen()
    institution_fen: int = rows.fen()
    reduction_fen: int = _reduced()
    patient_fen: int = rows.fen()
    facts: Any = rows.document()
    settled_by_account_id: UUID
    settled_at: datetime = rows.moment()


class BedSettlementLine(SQLModel, table=True):
    """The days of one calendar year in a bill."""

    __tablename__ = "bed_settlement_lines"
    __table_args__ = (rows.refers("settlement_id", to="bed_settlements"), CheckConstraint("days > 0", name="days"))

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID
    settlement_id: UUID = Field(primary_key=True)
    year: int = Field(primary_key=True)
    days: int
    gross_fen: int = rows.fen()
    patient_fen: int = rows.fen()
    reason: str


class BedSettlementFunding(SQLModel, table=True):
    """One part of a line: the insurance's, the institution's, what was taken off, the patient's."""

    __tablename__ = "bed_settlement_fundings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["region_id", "settlement_id", "year"],
            [f"bed_settlement_lines.{column}" for column in ("region_id", "settlement_id", "year")],
            name="bed_settlement_fundings_of_a_line",
        ),
        CheckConstraint("source in ('medical_insurance', 'institution', 'reduction', 'self_pay')", name="source"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID
    settlement_id: UUID = Field(primary_key=True)
    year: int = Field(primary_key=True)
    source: str = Field(primary_key=True)
    amount_fen: int = rows.fen()
    reason: str


class BedDay(SQLModel, table=True):
    """A day of a stay in a bill, with the part that it added to its line.

    The first bill of a person's day has seq 1, at whatever institution; a later one must follow the reversal of the
    one before.
    """

    __tablename__ = "bed_days"
    __table_args__ = (
        _of_the_settlement("bed_days_of_a_settlement"),
        # the key is the rule: a day once per person, and seq n + 1 needs the reversal of n, which is a row of its own
        CheckConstraint("seq > 0 and follows_seq is not distinct from nullif(seq - 1, 0)", name="follows"),
        ForeignKeyConstraint(
            ["region_id", "person_id", "service_on", "follows_seq"],
            [f"bed_day_reversals.{column}" for column in ("region_id", "person_id", "service_on", "seq")],
            name="bed_days_follow_a_reversal",
            use_alter=True,
        ),
        UniqueConstraint("region_id", "person_id", "service_on", "seq", "settlement_id", name="bed_days_in_a_bill"),
        CheckConstraint(_PARTS, name="amounts"),
        Index("ix_bed_days_settlement", "region_id", "settlement_id"),  # the days of a bill
        Index("ix_bed_days_bed", "region_id", "bed_id", "service_on"),  # the billed days of a stay
    )

    region_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    service_on: date = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    follows_seq: int | None = None
    institution_id: UUID
    bed_id: UUID
    settlement_id: UUID
    gross_fen: int = rows.fen()
    fund_fen: int = rows.fen()
    institution_fen: int = rows.fen()
    reduction_fen: int = _reduced()
    patient_fen: int = rows.fen()


class BedReversal(rows.InstitutionRow, table=True):
    """Days of one bill taken back: by whom, why. What they used is returned by entries of the ledger."""

    __tablename__ = "bed_reversals"
    __table_args__ = (
        _of_the_settlement("bed_reversals_of_a_settlement"),
        UniqueConstraint("region_id", "id", "settlement_id", name="bed_reversals_in_a_bill"),
        CheckConstraint(_PARTS, name="amounts"),
        Index("ix_bed_reversals_settlement", "region_id", "settlement_id"),  # what was taken back of a bill
    )

    settlement_id: UUID
    bed_id: UUID
    person_id: UUID
    reason: str
    gross_fen: int = rows.fen()
    fund_fen: int = rows.fen()
    institution_fen: int = rows.fen()
    reduction_fen: int = _reduced()
    patient_fen: int = rows.fen()
    reversed_by_account_id: UUID
    reversed_at: datetime = rows.moment()


class BedDayReversal(SQLModel, table=True):
    """A day taken back; it can be billed again with the next seq."""

    __tablename__ = "bed_day_reversals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["region_id", "person_id", "service_on", "seq", "settlement_id"],
            [f"bed_days.{column}" for column in ("region_id", "person_id", "service_on", "seq", "settlement_id")],
            name="bed_day_reversals_of_a_day",
        ),
        ForeignKeyConstraint(
            ["region_id", "reversal_id", "settlement_id"],
            [f"bed_reversals.{column}" for column in ("region_id", "id", "settlement_id")],
            name="bed_day_reversals_of_a_reversal",
        ),
        Index("ix_bed_day_reversals_reversal", "region_id", "reversal_id"),  # the days of a reversal
    )

    region_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    service_on: date = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    institution_id: UUID
    settlement_id: UUID
    reversal_id: UUID


_PART = "exists (select 1 from bed_settlements s where s.region_id = {table}.region_id and s.id = settlement_id)"

fences.fence(BedSettlement, fences.Fence.institution_or_person, adds=fences.Fence.institution, verbs="select, insert")
for _model in (BedSettlementLine, BedSettlementFunding):
    fences.fence(
        _model,
        _PART.format(table=fences.table_of(_model).name),
        adds=fences.Fence.institution,
        verbs="select, insert",
    )
for _stay in (BedDay, BedReversal, BedDayReversal):
    fences.fence(_stay, fences.Fence.institution_or_person, adds=fences.Fence.institution, verbs="select, insert")
guards.create_sums(BedSettlement, BedSettlementLine, BedSettlementFunding, BedDay)
guards.create_returned(BedReversal, BedDayReversal)
guards.create_stay(BedDay, BedDayReversal)
# Which days of a person are billed, and with which seq? Asked by whoever bills his days, whatever the institution.
fences.definer(
    BedDay,
    "bed_days_billed(asked_person uuid, asked_first date, asked_until date)",
    "table (service_on date, seq int, live boolean)",
    """
select distinct on (d.service_on) d.service_on, d.seq, r.seq is null
from bed_days d
left join bed_day_reversals r on r.region_id = d.region_id and r.person_id = d.person_id
     and r.service_on = d.service_on and r.seq = d.seq
where d.region_id = app_region() and d.person_id = asked_person
  and d.service_on >= asked_first and d.service_on < asked_until and app_sees_person(d.region_id, d.person_id)
order by d.service_on, d.seq desc
""",
)
