"""Links between jobs: what they forbid, when the later job may begin, who is drawn in when the earlier one moves."""

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import routes
from service.routing.solver.kernel.compiled import inlined, linked
from service.routing.solver.kernel.layout import Change, Day, Now, Trial


@inlined
def is_absent(day: Day, now: Now, change: Change, item: int) -> bool:
    """Tell whether an item is left out after the change."""
    return bool(routes.staff_of(day, now, change, day.items[item, c.I_FIRST]) == c.NOBODY)


@inlined
def comes_before(now: Now, change: Change, item: int, other: int) -> bool:
    """Tell whether an item has its place in the global order before another one."""
    return routes.is_before(routes.key_of(now, change, item), item, routes.key_of(now, change, other), other)


@inlined
def start_of(now: Now, trial: Trial, service: int) -> int:
    """Tell when a service begins: as found in this trial, else as before."""
    if trial.when[service, 1] == trial.number[1]:
        return int(trial.when[service, 0])
    return int(now.start[service])


@linked
def end_of(day: Day, now: Now, change: Change, trial: Trial, item: int) -> int:
    """Tell when the last service of an item is over."""
    found = -c.NEVER
    for service in range(day.items[item, c.I_FIRST], day.items[item, c.I_FIRST] + day.items[item, c.I_COUNT]):
        staff = routes.staff_of(day, now, change, service)
        found = max(found, start_of(now, trial, service) + day.time[service, staff])
    return found


@inlined
def counted(day: Day, item: int) -> int:
    """Tell how many services of an item count where the same person is asked for: of those apart the first."""
    return 1 if day.items[item, c.I_KIND] == c.LAGGED else int(day.items[item, c.I_COUNT])


@linked
def end_for(day: Day, now: Now, change: Change, trial: Trial, row: int) -> int:
    """Tell when the linked item is over, as far as it counts."""
    item = day.rare[row, c.L_ITEM]
    if day.rare[row, c.L_CARER] == c.SAME and day.items[item, c.I_KIND] == c.LAGGED:
        first = day.items[item, c.I_FIRST]
        return int(start_of(now, trial, first) + day.time[first, routes.staff_of(day, now, change, first)])
    return end_of(day, now, change, trial, item)


@linked
def soonest(day: Day, now: Now, change: Change, trial: Trial, item: int) -> int:
    """Tell the earliest start that the earlier items allow to which an item is linked, and the opening of those that
    must follow soon.
    """
    found = 0
    for row in range(day.items[item, c.I_LINK], day.items[item, c.I_LINK] + day.items[item, c.I_LINKS]):
        other = day.rare[row, c.L_ITEM]
        if is_absent(day, now, change, other):
            continue
        if comes_before(now, change, other, item):
            found = max(found, end_for(day, now, change, trial, row) + day.rare[row, c.L_LOW])
        elif day.rare[row, c.L_FLOOR] > found:
            found = max(found, day.rare[row, c.L_FLOOR] - length_of(day, now, change, item))
    return found


@linked
def length_of(day: Day, now: Now, change: Change, item: int) -> int:
    """Tell how long an item takes its people at most, from the first start to the last end."""
    found, first, count = 0, day.items[item, c.I_FIRST], day.items[item, c.I_COUNT]
    for service in range(first, first + count):
        found = max(found, day.time[service, routes.staff_of(day, now, change, service)])
    if day.items[item, c.I_KIND] == c.LAGGED:
        found += (count - 1) * max(0, day.items[item, c.I_HIGH])
    return int(found)


@linked
def latest(day: Day, now: Now, change: Change, trial: Trial, item: int) -> int:
    """Tell the last start that the earlier items allow to which an item is linked."""
    found = c.NEVER
    for row in range(day.items[item, c.I_LINK], day.items[item, c.I_LINK] + day.items[item, c.I_LINKS]):
        other = day.rare[row, c.L_ITEM]
        if day.rare[row, c.L_HIGH] == c.NEVER or is_absent(day, now, change, other):
            continue
        if comes_before(now, change, other, item):
            found = min(found, end_for(day, now, change, trial, row) + day.rare[row, c.L_HIGH])
    return found


@linked
def release(day: Day, now: Now, change: Change, trial: Trial) -> None:
    """Walk what is linked to the changed items, and not changed itself, once more."""
    for at in range(change.number[0]):
        item = change.items[at]
        for row in range(day.items[item, c.I_LINK], day.items[item, c.I_LINK] + day.items[item, c.I_LINKS]):
            draw_in(day, now, change, trial, day.rare[row, c.L_ITEM])


@linked
def draw_in(day: Day, now: Now, change: Change, trial: Trial, item: int) -> None:
    """Let the routes of an unchanged item be walked from there on, if they would not be anyhow."""
    if change.changed[item]:
        return
    for service in range(day.items[item, c.I_FIRST], day.items[item, c.I_FIRST] + day.items[item, c.I_COUNT]):
        staff = now.staff[service]
        if staff == c.NOBODY:
            return
        row = routes.touch(now, trial, staff)
        if now.at[service] < trial.since[row]:
            trial.since[row] = now.at[service]
            routes.set_back(day, now, trial, row, trial.since[row])


@linked
def draw_in_followers(day: Day, now: Now, change: Change, trial: Trial, item: int) -> None:
    """Walk the later items to which an unchanged one is linked once more, if that one has moved."""
    if change.changed[item]:
        return
    moved = False
    for service in range(day.items[item, c.I_FIRST], day.items[item, c.I_FIRST] + day.items[item, c.I_COUNT]):
        moved = moved or start_of(now, trial, service) != now.start[service]
    if not moved:
        return
    for row in range(day.items[item, c.I_LINK], day.items[item, c.I_LINK] + day.items[item, c.I_LINKS]):
        other = day.rare[row, c.L_ITEM]
        if comes_before(now, change, item, other):
            draw_in(day, now, change, trial, other)


@linked
def are_possible(day: Day, now: Now, change: Change) -> bool:
    """Tell whether order, people and presence of the changed items are what their links ask for."""
    for at in range(change.number[0]):
        item = change.items[at]
        for row in range(day.items[item, c.I_LINK], day.items[item, c.I_LINK] + day.items[item, c.I_LINKS]):
            if not is_possible(day, now, change, item, row):
                return False
    return True


@linked
def is_possible(day: Day, now: Now, change: Change, item: int, row: int) -> bool:
    """Tell whether one link of an item is kept, times aside."""
    other = day.rare[row, c.L_ITEM]
    gone, lost = is_absent(day, now, change, item), is_absent(day, now, change, other)
    if gone or lost:
        return bool(gone == lost or day.rare[row, c.L_BOUND] == 0)
    way = day.rare[row, c.L_WAY]
    if way != c.EITHER and (way == c.AFTER) != comes_before(now, change, item, other):
        return False
    carer = day.rare[row, c.L_CARER]
    if carer == c.SAME:
        return share(day, now, change, item, other, counted(day, item), counted(day, other))
    if carer == c.ANYBODY:
        return True
    return not share(day, now, change, item, other, day.items[item, c.I_COUNT], day.items[other, c.I_COUNT])


@linked
def share(day: Day, now: Now, change: Change, item: int, other: int, count: int, number: int) -> bool:
    """Tell whether somebody gives services of both items, of the first so many of each."""
    for one in range(day.items[item, c.I_FIRST], day.items[item, c.I_FIRST] + count):
        human = day.people[routes.staff_of(day, now, change, one), c.P_HUMAN]
        for two in range(day.items[other, c.I_FIRST], day.items[other, c.I_FIRST] + number):
            if day.people[routes.staff_of(day, now, change, two), c.P_HUMAN] == human:
                return True
    return False


@linked
def first_start(day: Day, now: Now, trial: Trial, job: int) -> int:
    """Tell when a job of the plan begins."""
    item = day.items_of[job, 0]
    first = day.items[item, c.I_JOB_FIRST]
    found = start_of(now, trial, first)
    for service in range(first + 1, first + day.items[item, c.I_JOB_COUNT]):
        found = min(found, start_of(now, trial, service))
    return found


@linked
def last_end(day: Day, now: Now, change: Change, trial: Trial, job: int) -> int:
    """Tell when the last service of a job is over."""
    found = -c.NEVER
    for item in range(day.items_of[job, 0], day.items_of[job, 0] + day.items_of[job, 1]):
        found = max(found, end_of(day, now, change, trial, item))
    return found


@linked
def are_kept(day: Day, now: Now, change: Change, trial: Trial) -> bool:
    """Tell whether the links of jobs of several items are kept: one job wholly before the other, and not too far."""
    for row in range(day.rules[0, c.R_WIDE], day.rules[0, c.R_WIDE] + day.rules[0, c.R_WIDES]):
        one, two = day.rare[row, c.W_FIRST], day.rare[row, c.W_SECOND]
        first, second = day.items_of[one, 0], day.items_of[two, 0]
        if is_absent(day, now, change, first) or is_absent(day, now, change, second):
            continue
        if not comes_before(now, change, first, second):
            one, two = two, one
        wait = first_start(day, now, trial, two) - last_end(day, now, change, trial, one)
        if wait < day.rare[row, c.W_LOW] or wait > day.rare[row, c.W_HIGH]:
            return False
    return True


@linked
def moved_steps(day: Day, now: Now, change: Change, trial: Trial) -> int:
    """Sum up the steps by which jobs begin before or after their promise whose services do not begin as one."""
    total = 0
    for at in range(day.rules[0, c.R_LOOSE], day.rules[0, c.R_LOOSE] + day.rules[0, c.R_LOOSES]):
        job = day.rare[at, c.O_JOB]
        if not is_absent(day, now, change, day.items_of[job, 0]):
            apart = abs(first_start(day, now, trial, job) - day.rare[at, c.O_PROMISE])
            total += apart // day.rules[0, c.R_STEP]
    return total
