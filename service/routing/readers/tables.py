"""Reads a table that a person filled in: CSV or XLSX as bytes in, numbered lines of text by column out.

CSV may be UTF-8 (with or without byte-order mark) or GB18030, as Chinese office programs write it. In XLSX the first
sheet counts, and a merged cell says the same in all its parts. The heading is the first line in which two columns
are known (a title above it is passed over); blank lines are passed over everywhere.
"""

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, TypeAlias

import openpyxl

_OLD_EXCEL: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_Numbered: TypeAlias = tuple[int, list[str]]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Something wrong in a file: the line as counted from 1 (0 = the file as a whole), the column's heading, why."""

    file: str
    line: int
    column: str
    sentence: str

    def __str__(self) -> str:
        line = f" 第{self.line}行" if self.line else ""
        column = f"“{self.column}”" if self.column else ""
        return f"{self.file}{line}{column}：{self.sentence}"


class FilesRefused(ValueError):
    """The files cannot be taken over; nothing of them was. `faults` are all that was found."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, the headings it may have (documents show the first), whether it must exist."""

    name: str
    headings: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One filled-in line: its number in the file, and its cells by column name, trimmed; absent columns are missing."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds: its lines, its columns' headings as written, and the headings that mean nothing to us."""

    file: str
    lines: tuple[Line, ...]
    headings: Mapping[str, str]
    ignored: tuple[str, ...]


def read_table(file: str, data: bytes, columns: Sequence[Column]) -> Table:
    """Read a table.

    Raises:
        FilesRefused: neither CSV nor XLSX, no heading, a required column missing, one twice, cells beyond the heading.
    """
    rows = [row for row in _rows(file, data) if any(row[1])]
    known = {_plain(heading): column for column in columns for heading in (column.name, *column.headings)}
    at = next((at for at, (_, cells) in enumerate(rows) if sum(_plain(cell) in known for cell in cells) >= 2), None)
    if at is None:
        headings = "、".join(column.headings[0] for column in columns if column.required)
        raise FilesRefused([Fault(file, 0, "", f"没有找到表头，至少要有这些列：{headings}")])
    number, heading = rows[at]
    where = [known.get(_plain(cell)) for cell in heading]
    faults = [*_heading_faults(file, number, where, columns), *_overflow(file, rows[at + 1 :], heading)]
    if faults:
        raise FilesRefused(faults)
    places = {column.name: position for position, column in enumerate(where) if column is not None}
    return Table(
        file,
        tuple(
            Line(number, {name: cells[position] if position < len(cells) else "" for name, position in places.items()})
            for number, cells in rows[at + 1 :]
        ),
        {name: heading[position] for name, position in places.items()},
        tuple(cell for cell, column in zip(heading, where, strict=True) if cell and column is None),
    )


def _heading_faults(file: str, line: int, where: Sequence[Column | None], columns: Sequence[Column]) -> Iterator[Fault]:
    for column in columns:
        if column.required and column not in where:
            yield Fault(file, line, column.headings[0], "缺少这一列")
        if where.count(column) > 1:
            yield Fault(file, line, column.headings[0], "这一列出现了不止一次")


def _overflow(file: str, rows: Sequence[_Numbered], heading: Sequence[str]) -> Iterator[Fault]:
    for number, cells in rows:
        extra = [cell for cell in cells[len(heading) :] if cell]
        if extra:
            yield Fault(file, number, "", f"比表头多出内容“{extra[0]}”，请检查是否多了分隔符")


def _rows(file: str, data: bytes) -> Iterator[_Numbered]:
    if data.startswith(_OLD_EXCEL):
        raise FilesRefused([Fault(file, 0, "", "是旧版 .xls 或加了密码的文件，请另存为不加密的 .xlsx")])
    return _xlsx_rows(file, data) if data.startswith(b"PK") else _csv_rows(file, data)


def _csv_rows(file: str, data: bytes) -> Iterator[_Numbered]:
    lines = csv.reader(io.StringIO(_decoded(file, data), newline=""), strict=True)
    begins = 1
    try:
        for cells in lines:
            yield begins, [cell.strip() for cell in cells]
            begins = lines.line_num + 1
    except csv.Error:
        raise FilesRefused([Fault(file, begins, "", "引号没有成对，或含有空字符，读不下去")]) from None


def _decoded(file: str, data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FilesRefused([Fault(file, 0, "", "既不是 UTF-8 也不是 GB18030 编码的 CSV，也不是 XLSX")])


def _xlsx_rows(file: str, data: bytes) -> Iterator[_Numbered]:
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
        sheet = book.worksheets[0]
    except Exception:  # openpyxl lets through whatever its parsers meet in a damaged file: no list of types is complete
        raise FilesRefused([Fault(file, 0, "", "不是完好的 XLSX 文件")]) from None
    merged = {
        (row, column): sheet.cell(area.min_row, area.min_col).value
        for area in sheet.merged_cells.ranges
        for row in range(area.min_row, area.max_row + 1)
        for column in range(area.min_col, area.max_col + 1)
    }
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        yield number, [_text(merged.get((number, at), value)) for at, value in enumerate(cells, start=1)]


def _text(value: Any) -> str:
    """Return what a person would have typed for a cell's value."""
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case float() if value.is_integer():
            return str(int(value))
        case timedelta():
            minutes, seconds = divmod(round(value.total_seconds()), 60)
            return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value).strip()


def _plain(heading: str) -> str:
    """Return a heading without what people vary: width of characters, case, blanks, a star for “required”."""
    return "".join(unicodedata.normalize("NFKC", heading).casefold().split()).strip("*")
