"""Evaluates a change: agrees the meetings of the touched routes in the global order, and draws in whoever is met at
another time than before.
"""

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import legs, links, routes, steps
from service.routing.solver.kernel.compiled import inlined
from service.routing.solver.kernel.layout import Change, Day, Now, Trial, Whole

ROUNDS = 8
"""Each round moves somebody later to the next opening; more than a few never help."""


@inlined
def next_row(day: Day, now: Now, change: Change, trial: Trial) -> int:
    """Find the touched route whose next stop is first in the global order; -1 when all are at their ends."""
    found, found_item, found_key = -1, -1, 0.0
    for row in range(trial.number[0]):
        if trial.at[row] >= trial.length[row]:
            continue
        item = day.services[trial.route[row, trial.at[row]], c.S_ITEM]
        key = routes.key_of(now, change, item)
        if found < 0 or routes.is_before(key, item, found_key, found_item):
            found, found_item, found_key = row, item, key
    return found


@inlined
def put_down(day: Day, trial: Trial, row: int, start: int) -> None:
    """Keep the state after a stop, and go on to the next."""
    at = trial.at[row]
    trial.start[row, at] = start
    if day.rules[0, c.R_SEEN]:
        service = trial.route[row, at]
        trial.when[service, 0], trial.when[service, 1] = start, trial.number[1]
    for column in range(c.STATE_COLUMNS):
        trial.snap[row, at, column] = trial.state[row, column]
    trial.at[row] = at + 1


@inlined
def note_lunch(day: Day, trial: Trial, row: int, service: int) -> None:
    """Write down when the lunch is had that is pending before a stop."""
    if trial.state[row, c.EATS] == c.PENDING:
        staff = trial.who[row]
        way = legs.leg(day, staff, trial.state, row, service)
        trial.start[row, trial.at[row] - 1] = legs.lunch_start(day, staff, trial.state, row, way)


@inlined
def serve(day: Day, trial: Trial, row: int, service: int, start: int) -> bool:
    """Let the touched person of a row give its next service."""
    note_lunch(day, trial, row, service)
    if not steps.serve(day, trial.who[row], trial.state, row, service, start):
        return False
    put_down(day, trial, row, start)
    return True


@inlined
def lunch(day: Day, trial: Trial, row: int, service: int) -> bool:
    """Settle a lunch: had at its own point, or on the way to the next stop; False when it comes too late."""
    staff, start = trial.who[row], c.BROKEN
    if day.people[staff, c.P_DINES]:
        start = steps.dine(day, staff, trial.state, row, service, trial.length[row] == 1)
        if start == c.BROKEN:
            return False
    else:
        trial.state[row, c.EATS] = c.PENDING
    put_down(day, trial, row, start)
    return True


@inlined
def alone(day: Day, now: Now, change: Change, trial: Trial, row: int) -> bool:
    """Settle a stop of one person: a service, or a lunch."""
    service = trial.route[row, trial.at[row]]
    item, staff = day.services[service, c.S_ITEM], trial.who[row]
    if day.items[item, c.I_KIND] == c.MEAL:
        return lunch(day, trial, row, service)
    ready = legs.ready_at(day, staff, trial.state, row, service)
    if ready == c.BROKEN:
        return False
    if day.items[item, c.I_LINKS] == 0:
        return serve(day, trial, row, service, steps.begin(day, item, service, staff, ready))
    start = steps.begin(day, item, service, staff, max(ready, links.soonest(day, now, change, trial, item)))
    if start > links.latest(day, now, change, trial, item) or not serve(day, trial, row, service, start):
        return False
    links.draw_in_followers(day, now, change, trial, item)
    return True


@inlined
def stands_at(trial: Trial, staff: int, service: int) -> bool:
    """Tell whether the person's next stop in the trial is this service: else it lies in the part of the route that is
    as before, so far.
    """
    row = trial.slot[staff]
    if row < 0 or trial.at[row] >= trial.length[row]:
        return False
    return bool(trial.route[row, trial.at[row]] == service)


@inlined
def ready_now(day: Day, now: Now, staff: int, service: int) -> int:
    """Tell when a person stands ready at a service of the unchanged part of the route."""
    at = now.at[service]
    if at == 0:
        return legs.ready_at(day, staff, day.fresh, staff, service)
    return legs.ready_at(day, staff, now.snap, now.route[staff, at - 1], service)


@inlined
def meet(day: Day, now: Now, change: Change, trial: Trial, item: int) -> bool:
    """Settle an item of several people: `meet[part]` = (staff, ready, start)."""
    first, count = day.items[item, c.I_FIRST], day.items[item, c.I_COUNT]
    linked_to = day.items[item, c.I_LINKS] > 0
    soonest = links.soonest(day, now, change, trial, item) if linked_to else 0
    for part in range(count):
        staff = routes.staff_of(day, now, change, first + part)
        if stands_at(trial, staff, first + part):
            ready = legs.ready_at(day, staff, trial.state, trial.slot[staff], first + part)
        else:
            ready = ready_now(day, now, staff, first + part)
        if ready == c.BROKEN:
            return False
        trial.meet[part, 0], trial.meet[part, 1] = staff, max(ready, soonest)
    if not agree(day, trial.meet, item):
        return False
    if linked_to and first_start(trial.meet, count) > links.latest(day, now, change, trial, item):
        return False
    if not all_serve(day, now, trial, first, count):
        return False
    if linked_to:
        links.draw_in_followers(day, now, change, trial, item)
    return True


@inlined
def first_start(meet: Whole, count: int) -> int:
    """Tell when the first of those who meet begins."""
    found = meet[0, 2]
    for part in range(1, count):
        found = min(found, meet[part, 2])
    return int(found)


@inlined
def all_serve(day: Day, now: Now, trial: Trial, first: int, count: int) -> bool:
    """Let everybody who meets give the service at the agreed time; who meets as before stays untouched."""
    for part in range(count):
        staff, start = trial.meet[part, 0], trial.meet[part, 2]
        if not stands_at(trial, staff, first + part):
            if start == now.start[first + part]:
                continue
            row = routes.touch(now, trial, staff)
            trial.since[row] = now.at[first + part]
            routes.set_back(day, now, trial, row, trial.since[row])
        if not serve(day, trial, trial.slot[staff], first + part, start):
            return False
    return True


@inlined
def agree(day: Day, meet: Whole, item: int) -> bool:
    """Find the earliest starts that keep the relation: all together, or each after the one before within the lag."""
    first, count = day.items[item, c.I_FIRST], day.items[item, c.I_COUNT]
    together = day.items[item, c.I_KIND] == c.TOGETHER
    for part in range(count):
        meet[part, 2] = 0
    for _ in range(ROUNDS):
        for part in range(count):
            ready = max(meet[part, 1], meet[part, 2])
            meet[part, 2] = steps.begin(day, item, first + part, meet[part, 0], ready)
        moved = at_once(meet, count) if together else in_turn(day, meet, item, count)
        if not moved:
            return True
    return False


@inlined
def at_once(meet: Whole, count: int) -> bool:
    """Delay all starts to the latest; True when one moved."""
    latest = meet[0, 2]
    for part in range(1, count):
        latest = max(latest, meet[part, 2])
    moved = False
    for part in range(count):
        moved = moved or meet[part, 2] != latest
        meet[part, 2] = latest
    return moved


@inlined
def in_turn(day: Day, meet: Whole, item: int, count: int) -> bool:
    """Delay starts as little as possible until each lag start to start is kept; True when one moved."""
    moved = False
    for part in range(1, count):
        soonest = meet[part - 1, 2] + day.items[item, c.I_LOW]
        if meet[part, 2] < soonest:
            meet[part, 2], moved = soonest, True
    for part in range(count - 1, 0, -1):
        soonest = meet[part, 2] - day.items[item, c.I_HIGH]
        if meet[part - 1, 2] < soonest:
            meet[part - 1, 2], moved = soonest, True
    return moved


@inlined
def settle(day: Day, now: Now, change: Change, trial: Trial) -> bool:
    """Walk all touched routes from where they changed, in the global order; False when a hard rule is broken."""
    if day.rules[0, c.R_SEEN]:
        trial.number[1] += 1
        links.release(day, now, change, trial)
    for row in range(trial.number[0]):
        routes.set_back(day, now, trial, row, trial.since[row])
    row = next_row(day, now, change, trial)
    while row >= 0:
        item = day.services[trial.route[row, trial.at[row]], c.S_ITEM]
        single = day.items[item, c.I_COUNT] == 1
        kept = alone(day, now, change, trial, row) if single else meet(day, now, change, trial, item)
        if not kept:
            return False
        row = next_row(day, now, change, trial)
    if day.rules[0, c.R_WIDES] > 0 and not links.are_kept(day, now, change, trial):
        return False
    return ends(day, trial)


@inlined
def ends(day: Day, trial: Trial) -> bool:
    """End the days of all who were touched; False when a hard rule is broken."""
    kept = True
    for row in range(trial.number[0]):
        kept = kept and end(day, trial, row)
    return kept


@inlined
def end(day: Day, trial: Trial, row: int) -> bool:
    """End a touched person's day; a lunch after the last visit is written down."""
    staff, state = trial.who[row], trial.state
    if state[row, c.EATS] == c.PENDING:
        start = max(state[row, c.FREE], day.people[staff, c.P_MEAL_OPEN])
        trial.start[row, trial.length[row] - 1] = start
    return steps.close(day, staff, state, row, trial.day)
