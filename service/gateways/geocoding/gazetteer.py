"""The operator's own list of places, a CSV file: the names by which people here write their estates, streets, villages.

Columns: `name`, `aliases` (separated by `|`, may be empty), `lon`, `lat`, `datum` (wgs84, gcj02, bd09), `level` (a word
of `Level`). The longest name that an address contains wins; no name is cut out of the middle of a longer one.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from service.core import geo
from service.core.geo import Datum
from service.gateways.geocoding.answers import AGREED_METRES, Found, Level
from service.gateways.geocoding.wording import normalised

NAME: Final = "gazetteer"
COLUMNS: Final = ("name", "aliases", "lon", "lat", "datum", "level")
BORDERS: Final = frozenset("省市区县州盟旗镇乡村道路街巷号弄苑院")
"""After these characters a new name begins: 朝阳小区 is in 大武口区朝阳小区, not in 新朝阳小区."""
MID_NAME: Final = 0.5
"""The share that stays of a name that may be part of a longer one."""


class GazetteerInvalid(ValueError):
    """The file cannot be used; the text names line and column, in Chinese, never a place."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the file."""

    name: str
    lon: float
    lat: float
    datum: Datum
    level: Level


class Gazetteer:
    """Places by their normalised names."""

    def __init__(self, places: Mapping[str, Sequence[Place]]) -> None:
        self._places = places
        self._longest = max(map(len, places), default=0)

    def search(self, address: str) -> list[Found]:
        """Return the places of the longest name in an address, the likeliest first; several when the name is no one's.

        An address in whose middle the name stands may mean another place: that costs confidence.
        """
        text = normalised(address)
        for length in range(min(self._longest, len(text)), 0, -1):
            starts = [at for at in range(len(text) - length + 1) if self._stands(text, at, length)]
            if starts:
                return self._found(text, min(starts, key=lambda at: not _begins(text, at)), length)
        return []

    def _stands(self, text: str, at: int, length: int) -> bool:
        end = at + length
        # 88 is not in 881
        cut = end < len(text) and text[end].isdigit() and text[end - 1].isdigit()
        return text[at:end] in self._places and not cut

    def _found(self, text: str, at: int, length: int) -> list[Found]:
        share = 1.0 if _begins(text, at) else MID_NAME
        return [
            Found(each.lon, each.lat, each.datum, each.level, share, each.name)
            for each in self._places[text[at : at + length]]
        ]


def _begins(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] in BORDERS


def load(path: Path) -> Gazetteer:
    """Return the gazetteer of a file; read once for as long as the file stays the same.

    Raises:
        GazetteerInvalid: it is not there, not UTF-8, or a line is wrong.
    """
    try:
        status = path.stat()
        return _load(path, status.st_mtime_ns, status.st_size)
    except OSError:
        raise GazetteerInvalid("地名文件无法读取") from None
    except UnicodeDecodeError:
        raise GazetteerInvalid("地名文件不是 UTF-8 编码") from None


@lru_cache(maxsize=4)
def _load(path: Path, _changed: int, _size: int) -> Gazetteer:
    places: defaultdict[str, list[Place]] = defaultdict(list)
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for names, place in _rows(csv.DictReader(lines)):
            for name in names:
                if not any(_same(place, each) for each in places[name]):
                    places[name].append(place)
    return Gazetteer(places)


def _rows(lines: "csv.DictReader[str]") -> Iterator[tuple[list[str], Place]]:
    if missing := set(COLUMNS) - set(lines.fieldnames or ()):
        raise GazetteerInvalid(f"地名文件缺少列：{'、'.join(sorted(missing))}")
    for row in lines:
        try:
            place = Place(row["name"], float(row["lon"]), float(row["lat"]), Datum(row["datum"]), Level(row["level"]))
            geo.to_wgs84(place.lon, place.lat, place.datum)
            names = [normalised(each) for each in (row["name"], *(row["aliases"] or "").split("|"))]
        except (TypeError, ValueError):
            raise GazetteerInvalid(f"地名文件第 {lines.line_num} 行有误") from None
        if not names[0]:
            raise GazetteerInvalid(f"地名文件第 {lines.line_num} 行没有名称")
        yield [each for each in names if each], place


def _same(one: Place, other: Place) -> bool:
    points = [geo.to_wgs84(each.lon, each.lat, each.datum) for each in (one, other)]
    return geo.geodesic_metres(*points) <= AGREED_METRES
