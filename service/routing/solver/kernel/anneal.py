"""Simulated annealing over the global order and the staff of every service."""

import math

from service.routing.solver.kernel import chance as chances
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import evaluate, moves, optional, rebuild, routes, ties
from service.routing.solver.kernel.compiled import compiled, inlined
from service.routing.solver.kernel.layout import Change, Day, Now, Real, Trial, Whole
from service.routing.solver.kernel.places import Chance


@inlined
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


@inlined
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
def rebuilds(
    day: Day,
    now: Now,
    best: Now,
    kept: Now,
    change: Change,
    trial: Trial,
    chance: Chance,
    queue: Whole,
    warmth: float,
    number: int,
) -> int:
    """Ruin and recreate so many times at one temperature; tells how often the plan changed."""
    changed = 0
    for _ in range(number):
        if rebuild.rebuild(day, now, kept, change, trial, chance, queue, warmth):
            changed += 1
            if now.total[0] < best.total[0]:
                rebuild.remember(now, best)
    return changed


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
        if day.rules[0, c.R_LINKED]:
            ties.tie(day, now, change, chance)
        bound = now.total[0] - warmth * math.log(1.0 - chances.share(chance))
        total = evaluate.cost(day, now, change, trial)
        if total >= bound and total > now.total[0]:
            continue
        evaluate.accept(day, now, change, trial, total)
        accepted += 1
        if total < best.total[0]:
            rebuild.remember(now, best)
    routes.forget(change, trial)
    return accepted
