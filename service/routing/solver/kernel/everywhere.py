"""Tries a job at every place there is, with the person's lunch at every place: for saying that it has none."""

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import evaluate, places, routes
from service.routing.solver.kernel.compiled import compiled, linked
from service.routing.solver.kernel.layout import Change, Day, Now, Real, Trial

STAY = -2
SKIP = -1
"""What a lunch may do beside going to a place: stay where it is, or be missed."""


@compiled
def search(day: Day, now: Now, change: Change, trial: Trial, item: int, keys: int, where: Real) -> bool:
    """Bring in an absent item of one service at the cheapest place of all: for everybody who may give it, `keys` keys
    between any two stops. False when none costs less than leaving it out. `where` has room for (person, key, lunch).
    `where[2]` is 0 where lunches are to be tried as they are.
    """
    service = day.items[item, c.I_FIRST]
    cheapest, found, moves = now.total[0], False, where[2] != 0
    for at in range(day.ables[service]):
        staff = day.able[service, at]
        for place in range((now.length[staff] + 1) * keys):
            key = between(day, now, staff, place // keys, (1.0 + place % keys) / (1.0 + keys))
            for meal in range(STAY, lunches(day, now, staff) if moves else SKIP):
                total = cost_at(day, now, change, trial, item, staff, key, meal)
                if total < cheapest:
                    cheapest, found = total, True
                    where[0], where[1], where[2] = staff, key, meal
    if found:
        total = cost_at(day, now, change, trial, item, int(where[0]), where[1], int(where[2]))
        evaluate.accept(day, now, change, trial, total)
    routes.forget(change, trial)
    return found


@linked
def lunches(day: Day, now: Now, staff: int) -> int:
    """Tell up to which number a person's lunch has ways to be had: two keys between any two stops."""
    if day.people[staff, c.P_MEAL] < 0:
        return SKIP
    return int(2 * (now.length[staff] + 1))


@linked
def cost_at(day: Day, now: Now, change: Change, trial: Trial, item: int, staff: int, key: float, meal: int) -> int:
    """Tell what the day costs with an item of one service at one place, and the person's lunch moved."""
    routes.forget(change, trial)
    places.enter(day, now, change, item, key)
    change.staff[day.items[item, c.I_FIRST]] = staff
    lunch = day.people[staff, c.P_MEAL]
    if lunch >= 0 and meal != STAY:
        if meal == SKIP and day.rules[0, c.R_MUST_EAT]:
            return evaluate.IMPOSSIBLE
        share = 0.02 if meal % 2 == 0 else 0.98
        places.enter(day, now, change, lunch, between(day, now, staff, max(0, meal // 2), share))
        change.staff[day.items[lunch, c.I_FIRST]] = c.NOBODY if meal == SKIP else staff
    return evaluate.cost(day, now, change, trial)


@linked
def between(day: Day, now: Now, staff: int, at: int, share: float) -> float:
    """Tell a key before stop `at` of a person's route, so much of the way from the stop before."""
    length = now.length[staff]
    far = 8.0 * day.rules[0, c.R_SPREAD]
    if length == 0:
        return float(day.people[staff, c.P_EARLIEST] + far * share)
    if at == length:
        return float(now.keys[day.services[now.route[staff, length - 1], c.S_ITEM]] + far * share)
    high = now.keys[day.services[now.route[staff, at], c.S_ITEM]]
    if at == 0:
        return float(high - far * (1.0 - share))
    low = now.keys[day.services[now.route[staff, at - 1], c.S_ITEM]]
    return float(low + (high - low) * share)
