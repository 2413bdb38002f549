"""Remembers travel between pairs of places, so that one new visit asks for one row and one column only."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from service.core.geo import Point, TravelMode
from service.gateways.maps.matrix import Mask, MatrixSource, TravelMatrix

_Key: TypeAlias = tuple[str, TravelMode, Point, Point]


class CachedSource:
    """A source with a memory of the `pairs` used last, in this process.

    Places that agree to `digits` decimals of a degree (5 = about a metre) count as one. Estimates are not remembered:
    the source may know better the next time.
    """

    def __init__(self, inner: MatrixSource, *, pairs: int, digits: int = 5) -> None:
        self._inner = inner
        self._most = pairs
        self._digits = digits
        self._known: OrderedDict[_Key, tuple[int, int]] = OrderedDict()

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
        shape = (len(origins), len(destinations))
        answer = TravelMatrix(
            self.name, np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.bool_)
        )
        missing = self._recall(answer, origins, destinations, mode)
        rows, columns = _cover(missing)
        other_rows = [row for row in range(shape[0]) if row not in rows]
        reasons: list[str] = []
        for some_rows, some_columns in ((rows, list(range(shape[1]))), (other_rows, columns)):
            if some_rows and some_columns:
                reasons += await self._ask(answer, origins, destinations, mode, rows=some_rows, columns=some_columns)
        return TravelMatrix(self.name, answer.seconds, answer.metres, answer.estimated, tuple(dict.fromkeys(reasons)))

    async def _ask(
        self,
        answer: TravelMatrix,
        origins: Sequence[Point],
        destinations: Sequence[Point],
        mode: TravelMode,
        *,
        rows: list[int],
        columns: list[int],
    ) -> tuple[str, ...]:
        """Fill some rows and columns of `answer` from the source, remember them, return why some are estimates."""
        asked_origins, asked_destinations = [origins[row] for row in rows], [destinations[column] for column in columns]
        got = await self._inner.table(asked_origins, asked_destinations, mode)
        where = np.ix_(rows, columns)
        answer.seconds[where], answer.metres[where], answer.estimated[where] = got.seconds, got.metres, got.estimated
        for row, origin in enumerate(asked_origins):
            for column, destination in enumerate(asked_destinations):
                if not got.estimated[row, column]:
                    figures = int(got.seconds[row, column]), int(got.metres[row, column])
                    self._remember(self._key(origin, destination, mode), figures)
        return got.reasons

    def _recall(
        self, answer: TravelMatrix, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode
    ) -> Mask:
        """Fill `answer` with what is remembered; return the mask of what is not."""
        missing = np.ones(answer.seconds.shape, dtype=np.bool_)
        for row, origin in enumerate(origins):
            for column, destination in enumerate(destinations):
                key = self._key(origin, destination, mode)
                if key in self._known:
                    self._known.move_to_end(key)
                    answer.seconds[row, column], answer.metres[row, column] = self._known[key]
                    missing[row, column] = False
        return missing

    def _remember(self, key: _Key, figures: tuple[int, int]) -> None:
        self._known[key] = figures
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def _key(self, origin: Point, destination: Point, mode: TravelMode) -> _Key:
        return self.name, mode, origin, destination

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
