"""The cost of the whole day after a change, and making the change."""

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import links, routes, settle
from service.routing.solver.kernel.compiled import compiled, inlined, linked
from service.routing.solver.kernel.layout import Change, Day, Now, Trial

IMPOSSIBLE = c.NEVER << 1
"""The cost of a change that breaks a hard rule."""


@inlined
def drops(day: Day, now: Now, change: Change) -> int:
    """Tell what is left out, at its prices, after the change."""
    total = now.total[1]
    for at in range(change.number[0]):
        item = change.items[at]
        first = day.items[item, c.I_FIRST]
        if now.staff[first] == c.NOBODY:
            total -= day.items[item, c.I_DROP]
        if change.staff[first] == c.NOBODY:
            total += day.items[item, c.I_DROP]
    return int(total)


@inlined
def figure(now: Now, trial: Trial, staff: int, column: int) -> int:
    """Tell what a person's day comes to after the change."""
    row = trial.slot[staff]
    return int(trial.day[row, column] if row >= 0 else now.day[staff, column])


@inlined
def greatest(day: Day, now: Now, trial: Trial, column: int) -> int:
    """Tell the greatest figure of all people."""
    found = 0
    for staff in range(len(day.people)):
        found = max(found, figure(now, trial, staff, column))
    return found


@inlined
def over_shifts(day: Day, now: Now, trial: Trial, staff: int, column: int) -> int:
    """Tell what a person's figures come to, all shifts together."""
    total, other = figure(now, trial, staff, column), day.people[staff, c.P_NEXT]
    while other != staff:
        total += figure(now, trial, other, column)
        other = day.people[other, c.P_NEXT]
    return total


@inlined
def imbalance(day: Day, now: Now, trial: Trial, column: int) -> int:
    """Sum up by how much each human being's figure differs from the mean, each rounded up."""
    count, everything, total = 0, 0, 0
    for staff in range(len(day.people)):
        count += day.people[staff, c.P_HUMAN] == staff
        everything += figure(now, trial, staff, column)
    for staff in range(len(day.people)):
        if day.people[staff, c.P_HUMAN] == staff:
            apart = abs(count * over_shifts(day, now, trial, staff, column) - everything)
            total += (apart + count - 1) // count
    return total


@inlined
def of_all(day: Day, now: Now, change: Change, trial: Trial) -> int:
    """Price what depends on several people: the greatest idle time and lateness, the balances, promises of jobs of
    several items.
    """
    rules, total = day.rules, 0
    if rules[0, c.R_IDLE]:
        total += rules[0, c.R_IDLE] * greatest(day, now, trial, c.D_IDLE)
    if rules[0, c.R_MAX_TARDY]:
        total += rules[0, c.R_MAX_TARDY] * greatest(day, now, trial, c.D_LATE)
    if rules[0, c.R_BALANCE]:
        total += rules[0, c.R_BALANCE] * imbalance(day, now, trial, c.D_LOAD)
    if rules[0, c.R_TRAVEL_BALANCE]:
        total += rules[0, c.R_TRAVEL_BALANCE] * imbalance(day, now, trial, c.D_TRAVEL)
    if rules[0, c.R_LOOSES] > 0:
        total += rules[0, c.R_MOVED] * links.moved_steps(day, now, change, trial)
    return int(total)


@inlined
def are_rested(day: Day, now: Now, trial: Trial) -> bool:
    """Tell whether nobody whom the change touches travels and serves longer than he may, all shifts together."""
    for row in range(trial.number[0]):
        staff = trial.who[row]
        if day.people[staff, c.P_WORK] == c.NEVER:
            continue
        if over_shifts(day, now, trial, staff, c.D_LOAD) > day.people[staff, c.P_WORK]:
            return False
    return True


@inlined
def first_rank(day: Day, now: Now, trial: Trial, staff: int) -> int:
    """Tell the rank of the first visit of a route after the change, c.NEVER without visits."""
    row = trial.slot[staff]
    for at in range(trial.length[row] if row >= 0 else now.length[staff]):
        service = trial.route[row, at] if row >= 0 else now.route[staff, at]
        if day.items[day.services[service, c.S_ITEM], c.I_KIND] != c.MEAL:
            return int(day.services[service, c.S_RANK])
    return int(c.NEVER)


@inlined
def last_rank(day: Day, now: Now, trial: Trial, staff: int) -> int:
    """Tell the rank of the last visit of a route after the change, -1 without visits."""
    row = trial.slot[staff]
    for at in range((trial.length[row] if row >= 0 else now.length[staff]) - 1, -1, -1):
        service = trial.route[row, at] if row >= 0 else now.route[staff, at]
        if day.items[day.services[service, c.S_ITEM], c.I_KIND] != c.MEAL:
            return int(day.services[service, c.S_RANK])
    return -1


@inlined
def are_in_order(day: Day, now: Now, trial: Trial) -> bool:
    """Tell whether nobody whom the change touches goes, in one shift, to a job of a lower rank than in one before."""
    for row in range(trial.number[0]):
        staff = trial.who[row]
        other = day.people[staff, c.P_NEXT]
        while other != staff:
            before, after = min(staff, other), max(staff, other)
            if day.people[after, c.P_SHIFT_START] < day.people[before, c.P_SHIFT_START]:
                before, after = after, before
            if last_rank(day, now, trial, before) > first_rank(day, now, trial, after):
                return False
            other = day.people[other, c.P_NEXT]
    return True


@inlined
def settles(day: Day, now: Now, change: Change, trial: Trial) -> bool:
    """Settle the touched routes; False when a hard rule is broken."""
    if not settle.settle(day, now, change, trial):
        return False
    if day.rules[0, c.R_RANKED] and not are_in_order(day, now, trial):
        return False
    return bool(day.rules[0, c.R_LIMITED] == 0 or are_rested(day, now, trial))


@inlined
def cost(day: Day, now: Now, change: Change, trial: Trial) -> int:
    """Tell what the day costs after a change, IMPOSSIBLE when that breaks a hard rule. Only touched routes are walked.

    `now.total[2]` is the sum of the people's own costs.
    """
    if not routes.is_possible(day, now, change):
        return IMPOSSIBLE
    if day.rules[0, c.R_LINKED] and not links.are_possible(day, now, change):
        return IMPOSSIBLE
    routes.reroute(day, now, change, trial)
    if not settles(day, now, change, trial):
        return IMPOSSIBLE
    own = now.total[2]
    for row in range(trial.number[0]):
        own += trial.day[row, c.D_COST] - now.day[trial.who[row], c.D_COST]
    return int(own + drops(day, now, change) + of_all(day, now, change, trial))


@linked
def cost_once(day: Day, now: Now, change: Change, trial: Trial) -> int:
    """Tell the same, compiled once for all who ask it less often than the annealing does."""
    return int(cost(day, now, change, trial))


@inlined
def accept(day: Day, now: Now, change: Change, trial: Trial, total: int) -> None:
    """Make the change that was evaluated last."""
    now.total[0] = total
    now.total[1] = drops(day, now, change)
    for at in range(change.number[0]):
        item = change.items[at]
        now.keys[item] = change.keys[item]
        for service in range(day.items[item, c.I_FIRST], day.items[item, c.I_FIRST] + day.items[item, c.I_COUNT]):
            now.staff[service] = change.staff[service]
    for row in range(trial.number[0]):
        keep(now, trial, row)
    routes.forget(change, trial)


@inlined
def keep(now: Now, trial: Trial, row: int) -> None:
    """Keep a trial's route as the person's."""
    staff = trial.who[row]
    now.length[staff] = trial.length[row]
    now.total[2] += trial.day[row, c.D_COST] - now.day[staff, c.D_COST]
    for column in range(c.DAY_COLUMNS):
        now.day[staff, column] = trial.day[row, column]
    since = trial.since[row]
    if since > 0:
        now.start[trial.route[row, since - 1]] = trial.start[row, since - 1]
    for at in range(since, trial.length[row]):
        service = trial.route[row, at]
        now.route[staff, at] = service
        now.at[service] = at
        now.start[service] = trial.start[row, at]
        for column in range(c.STATE_COLUMNS):
            now.snap[service, column] = trial.snap[row, at, column]


@compiled
def refresh(day: Day, now: Now, change: Change, trial: Trial) -> bool:
    """Build all routes anew from `now.keys` and `now.staff` and walk them all: nothing of what was known is used. False
    when a hard rule is broken.
    """
    routes.forget(change, trial)
    dropped = 0
    for staff in range(len(day.people)):
        now.length[staff] = 0
        for column in range(c.DAY_COLUMNS):
            now.day[staff, column] = 0
    for item in range(len(day.items)):
        first = day.items[item, c.I_FIRST]
        dropped += day.items[item, c.I_DROP] if now.staff[first] == c.NOBODY else 0
        for service in range(first, first + day.items[item, c.I_COUNT]):
            change.staff[service] = now.staff[service]
        change.keys[item] = now.keys[item]
        change.items[item] = item
        change.changed[item] = item + 1
    change.number[0] = len(day.items)
    now.total[1] = dropped
    now.total[2] = 0
    return refresh_routes(day, now, change, trial)


@linked
def refresh_routes(day: Day, now: Now, change: Change, trial: Trial) -> bool:
    """Put every service into its route, settle, and keep it all."""
    for staff in range(len(day.people)):
        trial.since[routes.touch(now, trial, staff)] = 0
    for service in range(len(day.services)):
        routes.put_in(day, now, change, trial, service)
    for row in range(trial.number[0]):
        trial.since[row] = 0
    if not settles(day, now, change, trial):
        routes.forget(change, trial)
        return False
    own = 0
    for row in range(trial.number[0]):
        own += trial.day[row, c.D_COST]
    accept(day, now, change, trial, own + now.total[1] + of_all(day, now, change, trial))
    return True
