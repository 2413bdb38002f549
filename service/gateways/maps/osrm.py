"""OSRM's table service: `GET /table/v1/{profile}/lon,lat;…?sources=…&destinations=…&annotations=duration,distance`."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

import httpx

from service.core.geo import Point, TravelMode
from service.gateways.maps.great_circle import GreatCircle
from service.gateways.maps.road import NoAnswer, RoadSource


class Osrm(RoadSource):
    """An OSRM server. `profiles` names its profile for each mode that it has a road graph for.

    `max_table_size` is the server's `--max-table-size`: at most that many coordinates go into one request.
    """

    name: ClassVar[str] = "osrm"

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        fallback: GreatCircle,
        *,
        profiles: Mapping[TravelMode, str],
        max_table_size: int = 100,
        seconds: float = 10.0,
    ) -> None:
        super().__init__(client, base_url, fallback, block=max(1, max_table_size // 2), seconds=seconds)
        self._profiles = dict(profiles)

    async def ask(
        self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode
    ) -> tuple[list[list[Any]], list[list[Any]]]:
        """Ask the server for one block: seconds and metres, None where there is no route.

        Raises:
            NoAnswer: it has no usable table.
        """
        if mode not in self._profiles:
            raise NoAnswer(f"has no profile for {mode}")
        places = ";".join(f"{point.lon:.6f},{point.lat:.6f}" for point in (*origins, *destinations))
        request = self._client.build_request(
            "GET",
            f"{self._base_url}/table/v1/{quote(self._profiles[mode], safe='')}/{places}",
            params={
                "sources": ";".join(str(index) for index in range(len(origins))),
                "destinations": ";".join(str(len(origins) + index) for index in range(len(destinations))),
                "annotations": "duration,distance",
            },
            timeout=self._timeout,
        )
        _, document = await self._json(request)
        code = document.get("code") if isinstance(document, dict) else None
        if code != "Ok":
            raise NoAnswer(f"refused: {code}" if isinstance(code, str) else "answered nonsense")
        return document.get("durations"), document.get("distances")
