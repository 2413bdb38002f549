"""The ways in which a way can go: on foot, or with calls put into the tour of a vehicle."""

from typing import Final

from service.routing.solver.kernel.compiled import compiled, inlined, linked
from service.routing.solver.rides import cells, times
from service.routing.solver.rides import latest as latests
from service.routing.solver.rides.cells import ARRIVE, BY, DEPART, HEAD, LATER, NOBODY, ROW
from service.routing.solver.rides.effort import TRIED
from service.routing.solver.rides.latest import BEGINNING, COMING
from service.routing.solver.rides.scratch import TWO, Scratch
from service.routing.solver.rides.tables import (
    BACK_BY,
    CAR_MODE,
    ENDS,
    FAR,
    LEAVES,
    MODE,
    RIDES,
    SEATS,
    STARTS,
    Longs,
    Reals,
    Tables,
)

DELAY: Final = 0.03
"""What a unit of delay of whoever sits in the vehicle, or waits for it, counts beside a unit of driving."""

THERE, VEHICLE, ON, OFF = range(4)
"""Columns of a way: when one is there about, and with which vehicle, getting on and off where in its tour."""

PLACES, FREE, COMES, UNTIL, ABOARD = range(5)
"""Lines of `Scratch.tour`: the places of a tour, when the vehicle leaves each, when it comes to the one after it and
when at the latest, how many sit in it in between.
"""

HERE, THITHER, READY, DUE, CALLS, CAR, LAST = range(7)
"""Entries of `Scratch.asked`: who is asked for a way is ready here at a time, wants to be there by one, sits in a
vehicle for so many calls at most; the vehicle that is looked at, and how many calls it has.
"""

leg, place = cells.leg, cells.place


@linked
def ways(t: Tables, s: Longs, z: Scratch, level: int, list_: int, node: int, most: int) -> int:
    """List how the way into a node could go, cheapest first, nobody sitting in a vehicle for more than `most` calls, as
    many as there is room for; tell how many.
    """
    row, ready, asked = s[ROW, node], cells.free(t, s, node), z.asked
    if ready >= FAR:
        return 0
    here, there, due = cells.origin(t, s, node), cells.point(t, node), z.latest[level, BEGINNING, node]
    prices, found = z.prices[level, list_], z.ways[level, list_]
    own, count = leg(t, t.people[row, MODE], here, there, ready), 0
    if ready + own <= due:
        _write(prices, found, float(own), ready + own, NOBODY, 0, 0)
        count = _keep(prices, found, count)
    if t.people[row, RIDES] and here != there:
        asked[HERE], asked[THITHER], asked[READY], asked[DUE], asked[CALLS] = here, there, ready, due, most
        for vehicle in range(len(t.cars)):
            asked[CAR], asked[LAST] = vehicle, _lay_out(t, s, z, z.latest[level], vehicle)
            count = _rides(t, z, prices, found, count)
    _sort(prices, found, count)
    return count


@inlined
def _lay_out(t: Tables, s: Longs, z: Scratch, latest: Longs, vehicle: int) -> int:
    """Lay a vehicle's tour out; tell how many calls it has."""
    tour, at, call = z.tour, 0, s[HEAD, vehicle]
    tour[PLACES, 0], tour[FREE, 0], tour[ABOARD, 0] = t.cars[vehicle, STARTS], t.cars[vehicle, LEAVES], 0
    while call != NOBODY:
        tour[COMES, at], tour[UNTIL, at] = s[ARRIVE, call], latest[COMING, call]
        tour[PLACES, at + 1], tour[FREE, at + 1] = place(t, s, call), s[DEPART, call]
        tour[ABOARD, at + 1] = tour[ABOARD, at] + (-1 if call & 1 else 1)
        at, call = at + 1, s[LATER, call]
    tour[PLACES, at + 1], tour[UNTIL, at] = t.cars[vehicle, ENDS], t.cars[vehicle, BACK_BY]
    return at


@inlined
def _rides(t: Tables, z: Scratch, prices: Reals, found: Longs, count: int) -> int:
    """Go through the places of a tour at which the one who asks could get on and be there by the time due; tell how
    many ways are on the list then.
    """
    tour, asked, waited = z.tour, z.asked, 0
    vehicle, ready = asked[CAR], asked[READY]
    matrix = t.cars[vehicle, CAR_MODE]
    for at in range(asked[LAST] + 1):
        leaves = tour[FREE, at]
        waited += leaves > ready
        if leaves > asked[DUE] or waited > asked[CALLS]:
            break
        on = max(leaves + leg(t, matrix, tour[PLACES, at], asked[HERE], leaves), ready)
        possible = on + t.quick[matrix, asked[HERE], tour[PLACES, at + 1]] <= tour[UNTIL, at]
        if possible and tour[ABOARD, at] < t.cars[vehicle, SEATS]:
            count = _off(t, z, prices, found, count, at, on)
    return count


@inlined
def _off(t: Tables, z: Scratch, prices: Reals, found: Longs, count: int, first: int, on: int) -> int:
    """Go through the places at which one could get off who has got on after the place `first` at the time `on`."""
    tour, asked, free, stands = z.tour, z.asked, on, z.asked[HERE]
    vehicle, there = asked[CAR], asked[THITHER]
    matrix, last = t.cars[vehicle, CAR_MODE], asked[LAST]
    for at in range(first, min(last + 1, first + asked[CALLS])):
        if at > first:
            comes = free + leg(t, matrix, stands, tour[PLACES, at], free)
            if comes > tour[UNTIL, at - 1] or tour[ABOARD, at] >= t.cars[vehicle, SEATS]:
                break
            stands, free = tour[PLACES, at], max(comes, tour[FREE, at])
        off = free + leg(t, matrix, stands, there, free)
        then = off + leg(t, matrix, there, tour[PLACES, at + 1], off)
        if off <= asked[DUE] and then <= tour[UNTIL, at]:
            delay = max(0, then - tour[COMES, at]) if at < last else 0
            price = _added(t.ways[matrix], tour, asked, first, at) + DELAY * (delay + off - on)
            _write(prices, found, price, off, vehicle, first, at + 1)
            count = _keep(prices, found, count)
        if free > asked[DUE]:
            break
    return count


@inlined
def _added(go: Longs, tour: Longs, asked: Longs, first: int, last: int) -> int:
    """Tell by how much longer the tour is, traffic aside, that is left after `first` and after `last`."""
    here, there, before, after = asked[HERE], asked[THITHER], tour[PLACES, first], tour[PLACES, first + 1]
    old = 0 if asked[LAST] == 0 else go[before, after]
    if first == last:
        return int(go[before, here] + go[here, there] + go[there, after] - old)
    behind, beyond = tour[PLACES, last], tour[PLACES, last + 1]
    onto = go[before, here] + go[here, after] - old
    return int(onto + go[behind, there] + go[there, beyond] - go[behind, beyond])


@inlined
def _write(prices: Reals, found: Longs, price: float, there: int, vehicle: int, on: int, off: int) -> None:
    """Write a way to the last line, which is not one of the list's."""
    spare = len(prices) - 1
    prices[spare] = price
    found[spare, THERE], found[spare, VEHICLE], found[spare, ON], found[spare, OFF] = there, vehicle, on, off


@inlined
def _keep(prices: Reals, found: Longs, count: int) -> int:
    """Take the way of the last line into the list, a heap with the worst on top; when it is full, the worst goes. Tell
    how many there are.
    """
    spare = len(prices) - 1
    if count == spare:
        if _outdoes(prices, found, 0, spare):
            _swap(prices, found, 0, spare)
            _sink(prices, found, 0, count)
        return count
    at = count
    _swap(prices, found, at, spare)
    while at and _outdoes(prices, found, at, (at - 1) // 2):
        _swap(prices, found, at, (at - 1) // 2)
        at = (at - 1) // 2
    return count + 1


@inlined
def _outdoes(prices: Reals, found: Longs, at: int, other: int) -> bool:
    """Tell whether one way comes after another one in the list's order."""
    if prices[at] != prices[other]:
        return bool(prices[at] > prices[other])
    for column in range(3):
        if found[at, column] != found[other, column]:
            return bool(found[at, column] > found[other, column])
    return bool(found[at, OFF] > found[other, OFF])


@inlined
def _swap(prices: Reals, found: Longs, at: int, other: int) -> None:
    prices[at], prices[other] = prices[other], prices[at]
    for column in range(4):
        found[at, column], found[other, column] = found[other, column], found[at, column]


@inlined
def _sink(prices: Reals, found: Longs, at: int, count: int) -> None:
    while 2 * at + 1 < count:
        child = 2 * at + 1
        if child + 1 < count and _outdoes(prices, found, child + 1, child):
            child += 1
        if not _outdoes(prices, found, child, at):
            return
        _swap(prices, found, at, child)
        at = child


@inlined
def _sort(prices: Reals, found: Longs, count: int) -> None:
    for last in range(count - 1, 0, -1):
        _swap(prices, found, 0, last)
        _sink(prices, found, 0, last)


@inlined
def take(s: Longs, node: int, way: Longs) -> None:
    """Let the way into a node go so."""
    if way[VEHICLE] == NOBODY:
        s[BY, node] = NOBODY
    else:
        cells.board(s, node, way[VEHICLE], way[ON], way[OFF])


@compiled
def carry(t: Tables, s: Longs, z: Scratch, node: int, most: int) -> bool:
    """Find a way into a node that has none, the cheapest of those tried, and write the plan to the board TWO; False
    when all of them fail.
    """
    latests.find(t, s, z, 0)
    count = ways(t, s, z, 0, 0, node, most)
    for at in range(min(count, TRIED)):
        cells.copy(s, z.boards[TWO])
        take(z.boards[TWO], node, z.ways[0, 0, at])
        times.push_way(t, z.boards[TWO], z, node)
        if times.follow(t, z.boards[TWO], z):
            return True
    return False
