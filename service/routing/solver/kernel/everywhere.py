"""Tries a job at every place there is: with all people who may give it, at every place of their routes, with their
lunches at every place. For saying that it has none.
"""

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import evaluate, links, places, routes
from service.routing.solver.kernel.compiled import compiled, linked
from service.routing.solver.kernel.layout import Change, Day, Now, Trial
from service.routing.solver.kernel.tour import (
    ALIKE,
    BEST,
    DINING,
    FAR,
    FIRST,
    LAST,
    LEVEL,
    MOVE,
    PLACE,
    SKIP,
    STAFF,
    STAY,
    UNIT,
    Tour,
)


@compiled
def go_on(day: Day, now: Now, change: Change, trial: Trial, tour: Tour, most: int, first: bool) -> bool:
    """Go on with a tour for `most` steps at most; True when it has come to its end, or (`first`) to a place that breaks
    no hard rule.
    """
    level = tour.state[LEVEL]
    for _ in range(most):
        if level < 0:
            break
        if not advance(day, now, change, trial, tour, level):
            tour.digits[level] = -1
            level -= 1
        elif level + 1 < len(tour.levels):
            level += 1
        elif look(day, now, change, trial, tour) and first:
            level = -1
    tour.state[LEVEL] = level
    routes.forget(change, trial)
    return bool(level < 0)


@compiled
def take(day: Day, now: Now, change: Change, trial: Trial, tour: Tour) -> None:
    """Bring the job in at the cheapest place that the tour has found."""
    copy(tour, 1, 0)
    enter_all(day, now, change, trial, tour)
    evaluate.accept(day, now, change, trial, evaluate.cost_once(day, now, change, trial))


@linked
def look(day: Day, now: Now, change: Change, trial: Trial, tour: Tour) -> bool:
    """Price the place at which the tour is; the cheapest is kept. False where it breaks a hard rule."""
    enter_all(day, now, change, trial, tour)
    total = evaluate.cost_once(day, now, change, trial)
    if total < tour.state[BEST]:
        tour.state[BEST] = total
        copy(tour, 0, 1)
    return bool(total < evaluate.IMPOSSIBLE)


@linked
def copy(tour: Tour, here: int, there: int) -> None:
    """Copy the choices from one column to the other."""
    for part in range(len(tour.parts)):
        tour.staff[part, there] = tour.staff[part, here]
        tour.meals[part, there] = tour.meals[part, here]
    for at in range(len(tour.keys)):
        tour.keys[at, there] = tour.keys[at, here]


@linked
def enter(day: Day, now: Now, change: Change, trial: Trial, tour: Tour, count: int) -> None:
    """Enter the first units of the tour in a new change."""
    routes.forget(change, trial)
    for unit in range(count):
        places.enter(day, now, change, tour.units[unit, 0], tour.keys[unit, 0])
        for part in range(tour.units[unit, FIRST], tour.units[unit, LAST]):
            change.staff[tour.parts[part, 0]] = tour.staff[part, 0]


@linked
def enter_all(day: Day, now: Now, change: Change, trial: Trial, tour: Tour) -> None:
    """Enter all units of the tour in a new change, and the lunches that move."""
    enter(day, now, change, trial, tour, len(tour.units))
    for part in range(len(tour.parts)):
        way = tour.meals[part, 0]
        if way != STAY:
            lunch = day.people[tour.staff[part, 0], c.P_MEAL]
            places.enter(day, now, change, lunch, tour.keys[len(tour.units) + part, 0])
            change.staff[day.items[lunch, c.I_FIRST]] = c.NOBODY if way == SKIP else tour.staff[part, 0]


@linked
def advance(day: Day, now: Now, change: Change, trial: Trial, tour: Tour, level: int) -> bool:
    """Go to the next choice of a level that may lead to a place; False when there is none."""
    kind, thing = tour.levels[level, 0], tour.levels[level, 1]
    while True:
        tour.digits[level] += 1
        if kind == STAFF:
            if tour.digits[level] >= day.ables[tour.parts[thing, 0]]:
                return False
            if is_free(day, tour, thing, tour.digits[level]):
                return True
        elif kind == PLACE:
            count = stand(day, now, change, tour, thing)
            if tour.digits[level] > count:
                return False
            tour.keys[thing, 0] = behind(tour, tour.digits[level], count)
            if is_open(day, now, change, trial, tour, thing):
                return True
        else:
            return dine(day, now, tour, thing, tour.digits[level])


@linked
def is_free(day: Day, tour: Tour, part: int, at: int) -> bool:
    """Choose who gives a part; False where the person gives another one of the job, or where it was tried the other way
    round.
    """
    service = tour.parts[part, 0]
    staff = day.able[service, at]
    tour.staff[part, 0] = staff
    job = day.services[service, c.S_JOB]
    for other in range(part):
        if day.services[tour.parts[other, 0], c.S_JOB] != job:
            continue
        if day.people[tour.staff[other, 0], c.P_HUMAN] == day.people[staff, c.P_HUMAN]:
            return False
        if tour.parts[part, ALIKE] and other == part - 1 and tour.staff[other, 0] > staff:
            return False
    return True


@linked
def stand(day: Day, now: Now, change: Change, tour: Tour, unit: int) -> int:
    """Collect the keys of all to which the turn of a unit matters: its people's stops, what it is linked to, the units
    before it. Answers how many.
    """
    item, count = tour.units[unit, 0], 0
    for part in range(tour.units[unit, FIRST], tour.units[unit, LAST]):
        staff = tour.staff[part, 0]
        for at in range(now.length[staff]):
            tour.marks[count] = now.keys[day.services[now.route[staff, at], c.S_ITEM]]
            count += 1
    for row in range(day.items[item, c.I_LINK], day.items[item, c.I_LINK] + day.items[item, c.I_LINKS]):
        other = day.rare[row, c.L_ITEM]
        if now.staff[day.items[other, c.I_FIRST]] != c.NOBODY:
            tour.marks[count] = now.keys[other]
            count += 1
    for other in range(unit):
        tour.marks[count] = tour.keys[other, 0]
        count += 1
    return count


@linked
def behind(tour: Tour, at: int, count: int) -> float:
    """Choose a key right behind mark `at` - 1, before the next; of 0, before them all."""
    far = float(tour.state[FAR])
    if count == 0:
        return far
    if at == 0:
        low = tour.marks[0]
        for other in range(count):
            low = min(low, tour.marks[other])
        return float(low - far)
    low, found, high = tour.marks[at - 1], False, 0.0
    for other in range(count):
        if tour.marks[other] > low and (not found or tour.marks[other] < high):
            found, high = True, tour.marks[other]
    return float(low + (high - low) / 2 if found else low + far)


@linked
def is_open(day: Day, now: Now, change: Change, trial: Trial, tour: Tour, unit: int) -> bool:
    """Tell whether the place of a unit may be one: by the windows of those before and behind it, and by its links."""
    item, key = tour.units[unit, 0], tour.keys[unit, 0]
    for part in range(tour.units[unit, FIRST], tour.units[unit, LAST]):
        staff = tour.staff[part, 0]
        for at in range(now.length[staff]):
            other = day.services[now.route[staff, at], c.S_ITEM]
            if now.keys[other] < key and day.opens[day.items[other, c.I_WINDOW]] > closing(day, item):
                return False
            if now.keys[other] > key and day.opens[day.items[item, c.I_WINDOW]] > closing(day, other):
                return False
    if day.items[item, c.I_LINKS] == 0:
        return True
    enter(day, now, change, trial, tour, unit + 1)
    for row in range(day.items[item, c.I_LINK], day.items[item, c.I_LINK] + day.items[item, c.I_LINKS]):
        present = not links.is_absent(day, now, change, day.rare[row, c.L_ITEM])
        if present and not links.is_possible(day, now, change, item, row):
            return False
    return True


@linked
def closing(day: Day, item: int) -> int:
    """Tell the last moment at which an item may begin; NEVER where it may be late, and of a lunch."""
    if day.items[item, c.I_KIND] == c.MEAL or not day.items[item, c.I_STRICT]:
        return c.NEVER
    found = day.ends[day.items[item, c.I_WINDOW]]
    for window in range(day.items[item, c.I_WINDOW], day.items[item, c.I_WINDOW] + day.items[item, c.I_WINDOWS]):
        found = max(found, day.ends[window])
    return int(found)


@linked
def dine(day: Day, now: Now, tour: Tour, part: int, at: int) -> bool:
    """Choose when the person of a part has lunch: as it is (0), not at all (1, where that may be), or at each place of
    the route as it will be; False when there are no more ways.
    """
    tour.meals[part, 0] = STAY
    lunch = lunch_of(day, tour, part)
    if at == 0 or lunch < 0:
        return at == 0
    key = len(tour.units) + part
    may_skip = not day.rules[0, c.R_MUST_EAT] and now.staff[day.items[lunch, c.I_FIRST]] != c.NOBODY
    if at == 1 and may_skip:
        tour.meals[part, 0], tour.keys[key, 0] = SKIP, now.keys[lunch]
        return True
    place, count = at - 2 if may_skip else at - 1, sit_down(day, now, tour, part, lunch)
    if place > count:
        return False
    tour.meals[part, 0], tour.keys[key, 0] = MOVE, behind(tour, place, count)
    return True


@linked
def lunch_of(day: Day, tour: Tour, part: int) -> int:
    """Tell which lunch moves for a part: none of a person who gives a part before, or where lunches stay."""
    if not tour.state[DINING]:
        return -1
    for other in range(part):
        if tour.staff[other, 0] == tour.staff[part, 0]:
            return -1
    return int(day.people[tour.staff[part, 0], c.P_MEAL])


@linked
def sit_down(day: Day, now: Now, tour: Tour, part: int, lunch: int) -> int:
    """Collect the keys of a person's stops, with what comes in and without the lunch; answers how many."""
    staff, count = tour.staff[part, 0], 0
    for stop in range(now.length[staff]):
        item = day.services[now.route[staff, stop], c.S_ITEM]
        if item != lunch:
            tour.marks[count] = now.keys[item]
            count += 1
    for other in range(len(tour.parts)):
        if tour.staff[other, 0] == staff:
            tour.marks[count] = tour.keys[tour.parts[other, UNIT], 0]
            count += 1
    return count
