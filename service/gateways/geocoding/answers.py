"""What the sources of places answer, and how far each answer can be trusted: one scale for all of them.

Every source says in its own words how exact it was; each module turns those words into a `Level` of this table and
into a share of it that the source believes itself. A figure near 1 means: this is the door.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from service.core import geo
from service.core.geo import Datum, Point


class Level(StrEnum):
    """What was found, from the door to the city."""

    door = "door"
    building = "building"
    village = "village"
    crossing = "crossing"
    road = "road"
    area = "area"
    town = "town"
    district = "district"
    city = "city"
    unknown = "unknown"


CONFIDENCE: Final[Mapping[Level, float]] = {
    Level.door: 0.95,
    Level.building: 0.90,
    Level.village: 0.60,
    Level.crossing: 0.50,
    Level.road: 0.40,
    Level.area: 0.30,
    Level.town: 0.20,
    Level.district: 0.10,
    Level.city: 0.05,
    Level.unknown: 0.10,
}
"""How sure one is to stand before the right house, when a source is sure of having found this much of the address."""
SEVERAL: Final = 0.7
"""The share that stays when a source knows several places of that name."""
OUTSIDE: Final = 0.3
"""The share that stays when the place lies beyond where the institution's people live."""
CONTRADICTED: Final = 0.6
"""The share that stays when another source is as exact and says a place farther than `APART_METRES` away."""
AGREED_METRES: Final = 200
APART_METRES: Final = 1000
CERTAIN: Final = 0.99
"""No machine is surer than this."""


@dataclass(frozen=True, slots=True)
class Area:
    """Where an address should lie: around `centre`, at most `radius_metres` away.

    `name` and `adcode` (six digits, or empty) are the district's (县/区); a source is told them, never the centre.
    """

    name: str
    adcode: str
    centre: Point
    radius_metres: int


@dataclass(frozen=True, slots=True)
class Found:
    """A place in a source's own datum; `share` is how much of its level's confidence the source claims, 0..1."""

    lon: float
    lat: float
    datum: Datum
    level: Level
    share: float
    formatted: str


@dataclass(frozen=True, slots=True)
class Located:
    """A place for an address, WGS-84; `agreed` are the sources that say the same."""

    lon: float
    lat: float
    datum: Datum
    level: Level
    confidence: float
    provider: str
    formatted_address: str
    agreed: tuple[str, ...] = ()

    @property
    def point(self) -> Point:
        """The place."""
        return Point(self.lon, self.lat)


@dataclass(frozen=True, slots=True)
class Answer:
    """The best place, None when nobody knows one; `reasons` says why sources that were asked gave nothing."""

    best: Located | None
    reasons: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Where the place comes from, for people: `amap + tencent`, or `baidu (amap quota exceeded)`."""
        named = " + ".join((self.best.provider, *self.best.agreed)) if self.best else "none"
        return f"{named} ({', '.join(self.reasons)})" if self.reasons else named


def located(found: Found, *, provider: str, several: bool, area: Area) -> Located:
    """Return what a source found as a WGS-84 place with its confidence.

    Raises:
        ValueError: the coordinates are no place on earth.
    """
    point = geo.to_wgs84(found.lon, found.lat, found.datum)
    confidence = CONFIDENCE[found.level] * min(max(found.share, 0.0), 1.0)
    confidence *= SEVERAL if several else 1.0
    confidence *= OUTSIDE if geo.geodesic_metres(point, area.centre) > area.radius_metres else 1.0
    return Located(
        lon=point.lon,
        lat=point.lat,
        datum=found.datum,
        level=found.level,
        confidence=round(confidence, 2),
        provider=provider,
        formatted_address=found.formatted,
    )


def best_of(places: Sequence[Located]) -> Located | None:
    """Return the place to trust most, the best of each source given: raised by who agrees, lowered by who contradicts.

    Two that agree are both wrong only if each is: 1 − (1 − a)(1 − b). A source that knows only the town contradicts
    nobody who knows the door.
    """
    if not places:
        return None
    first, *others = sorted(places, key=lambda each: -each.confidence)
    confidence, agreed = first.confidence, []
    for other in others:
        apart = geo.geodesic_metres(first.point, other.point)
        if apart <= AGREED_METRES:
            confidence = 1 - (1 - confidence) * (1 - other.confidence)
            agreed.append(other.provider)
        elif apart > APART_METRES and CONFIDENCE[other.level] >= CONFIDENCE[first.level]:
            confidence *= CONTRADICTED
    return replace(first, confidence=round(min(confidence, CERTAIN), 2), agreed=tuple(agreed))


def level_of(word: str, words: Mapping[Level, Iterable[str]]) -> Level:
    """Return the level that a source's own word stands for, `unknown` for one that nobody has listed."""
    return next((level for level, known in words.items() if word in known), Level.unknown)
