"""AMap's (高德) distance measurement: `GET /v3/distance?origins=lon,lat|…&destination=lon,lat&type=1&key=…[&sig=…]`.

At most 100 origins and one destination a question, six decimals, numbers as texts. Driving (type 1) is by the traffic
of the moment; walking (type 3) only up to 5 km. It knows no bicycles: those would be a question for every pair.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import httpx

from service.core.geo import Point, TravelMode
from service.gateways.geocoding import amap as geocoder
from service.gateways.maps.allowance import Allowance
from service.gateways.maps.blocks import FAR_FROM_ROADS, NO_ROUTE, Block, NoAnswer
from service.gateways.maps.great_circle import GreatCircle
from service.gateways.maps.metered import Key, MeteredServer, Outcome, in_gcj02
from service.gateways.maps.road import Guard

MOST_ORIGINS: Final = 100
TYPES: Final[Mapping[TravelMode, str]] = {TravelMode.car: "1", TravelMode.walk: "3"}
TOO_FAST_CODES: Final = frozenset({"10004", "10014", "10015", "10019", "10020", "10021", "10029"})
"""So many a minute or a second; all other codes of quotas last at least for the day."""
PAIR_CODES: Final[Mapping[str, str]] = {"1": NO_ROUTE, "2": FAR_FROM_ROADS, "3": "outside China"}
"""Why one pair has no figures."""
_PATH: Final = "/v3/distance"


class AMapMatrix(MeteredServer):
    """AMap's Web service; a question is one unit of its allowance."""

    name: ClassVar[str] = "amap"

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
        super().__init__(client, base_url, fallback, block=(MOST_ORIGINS, 1), key=key, allowance=allowance, guard=guard)

    async def ask(self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode) -> Block:
        """Ask AMap for the way from some origins to one destination.

        Raises:
            NoAnswer: it has no usable figures.
        """
        if mode not in TYPES:
            raise NoAnswer(f"has no matrix for {mode}", final=True, counts=False)
        asked = {
            "origins": "|".join(_text(place) for place in in_gcj02(origins)),
            "destination": _text(in_gcj02(destinations)[0]),
            "type": TYPES[mode],
            "output": "JSON",
        }
        return _block(await self._question(_PATH, asked, units=1), len(origins))

    def outcome(self, document: Mapping[str, Any]) -> tuple[Outcome, str]:
        """Return what an answer's infocode means."""
        code = str(document.get("infocode", ""))
        if str(document.get("status")) == "1":
            return Outcome.answered, code
        if code in TOO_FAST_CODES:
            return Outcome.too_fast, code
        if code in geocoder.QUOTA_CODES:
            return Outcome.used_up, code
        return (Outcome.key_refused if code in geocoder.KEY_CODES else Outcome.refused), code

    def signature(self, path: str, asked: Mapping[str, str], secret: str) -> str:
        """Return AMap's `sig`; the path is no part of it."""
        return geocoder.signature(asked, secret)


def _text(place: tuple[float, float]) -> str:
    return f"{place[0]:.6f},{place[1]:.6f}"


def _block(document: Mapping[str, Any], origins: int) -> Block:
    """Return the column in an answer; results carry the number of their origin, from 1.

    Raises:
        NoAnswer: it is no such answer.
    """
    seconds: list[list[float | None]] = [[None] for _ in range(origins)]
    metres: list[list[float | None]] = [[None] for _ in range(origins)]
    missing: dict[str, None] = {}
    try:
        results = {int(result["origin_id"]) - 1: result for result in document["results"]}
        if set(results) != set(range(origins)):
            raise NoAnswer("answered nonsense")
        for row, result in results.items():
            if code := str(result.get("code") or ""):
                missing[PAIR_CODES.get(code, NO_ROUTE)] = None
            else:
                seconds[row][0], metres[row][0] = float(result["duration"]), float(result["distance"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NoAnswer("answered nonsense") from None
    return Block(seconds, metres, tuple(missing))
