"""Ruin and recreate: near jobs are taken out together and brought back one after the other where they cost least. Makes
room where single moves find none, on days that are full.
"""

import math

from service.routing.solver.kernel import chance as chances
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import evaluate, insertion, optional, places, routes
from service.routing.solver.kernel.compiled import compiled, linked
from service.routing.solver.kernel.layout import Change, Day, Now, Trial, Whole
from service.routing.solver.kernel.places import Chance

LARGEST = 8
"""At most so many jobs are taken out."""

EXTRA = 4
"""So many of the jobs left out are tried again each time."""

TRIES = 40
"""So many places are tried for each job that comes in."""


@compiled
def remember(now: Now, kept: Now) -> None:
    """Remember the order, the staff and the cost of a plan."""
    kept.total[0] = now.total[0]
    for item in range(len(now.keys)):
        kept.keys[item] = now.keys[item]
    for service in range(len(now.staff)):
        kept.staff[service] = now.staff[service]


@linked
def line_up(day: Day, queue: Whole, count: int, item: int) -> int:
    """Put an item's job into the queue, or the first of those that come with it, unless it is there already; tells how
    many are.
    """
    first = day.services[day.items[item, c.I_JOB_FIRST], c.S_ITEM]
    if day.items[item, c.I_BUNDLED]:
        first = day.rare[day.items[item, c.I_BUNDLE], c.U_ITEM]
    for at in range(count):
        if queue[at] == first:
            return count
    queue[count] = first
    return count + 1


@linked
def ruin(day: Day, now: Now, change: Change, chance: Chance, queue: Whole) -> int:
    """Enter the removal of a job and some near ones; tells how many are in the queue."""
    seed = places.any_item(day, now, chance)
    if seed < 0:
        return 0
    count = line_up(day, queue, 0, seed)
    optional.leave_out(day, now, change, seed)
    for _ in range(chances.below(chance, LARGEST)):
        other = places.near_service(day, now, chance, seed)
        if other >= 0:
            count = line_up(day, queue, count, day.services[other, c.S_ITEM])
            optional.leave_out(day, now, change, day.services[other, c.S_ITEM])
    return count


@linked
def shuffle(chance: Chance, queue: Whole, count: int) -> None:
    """Shuffle a queue."""
    for at in range(count - 1, 0, -1):
        other = chances.below(chance, at + 1)
        queue[at], queue[other] = queue[other], queue[at]


@linked
def rebuild(
    day: Day, now: Now, kept: Now, change: Change, trial: Trial, chance: Chance, queue: Whole, warmth: float
) -> bool:
    """Ruin and recreate once; False when the plan stays as it was."""
    routes.forget(change, trial)
    remember(now, kept)
    count = ruin(day, now, change, chance, queue)
    total = evaluate.cost_once(day, now, change, trial) if count else evaluate.IMPOSSIBLE
    if total >= evaluate.IMPOSSIBLE:
        routes.forget(change, trial)
        return False
    bound = now.total[0] - warmth * math.log(1.0 - chances.share(chance))
    evaluate.accept(day, now, change, trial, total)
    for _ in range(EXTRA):
        item = optional.absent_item(day, now, chance)
        if item >= 0:
            count = line_up(day, queue, count, item)
    shuffle(chance, queue, count)
    for at in range(count):
        insertion.insert(day, now, change, trial, chance, queue[at], TRIES)
    if now.total[0] < bound:
        return True
    remember(kept, now)
    evaluate.refresh(day, now, change, trial)
    return False
