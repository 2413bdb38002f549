"""A travel matrix that says where each of its figures comes from, and the protocol of everything that makes one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from service.core.geo import Point, TravelMode

Whole: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TravelMatrix:
    """Seconds and metres between places, shape (origins, destinations), rows = from.

    `name` is the source that was asked; `estimated` marks the pairs that it could not answer, filled by great circle
    instead; `reasons` says why, each once.
    """

    name: str
    seconds: Whole
    metres: Whole
    estimated: Mask
    reasons: tuple[str, ...] = ()

    @property
    def pairs(self) -> int:
        """How many pairs of different places it has."""
        return int(self._legs.sum())

    @property
    def estimated_pairs(self) -> int:
        """How many of them the source could not answer."""
        return int((self.estimated & self._legs).sum())

    @property
    def source(self) -> str:
        """Where the figures come from, for people: `osrm`, `great_circle (osrm unreachable)`, or a mixture."""
        count = self.estimated_pairs
        if count == 0:
            return self.name
        why = f"{self.name} {', '.join(self.reasons)}"
        if count == self.pairs:
            return f"great_circle ({why})"
        return f"{self.name} + great_circle for {count} of {self.pairs} pairs ({why})"

    @property
    def _legs(self) -> Mask:
        legs: Mask = (self.seconds > 0) | (self.metres > 0)
        return legs


class MatrixSource(Protocol):
    """Something that knows travel times."""

    @property
    def name(self) -> str:
        """The source's short name, part of the label of what it answers."""
        ...

    async def matrix(self, points: Sequence[Point], mode: TravelMode) -> TravelMatrix:
        """Return the travel between all `points`, zero on the diagonal."""
        ...

    async def table(self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode) -> TravelMatrix:
        """Return the travel from each origin to each destination, zero between equal points."""
        ...
