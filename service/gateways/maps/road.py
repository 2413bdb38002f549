"""What all road sources have in common: blocks that fit their limits, breaker, time limit, labelled fallback.

Whatever the source does not say gets the great circle's figures and a mark, pair by pair: blocks that were answered
before a server failed are kept.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from service.core.geo import Point, TravelMode
from service.gateways.maps.blocks import Block, Divide, Found, NoAnswer, Part, parts
from service.gateways.maps.breaker import Breaker
from service.gateways.maps.great_circle import GreatCircle, same_place, with_handling
from service.gateways.maps.matrix import Mask, TravelMatrix, Whole

MOST_DIVISIONS: Final = 64
"""How often the blocks of one table are halved because the server does not take them whole."""


def _usual_breaker() -> Breaker:
    return Breaker(failures=3, pause_seconds=60.0, clock=time.monotonic)


@dataclass(frozen=True, slots=True)
class Guard:
    """How patient a source is: with one question, with a whole table, and with failures in a row."""

    question_seconds: float = 10.0
    table_seconds: float = 120.0
    breaker: Breaker = field(default_factory=_usual_breaker)


class RoadSource(ABC):
    """A road map asked block by block; subclasses speak its language in `ask`.

    `block` is how many origins and destinations go into one question at most.
    """

    name: ClassVar[str]

    def __init__(self, fallback: GreatCircle, *, block: tuple[int, int], guard: Guard) -> None:
        self._fallback = fallback
        self._block = block
        self._guard = guard

    async def matrix(self, points: Sequence[Point], mode: TravelMode) -> TravelMatrix:
        """Return the travel between all `points`; what the source cannot say is estimated and marked.

        Raises:
            KeyError: the fallback has no pace for `mode`.
        """
        return await self.table(points, points, mode)

    async def table(self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode) -> TravelMatrix:
        """Return the travel from each origin to each destination; what the source cannot say is estimated and marked.

        Raises:
            KeyError: the fallback has no pace for `mode`.
        """
        estimate = self._fallback.estimate(origins, destinations, mode)
        same, found = same_place(origins, destinations), Found((len(origins), len(destinations)))
        try:
            async with asyncio.timeout(self._guard.table_seconds):
                for part in parts(same.shape, self._block):
                    if not same[part.rows, part.columns].all():
                        await self._find(found, part, origins, destinations, mode)
        except TimeoutError:
            found.reasons["took too long altogether"] = None
        except NoAnswer as missing:
            found.reasons[str(missing)] = None
        return self._merge(estimate, found, same, mode)

    @abstractmethod
    async def ask(self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode) -> Block:
        """Ask for one block.

        Raises:
            NoAnswer: there are no usable figures.
            Divide: there may be for parts of the block.
        """

    def label(self, _mode: TravelMode) -> str:
        """Return the source's name as it labels what it answers for a mode."""
        return self.name

    def in_traffic(self, _mode: TravelMode) -> bool:
        """Return whether its times are those of the traffic at the moment of the question."""
        return False

    async def _find(
        self,
        found: Found,
        part: Part,
        origins: Sequence[Point],
        destinations: Sequence[Point],
        mode: TravelMode,
    ) -> None:
        """Find one part of the table, in halves where the server wants it so.

        Raises:
            NoAnswer: there is no use in asking for the rest.
        """
        waiting = [part]
        while waiting:
            piece = waiting.pop()
            try:
                await self._guarded(found, piece, origins[piece.rows], destinations[piece.columns], mode)
            except Divide as whole:
                halves = piece.halves() if found.divisions < MOST_DIVISIONS else []
                found.divisions += 1
                waiting += reversed(halves)
                if not halves:
                    found.reasons[str(whole)] = None
            except NoAnswer as missing:
                if missing.final:
                    raise
                found.reasons[str(missing)] = None

    async def _guarded(
        self, found: Found, part: Part, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode
    ) -> None:
        """Ask, if the breaker lets it, and tell the breaker how it went."""
        breaker = self._guard.breaker
        if not breaker.allows():
            raise NoAnswer("rests after failures", final=True, counts=False)
        try:
            found.put(part, await self.ask(origins, destinations, mode))
        except NoAnswer as missing:
            if missing.counts:
                breaker.failed()
            else:
                breaker.released()
            raise
        except asyncio.CancelledError:
            breaker.released()
            raise
        except Divide:
            breaker.succeeded()
            raise
        breaker.succeeded()

    def _merge(self, estimate: TravelMatrix, found: Found, same: Mask, mode: TravelMode) -> TravelMatrix:
        """Return the road's figures where there are some, the estimate's elsewhere."""
        missing = (np.isnan(found.seconds) | np.isnan(found.metres)) & ~same
        handling = self._fallback.paces[mode].handling_seconds
        seconds = with_handling(_whole(np.ceil(found.seconds), missing | same), same, handling)
        reasons = tuple(found.reasons) if missing.any() else ()
        return TravelMatrix(
            self.label(mode),
            np.where(missing, estimate.seconds, seconds),
            np.where(missing, estimate.metres, _whole(np.rint(found.metres), missing | same)),
            missing,
            reasons,
        )


def _whole(figures: NDArray[np.float64], without: Mask) -> Whole:
    whole: Whole = np.where(without, 0.0, figures).astype(np.int64)
    return whole
