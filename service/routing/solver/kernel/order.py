"""The global order by time: keys follow the starts again after they have drifted apart."""

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import routes
from service.routing.solver.kernel.compiled import compiled, linked
from service.routing.solver.kernel.layout import Day, Now, Whole


@linked
def ready_item(day: Day, now: Now, heads: Whole, staff: int) -> int:
    """Tell the item that a person is at, if everybody else of it is at it too; -1 else."""
    if heads[staff] >= now.length[staff]:
        return -1
    item = day.services[now.route[staff, heads[staff]], c.S_ITEM]
    first = day.items[item, c.I_FIRST]
    for service in range(first, first + day.items[item, c.I_COUNT]):
        if now.at[service] != heads[now.staff[service]]:
            return -1
    if day.items[item, c.I_LINKS] > 0 and waits(day, now, heads, item):
        return -1
    return int(item)


@linked
def waits(day: Day, now: Now, heads: Whole, item: int) -> bool:
    """Tell whether an item to which this one is linked comes before it and has no new key yet."""
    for row in range(day.items[item, c.I_LINK], day.items[item, c.I_LINK] + day.items[item, c.I_LINKS]):
        other = day.rare[row, c.L_ITEM]
        first = day.items[other, c.I_FIRST]
        staff = now.staff[first]
        if staff == c.NOBODY or now.at[first] < heads[staff]:
            continue
        if routes.is_before(now.keys[other], other, now.keys[item], item):
            return True
    return False


@linked
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
