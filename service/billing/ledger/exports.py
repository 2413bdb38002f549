"""Writes a statement as a file: CSV that Excel opens without asking, XLSX with numbers that can be added up."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from service.billing.ledger import tables
from service.billing.ledger.kinds import Column, Unit
from service.core.money import FEN_PER_YUAN

_BOM: Final = "\ufeff"
"""Without it Excel takes UTF-8 for the code page of the machine."""
_MONEY: Final = "#,##0.00"


def as_csv(table: tables.Table) -> bytes:
    """Return a statement as CSV: headings, rows, a line of totals; UTF-8 with a byte-order mark."""
    said = io.StringIO(newline="")
    lines = csv.writer(said)
    lines.writerow(tables.heading_line(table))
    for cells in _lines(table):
        lines.writerow([tables.as_text(column, value) for column, value in cells])
    return (_BOM + said.getvalue()).encode()


def as_xlsx(table: tables.Table) -> bytes:
    """Return a statement as a workbook: title, institution and period above the headings, a line of totals below."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(table.form.title[:31])
    sheet.freeze_panes = "A4"

    def bold(text: str) -> Any:
        cell = WriteOnlyCell(sheet, text)
        cell.font = Font(bold=True)
        return cell

    def cell(column: Column, value: Any) -> Any:
        if column.unit in {Unit.fen, Unit.yuan}:
            # a Decimal: the workbook holds the amount to the fen, and no float is near it
            made = WriteOnlyCell(sheet, Decimal(value) / FEN_PER_YUAN)
            made.number_format = _MONEY
            return made
        if column.unit is Unit.number:
            return value
        return tables.as_text(column, value)

    sheet.append([bold(table.form.title)])
    sheet.append([tables.as_text(Column("", ""), table.institution), f"{table.first} 至 {table.last}"])
    sheet.append([bold(heading) for heading in tables.heading_line(table)])
    for cells in _lines(table):
        sheet.append([cell(column, value) for column, value in cells])
    said = io.BytesIO()
    book.save(said)
    return said.getvalue()


def _lines(table: tables.Table) -> Iterator[list[tuple[Column, Any]]]:
    for row in table.rows:
        yield [(column, row[column.name]) for column in table.form.columns]
    if table.totals:
        yield tables.total_line(table)
