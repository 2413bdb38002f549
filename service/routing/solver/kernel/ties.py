"""What a move on a linked job takes along: the order that a link wants, the other job's person, a place beside it."""

from service.routing.solver.kernel import chance as chances
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import links, places, routes
from service.routing.solver.kernel.compiled import linked
from service.routing.solver.kernel.layout import Change, Day, Now
from service.routing.solver.kernel.places import Chance


@linked
def tie(day: Day, now: Now, change: Change, chance: Chance) -> None:
    """Let the items follow that are linked to the changed ones, and those that are linked to them."""
    at = 0
    while at < change.number[0]:
        item = change.items[at]
        if not links.is_absent(day, now, change, item):
            for row in range(day.items[item, c.I_LINK], day.items[item, c.I_LINK] + day.items[item, c.I_LINKS]):
                pull_along(day, now, change, chance, item, row)
        at += 1


@linked
def pull_along(day: Day, now: Now, change: Change, chance: Chance, item: int, row: int) -> None:
    """Let one linked item follow, unless it is absent or was changed before this one."""
    other = day.rare[row, c.L_ITEM]
    if links.is_absent(day, now, change, other) or 0 < change.changed[other] < change.changed[item]:
        return
    way = day.rare[row, c.L_WAY]
    torn = way != c.EITHER and (way == c.AFTER) != links.comes_before(now, change, item, other)
    # who moves in time while the other must follow soon moves it along, now and then
    near = day.rare[row, c.L_HIGH] < c.NEVER and change.changed[other] == 0 and change.keys[item] != now.keys[item]
    if torn or (near and chances.below(chance, 2) == 0):
        places.enter(day, now, change, other, key_beside(day, now, change, chance, back_of(day, item, row)))
    if day.rare[row, c.L_CARER] != c.SAME:
        return
    if not links.share(day, now, change, item, other, links.counted(day, item), links.counted(day, other)):
        service = one_of(day, chance, other)
        staff = row_for(day, routes.staff_of(day, now, change, one_of(day, chance, item)), service)
        if staff != c.NOBODY:
            places.enter(day, now, change, other, routes.key_of(now, change, other))
            change.staff[service] = staff


@linked
def one_of(day: Day, chance: Chance, item: int) -> int:
    """Choose a service of an item that counts where the same person is asked for."""
    count = links.counted(day, item)
    return int(day.items[item, c.I_FIRST] + (chances.below(chance, count) if count > 1 else 0))


@linked
def back_of(day: Day, item: int, row: int) -> int:
    """Find the row of the linked item that leads back."""
    other = day.rare[row, c.L_ITEM]
    for back in range(day.items[other, c.I_LINK], day.items[other, c.I_LINK] + day.items[other, c.I_LINKS]):
        if day.rare[back, c.L_ITEM] == item and day.rare[back, c.L_WAY] == -day.rare[row, c.L_WAY]:
            return back
    return -1


@linked
def key_beside(day: Day, now: Now, change: Change, chance: Chance, row: int) -> float:
    """Choose a key that puts the item whose link this is where the other one wants it: keys are about the starts."""
    other = day.rare[row, c.L_ITEM]
    way = day.rare[row, c.L_WAY]
    width = min(day.rules[0, c.R_SPREAD], max(1, day.rare[row, c.L_HIGH] - day.rare[row, c.L_LOW]))
    far = day.rare[row, c.L_LOW] + width * chances.share(chance)
    if way == c.AFTER or (way == c.EITHER and chances.below(chance, 2) == 0):
        return float(routes.key_of(now, change, other) - far)
    return float(routes.key_of(now, change, other) + far)


@linked
def row_for(day: Day, staff: int, service: int) -> int:
    """Find a row of a person's, this one if it can be, that may give a service; NOBODY when there is none."""
    row = staff
    while day.price[service, row] < 0:
        row = day.people[row, c.P_NEXT]
        if row == staff:
            return c.NOBODY
    return int(row)


@linked
def present_link(day: Day, now: Now, change: Change, item: int) -> int:
    """Find a link of an item to one that is part of the plan; -1 when there is none."""
    for row in range(day.items[item, c.I_LINK], day.items[item, c.I_LINK] + day.items[item, c.I_LINKS]):
        if not links.is_absent(day, now, change, day.rare[row, c.L_ITEM]):
            return row
    return -1


@linked
def any_able(day: Day, now: Now, change: Change, chance: Chance, service: int) -> int:
    """Choose somebody who may give a service that comes in: one who gives a job that is to have the same person. Who of
    a crew that comes in is the same is seen to when all of it has (`tie`).
    """
    item = day.services[service, c.S_ITEM]
    if day.items[item, c.I_JOB_COUNT] > 1:
        return places.any_able(day, chance, service)
    for row in range(day.items[item, c.I_LINK], day.items[item, c.I_LINK] + day.items[item, c.I_LINKS]):
        other = day.rare[row, c.L_ITEM]
        if day.rare[row, c.L_CARER] == c.SAME and not links.is_absent(day, now, change, other):
            return row_for(day, routes.staff_of(day, now, change, one_of(day, chance, other)), service)
    return places.any_able(day, chance, service)
