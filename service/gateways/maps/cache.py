"""Remembers travel between pairs of places, so that one new visit asks for one row and one column only.

Where a source's times are those of the traffic at the moment, what it said on a working day's morning is remembered for
such mornings only.
"""

import asyncio
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import numpy as np

from service.core.clock import LOCAL
from service.core.geo import Point, TravelMode
from service.gateways.maps.matrix import Mask, TravelMatrix
from service.gateways.maps.road import RoadSource

BAND_STARTS: Final = (0, 7, 9, 17, 19, 22)
"""The hours at which another traffic begins: night, morning peak, day, evening peak, evening, night."""
ANY_TIME: Final = ""

_Key: TypeAlias = tuple[TravelMode, str, Point, Point]


def time_band(moment: datetime) -> str:
    """Return the time band of a moment in China: the kind of day and the hour at which the band starts, `workday 7`."""
    there = moment.astimezone(LOCAL)
    kind = "workday" if there.isoweekday() <= 5 else "weekend"
    return f"{kind} {BAND_STARTS[bisect_right(BAND_STARTS, there.hour) - 1]}"


class CachedSource:
    """A source with a memory of the `pairs` used last, in this process, each for as long as `keep`.

    Places that agree to `digits` decimals of a degree (5 = about a metre) count as one. Estimates are not remembered:
    the source may know better the next time. Of questions for one mode at the same time the second waits for the first,
    and then asks only for what that one did not bring. `now` tells the time.
    """

    def __init__(
        self, inner: RoadSource, *, pairs: int, keep: timedelta, now: Callable[[], datetime], digits: int = 5
    ) -> None:
        self._inner = inner
        self._most = pairs
        self._keep = keep
        self._now = now
        self._digits = digits
        self._known: OrderedDict[_Key, tuple[int, int, datetime]] = OrderedDict()
        self._asking: defaultdict[TravelMode, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def name(self) -> str:
        """The name of the source behind."""
        return self._inner.name

    def __len__(self) -> int:
        return len(self._known)

    async def matrix(self, points: Sequence[Point], mode: TravelMode) -> TravelMatrix:
        """Return the travel between all `points`, asking only for pairs not remembered.

        Raises:
            KeyError: the source has no figures for `mode`.
        """
        return await self.table(points, points, mode)

    async def table(self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode) -> TravelMatrix:
        """Return the travel from each origin to each destination, asking only for pairs not remembered.

        Raises:
            KeyError: the source has no figures for `mode`.
        """
        origins, destinations = (
            [self._rounded(point) for point in origins],
            [self._rounded(point) for point in destinations],
        )
        async with self._asking[mode]:
            return await self._table(origins, destinations, mode)

    async def _table(self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode) -> TravelMatrix:
        shape, name, band = (len(origins), len(destinations)), self._inner.label(mode), self._band(mode)
        answer = TravelMatrix(
            name, np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.bool_)
        )
        missing = self._recall(answer, origins, destinations, mode, band)
        rows, columns = _cover(missing)
        other_rows = [row for row in range(shape[0]) if row not in rows]
        reasons: list[str] = []
        for some_rows, some_columns in ((rows, list(range(shape[1]))), (other_rows, columns)):
            if some_rows and some_columns:
                reasons += await self._ask(
                    answer, origins, destinations, mode, band, rows=some_rows, columns=some_columns
                )
        return TravelMatrix(name, answer.seconds, answer.metres, answer.estimated, tuple(dict.fromkeys(reasons)))

    async def _ask(
        self,
        answer: TravelMatrix,
        origins: Sequence[Point],
        destinations: Sequence[Point],
        mode: TravelMode,
        band: str,
        *,
        rows: list[int],
        columns: list[int],
    ) -> tuple[str, ...]:
        """Fill some rows and columns of `answer` from the source, remember them, return why some are estimates."""
        asked_origins, asked_destinations = [origins[row] for row in rows], [destinations[column] for column in columns]
        got = await self._inner.table(asked_origins, asked_destinations, mode)
        where = np.ix_(rows, columns)
        answer.seconds[where], answer.metres[where], answer.estimated[where] = got.seconds, got.metres, got.estimated
        until = self._now() + self._keep
        for row, origin in enumerate(asked_origins):
            for column, destination in enumerate(asked_destinations):
                if origin != destination and not got.estimated[row, column]:
                    figures = int(got.seconds[row, column]), int(got.metres[row, column]), until
                    self._remember((mode, band, origin, destination), figures)
        return got.reasons

    def _recall(
        self,
        answer: TravelMatrix,
        origins: Sequence[Point],
        destinations: Sequence[Point],
        mode: TravelMode,
        band: str,
    ) -> Mask:
        """Fill `answer` with what is remembered; return the mask of what is not."""
        missing = np.ones(answer.seconds.shape, dtype=np.bool_)
        now = self._now()
        for row, origin in enumerate(origins):
            for column, destination in enumerate(destinations):
                key = mode, band, origin, destination
                seconds, metres, until = self._known.get(key, (0, 0, now))
                if origin == destination:
                    missing[row, column] = False
                elif until > now:
                    self._known.move_to_end(key)
                    answer.seconds[row, column], answer.metres[row, column] = seconds, metres
                    missing[row, column] = False
        return missing

    def _remember(self, key: _Key, figures: tuple[int, int, datetime]) -> None:
        self._known[key] = figures
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def _band(self, mode: TravelMode) -> str:
        return time_band(self._now()) if self._inner.in_traffic(mode) else ANY_TIME

    def _rounded(self, point: Point) -> Point:
        return Point(round(point.lon, self._digits), round(point.lat, self._digits))


def _cover(missing: Mask) -> tuple[list[int], list[int]]:
    """Return rows and columns that together contain everything missing: the fullest line first."""
    left = missing.copy()
    rows: list[int] = []
    columns: list[int] = []
    while left.any():
        in_rows, in_columns = left.sum(axis=1), left.sum(axis=0)
        if in_rows.max() >= in_columns.max():
            rows.append(int(in_rows.argmax()))
            left[rows[-1], :] = False
        else:
            columns.append(int(in_columns.argmax()))
            left[:, columns[-1]] = False
    return sorted(rows), sorted(columns)
