"""Map providers that know a key and count: AMap (高德) and Tencent (腾讯).

They are asked in GCJ-02, no faster and no more than the key allows. The key goes out in the query, and nowhere else:
not into a log, an error or a label.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import httpx

from service.core import geo
from service.core.geo import Point, TravelMode
from service.gateways.maps.allowance import USED_UP, Allowance
from service.gateways.maps.blocks import NoAnswer
from service.gateways.maps.great_circle import GreatCircle
from service.gateways.maps.road import Guard
from service.gateways.maps.server import RoadServer

TRIES: Final = 3
"""How often one question is put when the provider says that it comes too fast."""
TOO_FAST_SECONDS: Final = 1.0


class Outcome(StrEnum):
    """What a provider's status means here."""

    answered = "answered"
    too_fast = "asked too fast"
    used_up = USED_UP
    key_refused = "key refused"
    refused = "refused"


@dataclass(frozen=True, slots=True)
class Key:
    """An operator's key; `secret` where the provider wants signed requests. Neither is in its text."""

    key: str = field(repr=False)
    secret: str = field(default="", repr=False)


class MeteredServer(RoadServer):
    """A provider with a key and an allowance."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        fallback: GreatCircle,
        *,
        block: tuple[int, int],
        key: Key,
        allowance: Allowance,
        guard: Guard | None = None,
    ) -> None:
        super().__init__(client, base_url, fallback, block=block, guard=guard or Guard())
        self._key = key
        self._allowance = allowance

    def in_traffic(self, mode: TravelMode) -> bool:
        """Return whether its times are those of the traffic at the moment of the question: cars' are."""
        return mode is TravelMode.car

    @abstractmethod
    def outcome(self, document: Mapping[str, Any]) -> tuple[Outcome, str]:
        """Return what an answer's status means, and its code."""

    @abstractmethod
    def signature(self, path: str, asked: Mapping[str, str], secret: str) -> str:
        """Return the provider's signature of a question."""

    async def _question(self, path: str, asked: Mapping[str, str], *, units: int) -> Mapping[str, Any]:
        """Put a question that costs some units; return the answer to it.

        Raises:
            NoAnswer: there is none; a question that the provider found too fast was put again before.
        """
        complete = dict(asked) | {"key": self._key.key}
        if self._key.secret:
            complete["sig"] = self.signature(path, complete, self._key.secret)
        for attempt in range(TRIES):
            if attempt:
                await self._allowance.pause(TOO_FAST_SECONDS)
            await self._allowance.take(units)
            _, document = await self._get(path, complete)
            if not isinstance(document, dict):
                raise NoAnswer("answered nonsense")
            outcome, code = self.outcome(document)
            if outcome is Outcome.answered:
                return document
            if outcome is not Outcome.too_fast:
                self._refuse(outcome, code)
        raise NoAnswer(Outcome.too_fast.value)

    def _refuse(self, outcome: Outcome, code: str) -> None:
        if outcome is Outcome.used_up:
            self._allowance.end_the_day()
            raise NoAnswer(USED_UP, final=True, counts=False)
        if outcome is Outcome.key_refused:
            raise NoAnswer(Outcome.key_refused.value, final=True)
        raise NoAnswer(f"refused: {code}")


def in_gcj02(points: Sequence[Point]) -> list[tuple[float, float]]:
    """Return the GCJ-02 longitudes and latitudes of places."""
    return [geo.wgs84_to_gcj02(point.lon, point.lat) for point in points]
