"""Places on the earth: WGS-84 everywhere inside, converted from other datums only at the edge.

Chinese map providers publish GCJ-02 (AMap, Tencent) or BD-09 (Baidu) coordinates. Both forward formulas are
published; their inverses here are solved by fixed-point iteration to far below a millimetre.

GCJ-02 is defined on a *rectangle* around mainland China, not on its border: inside it every point is shifted, also
in Hong Kong, Taipei, Seoul or Ulaanbaatar; outside it nothing is. Whoever knows that a provider does not shift such
a place must tag the point `wgs84`. Within a kilometre of the rectangle's edge the inverse is not unique.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import atan2, cos, degrees, hypot, isfinite, pi, radians, sin, sqrt
from typing import Final, TypeAlias

import numpy as np
from geographiclib.geodesic import Geodesic
from numpy.typing import NDArray

EARTH_RADIUS_METRES: Final = 6_371_008.8
"""Mean radius of the WGS-84 ellipsoid (2a + b) / 3."""

_WEST, _SOUTH, _EAST, _NORTH = 72.004, 0.8293, 137.8347, 55.8271
_MARGIN = 0.05  # degrees; more than the shift anywhere along the rectangle's edge
_GCJ_AXIS = 6378245.0  # Krasovsky 1940, on which GCJ-02 is defined
_GCJ_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BD_TURN = pi * 3000 / 180
_CLOSE_ENOUGH_DEGREES = 1e-12
_MAX_ROUNDS = 60

_Pair: TypeAlias = tuple[float, float]


class Datum(StrEnum):
    """What a longitude and a latitude refer to."""

    wgs84 = "wgs84"
    gcj02 = "gcj02"
    bd09 = "bd09"


class TravelMode(StrEnum):
    """How a person gets from one place to the next."""

    walk = "walk"
    bike = "bike"
    ebike = "ebike"
    car = "car"


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A place, WGS-84 degrees.

    Raises:
        ValueError: a coordinate is not finite or out of range (-180..180, -90..90).
    """

    lon: float
    lat: float

    def __post_init__(self) -> None:
        if not (isfinite(self.lon) and -180 <= self.lon <= 180):
            raise ValueError(f"longitude {self.lon} is not within -180..180")
        if not (isfinite(self.lat) and -90 <= self.lat <= 90):
            raise ValueError(f"latitude {self.lat} is not within -90..90")


def to_wgs84(lon: float, lat: float, datum: Datum) -> Point:
    """Return the WGS-84 point of coordinates (degrees) given in `datum`.

    Raises:
        ValueError: the coordinates are not finite or out of range.
    """
    Point(lon, lat)  # refuse before the formulas see it
    if datum is Datum.bd09:
        lon, lat = bd09_to_gcj02(lon, lat)
    if datum is not Datum.wgs84:
        lon, lat = gcj02_to_wgs84(lon, lat)
    return Point(lon, lat)


def in_gcj02_rectangle(lon: float, lat: float) -> bool:
    """Return whether GCJ-02 shifts this place (a rectangle that is larger than mainland China)."""
    return _WEST <= lon <= _EAST and _SOUTH <= lat <= _NORTH


def wgs84_to_gcj02(lon: float, lat: float) -> _Pair:
    """Return the GCJ-02 longitude and latitude of a WGS-84 one; unchanged outside the rectangle."""
    return _shift(lon, lat) if in_gcj02_rectangle(lon, lat) else (lon, lat)


def gcj02_to_wgs84(lon: float, lat: float) -> _Pair:
    """Return the WGS-84 longitude and latitude of a GCJ-02 one; unchanged outside the rectangle."""
    if not (_WEST - _MARGIN <= lon <= _EAST + _MARGIN and _SOUTH - _MARGIN <= lat <= _NORTH + _MARGIN):
        return lon, lat  # the formula diverges far away, and nothing shifted can have come from there
    found = _invert(_shift, lon, lat)
    return found if in_gcj02_rectangle(*found) else (lon, lat)


def gcj02_to_bd09(lon: float, lat: float) -> _Pair:
    """Return the BD-09 longitude and latitude of a GCJ-02 one."""
    radius = hypot(lon, lat) + 0.00002 * sin(lat * _BD_TURN)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * _BD_TURN)
    return radius * cos(angle) + 0.0065, radius * sin(angle) + 0.006


def bd09_to_gcj02(lon: float, lat: float) -> _Pair:
    """Return the GCJ-02 longitude and latitude of a BD-09 one."""
    return _invert(gcj02_to_bd09, lon, lat)


def geodesic_metres(a: Point, b: Point) -> int:
    """Return the length of the shortest line on the WGS-84 ellipsoid, to the metre."""
    metres: float = Geodesic.WGS84.Inverse(a.lat, a.lon, b.lat, b.lon, Geodesic.DISTANCE)["s12"]
    return round(metres)


def great_circle_metres(origins: Sequence[Point], destinations: Sequence[Point] | None = None) -> NDArray[np.int64]:
    """Return the great-circle distances on the mean sphere, whole metres, rows = from.

    `destinations` None means the origins themselves. At most 0.6 % from the geodesic.
    """
    from_lon, from_lat = _radians(origins)
    to_lon, to_lat = (from_lon, from_lat) if destinations is None else _radians(destinations)
    chord = _sine_of_half_way(from_lon, to_lon)
    chord *= chord
    chord *= np.outer(np.cos(from_lat), np.cos(to_lat))
    half_lat = _sine_of_half_way(from_lat, to_lat)
    half_lat *= half_lat
    chord += half_lat
    # in place: new memory for each step would cost as much as the arithmetic
    angle = np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0, out=chord), out=chord), out=chord)
    angle *= 2 * EARTH_RADIUS_METRES
    metres: NDArray[np.int64] = np.rint(angle, out=angle).astype(np.int64)
    return metres


def _sine_of_half_way(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sine of half of each angle from a start to an end (radians), by sines of each end, not of each pair.

    What is lost where two ends are close is a nanometre on the earth.
    """
    way: NDArray[np.float64] = np.outer(np.cos(start / 2), np.sin(end / 2))
    way -= np.outer(np.sin(start / 2), np.cos(end / 2))
    return way


def bearing(a: Point, b: Point) -> float:
    """Return the direction in which one leaves `a` for `b`: degrees clockwise from north, 0 ≤ x < 360."""
    lon = radians(b.lon - a.lon)
    from_lat, to_lat = radians(a.lat), radians(b.lat)
    east = sin(lon) * cos(to_lat)
    north = cos(from_lat) * sin(to_lat) - sin(from_lat) * cos(to_lat) * cos(lon)
    turned = degrees(atan2(east, north)) % 360.0
    return 0.0 if turned == 360.0 else turned  # a tiny negative angle rounds up to 360


def _radians(points: Sequence[Point]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    table = np.radians(np.array([(p.lon, p.lat) for p in points], dtype=np.float64).reshape(-1, 2))
    return table[:, 0], table[:, 1]


def _shift(lon: float, lat: float) -> _Pair:
    """Apply the published GCJ-02 formula: a shift in metres, turned into degrees on Krasovsky's ellipsoid."""
    x, y = lon - 105.0, lat - 35.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += _waves(x, ((20.0, 6.0), (20.0, 2.0)))
    north += _waves(y, ((20.0, 1.0), (40.0, 1 / 3), (160.0, 1 / 12), (320.0, 1 / 30)))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += _waves(x, ((20.0, 6.0), (20.0, 2.0), (20.0, 1.0), (40.0, 1 / 3), (150.0, 1 / 12), (300.0, 1 / 30)))
    flat = 1.0 - _GCJ_ECCENTRICITY_SQUARED * sin(radians(lat)) ** 2
    meridian = _GCJ_AXIS * (1.0 - _GCJ_ECCENTRICITY_SQUARED) / (flat * sqrt(flat))
    parallel = _GCJ_AXIS / sqrt(flat) * cos(radians(lat))
    return lon + degrees(east / parallel), lat + degrees(north / meridian)


def _waves(at: float, waves: Sequence[_Pair]) -> float:
    """Return two thirds of Σ amplitude · sin(frequency · π · at)."""
    return sum(amplitude * sin(frequency * pi * at) for amplitude, frequency in waves) * 2.0 / 3.0


def _invert(forward: Callable[[float, float], _Pair], lon: float, lat: float) -> _Pair:
    """Solve forward(x) = (lon, lat) by x ← x − (forward(x) − target); both shifts contract, ten rounds are enough."""
    x, y = lon, lat
    for _ in range(_MAX_ROUNDS):
        got_x, got_y = forward(x, y)
        x, y = x - (got_x - lon), y - (got_y - lat)
        if abs(got_x - lon) < _CLOSE_ENOUGH_DEGREES and abs(got_y - lat) < _CLOSE_ENOUGH_DEGREES:
            break
    return x, y
