"""What all road servers have in common: blocks that fit their limits, checks of their answers, the labelled fallback.

A pair without a route gets the great circle's figures and a mark. When the server does not answer at all, or not
what it should, the whole table is the great circle's: half a table by road would favour one half of the visits.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import httpx
import numpy as np
from numpy.typing import NDArray

from service.core.geo import Point, TravelMode
from service.gateways.maps.great_circle import GreatCircle, same_place, with_handling
from service.gateways.maps.matrix import Mask, TravelMatrix, Whole

NO_ROUTE = "no route"

_FARTHEST = 1e9  # seconds or metres


class NoAnswer(Exception):
    """The server gave no usable table; the text is the reason, part of the fallback's label."""


class RoadSource:
    """A road server asked block by block; subclasses speak its protocol in `ask`."""

    name: ClassVar[str]

    def __init__(
        self, client: httpx.AsyncClient, base_url: str, fallback: GreatCircle, *, block: int, seconds: float
    ) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._fallback = fallback
        self._block = block
        self._timeout = seconds

    async def matrix(self, points: Sequence[Point], mode: TravelMode) -> TravelMatrix:
        """Return the travel between all `points`; what the server cannot say is estimated and marked.

        Raises:
            KeyError: the fallback has no pace for `mode`.
        """
        return await self.table(points, points, mode)

    async def table(self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode) -> TravelMatrix:
        """Return the travel from each origin to each destination; what the server cannot say is estimated and marked.

        Raises:
            KeyError: the fallback has no pace for `mode`.
        """
        estimate = self._fallback.estimate(origins, destinations, mode)
        try:
            seconds, metres = await self._by_road(origins, destinations, mode)
        except NoAnswer as missing:
            everywhere = np.ones(estimate.seconds.shape, dtype=np.bool_)
            return TravelMatrix(self.name, estimate.seconds, estimate.metres, everywhere, (str(missing),))
        handling = self._fallback.paces[mode].handling_seconds
        return self._merge(estimate, seconds, metres, same_place(origins, destinations), handling)

    async def ask(
        self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode
    ) -> tuple[list[list[Any]], list[list[Any]]]:
        """Ask the server for one block: seconds and metres, None where there is no route.

        Raises:
            NoAnswer: it has no usable table.
        """
        raise NotImplementedError

    def _merge(
        self,
        estimate: TravelMatrix,
        seconds: NDArray[np.float64],
        metres: NDArray[np.float64],
        same: Mask,
        handling: int,
    ) -> TravelMatrix:
        """Return the road's figures where there are some, the estimate's elsewhere."""
        missing = (np.isnan(seconds) | np.isnan(metres)) & ~same
        whole: Whole = np.ceil(np.where(missing | same, 0.0, seconds)).astype(np.int64)
        way: Whole = np.rint(np.where(missing | same, 0.0, metres)).astype(np.int64)
        return TravelMatrix(
            self.name,
            np.where(missing, estimate.seconds, with_handling(whole, same, handling)),
            np.where(missing, estimate.metres, way),
            missing,
            (NO_ROUTE,) if missing.any() else (),
        )

    async def _by_road(
        self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ask for all blocks, one after the other so that a shared server is not stormed; NaN = no route."""
        seconds = np.zeros((len(origins), len(destinations)))
        metres = np.zeros_like(seconds)
        for rows in _slices(len(origins), self._block):
            for columns in _slices(len(destinations), self._block):
                got_seconds, got_metres = await self.ask(origins[rows], destinations[columns], mode)
                shape = seconds[rows, columns].shape
                seconds[rows, columns] = _numbers(got_seconds, shape)
                metres[rows, columns] = _numbers(got_metres, shape)
        return seconds, metres

    async def _json(self, request: httpx.Request) -> tuple[int, Any]:
        """Send a request; return the status and the JSON document.

        Raises:
            NoAnswer: no connection, no answer in time, a server error, or no JSON.
        """
        try:
            async with asyncio.timeout(self._timeout):  # httpx counts each read anew: a trickling server would hold us
                answer = await self._client.send(request)
        except (httpx.TimeoutException, TimeoutError):
            raise NoAnswer("timed out") from None
        except httpx.RequestError:
            raise NoAnswer("unreachable") from None
        if answer.status_code >= 500:
            raise NoAnswer(f"error {answer.status_code}")
        try:
            return answer.status_code, answer.json()
        except ValueError:
            raise NoAnswer(f"answered {answer.status_code} without JSON") from None


def _slices(length: int, step: int) -> Iterator[slice]:
    return (slice(start, min(start + step, length)) for start in range(0, length, step))


def _numbers(rows: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return a block of the server's numbers, NaN where it says null.

    Raises:
        NoAnswer: not a table of that shape, or not of plausible numbers.
    """
    try:
        table = np.array(rows, dtype=np.float64)
    except (TypeError, ValueError):
        raise NoAnswer("answered nonsense") from None
    if table.shape != shape or (table < 0).any() or (table > _FARTHEST).any():
        raise NoAnswer("answered nonsense")
    return table
