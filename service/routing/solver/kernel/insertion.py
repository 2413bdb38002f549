"""Bringing jobs into the plan at the cheapest of some places tried at random."""

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import evaluate, optional, routes
from service.routing.solver.kernel.compiled import compiled, linked
from service.routing.solver.kernel.layout import Change, Day, Now, Trial, Whole
from service.routing.solver.kernel.places import Chance


@compiled
def fill(day: Day, now: Now, change: Change, trial: Trial, chance: Chance, queue: Whole, tries: int) -> int:
    """Bring in the jobs of `queue` (their first items) one after the other, each at the cheapest of `tries` places;
    answers how many found one that costs less than leaving them out.
    """
    found = 0
    for at in range(len(queue)):
        found += insert(day, now, change, trial, chance, queue[at], tries)
    return found


@linked
def insert(day: Day, now: Now, change: Change, trial: Trial, chance: Chance, item: int, tries: int) -> int:
    """Bring in one job at the cheapest of `tries` places; 1 when it came in, 0 also when it is there already."""
    if now.staff[day.items[item, c.I_FIRST]] != c.NOBODY:
        return 0
    cheapest, start = now.total[0], chance[0]
    good = start
    for _ in range(tries):
        before = chance[0]
        routes.forget(change, trial)
        if not optional.bring_in(day, now, change, chance, item):
            continue
        total = evaluate.cost_once(day, now, change, trial)
        if total < cheapest:
            cheapest, good = total, before
    routes.forget(change, trial)
    if cheapest >= now.total[0]:
        return 0
    after = chance[0]
    chance[0] = good
    optional.bring_in(day, now, change, chance, item)
    evaluate.accept(day, now, change, trial, evaluate.cost_once(day, now, change, trial))
    chance[0] = after
    return 1
