"""Changes to the compiled search's day that can be undone: begin a trial, take jobs out, put jobs in, undo."""

from service.routing.solver.kernel.compiled import compiled, inlined
from service.routing.solver.strings import day as days
from service.routing.solver.strings.day import (
    ABSENT,
    ABSENT_BEFORE,
    ACTIVE,
    ASSIGNED,
    CARRIED,
    CHANGED,
    COST,
    COST_BEFORE,
    COUNT,
    FREE,
    LEG,
    NOBODY,
    PLACE,
    SPOT,
    STAFF,
    STOPS,
    TOUCHED,
    TRIAL,
    VERSION,
    VERSIONS,
    Day,
)
from service.routing.solver.strings.facts import DURATION, KIND, LOAD, MODE, Facts, Ints

rebuild, settle, begin = days.rebuild, days.settle, days.begin


@compiled
def open_trial(day: Day) -> None:
    """Begin a trial: from here on everything can be undone."""
    totals = day.totals
    totals[TRIAL] += 1
    totals[CHANGED] = 0
    totals[COST_BEFORE] = totals[COST]
    totals[ABSENT_BEFORE] = totals[ABSENT]
    for at in range(totals[ABSENT]):
        day.kept_absent[at] = day.absent[at]


@inlined
def touch(day: Day, person: int) -> None:
    """Keep a route as it is before the trial changes it."""
    size = day.sizes[person]
    if size[TOUCHED] == day.totals[TRIAL]:
        return
    size[TOUCHED] = day.totals[TRIAL]
    day.changed[day.totals[CHANGED]] = person
    day.totals[CHANGED] += 1
    day.kept_costs[person] = day.costs[person]
    day.kept_sizes[person, COUNT] = size[COUNT]
    day.kept_sizes[person, CARRIED] = size[CARRIED]
    day.kept_sizes[person, VERSION] = size[VERSION]
    day.totals[VERSIONS] += 1
    size[VERSION] = day.totals[VERSIONS]
    _copy(day.routes, day.kept_routes, person, size[COUNT] + 2)


@inlined
def _copy(source: Ints, target: Ints, person: int, length: int) -> None:
    for at in range(length):
        for column in range(4):
            target[person, at, column] = source[person, at, column]


@inlined
def undo(facts: Facts, day: Day) -> None:
    """Make the day what it was when the trial began."""
    totals = day.totals
    for at in range(totals[CHANGED]):
        _restore(facts, day, day.changed[at])
    totals[COST] = totals[COST_BEFORE]
    totals[ABSENT] = totals[ABSENT_BEFORE]
    for at in range(totals[ABSENT]):
        day.absent[at] = day.kept_absent[at]
        day.where[day.absent[at], STAFF] = NOBODY
    totals[ASSIGNED] = len(day.where) - totals[ABSENT]


@inlined
def recognize(day: Day) -> None:
    """Give each route that has come out of the trial as it was its old version back."""
    for at in range(day.totals[CHANGED]):
        person = day.changed[at]
        if _is_as_kept(day, person):
            day.sizes[person, VERSION] = day.kept_sizes[person, VERSION]


@inlined
def _is_as_kept(day: Day, person: int) -> bool:
    count = day.sizes[person, COUNT]
    if count != day.kept_sizes[person, COUNT]:
        return False
    at = 1
    while at <= count and day.routes[person, at, STOPS] == day.kept_routes[person, at, STOPS]:
        at += 1
    return bool(at > count)


@inlined
def _restore(facts: Facts, day: Day, person: int) -> None:
    count = day.kept_sizes[person, COUNT]
    resize(facts, day, person, count)
    day.sizes[person, CARRIED] = day.kept_sizes[person, CARRIED]
    day.sizes[person, VERSION] = day.kept_sizes[person, VERSION]
    day.costs[person] = day.kept_costs[person]
    _copy(day.kept_routes, day.routes, person, count + 2)
    for at in range(1, count + 1):
        job = day.routes[person, at, STOPS]
        day.where[job, STAFF], day.where[job, PLACE] = person, at


@compiled
def resize(facts: Facts, day: Day, person: int, count: int) -> None:
    """Set how many stops a person has, and move the person between those with work and the idle."""
    before = day.sizes[person, COUNT]
    day.sizes[person, COUNT] = count
    if (before > 0) == (count > 0):
        return
    kind = facts.staff[person, KIND]
    spot = day.sizes[person, SPOT]
    if count:
        day.resting[kind] -= 1
        _swap(day, day.idle[kind], spot, day.resting[kind])
        day.active[day.totals[ACTIVE]] = person
        day.sizes[person, SPOT] = day.totals[ACTIVE]
        day.totals[ACTIVE] += 1
        return
    day.totals[ACTIVE] -= 1
    _swap(day, day.active, spot, day.totals[ACTIVE])
    day.idle[kind, day.resting[kind]] = person
    day.sizes[person, SPOT] = day.resting[kind]
    day.resting[kind] += 1


@inlined
def _swap(day: Day, people: Ints, spot: int, last: int) -> None:
    people[spot] = people[last]
    day.sizes[people[spot], SPOT] = spot


@inlined
def leave_out(facts: Facts, day: Day, job: int) -> None:
    """Mark a job as taken out; its route must then be compacted."""
    day.where[job, STAFF] = NOBODY
    day.absent[day.totals[ABSENT]] = job
    day.totals[ABSENT] += 1
    day.totals[ASSIGNED] -= 1
    day.totals[COST] += facts.drops[job]


@inlined
def compact(facts: Facts, day: Day, person: int) -> bool:
    """Close the gaps that jobs taken out have left in a route; False when what stays breaks a hard rule."""
    route, kept = day.routes[person], 0
    for at in range(1, day.sizes[person, COUNT] + 1):
        job = route[at, STOPS]
        if day.where[job, STAFF] == person:
            kept += 1
            route[kept, STOPS] = job
    before = day.costs[person]
    resize(facts, day, person, kept)
    fits = bool(rebuild(facts, day, person))
    day.totals[COST] += day.costs[person] - before
    return fits


@inlined
def put(facts: Facts, day: Day, job: int, person: int, place: int) -> None:
    """Put an absent job before stop `place` of a route, where it fits; it stays in the list of the absent."""
    touch(day, person)
    count = day.sizes[person, COUNT]
    resize(facts, day, person, count + 1)
    _shift(day, person, place, count)
    day.sizes[person, CARRIED] += facts.jobs[job, LOAD]
    day.totals[ASSIGNED] += 1
    before = day.costs[person]
    day.costs[person] += _link(facts, day, job, person, place)
    day.totals[COST] += day.costs[person] - before - facts.drops[job]
    _push(facts, day, person, place)
    settle(facts, day, person, place, place)


@inlined
def _shift(day: Day, person: int, place: int, count: int) -> None:
    route = day.routes[person]
    for at in range(count + 1, place - 1, -1):
        for column in range(4):
            route[at + 1, column] = route[at, column]
    for at in range(place + 1, count + 2):
        day.where[route[at, STOPS], PLACE] = at


@inlined
def _link(facts: Facts, day: Day, job: int, person: int, place: int) -> int:
    """Write the job and its legs into the gap; the price of the change."""
    route, staff = day.routes[person], facts.staff[person]
    before, after = route[place - 1, STOPS], route[place + 1, STOPS]
    route[place, STOPS] = job
    day.where[job, STAFF], day.where[job, PLACE] = person, place
    there, on = facts.legs[staff[MODE], before, job], facts.legs[staff[MODE], job, after]
    saved = route[place - 1, LEG] if day.sizes[person, COUNT] > 1 else 0
    route[place - 1, LEG], route[place, LEG] = there, on
    return int(facts.fare * (there + on - saved) + facts.prices[job, staff[KIND]])


@inlined
def _push(facts: Facts, day: Day, person: int, place: int) -> None:
    """Move the times after an insertion forwards, until one stays as it was."""
    route = day.routes[person]
    for at in range(place, day.sizes[person, COUNT] + 1):
        job = route[at, STOPS]
        free = begin(facts, job, route[at - 1, FREE] + route[at - 1, LEG]) + facts.jobs[job, DURATION]
        if at > place and free == route[at, FREE]:
            return
        route[at, FREE] = free
