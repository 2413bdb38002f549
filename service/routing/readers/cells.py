"""Turns the cells of one line into values; what does not fit is noted, and reading goes on, so that all faults show."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final, TypeVar

from service.core import geo
from service.core.geo import Datum, Point
from service.routing.readers.tables import Fault, Line, Table

Choice = TypeVar("Choice")

DAY_SECONDS: Final = 24 * 3600
NOWHERE: Final = Point(0.0, 0.0)
"""Stands for a place that could not be read; never leaves the reader, because there is a fault then."""

_TIME: Final = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?(?:\.0+)?")
_YES: Final = {"是": True, "否": False, "y": True, "n": False, "yes": True, "no": False, "1": True, "0": False}


class Cells:
    """The cells of one line. A getter notes a fault and returns a harmless value where it cannot read one."""

    def __init__(self, table: Table, line: Line, faults: list[Fault]) -> None:
        self._table = table
        self._line = line
        self._faults = faults
        self._unsound: set[str] = set()

    @property
    def number(self) -> int:
        """The number of the line in its file."""
        return self._line.number

    def fault(self, column: str, sentence: str) -> None:
        """Note that a cell is wrong."""
        self._unsound.add(column)
        heading = self._table.headings.get(column, column)
        self._faults.append(Fault(self._table.file, self._line.number, heading, sentence))

    def sound(self, *columns: str) -> bool:
        """Return whether none of these cells has a fault so far: only then comparing them makes sense."""
        return self._unsound.isdisjoint(columns)

    def optional(self, column: str) -> str:
        """Return a cell's text, empty when it or its column is."""
        return self._line.cells.get(column, "")

    def text(self, column: str) -> str:
        """Return the text of a cell that must be filled in."""
        text = self.optional(column)
        if not text:
            self.fault(column, "不能为空")
        return text

    def whole(self, column: str, least: int, most: int, default: int | None = None) -> int:
        """Return a whole number within bounds; `default` for an empty cell, None = it must be filled in."""
        text = _ascii(self.optional(column))
        if not text and default is not None:
            return default
        if re.fullmatch(r"\d{1,9}", text) and least <= int(text) <= most:
            return int(text)
        self.fault(column, f"要填{least}到{most}之间的整数" + (f"，不能是“{text}”" if text else "，不能为空"))
        return least

    def seconds_of_day(self, column: str, default: int | None = None) -> int:
        """Return a time of day as seconds since midnight, 24:00 included."""
        text = _ascii(self.optional(column))
        if not text and default is not None:
            return default
        found = _TIME.fullmatch(text)
        if found:
            hours, minutes, seconds = (int(part or 0) for part in found.groups())
            if (at := hours * 3600 + minutes * 60 + seconds) <= DAY_SECONDS:
                return at
        self.fault(column, "要填时刻，例如 8:30" + (f"，不能是“{text}”" if text else "，不能为空"))
        return 0

    def yes(self, column: str) -> bool:
        """Return whether a cell says yes; an empty one says no."""
        text = _ascii(self.optional(column)).casefold()
        if text and text not in _YES:
            self.fault(column, f"要填“是”或“否”，不能是“{text}”")
        return _YES.get(text, False)

    def words(self, column: str) -> tuple[str, ...]:
        """Return the words of a cell, separated by semicolons, each once."""
        return split(self.optional(column))

    def one_of(self, column: str, choices: Mapping[str, Choice]) -> Choice:
        """Return what a cell's word stands for."""
        text = _ascii(self.optional(column)).casefold()
        if text not in choices:
            self.fault(column, f"要填{'、'.join(choices)}之一" + (f"，不能是“{text}”" if text else "，不能为空"))
        return choices.get(text, next(iter(choices.values())))

    def point(self, lon_column: str, lat_column: str, datum: Datum) -> Point:
        """Return the WGS-84 place of two cells with degrees in `datum`."""
        lon, lat = self._degrees(lon_column, 180, "经度"), self._degrees(lat_column, 90, "纬度")
        return NOWHERE if lon is None or lat is None else geo.to_wgs84(lon, lat, datum)

    def _degrees(self, column: str, most: int, what: str) -> float | None:
        text = _ascii(self.optional(column))
        if re.fullmatch(r"[+-]?\d{1,3}(\.\d+)?", text) and abs(float(text)) <= most:
            return float(text)
        said = f"，不能是“{text}”（经度和纬度是否填反了？）" if text else "，不能为空"
        self.fault(column, f"{what}要填 -{most} 到 {most} 之间的度数{said}")
        return None


def split(text: str) -> tuple[str, ...]:
    """Return the words between semicolons (Chinese or not), trimmed, each once, in their order."""
    return tuple(dict.fromkeys(word for word in (part.strip() for part in re.split("[;；]", text)) if word))


def _ascii(text: str) -> str:
    """Return text with full-width digits and signs made plain."""
    return unicodedata.normalize("NFKC", text).strip()
