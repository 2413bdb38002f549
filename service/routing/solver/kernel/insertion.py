"""Bringing jobs into the plan at the cheapest of some places tried at random."""

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import evaluate, optional, places, routes
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


@compiled
def search_everywhere(day: Day, now: Now, change: Change, trial: Trial, item: int, keys: int) -> bool:
    """Bring in an absent item of one service at the cheapest place of all: for everybody who may give it, `keys` keys
    between any two stops. False when none costs less than leaving it out.
    """
    service = day.items[item, c.I_FIRST]
    cheapest, who, where = now.total[0], c.NOBODY, 0.0
    for at in range(day.ables[service]):
        staff = day.able[service, at]
        for place in range((now.length[staff] + 1) * keys):
            key = between(day, now, staff, place // keys, (1.0 + place % keys) / (1.0 + keys))
            total = cost_at(day, now, change, trial, item, staff, key)
            if total < cheapest:
                cheapest, who, where = total, staff, key
    if who != c.NOBODY:
        total = cost_at(day, now, change, trial, item, who, where)
        evaluate.accept(day, now, change, trial, total)
    routes.forget(change, trial)
    return bool(who != c.NOBODY)


@linked
def cost_at(day: Day, now: Now, change: Change, trial: Trial, item: int, staff: int, key: float) -> int:
    """Tell what the day costs with an item of one service at one place."""
    routes.forget(change, trial)
    places.enter(day, now, change, item, key)
    change.staff[day.items[item, c.I_FIRST]] = staff
    return evaluate.cost(day, now, change, trial)


@linked
def between(day: Day, now: Now, staff: int, at: int, share: float) -> float:
    """Tell a key before stop `at` of a person's route, so much of the way from the stop before."""
    length = now.length[staff]
    if length == 0:
        return float(day.people[staff, c.P_EARLIEST] + 8 * day.rules[0, c.R_SPREAD] * share)
    if at == length:
        last = now.keys[day.services[now.route[staff, length - 1], c.S_ITEM]]
        return float(last + 8 * day.rules[0, c.R_SPREAD] * share)
    high = now.keys[day.services[now.route[staff, at], c.S_ITEM]]
    if at == 0:
        return float(high - 8 * day.rules[0, c.R_SPREAD] * (1.0 - share))
    low = now.keys[day.services[now.route[staff, at - 1], c.S_ITEM]]
    return float(low + (high - low) * share)


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
        total = evaluate.cost(day, now, change, trial)
        if total < cheapest:
            cheapest, good = total, before
    routes.forget(change, trial)
    if cheapest >= now.total[0]:
        return 0
    after = chance[0]
    chance[0] = good
    optional.bring_in(day, now, change, chance, item)
    evaluate.accept(day, now, change, trial, evaluate.cost(day, now, change, trial))
    chance[0] = after
    return 1
