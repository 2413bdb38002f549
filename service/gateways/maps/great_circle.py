"""Travel times without a road map: the great circle, stretched by a detour factor, at a mode's pace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from service.core import geo
from service.core.geo import Point, TravelMode
from service.gateways.maps.matrix import Mask, TravelMatrix, Whole


@dataclass(frozen=True, slots=True)
class Pace:
    """How one mode gets on. `handling_seconds` is spent once per leg: parking, unlocking, walking to the door.

    The figures are a region's dated settings; a road source uses only `handling_seconds` of them.

    Raises:
        ValueError: the detour factor is below 1, the speed not above 0, or the handling time negative.
    """

    detour_factor: float
    kilometres_per_hour: float
    handling_seconds: int = 0

    def __post_init__(self) -> None:
        if self.detour_factor < 1 or self.kilometres_per_hour <= 0 or self.handling_seconds < 0:
            raise ValueError(f"{self} is no way to travel")


class GreatCircle:
    """The source that always answers. Needs a pace for every mode that it is asked about."""

    name = "great_circle"

    def __init__(self, paces: Mapping[TravelMode, Pace]) -> None:
        self.paces = dict(paces)

    async def matrix(self, points: Sequence[Point], mode: TravelMode) -> TravelMatrix:
        """Return the travel between all `points`.

        Raises:
            KeyError: there is no pace for `mode`.
        """
        return self.estimate(points, points, mode)

    async def table(self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode) -> TravelMatrix:
        """Return the travel from each origin to each destination.

        Raises:
            KeyError: there is no pace for `mode`.
        """
        return self.estimate(origins, destinations, mode)

    def estimate(self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode) -> TravelMatrix:
        """Do the same without waiting for anything.

        Raises:
            KeyError: there is no pace for `mode`.
        """
        pace = self.paces[mode]
        metres: Whole = np.rint(geo.great_circle_metres(origins, destinations) * pace.detour_factor).astype(np.int64)
        riding: Whole = np.ceil(metres * 3.6 / pace.kilometres_per_hour).astype(np.int64)
        seconds = with_handling(riding, same_place(origins, destinations), pace.handling_seconds)
        return TravelMatrix(self.name, seconds, metres, np.zeros(metres.shape, dtype=np.bool_))


def with_handling(seconds: Whole, same: Mask, handling: int) -> Whole:
    """Return travel times with the handling time of a leg added wherever there is a leg: not from a place to itself."""
    return np.where(same, 0, seconds + handling)


def same_place(origins: Sequence[Point], destinations: Sequence[Point]) -> Mask:
    """Return where an origin equals a destination."""
    number = {point: at for at, point in enumerate(dict.fromkeys((*origins, *destinations)))}
    here, there = (np.array([number[each] for each in points], dtype=np.int64) for points in (origins, destinations))
    equal: Mask = here[:, None] == there[None]
    return equal
