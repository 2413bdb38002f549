"""The moves of the search on items that are part of the plan. Each enters a change; False when it found none."""

from service.routing.solver.kernel import chance as chances
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import places
from service.routing.solver.kernel.compiled import inlined
from service.routing.solver.kernel.layout import CHANGES, Change, Day, Now
from service.routing.solver.kernel.places import Chance

REACH = 3
"""A shift jumps over at most so many stops."""

LONGEST = 3
"""At most so many stops in a row are moved together."""


@inlined
def go_near(day: Day, now: Now, change: Change, chance: Chance) -> bool:
    """Put an item right before or behind a near job, with that one's person."""
    item = places.any_item(day, now, chance)
    if item < 0:
        return False
    anchor = places.near_service(day, now, chance, item)
    if anchor < 0:
        return False
    staff = now.staff[anchor]
    part = places.any_part(day, chance, item)
    if day.price[part, staff] < 0:
        return False
    key = places.key_at(day, now, chance, staff, now.at[anchor] + chances.below(chance, 2))
    places.enter(day, now, change, item, key)
    change.staff[part] = staff
    return True


@inlined
def give_away(day: Day, now: Now, change: Change, chance: Chance) -> bool:
    """Give a service to somebody else, at the same place in the order or at any time of its windows."""
    item = places.any_item(day, now, chance)
    if item < 0:
        return False
    part = places.any_part(day, chance, item)
    staff = places.any_able(day, chance, part)
    if staff == now.staff[part]:
        return False
    key = now.keys[item] if chances.below(chance, 2) else places.key_in_time(day, now, chance, item)
    places.enter(day, now, change, item, key)
    change.staff[part] = staff
    return True


@inlined
def shift(day: Day, now: Now, change: Change, chance: Chance) -> bool:
    """Move an item some stops earlier or later in the route of one of its people."""
    item = places.any_item(day, now, chance)
    if item < 0:
        return False
    part = places.any_part(day, chance, item)
    staff = now.staff[part]
    far = 1 + chances.below(chance, REACH)
    at = now.at[part] - far if chances.below(chance, 2) else now.at[part] + 1 + far
    if at < 0 or at > now.length[staff]:
        return False
    places.enter(day, now, change, item, places.key_at(day, now, chance, staff, at))
    return True


@inlined
def exchange(day: Day, now: Now, change: Change, chance: Chance) -> bool:
    """Let two people exchange services; half of the time these change places in the order as well."""
    item = places.any_item(day, now, chance)
    if item < 0:
        return False
    one = places.any_part(day, chance, item)
    two = places.near_service(day, now, chance, item)
    if two < 0 or day.services[two, c.S_ITEM] == item or now.staff[one] == now.staff[two]:
        return False
    if day.price[one, now.staff[two]] < 0 or day.price[two, now.staff[one]] < 0:
        return False
    other = day.services[two, c.S_ITEM]
    swapped = chances.below(chance, 2)
    places.enter(day, now, change, item, now.keys[other] if swapped else now.keys[item])
    places.enter(day, now, change, other, now.keys[item] if swapped else now.keys[other])
    change.staff[one], change.staff[two] = now.staff[two], now.staff[one]
    return True


@inlined
def regroup(day: Day, now: Now, change: Change, chance: Chance) -> bool:
    """Choose all people of an item of several anew."""
    item = places.any_item(day, now, chance)
    if item < 0 or day.items[item, c.I_COUNT] == 1:
        return False
    key = now.keys[item]
    anchor = places.near_service(day, now, chance, item)
    if anchor >= 0 and chances.below(chance, 2):
        key = places.key_at(day, now, chance, now.staff[anchor], now.at[anchor] + chances.below(chance, 2))
    places.enter(day, now, change, item, key)
    for part in range(day.items[item, c.I_FIRST], day.items[item, c.I_FIRST] + day.items[item, c.I_COUNT]):
        change.staff[part] = places.any_able(day, chance, part)
    return True


@inlined
def cross(day: Day, now: Now, change: Change, chance: Chance) -> bool:
    """Let two people exchange everything from some time on."""
    item = places.any_item(day, now, chance)
    if item < 0:
        return False
    one = places.any_part(day, chance, item)
    anchor = places.near_service(day, now, chance, item)
    if anchor < 0 or now.staff[anchor] == now.staff[one]:
        return False
    staff, other = now.staff[one], now.staff[anchor]
    if not hand_over(day, now, change, staff, now.at[one] + chances.below(chance, 2), other):
        return False
    return hand_over(day, now, change, other, now.at[anchor] + chances.below(chance, 2), staff)


@inlined
def hand_over(day: Day, now: Now, change: Change, staff: int, since: int, other: int) -> bool:
    """Give a person's stops from `since` on to another; False when one of them may not be given."""
    for at in range(since, now.length[staff]):
        service = now.route[staff, at]
        item = day.services[service, c.S_ITEM]
        if day.items[item, c.I_KIND] == c.MEAL:
            continue
        if day.price[service, other] < 0 or change.number[0] >= CHANGES:
            return False
        places.enter(day, now, change, item, change.keys[item] if change.changed[item] else now.keys[item])
        change.staff[service] = other
    return True


@inlined
def move_string(day: Day, now: Now, change: Change, chance: Chance) -> bool:
    """Move some stops in a row of one person, in their order, next to a near job."""
    item = places.any_item(day, now, chance)
    if item < 0:
        return False
    anchor = places.near_service(day, now, chance, item)
    one = places.any_part(day, chance, item)
    if anchor < 0:
        return False
    staff, other = now.staff[one], now.staff[anchor]
    at = now.at[anchor] + chances.below(chance, 2)
    low = places.key_at(day, now, chance, other, at)
    high = places.key_at(day, now, chance, other, at)
    length = 2 + chances.below(chance, LONGEST - 1)
    if now.at[one] + length > now.length[staff]:
        return False
    return lay(day, now, change, one, length, other, (min(low, high), max(low, high)))


@inlined
def lay(day: Day, now: Now, change: Change, first: int, length: int, other: int, keys: tuple[float, float]) -> bool:
    """Give `length` stops in a row to another, with rising keys between two."""
    staff = now.staff[first]
    for step in range(length):
        service = now.route[staff, now.at[first] + step]
        item = day.services[service, c.S_ITEM]
        if day.items[item, c.I_KIND] == c.MEAL:
            continue
        if day.price[service, other] < 0:
            return False
        places.enter(day, now, change, item, keys[0] + (keys[1] - keys[0]) * step / length)
        change.staff[service] = other
    return bool(change.number[0] > 0)
