"""How much a provider may be asked: so many a second, spread evenly, and so many a day, counted from midnight in China.

A process counts what it asks itself. What others ask with the same key is known only from the provider's own refusal,
which ends the day here too.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Final

from service.core.clock import LOCAL
from service.gateways.maps.blocks import NoAnswer

USED_UP: Final = "daily quota used up"


class Allowance:
    """What is left for one key. A unit is what the provider counts: a question, or a pair of places.

    `now` tells the date, `clock` seconds that only grow, `sleep` waits.
    """

    def __init__(
        self,
        *,
        per_second: int,
        per_day: int,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.per_second = per_second
        self._per_day = per_day
        self._now, self._clock, self._sleep = now, clock, sleep
        self._day: date | None = None
        self._used = 0
        self._free_at = float("-inf")

    @property
    def left(self) -> int:
        """How many units are left of today."""
        self._turn_the_page()
        return self._per_day - self._used

    async def take(self, units: int) -> None:
        """Take some units, and wait until their turn has come.

        Raises:
            NoAnswer: today's are used up; nothing was taken.
        """
        if self.left < units:
            raise NoAnswer(USED_UP, final=True, counts=False)
        self._used += units
        starts = max(self._clock(), self._free_at)
        self._free_at = starts + units / self.per_second  # before the wait: the next one queues behind
        if starts > self._clock():
            await self._sleep(starts - self._clock())

    async def pause(self, seconds: float) -> None:
        """Wait before a question is put again that the provider found too fast."""
        await self._sleep(seconds)

    def end_the_day(self) -> None:
        """Hear from the provider that nothing is left of today."""
        self._turn_the_page()
        self._used = self._per_day

    def _turn_the_page(self) -> None:
        today = self._now().astimezone(LOCAL).date()
        if today != self._day:
            self._day, self._used = today, 0
