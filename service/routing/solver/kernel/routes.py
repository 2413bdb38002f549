"""What a change does to the routes: every route is the services of one person in the global order, so people who wait
for each other never wait in a circle.
"""

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel.compiled import inlined
from service.routing.solver.kernel.layout import Change, Day, Now, Trial


@inlined
def key_of(now: Now, change: Change, item: int) -> float:
    """Tell an item's key after the change."""
    if change.changed[item]:
        return float(change.keys[item])
    return float(now.keys[item])


@inlined
def staff_of(day: Day, now: Now, change: Change, service: int) -> int:
    """Tell who gives a service after the change."""
    if change.changed[day.services[service, c.S_ITEM]]:
        return int(change.staff[service])
    return int(now.staff[service])


@inlined
def is_before(key: float, item: int, other_key: float, other: int) -> bool:
    """Compare two places in the global order; no two items share one."""
    return key < other_key or (key == other_key and item < other)


@inlined
def touch(now: Now, trial: Trial, staff: int) -> int:
    """Open a row for a person's route and tell which; it begins as the present route, evaluated to its end."""
    row = trial.slot[staff]
    if row >= 0:
        return int(row)
    row = trial.number[0]
    trial.number[0] = row + 1
    trial.who[row] = staff
    trial.slot[staff] = row
    trial.length[row] = now.length[staff]
    trial.since[row] = now.length[staff]
    for at in range(now.length[staff]):
        trial.route[row, at] = now.route[staff, at]
    return int(row)


@inlined
def forget(change: Change, trial: Trial) -> None:
    """Forget a change and its trial."""
    for at in range(change.number[0]):
        change.changed[change.items[at]] = 0
    change.number[0] = 0
    for row in range(trial.number[0]):
        trial.slot[trial.who[row]] = -1
    trial.number[0] = 0


@inlined
def take_out(day: Day, now: Now, change: Change, trial: Trial, staff: int) -> None:
    """Take the changed services out of a person's route, once."""
    if trial.slot[staff] >= 0:
        return
    row = touch(now, trial, staff)
    kept = 0
    first = now.length[staff]
    for at in range(now.length[staff]):
        service = now.route[staff, at]
        if change.changed[day.services[service, c.S_ITEM]]:
            first = min(first, kept)
            continue
        trial.route[row, kept] = service
        kept += 1
    trial.length[row] = kept
    trial.since[row] = min(first, kept)


@inlined
def put_in(day: Day, now: Now, change: Change, trial: Trial, service: int) -> None:
    """Put a changed service into its new person's route, at the place that its key says."""
    staff = change.staff[service]
    if staff == c.NOBODY:
        return
    take_out(day, now, change, trial, staff)
    row = trial.slot[staff]
    item = day.services[service, c.S_ITEM]
    key = change.keys[item]
    at = trial.length[row]
    while at > 0:
        before = trial.route[row, at - 1]
        other = day.services[before, c.S_ITEM]
        if is_before(key_of(now, change, other), other, key, item):
            break
        trial.route[row, at] = before
        at -= 1
    trial.route[row, at] = service
    trial.length[row] += 1
    trial.since[row] = min(trial.since[row], at)


@inlined
def reroute(day: Day, now: Now, change: Change, trial: Trial) -> None:
    """Make the routes that the change touches."""
    for at in range(change.number[0]):
        item = change.items[at]
        for service in range(day.items[item, c.I_FIRST], day.items[item, c.I_FIRST] + day.items[item, c.I_COUNT]):
            if now.staff[service] != c.NOBODY:
                take_out(day, now, change, trial, now.staff[service])
    for at in range(change.number[0]):
        item = change.items[at]
        for service in range(day.items[item, c.I_FIRST], day.items[item, c.I_FIRST] + day.items[item, c.I_COUNT]):
            put_in(day, now, change, trial, service)
    for row in range(trial.number[0]):
        skip_what_stays(day, now, change, trial, row)


@inlined
def skip_what_stays(day: Day, now: Now, change: Change, trial: Trial, row: int) -> None:
    """Begin a trial where the route differs from the present one; a changed item may differ by its other people."""
    staff = trial.who[row]
    since = trial.since[row]
    shorter = min(trial.length[row], now.length[staff])
    while since < shorter and trial.route[row, since] == now.route[staff, since]:
        if change.changed[day.services[trial.route[row, since], c.S_ITEM]]:
            break
        since += 1
    if day.people[staff, c.P_DINES] and shorter <= 1:
        # whether one goes to lunch at all may depend on there being work
        since = 0
    trial.since[row] = since


@inlined
def set_back(day: Day, now: Now, trial: Trial, row: int, at: int) -> None:
    """Stand before stop `at` of a touched route, in the state that the present plan has there."""
    staff = trial.who[row]
    trial.at[row] = at
    if at == 0:
        for column in range(c.STATE_COLUMNS):
            trial.state[row, column] = day.fresh[staff, column]
        return
    before = trial.route[row, at - 1]
    for column in range(c.STATE_COLUMNS):
        trial.state[row, column] = now.snap[before, column]
    trial.start[row, at - 1] = now.start[before]


@inlined
def is_possible(day: Day, now: Now, change: Change) -> bool:
    """Tell whether every changed service goes to somebody who may give it, and no job twice to the same person."""
    for at in range(change.number[0]):
        item = change.items[at]
        for service in range(day.items[item, c.I_FIRST], day.items[item, c.I_FIRST] + day.items[item, c.I_COUNT]):
            staff = change.staff[service]
            if staff != c.NOBODY and (day.price[service, staff] < 0 or is_taken(day, now, change, service, staff)):
                return False
    return True


@inlined
def is_taken(day: Day, now: Now, change: Change, service: int, staff: int) -> bool:
    """Tell whether the person, in any of his shifts, gives another service of the same job."""
    item = day.services[service, c.S_ITEM]
    first = day.items[item, c.I_JOB_FIRST]
    for other in range(first, first + day.items[item, c.I_JOB_COUNT]):
        if other != service:
            whose = staff_of(day, now, change, other)
            if whose != c.NOBODY and day.people[whose, c.P_HUMAN] == day.people[staff, c.P_HUMAN]:
                return True
    return False
