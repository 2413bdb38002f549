"""Tencent's (腾讯) distance matrix: `GET /ws/distance/v1/matrix?mode=…&from=lat,lng;…&to=lat,lng;…&key=…[&sig=…]`.

At most 25 × 25 pairs a question; Tencent counts pairs, a day's and a second's. Driving is by the traffic of the moment.
Walking and bicycling have distances alone: their times here are the road's metres at the mode's pace, and the label
says so. A pair with status 4 has no road near it; the distance given with it is the straight line, so it is not used.
"""

from collections.abc import Mapping, Sequence
from math import isqrt
from typing import Any, ClassVar, Final

import httpx

from service.core.geo import Point, TravelMode
from service.gateways.geocoding import tencent as geocoder
from service.gateways.maps.allowance import Allowance
from service.gateways.maps.blocks import FAR_FROM_ROADS, Block, NoAnswer
from service.gateways.maps.great_circle import GreatCircle
from service.gateways.maps.metered import Key, MeteredServer, Outcome, in_gcj02
from service.gateways.maps.road import Guard

MOST_A_SIDE: Final = 25
MODES: Final[Mapping[TravelMode, str]] = {
    TravelMode.car: "driving",
    TravelMode.walk: "walking",
    TravelMode.bike: "bicycling",
    TravelMode.ebike: "bicycling",
}
WITHOUT_TIMES: Final = frozenset({TravelMode.walk, TravelMode.bike, TravelMode.ebike})
TOO_FAST_STATUS: Final = 120
_PATH: Final = "/ws/distance/v1/matrix"


class TencentMatrix(MeteredServer):
    """Tencent's WebService; a pair is one unit of its allowance, so no question has more than a second's."""

    name: ClassVar[str] = "tencent"

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        fallback: GreatCircle,
        *,
        key: Key,
        allowance: Allowance,
        guard: Guard | None = None,
    ) -> None:
        side = max(1, min(MOST_A_SIDE, isqrt(allowance.per_second)))
        super().__init__(client, base_url, fallback, block=(side, side), key=key, allowance=allowance, guard=guard)

    async def ask(self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode) -> Block:
        """Ask Tencent for one block.

        Raises:
            NoAnswer: it has no usable figures.
        """
        asked = {"mode": MODES[mode], "from": _text(origins), "to": _text(destinations)}
        document = await self._question(_PATH, asked, units=len(origins) * len(destinations))
        speed = self._fallback.paces[mode].kilometres_per_hour if mode in WITHOUT_TIMES else None
        try:
            rows = [[_pair(cell, speed) for cell in row["elements"]] for row in document["result"]["rows"]]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise NoAnswer("answered nonsense") from None
        seconds, metres = ([[pair[figure] for pair in row] for row in rows] for figure in (0, 1))
        return Block(seconds, metres, (FAR_FROM_ROADS,))

    def label(self, mode: TravelMode) -> str:
        """Return the source's name; without times of its own it is that of the distances only."""
        return "tencent distances" if mode in WITHOUT_TIMES else self.name

    def outcome(self, document: Mapping[str, Any]) -> tuple[Outcome, str]:
        """Return what an answer's status means."""
        status = document.get("status")
        if status == 0:
            return Outcome.answered, "0"
        if not isinstance(status, int):
            raise NoAnswer("answered nonsense")
        if status == TOO_FAST_STATUS:
            return Outcome.too_fast, str(status)
        if status in geocoder.QUOTA_STATUS:
            return Outcome.used_up, str(status)
        return (Outcome.key_refused if status in geocoder.KEY_STATUS else Outcome.refused), str(status)

    def signature(self, path: str, asked: Mapping[str, str], secret: str) -> str:
        """Return Tencent's `sig`."""
        return geocoder.signature(path, asked, secret)


def _text(points: Sequence[Point]) -> str:
    return ";".join(f"{lat:.6f},{lng:.6f}" for lng, lat in in_gcj02(points))


def _pair(cell: Mapping[str, Any], speed: float | None) -> tuple[float | None, float | None]:
    """Return seconds and metres of a pair; seconds at `speed` (km/h) where the provider has none."""
    if cell.get("status"):
        return None, None
    metres = float(cell["distance"])
    return (float(cell["duration"]) if speed is None else metres * 3.6 / speed), metres
