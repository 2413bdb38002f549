"""Putting the absent jobs back, one after the other, each where it costs least and now and then not quite there."""

import math
from typing import Final

from service.routing.solver.kernel.compiled import inlined
from service.routing.solver.strings import chance as chances
from service.routing.solver.strings import day as days
from service.routing.solver.strings import trial as trials
from service.routing.solver.strings.chance import Chance
from service.routing.solver.strings.day import (
    ABSENT,
    ABSENT_BEFORE,
    ACTIVE,
    CARRIED,
    COUNT,
    FREE,
    LEG,
    LIMIT,
    NEVER,
    NOBODY,
    SEARCH,
    SEEN,
    STAFF,
    STOPS,
    TOUCHED,
    TRIAL,
    VERSION,
    Day,
)
from service.routing.solver.strings.facts import (
    BEGIN,
    CAPACITY,
    CLOSES,
    DURATION,
    EARLIEST,
    END,
    KIND,
    LATEST,
    LOAD,
    MODE,
    OPENS,
    Facts,
    Ints,
    Longs,
)

BLINK: Final = 0.01
"""The share of places that are overlooked."""

EXTRA: Final = 8
"""So many of the jobs left out for longer are tried again each time."""

WEIGHTS: Final = (4, 4, 2, 1, 2, 2, 2, 2)
"""How often the jobs are put back in random order, then by each of the keys of `Facts`."""

TOTAL: Final = sum(WEIGHTS)

PRICE, PERSON, AT, SKIP = range(4)
"""Entries of the register of the best place found, and after how many places the next is overlooked."""

STAMP, COSTS = range(2)
PLACES: Final = 20
LOW: Final = (1 << PLACES) - 1
NOWHERE: Final = -1
NEVER_SO_MUCH: Final = 1 << 60

draw, below = chances.draw, chances.below
begin, put = days.begin, trials.put


@inlined
def recreate(facts: Facts, day: Day, chance: Chance, found: Longs) -> None:
    """Try to put back what this trial took out, and a few of the jobs left out before."""
    first = _choose(day, chance)
    _sort(facts, day, chance, first)
    for at in range(first, day.totals[ABSENT]):
        job = day.absent[at]
        found[PRICE], found[PERSON] = facts.drops[job], NOBODY
        _search(facts, day, chance, job, found)
        if found[PERSON] != NOBODY:
            put(facts, day, job, found[PERSON], found[AT])
    _tidy(day)


@inlined
def _choose(day: Day, chance: Chance) -> int:
    """Move a few of the jobs that were absent before next to the new ones; where those to be tried begin."""
    before = day.totals[ABSENT_BEFORE]
    tried = min(before, EXTRA)
    for at in range(tried):
        last = before - 1 - at
        other = below(chance, last + 1)
        day.absent[last], day.absent[other] = day.absent[other], day.absent[last]
    return int(before - tried)


@inlined
def _tidy(day: Day) -> None:
    """Take the jobs that found a place out of the list of the absent."""
    kept = 0
    for at in range(day.totals[ABSENT]):
        job = day.absent[at]
        if day.where[job, STAFF] == NOBODY:
            day.absent[kept] = job
            kept += 1
    day.totals[ABSENT] = kept


@inlined
def _sort(facts: Facts, day: Day, chance: Chance, first: int) -> None:
    jobs, last = day.absent, day.totals[ABSENT]
    for at in range(last - 1, first, -1):
        other = first + below(chance, at - first + 1)
        jobs[at], jobs[other] = jobs[other], jobs[at]
    lot, way = below(chance, TOTAL), 0
    while lot >= WEIGHTS[way]:
        lot -= WEIGHTS[way]
        way += 1
    if way:
        _sort_by(facts.keys[way - 1], jobs, first, last)


@inlined
def _sort_by(keys: Ints, jobs: Ints, first: int, last: int) -> None:
    for at in range(first + 1, last):
        job, to = jobs[at], at
        while to > first and keys[jobs[to - 1]] > keys[job]:
            jobs[to] = jobs[to - 1]
            to -= 1
        jobs[to] = job


@inlined
def _search(facts: Facts, day: Day, chance: Chance, job: int, found: Longs) -> None:
    """Look for the cheapest place in the routes of the job's kin (else in all), and in one idle person's of a kind."""
    _search_kin(facts, day, chance, job, found)
    if found[PERSON] == NOBODY:
        for at in range(day.totals[ACTIVE]):
            _try(facts, day, chance, job, day.active[at], found)
    for kind in range(len(day.resting)):
        if day.resting[kind] and facts.prices[job, kind] >= 0:
            _open(facts, job, day.idle[kind, day.resting[kind] - 1], found)


@inlined
def _search_kin(facts: Facts, day: Day, chance: Chance, job: int, found: Longs) -> None:
    day.totals[SEARCH] += 1
    search = day.totals[SEARCH]
    for at in range(facts.kin.shape[1]):
        person = day.where[facts.kin[job, at], STAFF]
        if person != NOBODY and day.sizes[person, SEEN] != search:
            day.sizes[person, SEEN] = search
            _try(facts, day, chance, job, person, found)


@inlined
def _try(facts: Facts, day: Day, chance: Chance, job: int, person: int, found: Longs) -> None:
    staff = facts.staff[person]
    fits = day.sizes[person, CARRIED] + facts.jobs[job, LOAD] <= staff[CAPACITY]
    if not fits or facts.prices[job, staff[KIND]] < 0:
        return
    if day.sizes[person, TOUCHED] == day.totals[TRIAL]:
        _scan(facts, day, chance, job, person, found, NOWHERE)
        return
    known = day.places[job, person]
    if known[STAMP] >> PLACES != day.sizes[person, VERSION]:
        _learn(facts, day, job, person, known)
    if known[COSTS] >= found[PRICE]:
        return
    if _blinks(chance, found):
        _scan(facts, day, chance, job, person, found, known[STAMP] & LOW)
        return
    found[PRICE], found[PERSON], found[AT] = known[COSTS], person, known[STAMP] & LOW


@inlined
def _learn(facts: Facts, day: Day, job: int, person: int, known: Longs) -> None:
    """Find the cheapest place of a route for a job."""
    route, mode = day.routes[person], facts.staff[person, MODE]
    price = facts.prices[job, facts.staff[person, KIND]]
    closes, takes = facts.jobs[job, CLOSES], facts.jobs[job, DURATION]
    ready = facts.jobs[job, OPENS] + takes
    best, place = NEVER_SO_MUCH, 0
    for at in range(1, day.sizes[person, COUNT] + 2):
        if route[at, LIMIT] < ready:
            continue
        if route[at - 1, FREE] > closes:
            break
        there, on = facts.back[mode, job, route[at - 1, STOPS]], facts.legs[mode, job, route[at, STOPS]]
        cost = facts.fare * (there + on - route[at - 1, LEG]) + price
        if cost < best and begin(facts, job, route[at - 1, FREE] + there) + takes + on <= route[at, LIMIT]:
            best, place = cost, at
    known[COSTS], known[STAMP] = best, day.sizes[person, VERSION] << PLACES | place


@inlined
def _scan(facts: Facts, day: Day, chance: Chance, job: int, person: int, found: Longs, but: int) -> None:
    """Try every place of a route that the job's windows and the route's times do not rule out, but one."""
    route, mode = day.routes[person], facts.staff[person, MODE]
    price = facts.prices[job, facts.staff[person, KIND]]
    closes = facts.jobs[job, CLOSES]
    ready = facts.jobs[job, OPENS] + facts.jobs[job, DURATION]
    for at in range(1, day.sizes[person, COUNT] + 2):
        if route[at, LIMIT] < ready:
            continue
        if route[at - 1, FREE] > closes:
            return
        there, on = facts.back[mode, job, route[at - 1, STOPS]], facts.legs[mode, job, route[at, STOPS]]
        cost = facts.fare * (there + on - route[at - 1, LEG]) + price
        if at == but or cost >= found[PRICE] or _blinks(chance, found):
            continue
        start = begin(facts, job, route[at - 1, FREE] + there)
        if start + facts.jobs[job, DURATION] + on <= route[at, LIMIT]:
            found[PRICE], found[PERSON], found[AT] = cost, person, at


@inlined
def _blinks(chance: Chance, found: Longs) -> bool:
    found[SKIP] -= 1
    if found[SKIP] >= 0:
        return False
    found[SKIP] = int(math.log(1.0 - draw(chance)) / math.log(1.0 - BLINK))
    return True


@inlined
def _open(facts: Facts, job: int, person: int, found: Longs) -> None:
    """Try to send an idle person."""
    staff = facts.staff[person]
    if facts.jobs[job, LOAD] > staff[CAPACITY]:
        return
    there, on = facts.legs[staff[MODE], staff[BEGIN], job], facts.legs[staff[MODE], job, staff[END]]
    cost = facts.fare * (there + on) + facts.prices[job, staff[KIND]]
    start = begin(facts, job, staff[EARLIEST] + there)
    if cost < found[PRICE] and start != NEVER and start + facts.jobs[job, DURATION] + on <= staff[LATEST]:
        found[PRICE], found[PERSON], found[AT] = cost, person, 1
