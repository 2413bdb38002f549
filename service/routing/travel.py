"""How long the day's staff take from place to place: by the road source that the operator has chosen, else by line."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final

from service.core import logs
from service.core.geo import Point, TravelMode
from service.core.settings import Settings
from service.gateways.maps import CachedSource, Chosen, GreatCircle, MatrixSource, Pace, TravelMatrix
from service.institutions.rules import SettingsOn, settings
from service.routing.building import Means

_log = logs.get_logger("routing.travel")

_SPEEDS: Final = {
    TravelMode.walk: settings.TRAVEL_WALK_KMH,
    TravelMode.bike: settings.TRAVEL_BIKE_KMH,
    TravelMode.ebike: settings.TRAVEL_EBIKE_KMH,
    TravelMode.car: settings.TRAVEL_CAR_KMH,
}


class Roads:
    """What a worker knows of travel times; keeps what road sources have answered for its lifetime."""

    def __init__(self, known: Settings) -> None:
        self._chosen = Chosen(known)
        self._memory: dict[Means, CachedSource] = {}

    async def matrices(self, points: Sequence[Point], means: Sequence[Means], *, outside: bool) -> list[TravelMatrix]:
        """Return the travel between all points by each of the means; never fails, a source's silence is labelled.

        A map provider learns the points only if `outside` allows it.
        """
        found = [await self._source(each, outside=outside).matrix(points, each.mode) for each in means]
        for way, each in zip(means, found, strict=True):
            if each.reasons:
                _log.warning("travel estimated", mode=way.mode.value, pairs=each.estimated_pairs, why=each.source)
        return found

    def _source(self, means: Means, *, outside: bool) -> MatrixSource:
        by_line = GreatCircle({means.mode: means.pace})
        if self._chosen.outside and not outside:
            return by_line
        if means not in self._memory:
            road = self._chosen.remembering(by_line)
            if road is None:
                return by_line
            self._memory[means] = road
        return self._memory[means]


@lru_cache(maxsize=1)
def roads_of(known: Settings) -> Roads:
    """Return what this process knows of the roads; it outlives the single question."""
    return Roads(known)


def paces(values: SettingsOn) -> Mapping[TravelMode, Pace]:
    """Return how fast each mode is by an institution's settings of the day."""
    detour, handling = float(values.of(settings.TRAVEL_DETOUR_FACTOR)), values.of(settings.TRAVEL_HANDLING_SECONDS)
    speeds: Mapping[TravelMode, Decimal] = {mode: values.of(key) for mode, key in _SPEEDS.items()}
    return {mode: Pace(detour, float(speed), handling) for mode, speed in speeds.items()}


def label(travel: Sequence[TravelMatrix]) -> str:
    """Return where a plan's travel times come from, each source once."""
    return "; ".join(dict.fromkeys(each.source for each in travel))


def estimated_pairs(travel: Sequence[TravelMatrix]) -> tuple[int, int]:
    """Return how many pairs of places a plan's matrices have, and how many of them stand on a line, not on a road."""
    by_line = sum(each.pairs if each.name == GreatCircle.name else each.estimated_pairs for each in travel)
    return sum(each.pairs for each in travel), by_line
