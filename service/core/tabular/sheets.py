"""Reads the first sheet of an XLSX workbook: its rows as text, and what in it cannot be taken at its word."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, TypeAlias

_KEPT_DIGITS: Final = 10**15

Area: TypeAlias = tuple[int, int, int, int, str]
"""A merged range: first row, first column, last row, last column (all from 1), and what Excel calls it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a workbook may come to: bytes once unpacked, and cells from the first to the farthest one."""

    unpacked: int = 1 << 30
    cells: int = 100_000_000


USUAL: Final = Limits()
"""A workbook beyond this is refused: nobody's list is that long."""


class SheetUnreadable(ValueError):
    """The bytes are no sound workbook; the message says so to the person who chose it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's rows; rows and columns count from 1. `unanswered` are formulas that were never calculated."""

    rows: list[list[str]]
    merged: tuple[Area, ...]
    unanswered: frozenset[tuple[int, int]]
    hidden: tuple[int, ...]
    others: tuple[str, ...]


def read_sheet(data: bytes, limits: Limits = USUAL) -> Sheet:
    """Read the first sheet; a merged cell's text stands where its first part is.

    Raises:
        SheetUnreadable: damaged, or larger than anything real.
    """
    import openpyxl  # noqa: PLC0415 - it takes a tenth of a second of each start, and few processes see a workbook

    calculates = _look_inside(data, limits)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
        sheet = book.worksheets[0]
        if sheet.max_row * sheet.max_column > limits.cells:
            raise SheetUnreadable("表里最远的单元格太远，请删去多余的空行空列后另存，或存为 CSV")
        rows = [[_text(value) for value in cells] for cells in sheet.iter_rows(values_only=True)]
        unanswered = frozenset(_unanswered(data, sheet)) if calculates else frozenset()
        others = tuple(other.title for other in book.worksheets[1:] if other.max_row > 1 or other["A1"].value)
    except SheetUnreadable:
        raise
    except Exception:  # openpyxl lets through whatever its parsers meet in a damaged file: no list of types is complete
        raise SheetUnreadable("不是完好的 XLSX 文件") from None
    return Sheet(
        rows=rows,
        merged=tuple((a.min_row, a.min_col, a.max_row, a.max_col, str(a.coord)) for a in sheet.merged_cells.ranges),
        unanswered=unanswered,
        hidden=tuple(sorted(number for number, row in sheet.row_dimensions.items() if row.hidden)),
        others=others,
    )


def _look_inside(data: bytes, limits: Limits) -> bool:
    """Return whether a workbook's sheets have formulas.

    Raises:
        SheetUnreadable: it is no archive, or unpacks to more than `limits` say.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > limits.unpacked:
                raise SheetUnreadable(
                    f"这个 XLSX 解开后太大（超过 {limits.unpacked >> 20} MB），请删去空行空列后另存，或存为 CSV"
                )
            sheets = [part for part in archive.namelist() if part.startswith("xl/worksheets/")]
            return any(b"<f" in content or b":f" in content for content in map(archive.read, sheets))
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError) as error:
        if isinstance(error, SheetUnreadable):
            raise
        raise SheetUnreadable("不是完好的 XLSX 文件") from None


def _unanswered(data: bytes, answers: Any) -> Iterator[tuple[int, int]]:
    """Find the formulas without a value: a program wrote them, and no Excel has calculated them since."""
    import openpyxl  # noqa: PLC0415 - as above

    formulas = openpyxl.load_workbook(io.BytesIO(data), data_only=False).worksheets[0]
    for row in formulas.iter_rows():
        for cell in row:
            if cell.data_type == "f" and answers.cell(cell.row, cell.column).value is None:
                yield cell.row, cell.column


def _text(value: Any) -> str:
    """Return what a person would have typed for a cell's value."""
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case int() | float() if abs(value) >= _KEPT_DIGITS:
            # Excel keeps fifteen digits of a number: show it as Excel does, so that nobody takes it for an identity
            return f"{value:.14E}"
        case float() if value.is_integer():
            return str(int(value))
        case timedelta():
            minutes, seconds = divmod(round(value.total_seconds()), 60)
            return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value).strip()
