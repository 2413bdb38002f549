"""The moves of the search on jobs that come into the plan or leave it, and on lunches."""

from service.routing.solver.kernel import chance as chances
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import places, ties
from service.routing.solver.kernel.compiled import inlined, linked
from service.routing.solver.kernel.layout import Change, Day, Now
from service.routing.solver.kernel.places import Chance


@linked
def leave_out(day: Day, now: Now, change: Change, item: int) -> None:
    """Take an item's whole job out of the plan, and all jobs that come and go with it."""
    if day.items[item, c.I_BUNDLED] == 0:
        take_out(day, now, change, item)
        return
    for at in range(day.items[item, c.I_BUNDLE], day.items[item, c.I_BUNDLE] + day.items[item, c.I_BUNDLED]):
        take_out(day, now, change, day.rare[at, c.U_ITEM])


@linked
def take_out(day: Day, now: Now, change: Change, item: int) -> None:
    """Take one job out of the plan."""
    first = day.items[item, c.I_JOB_FIRST]
    for service in range(first, first + day.items[item, c.I_JOB_COUNT]):
        places.enter(day, now, change, day.services[service, c.S_ITEM], now.keys[item])
        change.staff[service] = c.NOBODY


@linked
def place_of(day: Day, now: Now, change: Change, chance: Chance, item: int, staff: int) -> float:
    """Choose a key for an item that comes in: anywhere in a person's route, in time, or beside an item that it is
    linked to.
    """
    if day.items[item, c.I_LINKS] > 0 and chances.below(chance, 2):
        row = ties.present_link(day, now, change, item)
        if row >= 0:
            return ties.key_beside(day, now, change, chance, row)
    if chances.below(chance, 2):
        return places.key_at(day, now, chance, staff, chances.below(chance, now.length[staff] + 1))
    return places.key_in_time(day, now, chance, item)


@linked
def bring_in(day: Day, now: Now, change: Change, chance: Chance, item: int) -> bool:
    """Bring an item's whole job into the plan, and all jobs that come with it, with any people at any place."""
    if day.items[item, c.I_BUNDLED] == 0:
        found = put_in(day, now, change, chance, item)
    else:
        found = True
        for at in range(day.items[item, c.I_BUNDLE], day.items[item, c.I_BUNDLE] + day.items[item, c.I_BUNDLED]):
            found = found and put_in(day, now, change, chance, day.rare[at, c.U_ITEM])
    if found and day.rules[0, c.R_LINKED]:
        ties.tie(day, now, change, chance)
    return found


@linked
def put_in(day: Day, now: Now, change: Change, chance: Chance, item: int) -> bool:
    """Bring one job into the plan."""
    first = day.items[item, c.I_JOB_FIRST]
    for service in range(first, first + day.items[item, c.I_JOB_COUNT]):
        staff = ties.any_able(day, now, change, chance, service)
        if staff == c.NOBODY:
            return False
        part = day.services[service, c.S_ITEM]
        key = change.keys[part]
        if not change.changed[part]:
            key = place_of(day, now, change, chance, part, staff)
        places.enter(day, now, change, part, key)
        change.staff[service] = staff
    return True


@linked
def absent_item(day: Day, now: Now, chance: Chance) -> int:
    """Choose an item that is left out, lunches aside; -1 when there is none."""
    count = len(day.items)
    at = chances.below(chance, count)
    for step in range(count):
        item = (at + step) % count
        if day.items[item, c.I_KIND] != c.MEAL and now.staff[day.items[item, c.I_FIRST]] == c.NOBODY:
            return item
    return -1


@inlined
def come(day: Day, now: Now, change: Change, chance: Chance) -> bool:
    """Bring in a job that is left out; half of the time in exchange for a near one, at that one's place."""
    item = absent_item(day, now, chance)
    if item < 0:
        return False
    other = places.near_service(day, now, chance, item)
    if other < 0 or chances.below(chance, 2):
        return bring_in(day, now, change, chance, item)
    gone = day.services[other, c.S_ITEM]
    staff, key = now.staff[other], now.keys[gone]
    leave_out(day, now, change, gone)
    if not bring_in(day, now, change, chance, item):
        return False
    part = places.any_part(day, chance, item)
    change.keys[item], change.staff[part] = key, staff
    return True


@inlined
def go(day: Day, now: Now, change: Change, chance: Chance) -> bool:
    """Leave a job out that may be."""
    item = places.any_item(day, now, chance)
    if item < 0 or day.items[day.services[day.items[item, c.I_JOB_FIRST], c.S_ITEM], c.I_DROP] >= c.MUST:
        return False
    leave_out(day, now, change, item)
    return True


@inlined
def dine(day: Day, now: Now, change: Change, chance: Chance) -> bool:
    """Move a lunch to any place of its person's route, or leave it out where it may be missed."""
    staff = chances.below(chance, len(day.people))
    item = day.people[staff, c.P_MEAL]
    if item < 0:
        return False
    service = day.items[item, c.I_FIRST]
    key = places.key_at(day, now, chance, staff, chances.below(chance, now.length[staff] + 1))
    places.enter(day, now, change, item, key)
    skips = not day.rules[0, c.R_MUST_EAT] and chances.below(chance, 4) == 0
    change.staff[service] = c.NOBODY if skips and now.staff[service] != c.NOBODY else staff
    return True
