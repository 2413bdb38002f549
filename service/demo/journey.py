"""When things happen on a practitioner's way: later or earlier than planned, as it goes; pure, from a seed."""

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from service.core.geo import wgs84_to_gcj02

_METRES_PER_DEGREE: Final = 111_320.0
_KMH: Final = {"ebike": 16.0, "car": 25.0, "bike": 12.0, "walk": 4.5}
_DETOUR: Final = 1.35
_DOOR: Final = timedelta(minutes=2)
_BAG_DOWN: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Where:
    """A place, WGS-84."""

    lon: float
    lat: float

    def metres_to(self, other: "Where") -> float:
        """Return the distance over a few kilometres.

        Raises: nothing.
        """
        east = (other.lon - self.lon) * math.cos(math.radians(self.lat)) * _METRES_PER_DEGREE
        return math.hypot(east, (other.lat - self.lat) * _METRES_PER_DEGREE)

    def moved(self, east: float, north: float) -> "Where":
        """Return the place so many metres further on.

        Raises: nothing.
        """
        lon = self.lon + east / (_METRES_PER_DEGREE * math.cos(math.radians(self.lat)))
        return Where(lon, self.lat + north / _METRES_PER_DEGREE)


@dataclass(frozen=True, slots=True)
class Leg:
    """A way to a door: when one sets out and when one is there."""

    departs: datetime
    arrives: datetime


def leg(draw: random.Random, here: Where, there: Where, mode: str, *, free: datetime, planned: datetime) -> Leg:
    """Return the way to a visit planned at `planned` for somebody who is free from `free` on.

    He sets out so that he would be in time, and is on his way a bit more or less than he thought.
    """
    hours = here.metres_to(there) * _DETOUR / 1000 / _KMH[mode]
    expected = timedelta(hours=hours) + _DOOR
    departs = max(free, planned - expected)
    return Leg(departs, departs + expected * draw.uniform(0.8, 1.25))


def service(draw: random.Random, planned: timedelta) -> timedelta:
    """Return how long a service really takes, in whole seconds.

    Raises: nothing.
    """
    return timedelta(seconds=round(planned.total_seconds() * draw.uniform(0.85, 1.12)))


def begins(arrived: datetime, planned: datetime) -> datetime:
    """Return when a service begins: not before it was promised, and a minute after the bag was put down.

    Raises: nothing.
    """
    return max(arrived + _BAG_DOWN, planned)


def position(draw: random.Random, door: Where, *, stray: float = 0.0) -> dict[str, float | int | str]:
    """Return what a phone at a door reports: GCJ-02, some metres off; `stray` puts it so many metres elsewhere.

    Raises: nothing.
    """
    angle, off = draw.uniform(0, 2 * math.pi), abs(draw.gauss(0, 12)) + stray
    seen = door.moved(off * math.cos(angle), off * math.sin(angle))
    lon, lat = wgs84_to_gcj02(seen.lon, seen.lat)
    return {"lon": lon, "lat": lat, "datum": "gcj02", "accuracy_metres": draw.randint(5, 30)}
