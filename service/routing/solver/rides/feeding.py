"""Gives people their lunch: at an address they are at, before they leave, or at a point of its own."""

from typing import Final

from service.routing.solver.kernel.compiled import compiled, inlined, linked
from service.routing.solver.rides import cells, pairing, scratch, times
from service.routing.solver.rides import latest as latests
from service.routing.solver.rides.cells import (
    AFTER,
    AFTERWARDS,
    BEFORE,
    BEFOREHAND,
    BY,
    FIRST_OF_ALL,
    HOW,
    NOBODY,
    NONE,
    ROW,
    START,
    WHERE,
)
from service.routing.solver.rides.pairing import NO_PRICE
from service.routing.solver.rides.scratch import BEST, FED, LEVEL, TWO, Scratch
from service.routing.solver.rides.tables import (
    AT_ITS_POINT,
    EARLIEST,
    MEAL,
    MEAL_OPENS,
    NO_MEAL,
    Longs,
    Tables,
)

HUNGRY: Final = -1
"""No board: there is no time for lunch."""

first_lunch, first_end = cells.first_lunch, cells.first_end


@linked
def fed(t: Tables, z: Scratch, at: int, row: int, keep: int, most: int) -> int:
    """Give a row its lunch in the plan of a board, if it still has to have one; tell on which board the plan is then,
    HUNGRY when there is no time and lunch may not be missed.
    """
    if not _owes_lunch(t, z.boards[at], row):
        return at
    if t.people[row, MEAL] == AT_ITS_POINT:
        found = _at_its_point(t, z, at, row, keep, most)
    else:
        found = _at_an_address(t, z, at, row)
    return at if found == HUNGRY and t.skips else found


@compiled
def feed(t: Tables, s: Longs, z: Scratch, row: int, keep: int, most: int) -> int:
    """Give a row its lunch; tell on which board the plan is then, HUNGRY when there is no time and it may not be
    missed.
    """
    cells.copy(s, z.boards[TWO])
    return fed(t, z, TWO, row, keep, most)


@inlined
def _owes_lunch(t: Tables, s: Longs, row: int) -> bool:
    """Tell whether a row with work to do has no lunch yet."""
    if t.people[row, MEAL] == NO_MEAL or s[BEFORE, first_end(t) + row] == NOBODY:
        return False
    return bool(s[HOW, row] == NONE and s[ROW, first_lunch(t) + row] == NOBODY)


@inlined
def _at_an_address(t: Tables, z: Scratch, at: int, row: int) -> int:
    """Try all stops' addresses, before and after them, and before leaving, those near the opening first."""
    count, span = _hows(t, z.boards[at], z, row), len(t.nodes) + 1
    for each in range(count):
        key = z.keys[each] % (4 * span)
        twin, how, node = z.boards[FED], key // span, key % span - 1
        cells.copy(z.boards[at], twin)
        twin[HOW, row], twin[WHERE, row] = how, node
        moved = node
        if how != BEFOREHAND:
            moved = twin[AFTER, node] if how == AFTERWARDS else cells.first(twin, first_end(t) + row)
        if how != BEFOREHAND and twin[BY, moved] >= 0:
            scratch.push(z, len(t.nodes) + 2 * moved)
        else:
            scratch.push(z, moved)
        if times.follow(t, twin, z):
            return FED
    return HUNGRY


@inlined
def _hows(t: Tables, s: Longs, z: Scratch, row: int) -> int:
    """List how lunch could be had; tell in how many ways."""
    opens, span, count = t.people[row, MEAL_OPENS], len(t.nodes) + 1, 1
    z.keys[0] = (abs(t.people[row, EARLIEST] - opens) * 4 + FIRST_OF_ALL) * span
    node = s[BEFORE, first_end(t) + row]
    while node != NOBODY:
        over = s[START, node] + cells.length(t, s, node)
        z.keys[count] = (abs(over - opens) * 4 + AFTERWARDS) * span + node + 1
        z.keys[count + 1] = (abs(s[START, node] - opens) * 4 + BEFOREHAND) * span + node + 1
        count, node = count + 2, s[BEFORE, node]
    scratch.sort(z.keys, count)
    return count


@inlined
def _at_its_point(t: Tables, z: Scratch, at: int, row: int, keep: int, most: int) -> int:
    """Put a row's lunch in where there first is time for it."""
    s, end = z.boards[at], first_end(t) + row
    latests.find(t, s, z, 1)
    after = cells.first(s, end)
    while True:
        if pairing.cheapest(t, s, z, 1, first_lunch(t) + row, row, after, keep, most) < NO_PRICE:
            cells.copy(z.boards[LEVEL + BEST], z.boards[FED])
            return FED
        if after == end:
            return HUNGRY
        after = s[AFTER, after]
