"""Valhalla's matrix service: `POST /sources_to_targets`, seconds and kilometres."""

from collections.abc import Mapping, Sequence
from math import isqrt
from typing import Any, ClassVar

import httpx

from service.core.geo import Point, TravelMode
from service.gateways.maps.great_circle import GreatCircle
from service.gateways.maps.road import NoAnswer, RoadSource


class Valhalla(RoadSource):
    """A Valhalla server. `costings` names its costing model for each mode (`pedestrian`, `bicycle`, `auto`, …).

    `max_pairs` is the server's `max_matrix_location_pairs`: at most that many pairs go into one request. One place that
    no road joins to the others makes the server refuse its whole block; the table is then the great circle's.
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
        seconds: float = 10.0,
    ) -> None:
        super().__init__(client, base_url, fallback, block=max(1, isqrt(max_pairs)), seconds=seconds)
        self._costings = dict(costings)

    async def ask(
        self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode
    ) -> tuple[list[list[Any]], list[list[Any]]]:
        """Ask the server for one block: seconds and metres, None where there is no route.

        Raises:
            NoAnswer: it has no usable table.
        """
        if mode not in self._costings:
            raise NoAnswer(f"has no costing for {mode}")
        request = self._client.build_request(
            "POST",
            f"{self._base_url}/sources_to_targets",
            json={
                "sources": [{"lat": round(point.lat, 6), "lon": round(point.lon, 6)} for point in origins],
                "targets": [{"lat": round(point.lat, 6), "lon": round(point.lon, 6)} for point in destinations],
                "costing": self._costings[mode],
                "units": "kilometers",
            },
            timeout=self._timeout,
        )
        status, document = await self._json(request)
        if not isinstance(document, dict) or (status != 200 and "error_code" not in document):
            raise NoAnswer("answered nonsense")
        if status != 200:
            raise NoAnswer(f"refused: {document['error_code']}")
        try:
            rows = document["sources_to_targets"]
            seconds = [[cell["time"] for cell in row] for row in rows]
            metres = [[None if cell["distance"] is None else 1000 * cell["distance"] for cell in row] for row in rows]
        except (KeyError, TypeError):
            raise NoAnswer("answered nonsense") from None
        return seconds, metres
