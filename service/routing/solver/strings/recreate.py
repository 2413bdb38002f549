"""Putting the absent jobs back, one after the other, each where it costs least and now and then not quite there."""

from typing import Final

from service.routing.solver.kernel.compiled import inlined
from service.routing.solver.strings import chance as chances
from service.routing.solver.strings import placing
from service.routing.solver.strings import trial as trials
from service.routing.solver.strings.chance import Chance
from service.routing.solver.strings.day import (
    ABSENT,
    ABSENT_BEFORE,
    ACTIVE,
    NOBODY,
    SEARCH,
    SEEN,
    STAFF,
    Day,
)
from service.routing.solver.strings.facts import Facts, Ints, Longs
from service.routing.solver.strings.placing import AT, PERSON, PRICE

EXTRA: Final = 8
"""So many of the jobs left out for longer are tried again each time."""

WEIGHTS: Final = (4, 4, 2, 1, 2, 2, 2, 2)
"""How often the jobs are put back in random order, then by each of the keys of `Facts`."""

TOTAL: Final = sum(WEIGHTS)

draw, below = chances.draw, chances.below
put, try_route, try_idle = trials.put, placing.try_route, placing.try_idle


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
            try_route(facts, day, chance, job, day.active[at], found)
    for kind in range(len(day.resting)):
        if day.resting[kind] and facts.prices[job, kind] >= 0:
            try_idle(facts, job, day.idle[kind, day.resting[kind] - 1], found)


@inlined
def _search_kin(facts: Facts, day: Day, chance: Chance, job: int, found: Longs) -> None:
    day.totals[SEARCH] += 1
    search = day.totals[SEARCH]
    for at in range(facts.kin.shape[1]):
        person = day.where[facts.kin[job, at], STAFF]
        if person != NOBODY and day.sizes[person, SEEN] != search:
            day.sizes[person, SEEN] = search
            try_route(facts, day, chance, job, person, found)
