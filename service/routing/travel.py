"""How long the day's staff take from place to place: by road where the operator names a road server, else by line."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final

import httpx

from service.core.geo import Point, TravelMode
from service.core.settings import Settings
from service.gateways.maps import CachedSource, GreatCircle, MatrixSource, Osrm, Pace, TravelMatrix, Valhalla
from service.institutions.rules import SettingsOn, settings
from service.routing.building import Means

REMEMBERED_PAIRS: Final = 500_000
"""How many pairs of places a worker remembers per road server and way of travelling."""
OSRM_PROFILES: Final = {TravelMode.car: "driving"}
"""An OSRM server holds one road graph, whatever profile one names: here it is taken for the cars'."""
VALHALLA_COSTINGS: Final = {
    TravelMode.walk: "pedestrian",
    TravelMode.bike: "bicycle",
    TravelMode.ebike: "bicycle",
    TravelMode.car: "auto",
}
_SPEEDS: Final = {
    TravelMode.walk: settings.TRAVEL_WALK_KMH,
    TravelMode.bike: settings.TRAVEL_BIKE_KMH,
    TravelMode.ebike: settings.TRAVEL_EBIKE_KMH,
    TravelMode.car: settings.TRAVEL_CAR_KMH,
}

_Memory = dict[tuple[str, Means], CachedSource]


class Roads:
    """What a worker knows of travel times; keeps what road servers have answered for its lifetime."""

    def __init__(self, known: Settings) -> None:
        self._settings = known
        self._memory: _Memory = {}

    async def matrices(self, points: Sequence[Point], means: Sequence[Means]) -> list[TravelMatrix]:
        """Return the travel between all points by each of the means; never fails, a server's silence is labelled."""
        return [await self._source(each).matrix(points, each.mode) for each in means]

    def _source(self, means: Means) -> MatrixSource:
        by_line, url = GreatCircle({means.mode: means.pace}), self._settings.osrm_url or self._settings.valhalla_url
        if not url:
            return by_line
        if (url, means) not in self._memory:
            # no connection is kept between plans: hours lie between them
            client = httpx.AsyncClient(limits=httpx.Limits(max_keepalive_connections=0))
            road: MatrixSource = (
                Osrm(client, url, by_line, profiles=OSRM_PROFILES)
                if self._settings.osrm_url
                else Valhalla(client, url, by_line, costings=VALHALLA_COSTINGS)
            )
            self._memory[url, means] = CachedSource(road, pairs=REMEMBERED_PAIRS)
        return self._memory[url, means]


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
