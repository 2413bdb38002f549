"""Puts one node in at one place: with each way there and each way on, as long as there are pairs of them to try."""

from typing import Final

from service.routing.solver.kernel.compiled import inlined, linked
from service.routing.solver.rides import carrying, cells, pricing, times
from service.routing.solver.rides.carrying import THERE
from service.routing.solver.rides.cells import BY, NOBODY, OPEN, ROW, START
from service.routing.solver.rides.scratch import (
    BASE,
    BEST,
    INTO,
    INTOS,
    LEVEL,
    NEXT,
    NODE,
    ONE,
    ONWARD,
    ONWARDS,
    TWO,
    Scratch,
)
from service.routing.solver.rides.tables import FAR, MEAL_CLOSES, MEAL_OPENS, MEAL_TIME, Longs, Tables

THERE_LIST, ON_LIST = range(2)
"""The lists of ways there, and of ways on."""

NO_PRICE: Final = FAR
"""The price of what has no place."""

follow, push_way, ways, take = times.follow, times.push_way, carrying.ways, carrying.take
travelled = pricing.travelled


@inlined
def begin(t: Tables, s: Longs, z: Scratch, level: int, node: int, row: int, after: int, keep: int, most: int) -> None:
    """Put a node in before another, and look for the ways there; `keep` of them are tried."""
    base, cursor = z.boards[level * LEVEL + BASE], z.cursor[level]
    cells.copy(s, base)
    cells.alight(base, after)
    cells.link(base, node, row, after)
    base[BY, node] = base[BY, after] = OPEN
    cursor[NODE], cursor[NEXT] = node, after
    cursor[INTO], cursor[INTOS] = -1, min(keep, ways(t, base, z, level, THERE_LIST, node, most))
    cursor[ONWARD] = cursor[ONWARDS] = 0


@linked
def advance(t: Tables, z: Scratch, level: int, keep: int, most: int) -> bool:
    """Write the next pair of ways for which there is time to the board TWO of the level; False when none is left."""
    cursor, one, two = z.cursor[level], z.boards[level * LEVEL + ONE], z.boards[level * LEVEL + TWO]
    node, after = cursor[NODE], cursor[NEXT]
    while True:
        if cursor[ONWARD] >= cursor[ONWARDS]:
            cursor[INTO] += 1
            if cursor[INTO] >= cursor[INTOS]:
                return False
            _go_there(t, z, level, keep, most)
            continue
        cells.copy(one, two)
        two[START, node] = NOBODY
        take(two, after, z.ways[level, ON_LIST, cursor[ONWARD]])
        cursor[ONWARD] += 1
        push_way(t, two, z, node)
        push_way(t, two, z, after)
        if follow(t, two, z):
            return True


@inlined
def skip(z: Scratch, level: int) -> None:
    """Leave the other ways on of the present way there."""
    z.cursor[level, ONWARD] = z.cursor[level, ONWARDS]


@inlined
def _go_there(t: Tables, z: Scratch, level: int, keep: int, most: int) -> None:
    """Take the present way there, and look for the ways on."""
    cursor, one = z.cursor[level], z.boards[level * LEVEL + ONE]
    node, way = cursor[NODE], z.ways[level, THERE_LIST, cursor[INTO]]
    cells.copy(z.boards[level * LEVEL + BASE], one)
    take(one, node, way)
    one[START, node] = _begins(t, one, node, way[THERE])
    cursor[ONWARD] = cursor[ONWARDS] = 0
    if one[START, node] < FAR:
        cursor[ONWARDS] = min(keep, ways(t, one, z, level, ON_LIST, cursor[NEXT], most))


@inlined
def _begins(t: Tables, s: Longs, node: int, ready: int) -> int:
    row = s[ROW, node]
    if node < cells.first_lunch(t):
        return cells.begin(t, node, row, ready)
    start = max(ready, t.people[row, MEAL_OPENS])
    return int(start) if start + t.people[row, MEAL_TIME] <= t.people[row, MEAL_CLOSES] else FAR


@linked
def cheapest(t: Tables, s: Longs, z: Scratch, level: int, node: int, row: int, after: int, keep: int, most: int) -> int:
    """Put a node in at its cheapest there, whoever has had lunch, and write the plan to the board BEST of the level;
    tell what it costs more, NO_PRICE when there is no time.
    """
    begin(t, s, z, level, node, row, after, keep, most)
    old, best = travelled(t, s, row), NO_PRICE
    two = z.boards[level * LEVEL + TWO]
    while advance(t, z, level, keep, most):
        price = travelled(t, two, row) - old
        if price < best:
            best = price
            cells.copy(two, z.boards[level * LEVEL + BEST])
        skip(z, level)
    return best
