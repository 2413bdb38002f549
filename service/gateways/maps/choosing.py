"""Which source the operator has chosen, with the patience, the allowance and the breaker that all its users share."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import httpx

from service.core.clock import SystemClock
from service.core.geo import TravelMode
from service.core.settings import Settings, TravelSource
from service.gateways.maps.allowance import Allowance
from service.gateways.maps.amap import AMapMatrix
from service.gateways.maps.breaker import Breaker
from service.gateways.maps.cache import CachedSource
from service.gateways.maps.great_circle import GreatCircle
from service.gateways.maps.metered import Key
from service.gateways.maps.osrm import Osrm
from service.gateways.maps.osrm_files import OsrmFiles
from service.gateways.maps.road import Guard, RoadSource
from service.gateways.maps.tencent import TencentMatrix
from service.gateways.maps.valhalla import Valhalla

OSRM_PROFILES: Final = {TravelMode.car: "driving"}
"""An OSRM server holds one road graph, whatever profile one names: here it is taken for the cars'."""
VALHALLA_COSTINGS: Final = {
    TravelMode.walk: "pedestrian",
    TravelMode.bike: "bicycle",
    TravelMode.ebike: "bicycle",
    TravelMode.car: "auto",
}
OUTSIDE: Final = frozenset({TravelSource.amap, TravelSource.tencent})
"""Sources that learn where the day's homes are: companies', not the operator's own."""


def chosen(known: Settings) -> TravelSource:
    """Return the source that the settings name, or without a name the road graph that they have an address of.

    A map provider is never chosen because its key is there: the key may be meant for addresses.
    """
    if known.travel_source is not None:
        return known.travel_source
    if known.osrm_url:
        return TravelSource.osrm
    if known.valhalla_url:
        return TravelSource.valhalla
    return TravelSource.osrm_files if known.osrm_files else TravelSource.great_circle


class Chosen:
    """The operator's source. Make one for a process: breaker and allowance are its memory.

    `now` tells the time for allowances and the cache, `clock` seconds that only grow.
    """

    def __init__(
        self,
        known: Settings,
        *,
        now: Callable[[], datetime] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = chosen(known)
        self._settings = known
        self._now = now or SystemClock().now
        breaker = Breaker(failures=known.travel_failures, pause_seconds=known.travel_pause_seconds, clock=clock)
        self._guard = Guard(known.travel_question_seconds, known.travel_seconds, breaker)
        self._allowance = _allowance(self.source, known, self._now, clock)

    @property
    def outside(self) -> bool:
        """Whether the source is a company that would learn where the day's homes are."""
        return self.source in OUTSIDE

    def road(self, client: httpx.AsyncClient, by_line: GreatCircle) -> RoadSource | None:
        """Return the road source, asked with `client`, estimating with `by_line`; None: there is none but the line."""
        known, guard = self._settings, self._guard
        match self.source:
            case TravelSource.osrm:
                size = known.osrm_max_table_size
                return Osrm(client, known.osrm_url, by_line, profiles=OSRM_PROFILES, max_table_size=size, guard=guard)
            case TravelSource.valhalla:
                pairs = known.valhalla_max_pairs
                return Valhalla(
                    client, known.valhalla_url, by_line, costings=VALHALLA_COSTINGS, max_pairs=pairs, guard=guard
                )
            case TravelSource.osrm_files:
                return OsrmFiles(dict(known.osrm_files), by_line, guard=guard)
            case TravelSource.great_circle:
                return None
            case _:
                return self._provider(client, by_line)

    def remembering(self, by_line: GreatCircle) -> CachedSource | None:
        """Return the road source with the memory that the settings give it and connections of its own; None as above.

        It lives as long as the process.
        """
        # a client reads the certificates of the machine, which takes longer than a line needs
        if self.source is TravelSource.great_circle:
            return None
        # no connection is kept between plans: hours lie between them
        client = httpx.AsyncClient(limits=httpx.Limits(max_keepalive_connections=0))
        road = self.road(client, by_line)
        if road is None:
            return None
        keep = timedelta(hours=self._settings.travel_cache_hours)
        return CachedSource(road, pairs=self._settings.travel_cache_pairs, keep=keep, now=self._now)

    def _provider(self, client: httpx.AsyncClient, by_line: GreatCircle) -> RoadSource:
        known = self._settings
        amap = self.source is TravelSource.amap
        key, secret = (known.amap_key, known.amap_secret) if amap else (known.tencent_key, known.tencent_secret)
        return (AMapMatrix if amap else TencentMatrix)(
            client,
            known.amap_url if amap else known.tencent_url,
            by_line,
            key=Key(key.get_secret_value(), secret.get_secret_value()),
            allowance=self._allowance,
            guard=self._guard,
        )


def _allowance(
    source: TravelSource, known: Settings, now: Callable[[], datetime], clock: Callable[[], float]
) -> Allowance:
    per_second, per_day = (
        (known.tencent_pairs_per_second, known.tencent_pairs_per_day)
        if source is TravelSource.tencent
        else (known.amap_questions_per_second, known.amap_questions_per_day)
    )
    return Allowance(per_second=per_second, per_day=per_day, now=now, clock=clock)
