"""Parts of moves: entering an item in a change, and keys that put it at a place of a route or at a time."""

import numpy as np
from numpy.typing import NDArray

from service.routing.solver.kernel import chance as chances
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel.compiled import inlined, linked
from service.routing.solver.kernel.layout import Change, Day, Now

Chance = NDArray[np.uint64]


@inlined
def enter(day: Day, now: Now, change: Change, item: int, key: float) -> None:
    """Enter an item in the change with a new key and its present staff; again changes the key alone."""
    change.keys[item] = key
    if change.changed[item]:
        return
    change.items[change.number[0]] = item
    change.number[0] += 1
    change.changed[item] = change.number[0]
    for service in range(day.items[item, c.I_FIRST], day.items[item, c.I_FIRST] + day.items[item, c.I_COUNT]):
        change.staff[service] = now.staff[service]


@inlined
def key_at(day: Day, now: Now, chance: Chance, staff: int, at: int) -> float:
    """Choose a key that puts an item before stop `at` of a person's present route."""
    length = now.length[staff]
    if length == 0:
        return float(day.people[staff, c.P_EARLIEST])
    spread = 1.0 + (now.keys[day.services[now.route[staff, length - 1], c.S_ITEM]] - day.people[staff, c.P_EARLIEST])
    spread = abs(spread) / length
    at = min(at, length)
    if at == 0:
        return float(now.keys[day.services[now.route[staff, 0], c.S_ITEM]] - spread * chances.share(chance))
    low = now.keys[day.services[now.route[staff, at - 1], c.S_ITEM]]
    if at == length:
        return float(low + spread * chances.share(chance))
    high = now.keys[day.services[now.route[staff, at], c.S_ITEM]]
    return float(low + (high - low) * chances.share(chance))


@linked
def key_in_time(day: Day, now: Now, chance: Chance, item: int) -> float:
    """Choose a key inside one of the item's windows, or anywhere in the day where these are endless."""
    window = day.items[item, c.I_WINDOW] + chances.below(chance, day.items[item, c.I_WINDOWS])
    low, high = day.opens[window], day.ends[window]
    if high >= c.NEVER >> 1:
        other = chances.below(chance, len(day.items))
        return float(max(now.keys[other], low) + chances.share(chance))
    return float(low + (high - low) * chances.share(chance))


@inlined
def any_item(day: Day, now: Now, chance: Chance) -> int:
    """Choose an item that is part of the plan and not a lunch; -1 when none was found."""
    for _ in range(8):
        item = chances.below(chance, len(day.items))
        if day.items[item, c.I_KIND] != c.MEAL and now.staff[day.items[item, c.I_FIRST]] != c.NOBODY:
            return item
    return -1


@inlined
def any_part(day: Day, chance: Chance, item: int) -> int:
    """Choose a service of an item."""
    return int(day.items[item, c.I_FIRST] + chances.below(chance, day.items[item, c.I_COUNT]))


@inlined
def any_able(day: Day, chance: Chance, service: int) -> int:
    """Choose somebody who may give a service; NOBODY when there is nobody."""
    if day.ables[service] == 0:
        return c.NOBODY
    return int(day.able[service, chances.below(chance, day.ables[service])])


@inlined
def near_service(day: Day, now: Now, chance: Chance, item: int) -> int:
    """Choose a service of the plan near an item's job, the nearest most often; -1 when none was found."""
    width = day.near.shape[1]
    job = day.items[item, c.I_JOB]
    if width == 0 or job < 0:
        return -1
    spot = chances.share(chance)
    other = day.near[job, int(spot * spot * width)]
    first = day.items_of[other, 0] + chances.below(chance, day.items_of[other, 1])
    service = any_part(day, chance, first)
    return service if now.staff[service] != c.NOBODY else -1
