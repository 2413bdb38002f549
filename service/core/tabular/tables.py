"""Reads a table that a person filled in: CSV or XLSX as bytes in, numbered lines of text by column out.

The heading is the first line in which two columns are known (a title above it is passed over); blank lines are passed
over everywhere. In XLSX the first sheet counts. A merged cell either says the same in all its parts or is a fault, as
the caller chooses.
"""

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from service.core.tabular import encodings, sheets
from service.core.tabular.faults import Fault, FilesRefused

_OLD_EXCEL: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_Numbered: TypeAlias = tuple[int, list[str]]


class Merged(Enum):
    """What a merged cell of a sheet means."""

    fill = "fill"
    """The same in all its parts."""
    refuse = "refuse"
    """Nobody can know: a fault that names the range."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, the headings it may have (documents show the first), whether it must exist.

    What stands in a `secret` column names a person: no fault repeats it.
    """

    name: str
    headings: tuple[str, ...]
    required: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table: its number in the file, its cells by column name, trimmed; absent columns are missing."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds: its lines, its columns' headings as written, and the headings that mean nothing to us.

    `faults` are cells that cannot be taken at their word, `notes` what the reader of a report should know.
    """

    file: str
    lines: tuple[Line, ...]
    headings: Mapping[str, str]
    ignored: tuple[str, ...]
    secret: frozenset[str] = frozenset()
    faults: tuple[Fault, ...] = ()
    notes: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class _Raw:
    """A file's rows, blank ones left out, and its sheet when it is a workbook."""

    rows: list[_Numbered]
    sheet: sheets.Sheet | None = None


def read_table(
    file: str,
    data: bytes,
    columns: Sequence[Column],
    merged: Merged = Merged.fill,
    limits: sheets.Limits = sheets.USUAL,
) -> Table:
    """Read a table; a workbook beyond `limits` is refused before it fills the memory.

    Raises:
        FilesRefused: neither CSV nor XLSX, no heading, a required column missing, one twice, cells beyond the heading.
    """
    raw = _read(file, data, merged, limits)
    known = {_plain(heading): column for column in columns for heading in (column.name, *column.headings)}
    at = next((at for at, (_, cells) in enumerate(raw.rows) if sum(_plain(cell) in known for cell in cells) >= 2), None)
    if at is None:
        headings = "、".join(column.headings[0] for column in columns if column.required)
        raise FilesRefused([Fault(file, 0, "", f"没有找到表头，至少要有这些列：{headings}")])
    number, heading = raw.rows[at]
    where = [known.get(_plain(cell)) for cell in heading]
    body = raw.rows[at + 1 :]
    faults = [*_heading_faults(file, number, where, columns), *_overflow(file, body, heading)]
    if faults:
        raise FilesRefused(faults)
    places = {column.name: position for position, column in enumerate(where) if column is not None}
    return Table(
        file,
        tuple(
            Line(number, {name: cells[position] if position < len(cells) else "" for name, position in places.items()})
            for number, cells in body
        ),
        {name: heading[position] for name, position in places.items()},
        tuple(cell for cell, column in zip(heading, where, strict=True) if cell and column is None),
        frozenset(column.name for column in columns if column.secret),
        tuple(_doubtful(file, raw.sheet, number, heading, merged)) if raw.sheet else (),
        tuple(_notes(file, raw.sheet, number)) if raw.sheet else (),
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


def _doubtful(
    file: str, sheet: sheets.Sheet, heading_line: int, heading: Sequence[str], merged: Merged
) -> Iterator[Fault]:
    """Note merged cells below the heading, where they are not to be filled, and formulas without a value."""
    for top, left, bottom, _, name in sheet.merged if merged is Merged.refuse else ():
        if bottom > heading_line:
            sentence = f"{name} 是合并单元格，不知道各行各是什么：请取消合并，每一行都填上自己的内容"
            yield Fault(file, max(top, heading_line + 1), _heading_of(heading, left), sentence)
    for row, column in sorted(sheet.unanswered):
        if row > heading_line:
            sentence = "是没有算出结果的公式：请用 Excel 打开保存一次，或改成数值"
            yield Fault(file, row, _heading_of(heading, column), sentence)


def _heading_of(heading: Sequence[str], column: int) -> str:
    return heading[column - 1] if column <= len(heading) else ""


def _notes(file: str, sheet: sheets.Sheet, heading_line: int) -> Iterator[Fault]:
    hidden = [number for number in sheet.hidden if number > heading_line]
    if hidden:
        shown = "、".join(map(str, hidden[:10])) + ("等" if len(hidden) > 10 else "")
        yield Fault(file, hidden[0], "", f"有 {len(hidden)} 行是隐藏的（第{shown}行），一样会读入")
    if sheet.others:
        yield Fault(file, 0, "", f"只读第一个工作表，没有读：{'、'.join(sheet.others)}")


def _read(file: str, data: bytes, merged: Merged, limits: sheets.Limits) -> _Raw:
    if data.startswith(_OLD_EXCEL):
        raise FilesRefused([Fault(file, 0, "", "是旧版 .xls 或加了密码的文件，请另存为不加密的 .xlsx")])
    if not data.startswith(b"PK"):
        return _Raw([row for row in _csv_rows(file, data) if any(row[1])])
    try:
        sheet = sheets.read_sheet(data, limits)
    except sheets.SheetUnreadable as unreadable:
        raise FilesRefused([Fault(file, 0, "", str(unreadable))]) from None
    if merged is Merged.fill:
        _fill(sheet)
    return _Raw([(number, cells) for number, cells in enumerate(sheet.rows, start=1) if any(cells)], sheet)


def _fill(sheet: sheets.Sheet) -> None:
    for top, left, bottom, right, _ in sheet.merged:
        said = sheet.rows[top - 1][left - 1]
        for row in sheet.rows[top - 1 : bottom]:
            row[left - 1 : right] = [said] * len(row[left - 1 : right])


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
    try:
        return encodings.decode(data)
    except encodings.EncodingUnknown as unknown:
        sentence = (
            f"既不是 UTF-8 也不是 GB18030 编码的 CSV，也不是 XLSX（第 {unknown.offset + 1} 个字节读不下去）："
            "请用 Excel 另存为“CSV UTF-8”或 .xlsx"
        )
        raise FilesRefused([Fault(file, 0, "", sentence)]) from None


def _plain(heading: str) -> str:
    """Return a heading without what people vary: width of characters, case, blanks, a star for “required”."""
    return "".join(unicodedata.normalize("NFKC", heading).casefold().split()).strip("*")
