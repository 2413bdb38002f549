"""The loop of the compiled search: ruin, recreate, keep or undo, at a falling temperature."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.routing.solver.kernel.compiled import compiled, inlined
from service.routing.solver.strings import chance as chances
from service.routing.solver.strings import pool as pools
from service.routing.solver.strings import recreate as recreating
from service.routing.solver.strings import ruin as ruining
from service.routing.solver.strings import trial as trials
from service.routing.solver.strings.chance import Chance
from service.routing.solver.strings.day import (
    ABSENT,
    ABSENT_BEFORE,
    ACTIVE,
    ASSIGNED,
    BEST,
    COST,
    COST_BEFORE,
    COUNT,
    NOBODY,
    PLACE,
    STAFF,
    STOPS,
    Day,
)
from service.routing.solver.strings.facts import Facts, Longs
from service.routing.solver.strings.placing import SKIP
from service.routing.solver.strings.pool import Pool

Floats = NDArray[np.float64]

ENDLESS: Final = 1 << 60

draw = chances.draw
collect = pools.collect
open_trial, undo, recognize = trials.open_trial, trials.undo, trials.recognize
ruin, recreate = ruining.ruin, recreating.recreate


@compiled
def anneal(facts: Facts, day: Day, pool: Pool, chance: Chance, found: Longs, rounds: int, heats: Floats) -> int:
    """Make `rounds` trials while the temperature falls from `heats[0]` to `heats[1]`; answer how many were kept."""
    kept, heat = 0, heats[0]
    fall = (heats[1] / heat) ** (1.0 / rounds)
    for _ in range(rounds):
        heat *= fall
        open_trial(day)
        if not ruin(facts, day, chance):
            undo(facts, day)
            continue
        recreate(facts, day, chance, found)
        if day.totals[COST] >= day.totals[COST_BEFORE] - heat * math.log(1.0 - draw(chance)):
            undo(facts, day)
            continue
        kept += 1
        recognize(day)
        collect(facts, day, pool)
        if day.totals[COST] < day.totals[BEST]:
            remember(day)
    return kept


@inlined
def remember(day: Day) -> None:
    """Keep the day as the best one seen."""
    day.totals[BEST] = day.totals[COST]
    day.best_counts[:] = 0
    for at in range(day.totals[ACTIVE]):
        person = day.active[at]
        count = day.sizes[person, COUNT]
        day.best_counts[person] = count
        for place in range(1, count + 1):
            day.best_stops[person, place] = day.routes[person, place, STOPS]


@compiled
def fill(facts: Facts, day: Day, chance: Chance, found: Longs) -> None:
    """Put all absent jobs in once, overlooking no place, and keep the day when it is the best one."""
    open_trial(day)
    day.totals[ABSENT_BEFORE] = 0
    found[SKIP] = ENDLESS
    recreate(facts, day, chance, found)
    found[SKIP] = 0
    if day.totals[COST] < day.totals[BEST]:
        remember(day)


@compiled
def recount(facts: Facts, day: Day) -> None:
    """Count anew who is absent and what the day costs, from its routes; keep the day when it is the best one."""
    totals = day.totals
    day.where[:, STAFF] = NOBODY
    totals[COST], totals[ABSENT], totals[ASSIGNED] = 0, 0, 0
    for at in range(totals[ACTIVE]):
        person = day.active[at]
        totals[COST] += day.costs[person]
        for place in range(1, day.sizes[person, COUNT] + 1):
            job = day.routes[person, place, STOPS]
            day.where[job, STAFF], day.where[job, PLACE] = person, place
            totals[ASSIGNED] += 1
    for job in range(len(day.where)):
        if day.where[job, STAFF] == NOBODY:
            day.absent[totals[ABSENT]] = job
            totals[ABSENT] += 1
            totals[COST] += facts.drops[job]
    if totals[COST] < totals[BEST]:
        remember(day)
