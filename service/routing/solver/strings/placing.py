"""Where one job costs least in a route: sought anew where the trial has changed it, else remembered from last time.

Most routes have not changed since a job was last tried in them, so that a day of many routes is looked through in a
fraction of the time. A route that a trial gives back gets its old version back, and what was known of it counts again.
"""

import math
from typing import Final

from service.routing.solver.kernel.compiled import inlined
from service.routing.solver.strings import chance as chances
from service.routing.solver.strings import day as days
from service.routing.solver.strings.chance import Chance
from service.routing.solver.strings.day import (
    CARRIED,
    COUNT,
    FREE,
    LEG,
    LIMIT,
    NEVER,
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
    Longs,
)

BLINK: Final = 0.01
"""The share of places that are overlooked."""

PRICE, PERSON, AT, SKIP = range(4)
"""Entries of the register of the best place found, and after how many places the next is overlooked."""

STAMP, COSTS = range(2)
"""Columns of `Day.places`: of which version of the route, at which place, and the price there."""

PLACES: Final = 20
"""So many bits of a stamp are the place; the version is above them."""

PLACE_OF: Final = (1 << PLACES) - 1
NOWHERE: Final = -1
UNHEARD_OF: Final = 1 << 60
"""The price where there is no place."""

draw, begin = chances.draw, days.begin


@inlined
def try_route(facts: Facts, day: Day, chance: Chance, job: int, person: int, found: Longs) -> None:
    """Try a job in a person's route; what is known of a route that the trial has changed would be of no use later."""
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
        _scan(facts, day, chance, job, person, found, known[STAMP] & PLACE_OF)
        return
    found[PRICE], found[PERSON], found[AT] = known[COSTS], person, known[STAMP] & PLACE_OF


@inlined
def _learn(facts: Facts, day: Day, job: int, person: int, known: Longs) -> None:
    """Find the cheapest place of a route for a job, and remember it."""
    route, mode = day.routes[person], facts.staff[person, MODE]
    price = facts.prices[job, facts.staff[person, KIND]]
    closes, takes = facts.jobs[job, CLOSES], facts.jobs[job, DURATION]
    ready = facts.jobs[job, OPENS] + takes
    best, place = UNHEARD_OF, 0
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
def try_idle(facts: Facts, job: int, person: int, found: Longs) -> None:
    """Try to send an idle person."""
    staff = facts.staff[person]
    if facts.jobs[job, LOAD] > staff[CAPACITY]:
        return
    there, on = facts.legs[staff[MODE], staff[BEGIN], job], facts.legs[staff[MODE], job, staff[END]]
    cost = facts.fare * (there + on) + facts.prices[job, staff[KIND]]
    start = begin(facts, job, staff[EARLIEST] + there)
    if cost < found[PRICE] and start != NEVER and start + facts.jobs[job, DURATION] + on <= staff[LATEST]:
        found[PRICE], found[PERSON], found[AT] = cost, person, 1
