"""Writes tables that people open: CSV for Excel (UTF-8 with a mark) and XLSX, text and numbers only."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

Value: TypeAlias = str | int | Decimal | None
CSV_TYPE: Final = "text/csv"
_LONGEST_TITLE: Final = 31
"""What Excel takes as the name of a sheet."""
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_csv(heading: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """Return a table as CSV; no cell is one that a spreadsheet takes for a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(heading)
    writer.writerows([_harmless(value) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8", "replace")


def as_xlsx(
    title: str,
    heading: Sequence[str],
    rows: Iterable[Sequence[Value]],
    *,
    above: Sequence[Sequence[str]] = (),
    decimals: str = "General",
) -> bytes:
    """Return a table as a workbook of one sheet; text stays text, whatever it begins with.

    `above` are lines over the headings; `decimals` is how Excel shows a Decimal, whose cell holds it exactly.
    """
    # they take a tenth of a second of each start, and few processes write a workbook
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.cell.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.styles import Font  # noqa: PLC0415

    bold = Font(bold=True)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:_LONGEST_TITLE])
    sheet.freeze_panes = f"A{len(above) + 2}"
    for number, row in enumerate((*above, heading, *rows)):
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=value)
            if isinstance(value, str):
                cell.data_type = "s"  # set last: “=…” would have become a formula
            if isinstance(value, Decimal):
                cell.number_format = decimals
            if number in {0, len(above)}:
                cell.font = bold
            cells.append(cell)
        sheet.append(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _harmless(value: Value) -> str:
    said = "" if value is None else str(value)
    return f"'{said}" if isinstance(value, str) and said.startswith(("=", "+", "-", "@", "\t", "\r")) else said
