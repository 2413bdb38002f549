"""Ways in traffic, in columns: when one can be there who leaves at some moment or later, when one must have left."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from service.routing.changing.board import NEVER
from service.routing.problem import Band

Column: TypeAlias = NDArray[np.int64]
Traffic: TypeAlias = Sequence[Sequence[Band]]


def at_once(traffic: Traffic, modes: Column, free: Column, ways: Column) -> Column:
    """Return when one arrives who leaves as soon as one is `free`. `modes` are the matrices by which one goes, `ways`
    the travel without traffic.

    Raises: nothing.
    """
    found = free + ways
    for mode, spans in _stretches(traffic):
        mine = modes == mode
        begin, way = free[mine], ways[mine]
        arrivals = [begin + _in(way, factor) for _, _, factor in spans]
        found[mine] = np.select([begin < end for _, end, _ in spans], arrivals)
    return found


def soonest(traffic: Traffic, modes: Column, free: Column, ways: Column) -> Column:
    """Return when one arrives at the earliest who may leave from `free` on: at the edge of a band it may be sooner to
    leave later.

    Raises: nothing.
    """
    found = free + ways
    for mode, spans in _stretches(traffic):
        mine = modes == mode
        begin, way = free[mine], ways[mine]
        tried = [
            np.where(begin < end, np.maximum(begin, start) + _in(way, factor), NEVER) for start, end, factor in spans
        ]
        found[mine] = np.minimum.reduce(tried)
    return found


def latest(traffic: Traffic, modes: Column, by: Column, ways: Column) -> Column:
    """Return when one must leave at the latest to arrive `by` then.

    Raises: nothing.
    """
    found = by - ways
    for mode, spans in _stretches(traffic):
        mine = modes == mode
        due, way = by[mine], ways[mine]
        leavings = [(start, np.minimum(due - _in(way, factor), end - 1)) for start, end, factor in spans]
        found[mine] = np.maximum.reduce([np.where(leaving >= start, leaving, -NEVER) for start, leaving in leavings])
    return found


def _stretches(traffic: Traffic) -> Iterator[tuple[int, list[tuple[int, int, int]]]]:
    """Go through the matrices that have bands, each with (start, end, factor) of them: the first has always been."""
    for mode, bands in enumerate(traffic):
        if bands:
            starts = [-NEVER, *(band.start for band in bands[1:]), NEVER + 1]
            yield mode, [(*span, band.factor) for span, band in zip(pairwise(starts), bands, strict=True)]


def _in(ways: Column, factor: int) -> Column:
    return -(-ways * factor // 1000)
