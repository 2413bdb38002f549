"""What crosses HTTP about statements."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field

from service.billing.ledger.kinds import StatementKind, Unit
from service.billing.ledger.tables import Table, as_json


class StatementFormat(StrEnum):
    """How a statement is given out."""

    json = "json"
    csv = "csv"
    xlsx = "xlsx"


class ColumnRead(BaseModel):
    """A column of a statement."""

    name: str
    heading: str = Field(examples=["统筹基金支出"])
    unit: Unit = Field(description="fen：分（整数）；yuan：元（两位小数的文本）")


class StatementRead(BaseModel):
    """A statement: its columns, its rows by column name, its totals."""

    institution_id: UUID
    institution: str
    kind: StatementKind
    title: str
    first: date
    last: date
    columns: list[ColumnRead]
    rows: list[dict[str, str | int | None]]
    totals: dict[str, str | int | None]


def statement(table: Table, institution_id: UUID) -> StatementRead:
    """Return a statement as JSON has it."""
    columns = table.form.columns
    totals = table.totals
    return StatementRead(
        institution_id=institution_id,
        institution=table.institution,
        kind=table.kind,
        title=table.form.title,
        first=table.first,
        last=table.last,
        columns=[ColumnRead(name=each.name, heading=each.heading, unit=each.unit) for each in columns],
        rows=[{each.name: as_json(each, row[each.name]) for each in columns} for row in table.rows],
        totals={each.name: as_json(each, totals[each.name]) for each in columns if each.summed},
    )
