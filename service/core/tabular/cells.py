"""Turns the cells of one line into values; what does not fit is noted, and reading goes on, so that all faults show."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Final, TypeVar

from service.core import geo, text
from service.core.geo import Datum, Point
from service.core.tabular.faults import Fault
from service.core.tabular.tables import Line, Table

Choice = TypeVar("Choice")

DAY_SECONDS: Final = 24 * 3600
NOWHERE: Final = Point(0.0, 0.0)
"""Stands for a place that could not be read; never leaves the reader, because there is a fault then."""
FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)
"""Between these lies whatever a table can mean."""

_TIME: Final = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?(?:\.0+)?", re.ASCII)
_DAY: Final = re.compile(
    r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))(?:[T ]00:00:00)?", re.ASCII
)
_SCIENTIFIC: Final = re.compile(r"[+-]?\d+(\.\d+)?[eE]\+?\d{2,3}")
_YES: Final = {
    **dict.fromkeys(("是", "有", "y", "yes", "1"), True),
    **dict.fromkeys(("否", "无", "n", "no", "0"), False),
}


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
        self._faults.append(Fault(self._table.file, self._line.number, self.heading(column), sentence))

    def heading(self, column: str) -> str:
        """Return how the file itself calls a column."""
        return self._table.headings.get(column, column)

    def sound(self, *columns: str) -> bool:
        """Return whether none of these cells has a fault so far: only then comparing them makes sense."""
        return self._unsound.isdisjoint(columns)

    @property
    def all_sound(self) -> bool:
        """Whether no cell of the line has a fault so far."""
        return not self._unsound

    def refuse(self, column: str, wanted: str) -> None:
        """Note what a cell should have held, and what it holds unless that would name a person."""
        said = self.optional(column)
        if not said:
            self.fault(column, f"{wanted}，不能为空")
        else:
            self.fault(column, wanted if column in self._table.secret else f"{wanted}，不能是“{said[:60]}”")

    def optional(self, column: str) -> str:
        """Return a cell's text, empty when it or its column is."""
        return self._line.cells.get(column, "")

    def text(self, column: str) -> str:
        """Return the text of a cell that must be filled in."""
        text = self.optional(column)
        if not text:
            self.fault(column, "不能为空")
        return text

    def line(self, column: str, most: int = 200, *, required: bool = False) -> str:
        """Return a line of text that the database can hold; refuse one that Excel has turned into a number."""
        said = self.text(column) if required else self.optional(column)
        if len(said) > most:
            self.fault(column, f"最多 {most} 个字，现在有 {len(said)} 个")
        elif self.is_scientific(column):
            self.fault(column, "长数字被 Excel 改成了科学计数法，末几位已经丢失：请把这一列设为“文本”后重新填写")
        elif not _storable(said):
            self.fault(column, "含有空字符或残缺的字符，请重新填写")
        return said

    def is_scientific(self, column: str) -> bool:
        """Return whether Excel has made a number of the cell, and digits are lost."""
        return bool(_SCIENTIFIC.fullmatch(self.optional(column)))

    def matching(self, column: str, pattern: str, wanted: str, *, required: bool = True) -> str:
        """Return a cell's text, full-width characters made plain, that must look like `pattern`."""
        said = plain(self.line(column, required=required))
        if said and self.sound(column) and not re.fullmatch(pattern, said):
            self.refuse(column, wanted)
        return said

    def whole(self, column: str, least: int, most: int, default: int | None = None) -> int:
        """Return a whole number within bounds; `default` for an empty cell, None = it must be filled in."""
        text = plain(self.optional(column))
        if not text and default is not None:
            return default
        if re.fullmatch(r"[0-9]{1,9}", text) and least <= int(text) <= most:
            return int(text)
        self.refuse(column, f"要填{least}到{most}之间的整数")
        return least

    def seconds_of_day(self, column: str, default: int | None = None) -> int:
        """Return a time of day as seconds since midnight, 24:00 included."""
        text = plain(self.optional(column))
        if not text and default is not None:
            return default
        found = _TIME.fullmatch(text)
        if found:
            hours, minutes, seconds = (int(part or 0) for part in found.groups())
            if (at := hours * 3600 + minutes * 60 + seconds) <= DAY_SECONDS:
                return at
        self.refuse(column, "要填时刻，例如 8:30")
        return 0

    def day(self, column: str, *, required: bool = False) -> date | None:
        """Return a day, None for an empty cell; the forms that people and Excel write, year first."""
        said = plain(self.optional(column))
        if not said:
            if required:
                self.fault(column, "不能为空，要填日期，例如 2026-03-02")
            return None
        found = read_day(said)
        if isinstance(found, str):
            self.refuse(column, found)
            return None
        return found

    def yes(self, column: str) -> bool:
        """Return whether a cell says yes; an empty one says no."""
        text = plain(self.optional(column)).casefold()
        if text and text not in _YES:
            self.fault(column, f"要填“是”或“否”，不能是“{text[:60]}”")
        return _YES.get(text, False)

    def words(self, column: str) -> tuple[str, ...]:
        """Return the words of a cell, separated by semicolons, each once."""
        return split(self.optional(column))

    def one_of(self, column: str, choices: Mapping[str, Choice]) -> Choice:
        """Return what a cell's word stands for."""
        text = plain(self.optional(column)).casefold()
        if text not in choices:
            self.refuse(column, f"要填{'、'.join(choices)}之一")
        return choices.get(text, next(iter(choices.values())))

    def point(self, lon_column: str, lat_column: str, datum: Datum) -> Point:
        """Return the WGS-84 place of two cells with degrees in `datum`."""
        lon, lat = self._degrees(lon_column, 180, "经度"), self._degrees(lat_column, 90, "纬度")
        if lon is None or lat is None:
            return NOWHERE
        try:
            return geo.to_wgs84(lon, lat, datum)
        except ValueError:  # near the poles a datum's shift can leave the globe
            self.fault(lat_column, "换算成 WGS-84 后不在地球上，请核对经纬度和坐标系")
            return NOWHERE

    def _degrees(self, column: str, most: int, what: str) -> float | None:
        text = plain(self.optional(column))
        if re.fullmatch(r"[+-]?[0-9]{1,3}(\.[0-9]+)?", text) and abs(float(text)) <= most:
            return float(text)
        said = f"，不能是“{text[:60]}”（经度和纬度是否填反了？）" if text else "，不能为空"
        self.fault(column, f"{what}要填 -{most} 到 {most} 之间的度数{said}")
        return None


def read_day(said: str) -> date | str:
    """Return the day that a text names, or what is wrong with it."""
    if re.fullmatch(r"[1-9][0-9]{4}", said):
        return "是 Excel 的日期序号：请把这一列的格式改为“日期”，例如 2026-03-02"
    found = _DAY.fullmatch(said)
    if not found:
        return "要填日期，年在前，例如 2026-03-02"
    year, _, *parts = found.groups()
    month, day = (int(part) for part in parts if part is not None)
    try:
        on = date(int(year), month, day)
    except ValueError:
        return "没有这一天，要填日历上有的日期，例如 2026-03-02"
    return on if FIRST_DAY <= on <= LAST_DAY else f"日期要在 {FIRST_DAY} 到 {LAST_DAY} 之间"


def split(text: str) -> tuple[str, ...]:
    """Return the words between semicolons (Chinese or not), trimmed, each once, in their order."""
    return tuple(dict.fromkeys(word for word in (part.strip() for part in re.split("[;；]", text)) if word))


def plain(text: str) -> str:
    """Return text with full-width digits and signs made plain."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def _storable(said: str) -> bool:
    try:
        text.refuse_unstorable(said)
    except ValueError:
        return False
    return True
