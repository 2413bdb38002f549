"""How much is tried for one thing: usually the little that promises most, for a reason everything."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


class OutOfTime(Exception):
    """Not everything could be tried in time."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Effort:
    """So many `places` that look cheapest are tried and so many `others` drawn from the rest; of each so many ways
    there and on; nobody sits in a vehicle for more than so many `calls`. `is_over` says when there is no time for more.
    """

    places: int
    others: int
    ways: int
    calls: int
    is_over: Callable[[], bool] = _never


USUAL: Final = Effort(places=8, others=2, ways=3, calls=8)
ALL: Final = 10**9

TRIED: Final = 6
"""So many of the cheapest ways are tried for a way that has none."""
