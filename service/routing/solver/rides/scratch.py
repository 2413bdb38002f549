"""Room for the compiled search to work in: nothing is made while it runs."""

from typing import Final, NamedTuple

import numpy as np

from service.routing.solver.kernel.compiled import inlined
from service.routing.solver.rides import cells
from service.routing.solver.rides.tables import Longs, Reals

BASE, ONE, TWO, BEST = range(4)
"""Boards of a level: the plan with the node in and its ways open, with the way there, with the way on, and the cheapest
so far.
"""

LEVEL: Final = 4
"""So many boards has a level: that of what is put in, and that of a lunch that is then put in."""

FED: Final = 2 * LEVEL
"""The board with a lunch."""

RING, WAITING, ENDS = range(3)
"""Lines of `Scratch.queue`: what is ahead, whether it is; where the ring begins and ends."""

INTO, INTOS, ONWARD, ONWARDS, NODE, NEXT = range(6)
"""Columns of `Scratch.cursor`: which pair of ways comes next, of how many, and what is put in where."""


class Scratch(NamedTuple):
    """`boards` are plans; `latest[level]` holds latest times, `keys` what is sorted; `ways[level, list]` and
    `prices[level, list]` the ways found for who is `asked`, `tour` a vehicle's tour; `cursor[level]` the place among
    them; `places` where something could go.
    """

    boards: Longs
    queue: Longs
    keys: Longs
    latest: Longs
    ways: Longs
    prices: Reals
    asked: Longs
    tour: Longs
    cursor: Longs
    places: Longs


def room(count: int, width: int, ways: int) -> Scratch:
    """Make room for plans of `count` nodes and `width` columns, and lists of so many ways.

    Raises: nothing.
    """
    return Scratch(
        boards=np.zeros((2 * LEVEL + 1, cells.LINES, width), dtype=np.int64),
        queue=np.zeros((3, 3 * count + 2), dtype=np.int64),
        keys=np.zeros(3 * count + 2, dtype=np.int64),
        latest=np.zeros((2, 2, 2 * count), dtype=np.int64),
        # a line more for the way that may come in
        ways=np.zeros((2, 2, ways + 1, 4), dtype=np.int64),
        prices=np.zeros((2, 2, ways + 1), dtype=np.float64),
        asked=np.zeros(7, dtype=np.int64),
        tour=np.zeros((5, 2 * count + 2), dtype=np.int64),
        cursor=np.zeros((2, 6), dtype=np.int64),
        places=np.zeros((count, 3), dtype=np.int64),
    )


@inlined
def push(z: Scratch, item: int) -> None:
    """Put an item at the end of the queue, unless it is in it."""
    if not z.queue[WAITING, item]:
        z.queue[WAITING, item] = 1
        size = z.queue.shape[1]
        z.queue[RING, z.queue[ENDS, 1]] = item
        z.queue[ENDS, 1] = (z.queue[ENDS, 1] + 1) % size


@inlined
def pull(z: Scratch) -> int:
    """Take the first item out of the queue, which is not empty."""
    size = z.queue.shape[1]
    item = z.queue[RING, z.queue[ENDS, 0]]
    z.queue[WAITING, item] = 0
    z.queue[ENDS, 0] = (z.queue[ENDS, 0] + 1) % size
    return int(item)


@inlined
def ahead(z: Scratch) -> bool:
    """Tell whether something is in the queue."""
    return bool(z.queue[ENDS, 0] != z.queue[ENDS, 1])


@inlined
def sort(keys: Longs, count: int) -> None:
    """Sort the first `count` keys, ascending."""
    for at in range(count // 2 - 1, -1, -1):
        _sink(keys, at, count)
    for last in range(count - 1, 0, -1):
        keys[0], keys[last] = keys[last], keys[0]
        _sink(keys, 0, last)


@inlined
def _sink(keys: Longs, at: int, count: int) -> None:
    while 2 * at + 1 < count:
        child = 2 * at + 1
        if child + 1 < count and keys[child + 1] > keys[child]:
            child += 1
        if keys[at] >= keys[child]:
            return
        keys[at], keys[child] = keys[child], keys[at]
        at = child
