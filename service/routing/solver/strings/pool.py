"""The routes that the compiled search has held, each set of jobs once per kind of people, at its cheapest order."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.routing.solver.kernel.compiled import inlined
from service.routing.solver.strings.day import ACTIVE, CHANGED, COUNT, STOPS, VERSION, Day
from service.routing.solver.strings.facts import KIND, Facts, Ints, Longs

ROOM: Final = 1 << 16
"""So many routes at most; when there is no more room all but the present day's are forgotten: later ones are better."""

STOPS_ROOM: Final = 1 << 20
"""So many stops at most, in all routes together."""

USED, NEXT = range(2)
"""Entries of `Pool.totals`."""

Keys = NDArray[np.uint64]

EMPTY: Final = np.uint64(0)
MASK: Final = np.uint64(2 * ROOM - 1)
ONE: Final = np.uint64(1)


class Pool(NamedTuple):
    """A hash table: `keys`, `costs`, `kinds`, and where in `stops` a route begins (`starts`) and how long it is."""

    marks: Keys
    keys: Keys
    costs: Longs
    kinds: Ints
    starts: Longs
    lengths: Ints
    stops: Ints
    totals: Longs


def empty(facts: Facts) -> Pool:
    """Make a pool without routes.

    Raises: nothing.
    """
    marks = np.random.default_rng(0).integers(1, 1 << 63, len(facts.jobs) + facts.prices.shape[1], dtype=np.uint64)
    return Pool(
        marks=marks,
        keys=np.zeros(2 * ROOM, dtype=np.uint64),
        costs=np.zeros(2 * ROOM, dtype=np.int64),
        kinds=np.zeros(2 * ROOM, dtype=np.int32),
        starts=np.zeros(2 * ROOM, dtype=np.int64),
        lengths=np.zeros(2 * ROOM, dtype=np.int32),
        stops=np.zeros(max(STOPS_ROOM, 4 * len(facts.jobs)), dtype=np.int32),
        totals=np.zeros(2, dtype=np.int64),
    )


@inlined
def collect(facts: Facts, day: Day, pool: Pool) -> None:
    """Remember the routes that the trial just kept has changed; all of the day, when there was no more room."""
    full = pool.totals[USED] + len(day.sizes) > ROOM or pool.totals[NEXT] + len(day.where) > len(pool.stops)
    if full:
        pool.keys[:] = EMPTY
        pool.totals[:] = 0
    for at in range(day.totals[ACTIVE] if full else day.totals[CHANGED]):
        person = day.active[at] if full else day.changed[at]
        changed = full or day.sizes[person, VERSION] != day.kept_sizes[person, VERSION]
        if changed and day.sizes[person, COUNT]:
            add(facts, day, pool, person)


@inlined
def add(facts: Facts, day: Day, pool: Pool, person: int) -> None:
    """Remember one route, in place of a dearer order of the same jobs."""
    count = day.sizes[person, COUNT]
    kind = facts.staff[person, KIND]
    key = pool.marks[len(facts.jobs) + kind]
    for place in range(1, count + 1):
        key += pool.marks[day.routes[person, place, STOPS]]
    spot = key & MASK
    while pool.keys[spot] != EMPTY and pool.keys[spot] != key:
        spot = (spot + ONE) & MASK
    if pool.keys[spot] == key:
        if pool.costs[spot] <= day.costs[person]:
            return
    else:
        pool.keys[spot], pool.kinds[spot], pool.lengths[spot] = key, kind, count
        pool.starts[spot] = pool.totals[NEXT]
        pool.totals[NEXT] += count
        pool.totals[USED] += 1
    _write(day, pool, spot, person)


@inlined
def _write(day: Day, pool: Pool, spot: int, person: int) -> None:
    pool.costs[spot] = day.costs[person]
    for place in range(pool.lengths[spot]):
        pool.stops[pool.starts[spot] + place] = day.routes[person, place + 1, STOPS]
