"""When a visit may begin, as closed windows of seconds of the day: cut around busy times, kept apart for one person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from service.routing.problem import Window

Windows: TypeAlias = tuple[Window, ...]
"""Ascending, disjoint; empty = never."""


@dataclass(frozen=True, slots=True)
class Timing:
    """A visit that lasts `duration` and may begin in `windows`."""

    windows: Windows
    duration: int


def clear_of(timing: Timing, busy: Iterable[tuple[int, int]]) -> Timing:
    """Return the timing without the beginnings that would run into one of the half-open spans `busy`."""
    windows = timing.windows
    for start, end in busy:
        windows = _cut(windows, start - timing.duration, end)
    return Timing(windows, timing.duration)


def apart(timings: Sequence[Timing]) -> list[Timing]:
    """Return the timings of one person's visits, cut so that no two can meet whatever is chosen within them.

    The visits get one stretch of the day each, in the order in which they must begin at the latest; the borders lie
    where they cut least. A visit that has no room behind those before it gets no window.
    """
    order = sorted((at for at, each in enumerate(timings) if each.windows), key=lambda at: timings[at].windows[-1].end)
    fitting = _that_fit(timings, order)
    borders = [None, *(_border(timings, fitting, position) for position in range(1, len(fitting))), None]
    found = [Timing((), each.duration) for each in timings]
    for at, (opens, closes) in zip(fitting, pairwise(borders), strict=False):
        found[at] = _between(timings[at], opens, closes)
    return found


def _that_fit(timings: Sequence[Timing], order: Sequence[int]) -> list[int]:
    fitting: list[int] = []
    free = None
    for at in order:
        start = _first(timings[at], free)
        if start is not None:
            fitting.append(at)
            free = start + timings[at].duration
    return fitting


def _border(timings: Sequence[Timing], fitting: Sequence[int], position: int) -> int:
    """Return the moment that ends the visit before `position` and from which the one there may begin."""
    earliest = None
    for at in fitting[:position]:
        start = _first(timings[at], earliest)
        earliest = (start if start is not None else 0) + timings[at].duration
    latest = None
    for at in reversed(fitting[position:]):
        start = _last(timings[at], latest)
        latest = start if start is not None else latest
    before, after = timings[fitting[position - 1]], timings[fitting[position]]
    ends, begins = before.windows[-1].end + before.duration, after.windows[0].start
    middle = ((earliest or 0) + (latest or 0)) // 2
    return min(max(middle, min(ends, begins)), max(ends, begins))


def _first(timing: Timing, free: int | None) -> int | None:
    """Return the earliest beginning at or after `free`."""
    for window in timing.windows:
        if free is None or window.end >= free:
            return window.start if free is None else max(window.start, free)
    return None


def _last(timing: Timing, by: int | None) -> int | None:
    """Return the latest beginning from which the visit ends by `by`."""
    for window in reversed(timing.windows):
        if by is None:
            return window.end
        if window.start <= by - timing.duration:
            return min(window.end, by - timing.duration)
    return None


def _between(timing: Timing, opens: int | None, closes: int | None) -> Timing:
    last = None if closes is None else closes - timing.duration
    cut = (
        Window(
            window.start if opens is None else max(window.start, opens),
            window.end if last is None else min(window.end, last),
        )
        for window in timing.windows
    )
    return Timing(tuple(window for window in cut if window.start <= window.end), timing.duration)


def _cut(windows: Windows, after: int, before: int) -> Windows:
    """Return the windows without the open interval (after, before)."""
    parts: list[Window] = []
    for window in windows:
        if window.end <= after or window.start >= before:
            parts.append(window)
            continue
        if window.start <= after:
            parts.append(Window(window.start, after))
        if window.end >= before:
            parts.append(Window(before, window.end))
    return tuple(parts)
