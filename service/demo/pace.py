"""The demo's time: the clocks of the evening before and of the day, and what the server's clock shows now."""

import asyncio
import time as wall
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime, time, timedelta
from typing import Final

import httpx

from service.core.clock import LOCAL
from service.demo.processes import ClockKnot

DAY_FROM: Final = time(6, 30)
DAY_TO: Final = time(18, 30)
_START_SECONDS: Final = 4.0
_LOOK_SECONDS: Final = 2.0


def at(on: date, clock: time) -> datetime:
    """Return a local moment.

    Raises: nothing.
    """
    return datetime.combine(on, clock, tzinfo=LOCAL)


def evening(on: date) -> tuple[ClockKnot, ...]:
    """Return the clock of the day before `on`: from nine in the morning, a minute per second, then real time.

    Raises: nothing.
    """
    start = at(on - timedelta(days=1), time(9, 0))
    return ClockKnot(0, start), ClockKnot(300, start + timedelta(hours=5))


def day(on: date, seconds: float) -> tuple[ClockKnot, ...]:
    """Return the clock of `on`: it stands while the processes start, then the day passes in `seconds`.

    Raises: nothing.
    """
    return ClockKnot(_START_SECONDS, at(on, DAY_FROM)), ClockKnot(_START_SECONDS + seconds, at(on, DAY_TO))


class Pulse:
    """What the server's clock shows, asked now and then and reckoned in between."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._asked_at, self._shown, self._rate = 0.0, datetime.min.replace(tzinfo=LOCAL), 1.0

    def now(self) -> datetime:
        """Return what the server's clock shows, as far as one can know.

        Raises: nothing.
        """
        return self._shown + timedelta(seconds=(wall.monotonic() - self._asked_at) * self._rate)

    async def look(self) -> None:
        """Ask the server what time it is, and reckon how fast its clock runs.

        Raises:
            httpx.HTTPError: it cannot be reached.
        """
        before = wall.monotonic()
        answer = await self._http.get("/healthz")
        asked_at = (before + wall.monotonic()) / 2
        shown = datetime.fromisoformat(answer.json()["now"])
        if self._asked_at:
            self._rate = max(1.0, (shown - self._shown).total_seconds() / (asked_at - self._asked_at))
        self._asked_at, self._shown = asked_at, shown

    async def keep(self) -> None:
        """Look again and again, until cancelled.

        Raises:
            httpx.HTTPError: the server cannot be reached.
        """
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS if self._rate > 1 else 0.2)

    async def until(self, moment: datetime) -> None:
        """Return when the server's clock shows `moment` or later.

        Raises: nothing.
        """
        left = (moment - self.now()).total_seconds()
        while left > 0:
            await asyncio.sleep(min(max(left / self._rate, 0.005), 0.5))
            left = (moment - self.now()).total_seconds()


@asynccontextmanager
async def kept(http: httpx.AsyncClient) -> AsyncIterator[Pulse]:
    """Keep a pulse for the block.

    Raises:
        httpx.HTTPError: the server cannot be reached at the beginning.
    """
    pulse = Pulse(http)
    await pulse.look()
    keeper = asyncio.ensure_future(pulse.keep())
    try:
        yield pulse
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError, httpx.HTTPError):
            await keeper
