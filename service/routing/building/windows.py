"""When a visit may begin, as closed windows of seconds of the day: cut around busy times."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from service.routing.problem import Window

Windows: TypeAlias = tuple[Window, ...]
"""Ascending, disjoint; empty = never."""
WHOLE_DAY: Final = Window(0, 2 * 86_400)
"""When what has no time of its own may be done: a link says when."""


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


def whole(timing: Timing) -> Windows:
    """Return the windows within which a visit begins and ends that begins in those of its timing."""
    return tuple(Window(each.start, each.end + timing.duration) for each in timing.windows)


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
