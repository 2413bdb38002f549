"""Valhalla's matrix service: `POST /sources_to_targets`, seconds and kilometres."""

from collections.abc import Mapping, Sequence
from math import isqrt
from typing import Any, ClassVar, Final

import httpx

from service.core.geo import Point, TravelMode
from service.gateways.maps.blocks import FAR_FROM_ROADS, NO_ROUTE, Block, Divide, NoAnswer
from service.gateways.maps.great_circle import GreatCircle
from service.gateways.maps.road import Guard
from service.gateways.maps.server import RoadServer

PARTS_MAY_DO: Final[Mapping[int, str]] = {
    150: "refused: 150",  # more locations than it takes
    154: "refused: 154",  # farther apart than it takes
    170: NO_ROUTE,  # locations in regions that nothing joins
    171: FAR_FROM_ROADS,  # no road near a location
    442: NO_ROUTE,  # no path between some of them
}
"""Error codes with which Valhalla refuses a whole block for the sake of one place in it."""


class Valhalla(RoadServer):
    """A Valhalla server. `costings` names its costing model for each mode (`pedestrian`, `bicycle`, `auto`, …).

    `max_pairs` is the server's `max_matrix_location_pairs`: at most that many pairs go into one request. A place that
    no road joins to the others makes the server refuse its whole block, which is then asked in halves until it's alone.
    """

    name: ClassVar[str] = "valhalla"

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        fallback: GreatCircle,
        *,
        costings: Mapping[TravelMode, str],
        max_pairs: int = 2500,
        guard: Guard | None = None,
    ) -> None:
        side = max(1, isqrt(max_pairs))
        super().__init__(client, base_url, fallback, block=(side, side), guard=guard or Guard())
        self._costings = dict(costings)

    async def ask(self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode) -> Block:
        """Ask the server for one block.

        Raises:
            NoAnswer: it has no usable table.
            Divide: it has none for this block.
        """
        if mode not in self._costings:
            raise NoAnswer(f"has no costing for {mode}", final=True, counts=False)
        status, document = await self._post(
            "/sources_to_targets",
            {
                "sources": [{"lat": round(point.lat, 6), "lon": round(point.lon, 6)} for point in origins],
                "targets": [{"lat": round(point.lat, 6), "lon": round(point.lon, 6)} for point in destinations],
                "costing": self._costings[mode],
                "units": "kilometers",
            },
        )
        if not isinstance(document, dict) or (status != 200 and "error_code" not in document):
            raise NoAnswer("answered nonsense")
        if status != 200:
            _refuse(document["error_code"])
        try:
            rows = document["sources_to_targets"]
            seconds = [[cell["time"] for cell in row] for row in rows]
            metres = [[None if cell["distance"] is None else 1000 * cell["distance"] for cell in row] for row in rows]
        except (KeyError, TypeError):
            raise NoAnswer("answered nonsense") from None
        return Block(seconds, metres)


def _refuse(code: Any) -> None:
    if isinstance(code, int) and code in PARTS_MAY_DO:
        raise Divide(PARTS_MAY_DO[code])
    raise NoAnswer(f"refused: {code}" if isinstance(code, int) else "answered nonsense")
