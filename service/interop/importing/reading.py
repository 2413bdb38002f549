"""What the readers of all lists share: codes, places, periods, and rows that are kept only when nothing is wrong."""

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Generic, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from service.core.geo import Datum
from service.core.tabular import keys
from service.core.tabular.cells import Cells, plain
from service.core.tabular.faults import Fault
from service.core.tabular.tables import Table
from service.interop.importing import columns

CODE: Final = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,39}"
CODE_WANTED: Final = "要填字母、数字和 _ . -，字母或数字开头，最多 40 个"


class Keyed(Protocol):
    """A row of a list: the line it stands in, and what tells it from the others."""

    @property
    def line(self) -> int:
        """The line in its file."""
        ...

    @property
    def key(self) -> Hashable:
        """What tells it from the others."""
        ...


Row = TypeVar("Row", bound=Keyed)
Row_co = TypeVar("Row_co", bound=Keyed, covariant=True)
Form = TypeVar("Form", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Place:
    """A place as the list gives it: degrees in `datum`."""

    lon: float
    lat: float
    datum: Datum


@dataclass(frozen=True, slots=True)
class Read(Generic[Row_co]):
    """The rows of a list without a fault; `doubtful` are the keys of the others, to which nobody can refer yet."""

    rows: Sequence[Row_co]
    doubtful: frozenset[Hashable]


def read_rows(table: Table, column: str, one: Callable[[Cells], Row], faults: list[Fault]) -> Read[Row]:
    """Read every line; what is wrong, a repeated key in `column` included, is added to `faults`."""
    if not table.lines:
        faults.append(Fault(table.file, 0, "", "表头下面没有任何内容"))
    wrong = {fault.line for fault in table.faults}
    faults.extend(table.faults)
    sound: list[Row] = []
    every: list[tuple[int, Hashable]] = []
    doubtful: set[Hashable] = set()
    for line in table.lines:
        cells = Cells(table, line, faults)
        row = one(cells)
        if cells.sound(column, "institution"):
            every.append((row.line, row.key))
        if cells.all_sound and row.line not in wrong:
            sound.append(row)
        else:
            doubtful.add(row.key)
    repeated: list[Fault] = []
    keys.note_repeats(table, column, every, repeated)
    faults.extend(repeated)
    lines = {fault.line for fault in repeated}
    return Read([row for row in sound if row.line not in lines], frozenset(doubtful))


def code(cells: Cells, column: str, *, required: bool = True) -> str:
    """Return the code in a cell."""
    return cells.matching(column, CODE, CODE_WANTED, required=required)


def codes(cells: Cells, column: str, most: int) -> tuple[str, ...]:
    """Return the codes in a cell, separated by semicolons, each once; none where it is empty."""
    found = tuple(dict.fromkeys(plain(word) for word in cells.words(column)))
    if len(found) > most:
        cells.fault(column, f"最多 {most} 项，现在有 {len(found)} 项")
    elif not all(re.fullmatch(CODE, each) for each in found):
        cells.refuse(column, f"每一项{CODE_WANTED}，多项用分号隔开")
    return found


def place(cells: Cells, *, required: bool = True) -> Place | None:
    """Return the place that the columns of longitude, latitude and datum name, None when they are empty."""
    datum = cells.one_of("datum", columns.DATUMS) if cells.optional("datum") else Datum.wgs84
    if not required and not cells.optional("lon") and not cells.optional("lat"):
        return None
    cells.point("lon", "lat", datum)
    if not cells.sound("lon", "lat", "datum"):
        return None
    return Place(float(plain(cells.optional("lon"))), float(plain(cells.optional("lat"))), datum)


def period(cells: Cells, first: str, last: str, *, required: bool = False) -> tuple[date | None, date | None]:
    """Return the days of two columns, both included; the last one may be empty, and does not precede the first."""
    starts, ends = cells.day(first, required=required), cells.day(last)
    if starts is not None and ends is not None and ends < starts:
        cells.fault(last, f"不能早于“{cells.heading(first)}”（{starts}）")
    return starts, ends


def form(cells: Cells, column: str, build: Callable[[], Form]) -> Form | None:
    """Return what `build` makes, the same form that a client would send; what it refuses is a fault in `column`."""
    if not cells.all_sound:
        return None
    try:
        return build()
    except ValidationError as wrong:
        said = wrong.errors(include_input=False, include_url=False)[0]["msg"].removeprefix("Value error, ")
        cells.fault(column, said)
        return None
