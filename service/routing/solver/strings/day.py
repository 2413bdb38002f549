"""The compiled search's day: everybody's route with its times, changed in place and undone when a trial fails.

A route is one row per place, from the start point to the end point: the place, when one is free to leave it, the
latest arrival that keeps all that follows in time, and the leg to the next place.
"""

from typing import Final, NamedTuple

import numpy as np

from service.routing.solver.kernel.compiled import compiled, inlined
from service.routing.solver.strings.facts import (
    BEGIN,
    CLOSES,
    DURATION,
    EARLIEST,
    END,
    FAR,
    KIND,
    LATEST,
    LOAD,
    MODE,
    OPENS,
    WINDOWS,
    Facts,
    Ints,
    Longs,
)

STOPS, FREE, LIMIT, LEG = range(4)
"""Columns of a route."""

COUNT, CARRIED, SPOT, TOUCHED, SEEN, VERSION = range(6)
"""Columns of `Day.sizes`: stops, load, place in `active` (or in `idle` of the kind), the trial that touched the route
the search for a place that has seen it, and which of its versions it is.
"""

STAFF, PLACE = range(2)
"""Columns of `Day.where`; staff is NOBODY for a job left out."""

COST, TRIAL, CHANGED, ACTIVE, ABSENT, ABSENT_BEFORE, COST_BEFORE, ASSIGNED, BEST, SEARCH, VERSIONS = range(11)
"""Entries of `Day.totals`."""

NOBODY: Final = -1
NEVER: Final = 4 * FAR - 1


class Day(NamedTuple):
    """All routes and their bookkeeping; `kept…` is what a failed trial returns to.

    `active[:totals[ACTIVE]]` are the people with work, `idle[kind, :resting[kind]]` the others;
    `absent[:totals[ABSENT]]` the jobs left out; `changed[:totals[CHANGED]]` the people whose routes this trial touched.
    `places[job, person]` is where the job cost least in a version of the route (`placing.STAMP`, `placing.COSTS`).
    """

    routes: Ints
    sizes: Longs
    costs: Longs
    where: Ints
    active: Ints
    idle: Ints
    resting: Longs
    absent: Ints
    changed: Ints
    totals: Longs
    kept_routes: Ints
    kept_sizes: Longs
    kept_costs: Longs
    kept_absent: Ints
    best_stops: Ints
    best_counts: Longs
    places: Longs


def empty(facts: Facts) -> Day:
    """Make the day in which nobody does anything.

    Raises: nothing.
    """
    people, jobs = len(facts.staff), len(facts.jobs)
    kinds = facts.prices.shape[1]
    groups = [np.flatnonzero(facts.staff[:, KIND] == kind) for kind in range(kinds)]
    idle = np.full((kinds, max(map(len, groups))), NOBODY, dtype=np.int32)
    sizes = np.zeros((people, 6), dtype=np.int64)
    for kind, group in enumerate(groups):
        idle[kind, : len(group)] = group[::-1]
        sizes[group[::-1], SPOT] = np.arange(len(group))
    routes = np.zeros((people, jobs + 2, 4), dtype=np.int32)
    day = Day(
        routes=routes,
        sizes=sizes,
        costs=np.zeros(people, dtype=np.int64),
        where=np.full((jobs, 2), NOBODY, dtype=np.int32),
        active=np.zeros(people, dtype=np.int32),
        idle=idle,
        resting=np.array([len(group) for group in groups], dtype=np.int64),
        absent=np.arange(jobs, dtype=np.int32),
        changed=np.zeros(people, dtype=np.int32),
        totals=np.zeros(11, dtype=np.int64),
        kept_routes=routes.copy(),
        kept_sizes=sizes.copy(),
        kept_costs=np.zeros(people, dtype=np.int64),
        kept_absent=np.arange(jobs, dtype=np.int32),
        best_stops=np.zeros((people, jobs + 2), dtype=np.int32),
        best_counts=np.zeros(people, dtype=np.int64),
        places=np.full((jobs, people, 2), -1, dtype=np.int64),
    )
    day.totals[ABSENT] = jobs
    day.totals[COST] = facts.drops.sum()
    day.totals[BEST] = day.totals[COST]
    for person in range(people):
        rebuild(facts, day, person)
    return day


@inlined
def begin(facts: Facts, job: int, arrival: int) -> int:
    """Tell when a job starts on arrival: at once or when the next window opens; NEVER when the last has closed."""
    if arrival > facts.jobs[job, CLOSES]:
        return NEVER
    if facts.jobs[job, WINDOWS] == 1:
        return int(max(arrival, facts.jobs[job, OPENS]))
    for window in range(facts.jobs[job, WINDOWS]):
        if arrival <= facts.closes[job, window]:
            return int(max(arrival, facts.opens[job, window]))
    return NEVER


@inlined
def latest(facts: Facts, job: int, start: int) -> int:
    """Tell the latest arrival at which a job starts at `start` or before; `start` is at or after an opening."""
    for window in range(facts.jobs[job, WINDOWS] - 1, -1, -1):
        if facts.opens[job, window] <= start:
            return int(min(start, facts.closes[job, window]))
    return -1


@inlined
def walk(facts: Facts, day: Day, person: int) -> bool:
    """Fill a route's legs and times forwards, its cost and load; False when somebody is late or carries too much."""
    route, size, mode = day.routes[person], day.sizes[person], facts.staff[person, MODE]
    here, free, cost, carried = facts.staff[person, BEGIN], facts.staff[person, EARLIEST], 0, 0
    route[0, STOPS], route[0, FREE] = here, free
    for at in range(1, size[COUNT] + 1):
        job = route[at, STOPS]
        leg = facts.legs[mode, here, job]
        start = begin(facts, job, free + leg)
        if start == NEVER:
            return False
        free = start + facts.jobs[job, DURATION]
        route[at - 1, LEG], route[at, FREE] = leg, free
        cost += facts.fare * leg + facts.prices[job, facts.staff[person, KIND]]
        carried += facts.jobs[job, LOAD]
        day.where[job, STAFF], day.where[job, PLACE] = person, at
        here = job
    return _arrive(facts, day, person, free, cost, carried)


@inlined
def _arrive(facts: Facts, day: Day, person: int, free: int, cost: int, carried: int) -> bool:
    route, size = day.routes[person], day.sizes[person]
    last = size[COUNT]
    leg = facts.legs[facts.staff[person, MODE], route[last, STOPS], facts.staff[person, END]]
    route[last + 1, STOPS], route[last, LEG] = facts.staff[person, END], leg
    route[last + 1, LIMIT] = facts.staff[person, LATEST]
    size[CARRIED] = carried
    day.costs[person] = cost + facts.fare * leg if last else 0
    return free + leg <= facts.staff[person, LATEST] or not last


@compiled
def rebuild(facts: Facts, day: Day, person: int) -> bool:
    """Compute a route anew from its stops; False when it breaks a hard rule (its times are then worthless)."""
    if not walk(facts, day, person):
        return False
    settle(facts, day, person, day.sizes[person, COUNT], 0)
    return True


@inlined
def settle(facts: Facts, day: Day, person: int, first: int, surely: int) -> None:
    """Compute the latest arrivals from stop `first` backwards, until one before `surely` stays as it was."""
    route = day.routes[person]
    for at in range(first, 0, -1):
        job = route[at, STOPS]
        limit = latest(facts, job, route[at + 1, LIMIT] - route[at, LEG] - facts.jobs[job, DURATION])
        if at < surely and limit == route[at, LIMIT]:
            return
        route[at, LIMIT] = limit
