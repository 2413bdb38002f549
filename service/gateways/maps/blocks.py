"""The blocks that a table is asked in: what a server says of one, why it may say nothing, and the table they fill."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

NO_ROUTE: Final = "no route"
FAR_FROM_ROADS: Final = "far from any road"

_FARTHEST: Final = 1e9  # seconds or metres


class NoAnswer(Exception):
    """The source gave no usable figures; the text is the reason, part of the label of what is estimated instead.

    `final`: there is no use in asking for the rest of the table. `counts`: the server has failed, says the breaker.
    """

    def __init__(self, why: str, *, final: bool = False, counts: bool = True) -> None:
        super().__init__(why)
        self.final = final
        self.counts = counts


class Divide(Exception):
    """The server does not take this block as a whole, but may take parts of it; the text is the reason if not."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of seconds and of metres, None where the server knows none, and the reasons why it does not."""

    seconds: Any
    metres: Any
    missing: tuple[str, ...] = (NO_ROUTE,)


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows and columns of a table."""

    rows: slice
    columns: slice

    def halves(self) -> "list[Part]":
        """Return the two halves of the longer side, nothing of a single pair."""
        high, wide = self.rows.stop - self.rows.start, self.columns.stop - self.columns.start
        if high == wide == 1:
            return []
        if high >= wide:
            return [Part(each, self.columns) for each in _cut(self.rows)]
        return [Part(self.rows, each) for each in _cut(self.columns)]


class Found:
    """What is known of a table so far; NaN is not known, `reasons` why."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.seconds: NDArray[np.float64] = np.full(shape, np.nan)
        self.metres: NDArray[np.float64] = np.full(shape, np.nan)
        self.reasons: dict[str, None] = {}
        self.divisions = 0

    def put(self, part: Part, block: Block) -> None:
        """Put a block in its place.

        Raises:
            NoAnswer: not of that shape, or not of plausible numbers; the block stays unknown.
        """
        shape = self.seconds[part.rows, part.columns].shape
        seconds, metres = _numbers(block.seconds, shape), _numbers(block.metres, shape)
        self.seconds[part.rows, part.columns], self.metres[part.rows, part.columns] = seconds, metres
        if (np.isnan(seconds) | np.isnan(metres)).any():
            self.reasons |= dict.fromkeys(block.missing)


def parts(shape: tuple[int, int], block: tuple[int, int]) -> Iterator[Part]:
    """Return the parts of a table, none larger than `block`, row by row."""
    for rows in _slices(shape[0], block[0]):
        for columns in _slices(shape[1], block[1]):
            yield Part(rows, columns)


def _slices(length: int, step: int) -> Iterator[slice]:
    return (slice(start, min(start + step, length)) for start in range(0, length, step))


def _cut(line: slice) -> tuple[slice, slice]:
    middle = (line.start + line.stop) // 2
    return slice(line.start, middle), slice(middle, line.stop)


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
