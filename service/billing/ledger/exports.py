"""A statement as a file: CSV that Excel opens without asking, XLSX with amounts that can be added up."""

from typing import Final

from service.billing.ledger import tables
from service.core.tabular import writing

_MONEY: Final = "#,##0.00"


def as_csv(table: tables.Table) -> bytes:
    """Return a statement as CSV: headings, rows, a line of totals; UTF-8 with a byte-order mark."""
    return writing.as_csv(tables.heading_line(table), tables.lines(table))


def as_xlsx(table: tables.Table) -> bytes:
    """Return a statement as a workbook: title, institution and period above the headings, a line of totals below."""
    above = [[table.form.title], [table.institution, f"{table.first} 至 {table.last}"]]
    return writing.as_xlsx(
        table.form.title, tables.heading_line(table), tables.lines(table), above=above, decimals=_MONEY
    )
