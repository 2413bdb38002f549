"""Domain time: the only place that knows Asia/Shanghai, and the demo's clock.

Rules get the time passed in. Tokens, time-outs, heartbeats and solver limits run on real time, never on this.
"""

import itertools
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Final, Protocol
from zoneinfo import ZoneInfo

LOCAL: Final = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Something that knows what time it is in the world that the service serves."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Knot:
    """At `real_seconds` (Unix time) the demo's clock shows `shows`."""

    real_seconds: float
    shows: datetime


class DemoClock:
    """A clock that runs through `knots`: straight lines between them, real speed after the last one."""

    def __init__(self, knots: Sequence[Knot]) -> None:
        finite = all(math.isfinite(knot.real_seconds) for knot in knots)
        if not knots or not finite or any(a.real_seconds >= b.real_seconds for a, b in itertools.pairwise(knots)):
            raise ValueError("a demo clock needs knots of ascending real time")
        self._knots = tuple(knots)

    @classmethod
    def from_json(cls, text: str) -> "DemoClock":
        """Read `[[unix second, "2026-03-02T07:00:00+08:00"], …]`.

        Raises:
            ValueError: not such a list.
        """
        try:
            return cls([Knot(float(at), parse_aware(shows)) for at, shows in json.loads(text)])
        except TypeError as error:
            raise ValueError(f"not a list of knots: {error}") from error

    def now(self) -> datetime:
        """Return the demo's present moment, aware, in UTC."""
        return self.at(time.time())

    def at(self, real_seconds: float) -> datetime:
        """Return what the clock shows at a real moment (Unix seconds)."""
        first, last = self._knots[0], self._knots[-1]
        if real_seconds <= first.real_seconds:
            return first.shows.astimezone(UTC)
        if real_seconds >= last.real_seconds:
            return last.shows.astimezone(UTC) + timedelta(seconds=real_seconds - last.real_seconds)
        before, after = next(
            (a, b) for a, b in itertools.pairwise(self._knots) if a.real_seconds <= real_seconds < b.real_seconds
        )
        share = (real_seconds - before.real_seconds) / (after.real_seconds - before.real_seconds)
        return before.shows.astimezone(UTC) + (after.shows - before.shows) * share


def parse_aware(text: str) -> datetime:
    """Parse an RFC 3339 moment.

    Raises:
        ValueError: not RFC 3339, or without an offset.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text}: a moment needs an offset")
    return at


def local_date(at: datetime) -> date:
    """Return the local date of a moment (the *service date* of a visit that starts then)."""
    return at.astimezone(LOCAL).date()


def at_local(day: date, at: time_of_day) -> datetime:
    """Return the moment at which local clocks show `at` on `day`."""
    return datetime.combine(day, at, tzinfo=LOCAL).astimezone(UTC)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """Return the half-open interval of moments that make up a local day."""
    return at_local(day, time_of_day()), at_local(day + timedelta(days=1), time_of_day())
