"""Price books compared: whose row holds, what differs between two of them, what a file does to one. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from service.catalog import rules
from service.institutions.rules import InstitutionLevel

Terms = Mapping[str, Any]
"""What a price says besides its days, by field."""


class WhichBook(StrEnum):
    """The books that an institution may compare: its own, its level's, and what holds of both."""

    own = "own"
    level = "level"
    in_force = "in_force"


class Fate(StrEnum):
    """What becomes of a line of a file."""

    new = "new"
    unchanged = "unchanged"
    wrong = "wrong"
    note = "note"


@dataclass(frozen=True, slots=True)
class Book:
    """A price book: an institution's own, or that of a level of the region."""

    institution_id: UUID | None = None
    level: InstitutionLevel | None = None


class _Priced(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def level(self) -> str | None: ...


Row = TypeVar("Row", bound=_Priced)


@dataclass(frozen=True, slots=True)
class Entry:
    """A price of a book: its days and its terms. `line` is that of a file, None for what stands already."""

    code: str
    valid_from: date
    valid_to: date | None
    terms: Terms = field(repr=False)
    id: UUID | None = None
    line: int | None = None

    def meets(self, other: "Entry") -> bool:
        """Return whether both hold on some day."""
        first, last = max(self.valid_from, other.valid_from), [each for each in (self.valid_to, other.valid_to) if each]
        return not last or first <= min(last)


@dataclass(frozen=True, slots=True)
class Told:
    """What becomes of a line; `column` is the field in which something is wrong, "" for the line as a whole."""

    line: int
    fate: Fate
    column: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file does to a book: what becomes of each line, the new rows, and which standing rows end when."""

    told: tuple[Told, ...]
    new: tuple[Entry, ...]
    endings: Mapping[UUID, date]


@dataclass(frozen=True, slots=True)
class Difference:
    """A code whose price is not the same on both sides; None = not there."""

    code: str
    old: Terms | None
    new: Terms | None
    fields: tuple[str, ...]


def own_before_level(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that hold: an institution's own row of a code goes before its level's. The order stays."""
    found = list(rows)
    own = {row.code for row in found if row.level is None}
    return [row for row in found if row.level is None or row.code not in own]


def differences(old: Mapping[str, Terms], new: Mapping[str, Terms]) -> list[Difference]:
    """Return what is different between two books, each by code, in the order of the codes."""
    found = []
    for code in sorted(old.keys() | new.keys()):
        before, after = old.get(code), new.get(code)
        fields = _differing(before, after) if before is not None and after is not None else ()
        if fields or before is None or after is None:
            found.append(Difference(code, before, after, fields))
    return found


def percent(old: Decimal, new: Decimal) -> str | None:
    """Return by how many percent a price rose (or fell, with a minus), two decimals; None from nothing."""
    if not old:
        return None
    return str(((new - old) * 100 / old).quantize(Decimal("0.01"), ROUND_HALF_UP))


def plan_import(lines: Sequence[Entry], standing: Iterable[Entry]) -> Plan:
    """Return what a file's lines do to what stands in the book.

    A line that stands already changes nothing (an empty last day says nothing about the end that came later). An open
    row gives way to an open one that begins later, as when prices are entered one by one; any other meeting is a fault.
    """
    books: dict[str, list[Entry]] = {}
    for entry in standing:
        books.setdefault(entry.code, []).append(entry)
    told: dict[int, Told] = {}
    # by first day: a later line of the file ends the earlier one, in whatever order they were written
    for entry in sorted(lines, key=lambda each: (each.code, each.valid_from, each.line or 0)):
        told[entry.line or 0] = _take_in(entry, books.setdefault(entry.code, []))
    every = [entry for book in books.values() for entry in book]
    return Plan(
        told=tuple(told[line] for line in sorted(told)),
        new=tuple(entry for entry in every if entry.id is None),
        endings={entry.id: entry.valid_to for entry in every if entry.id and entry.line and entry.valid_to},
    )


_ENDED: Final = -1
"""The `line` of a standing entry that gives way: it is to be ended."""


def _take_in(entry: Entry, book: list[Entry]) -> Told:
    line = entry.line or 0
    same = next((each for each in book if each.valid_from == entry.valid_from), None)
    if same is not None:
        return _compare(entry, same, line)
    met = [at for at, each in enumerate(book) if each.meets(entry)]
    for at in met:
        each = book[at]
        if not rules.gives_way(each.valid_from, each.valid_to, entry.valid_from, entry.valid_to):
            return Told(line, Fate.wrong, "valid_from", f"与{_days(each)}的价格日期重叠，请调整起止日期")
    for at in met:
        ended = rules.day_before(entry.valid_from)
        book[at] = replace(book[at], valid_to=ended, line=_ENDED if book[at].id else book[at].line)
    book.append(entry)
    return Told(line, Fate.new)


def _compare(entry: Entry, same: Entry, line: int) -> Told:
    if same.id is None:
        return Told(line, Fate.wrong, "code", f"第{same.line}行已有同一项目、同一起始日期的价格")
    fields = _differing(same.terms, entry.terms)
    if fields:
        said = f"该项目自{entry.valid_from}起已有内容不同的价格，改价请填写新的起始日期"
        return Told(line, Fate.wrong, fields[0], said)
    if entry.valid_to is not None and entry.valid_to != same.valid_to:
        return Told(line, Fate.wrong, "valid_to", f"该价格{_days(same)}，截止日期不同，请在系统中结束它")
    return Told(line, Fate.unchanged)


def _differing(old: Terms, new: Terms) -> tuple[str, ...]:
    return tuple(name for name in old if old[name] != new[name])


def _days(entry: Entry) -> str:
    return f"{entry.valid_from}至{entry.valid_to}" if entry.valid_to else f"{entry.valid_from}起"
