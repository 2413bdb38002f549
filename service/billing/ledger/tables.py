"""A statement as a table: rows of raw values with their totals, and its cells as JSON, CSV and XLSX show them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from service.billing.ledger.kinds import Column, Form, StatementKind, Unit
from service.core import money
from service.core.tabular import writing

_TOTAL: Final = "合计"


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


def as_cell(column: Column, value: Any) -> writing.Value:
    """Return a cell as a file holds it: money in yuan as an exact decimal, counts as integers, else text."""
    match column.unit:
        case Unit.fen | Unit.yuan:
            return Decimal(money.format_yuan(value))
        case Unit.number:
            return int(value)
    return "" if value is None else str(value)


def heading_line(table: Table) -> list[str]:
    """Return the Chinese headings; money says that it is yuan."""
    return [
        f"{column.heading}（元）" if column.unit in {Unit.fen, Unit.yuan} else column.heading
        for column in table.form.columns
    ]


def lines(table: Table) -> Iterator[list[writing.Value]]:
    """Yield the rows as a file has them, and below them, where anything is summed, “合计” with the sums."""
    columns = table.form.columns
    for row in table.rows:
        yield [as_cell(column, row[column.name]) for column in columns]
    if totals := table.totals:
        sums = [as_cell(column, totals[column.name]) if column.summed else "" for column in columns]
        yield sums if columns[0].summed else [_TOTAL, *sums[1:]]


def person_ids(table: Table) -> set[UUID]:
    """Return the people whom a statement names."""
    where = table.form.persons
    return {row[where] for row in table.rows} if where else set()
