"""Simulated annealing over the global order and the staff of every service."""

import math

from service.routing.solver.kernel import chance as chances
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import evaluate, moves, optional, routes
from service.routing.solver.kernel.compiled import compiled
from service.routing.solver.kernel.layout import Change, Day, Now, Real, Trial, Whole
from service.routing.solver.kernel.places import Chance


@compiled
def move_in_plan(day: Day, now: Now, change: Change, chance: Chance, way: int) -> bool:
    """Propose a move of items of the plan."""
    if way == 0:
        return moves.go_near(day, now, change, chance)
    if way == 1:
        return moves.give_away(day, now, change, chance)
    if way == 2:
        return moves.shift(day, now, change, chance)
    if way == 3:
        return moves.exchange(day, now, change, chance)
    if way == 4:
        return moves.regroup(day, now, change, chance)
    if way == 5:
        return moves.cross(day, now, change, chance)
    return moves.move_string(day, now, change, chance)


@compiled
def propose(day: Day, now: Now, change: Change, chance: Chance, weights: Whole) -> bool:
    """Propose a move; `weights` says up to which of 1000 each way is taken."""
    ticket, way = chances.below(chance, 1000), 0
    while ticket >= weights[way]:
        way += 1
    if way < 7:
        return move_in_plan(day, now, change, chance, way)
    if way == 7:
        return optional.come(day, now, change, chance)
    if way == 8:
        return optional.go(day, now, change, chance)
    return optional.dine(day, now, change, chance)


@compiled
def keep_best(now: Now, best: Now) -> None:
    """Remember the order and the staff of the plan as it stands."""
    best.total[0] = now.total[0]
    for item in range(len(now.keys)):
        best.keys[item] = now.keys[item]
    for service in range(len(now.staff)):
        best.staff[service] = now.staff[service]


@compiled
def anneal(
    day: Day, now: Now, best: Now, change: Change, trial: Trial, chance: Chance, weights: Whole, heat: Real, rounds: int
) -> int:
    """Make `rounds` proposals while the temperature falls from `heat[0]` to `heat[1]`; `best` keeps the best plan.
    Answers how many were accepted.
    """
    accepted = 0
    falling = (heat[1] / heat[0]) ** (1.0 / max(1, rounds))
    warmth = heat[0]
    for _ in range(rounds):
        warmth *= falling
        routes.forget(change, trial)
        if not propose(day, now, change, chance, weights):
            continue
        bound = now.total[0] - warmth * math.log(1.0 - chances.share(chance))
        total = evaluate.cost(day, now, change, trial)
        if total >= bound and total > now.total[0]:
            continue
        evaluate.commit(day, now, change, trial, total)
        accepted += 1
        if total < best.total[0]:
            keep_best(now, best)
    routes.forget(change, trial)
    return accepted


@compiled
def ready_item(day: Day, now: Now, heads: Whole, staff: int) -> int:
    """Tell the item that a person is at, if everybody else of it is at it too; -1 else."""
    if heads[staff] >= now.length[staff]:
        return -1
    item = day.services[now.route[staff, heads[staff]], c.S_ITEM]
    first = day.items[item, c.I_FIRST]
    for service in range(first, first + day.items[item, c.I_COUNT]):
        if now.at[service] != heads[now.staff[service]]:
            return -1
    return int(item)


@compiled
def earliest(day: Day, now: Now, heads: Whole) -> int:
    """Find the item that is ready and starts first; -1 when all routes are at their ends."""
    found, soonest = -1, c.NEVER
    for staff in range(len(day.people)):
        item = ready_item(day, now, heads, staff)
        if item < 0:
            continue
        start = now.start[now.route[staff, heads[staff]]]
        if start < soonest:
            found, soonest = item, start
    return found


@compiled
def rekey(day: Day, now: Now, heads: Whole) -> None:
    """Give every item of the plan its start as its key, as far as the routes allow: the order of the routes stays."""
    for staff in range(len(day.people)):
        heads[staff] = 0
    key = -1.0e18
    while True:
        item = earliest(day, now, heads)
        if item < 0:
            return
        first = day.items[item, c.I_FIRST]
        key = max(key + 1.0, float(now.start[first]))
        now.keys[item] = key
        for service in range(first, first + day.items[item, c.I_COUNT]):
            heads[now.staff[service]] += 1


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
def insert(day: Day, now: Now, change: Change, trial: Trial, chance: Chance, item: int, tries: int) -> int:
    """Bring in one job at the cheapest of `tries` places; 1 when it came in."""
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
    evaluate.commit(day, now, change, trial, evaluate.cost(day, now, change, trial))
    chance[0] = after
    return 1
