"""OSRM's table service: `GET /table/v1/{profile}/lon,lat;…?sources=…&destinations=…&annotations=duration,distance`.

OSRM moves each place to the nearest road, however far that is, and says how far it moved it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import quote

import httpx

from service.core.geo import Point, TravelMode
from service.gateways.maps.blocks import FAR_FROM_ROADS, NO_ROUTE, Block, Divide, NoAnswer
from service.gateways.maps.great_circle import GreatCircle
from service.gateways.maps.road import Guard
from service.gateways.maps.server import RoadServer

FARTHEST_FROM_ROADS: Final = 1000.0
"""Metres between a place and the road that OSRM took for it; from beyond, the road's time tells nothing."""
NO_ROAD_AT_ALL: Final = "NoSegment"
TOO_BIG: Final = "TooBig"


class Osrm(RoadServer):
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
        guard: Guard | None = None,
    ) -> None:
        side = max(1, max_table_size // 2)
        super().__init__(client, base_url, fallback, block=(side, side), guard=guard or Guard())
        self._profiles = dict(profiles)

    async def ask(self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode) -> Block:
        """Ask the server for one block.

        Raises:
            NoAnswer: it has no usable table.
            Divide: the block is too big for it, or a place in it has no road.
        """
        if mode not in self._profiles:
            raise NoAnswer(f"has no profile for {mode}", final=True, counts=False)
        places = ";".join(f"{point.lon:.6f},{point.lat:.6f}" for point in (*origins, *destinations))
        _, document = await self._get(
            f"/table/v1/{quote(self._profiles[mode], safe='')}/{places}",
            {
                "sources": ";".join(str(index) for index in range(len(origins))),
                "destinations": ";".join(str(len(origins) + index) for index in range(len(destinations))),
                "annotations": "duration,distance",
            },
        )
        return block_of(document)


def block_of(document: Any) -> Block:
    """Return the block in an answer of OSRM's table service.

    Raises:
        NoAnswer, Divide: there is none.
    """
    code = document.get("code") if isinstance(document, dict) else None
    if code == "Ok":
        return _without_far_places(document)
    if code == TOO_BIG:
        raise Divide(f"refused: {code}")
    if code == NO_ROAD_AT_ALL:
        raise Divide(FAR_FROM_ROADS)
    raise NoAnswer(f"refused: {code}" if isinstance(code, str) else "answered nonsense")


def _without_far_places(document: Mapping[str, Any]) -> Block:
    """Return the block with None for every pair of a place that was moved too far."""
    try:
        rows, columns = (_far(document[side]) for side in ("sources", "destinations"))
        if not any(rows) and not any(columns):
            return Block(document["durations"], document["distances"])
        seconds, metres = (
            [
                [None if far or column else figure for figure, column in zip(line, columns, strict=True)]
                for line, far in zip(document[table], rows, strict=True)
            ]
            for table in ("durations", "distances")
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NoAnswer("answered nonsense") from None
    # a null of OSRM's own cannot be told from those any more
    return Block(seconds, metres, (FAR_FROM_ROADS, NO_ROUTE) if _has_nulls(document) else (FAR_FROM_ROADS,))


def _far(places: Any) -> list[bool]:
    return [float(place.get("distance", 0.0)) > FARTHEST_FROM_ROADS for place in places]


def _has_nulls(document: Mapping[str, Any]) -> bool:
    return any(figure is None for line in document["durations"] for figure in line)
