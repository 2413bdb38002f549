"""A statement as a table: rows of raw values with their totals, and its cells as JSON, CSV and XLSX show them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from service.billing.ledger.kinds import Column, Form, StatementKind, Unit
from service.core import money

_TOTAL: Final = "合计"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table:
    """A statement of an institution and a period. Money in `rows` and `totals` is whole fen."""

    kind: StatementKind
    form: Form
    institution: str
    first: date
    last: date
    rows: Sequence[Mapping[str, Any]]

    @property
    def totals(self) -> dict[str, int]:
        """The sums of the columns that have one."""
        return {
            column.name: sum(row[column.name] for row in self.rows) for column in self.form.columns if column.summed
        }

    @property
    def name(self) -> str:
        """What a file of it is called."""
        return f"{self.form.title}_{self.first}_{self.last}"


def as_json(column: Column, value: Any) -> str | int | None:
    """Return a cell as JSON has it: fen and counts as integers, yuan as a decimal string."""
    match column.unit:
        case Unit.fen | Unit.number:
            return int(value)
        case Unit.yuan:
            return money.format_yuan(value)
    return None if value is None else str(value)


def as_text(column: Column, value: Any) -> str:
    """Return a cell as a person reads it, money in yuan; a text that a spreadsheet would calculate is defused."""
    match column.unit:
        case Unit.fen | Unit.yuan:
            return money.format_yuan(value)
        case Unit.number:
            return str(value)
    said = "" if value is None else str(value)
    return f"'{said}" if said.startswith(_FORMULA) else said


def heading_line(table: Table) -> list[str]:
    """Return the Chinese headings; money says that it is yuan."""
    return [
        f"{column.heading}（元）" if column.unit in {Unit.fen, Unit.yuan} else column.heading
        for column in table.form.columns
    ]


def total_line(table: Table) -> list[tuple[Column, Any]]:
    """Return the last line's cells: “合计” first, then the sums, the other cells empty."""
    totals = table.totals
    cells: list[tuple[Column, Any]] = []
    for at, column in enumerate(table.form.columns):
        blank = Column(column.name, column.heading)
        cells.append((column, totals[column.name]) if column.summed else (blank, "" if at else _TOTAL))
    return cells


def person_ids(table: Table) -> set[UUID]:
    """Return the people whom a statement names."""
    where = table.form.persons
    return {row[where] for row in table.rows} if where else set()
