"""Puts jobs into a plan, each where it costs least of the places that are tried, with the ways there and on."""

import random
from typing import Final, NamedTuple

from service.routing.solver.rides import carrying, times
from service.routing.solver.rides.effort import USUAL, Effort, OutOfTime
from service.routing.solver.rides.facts import FAR, Facts
from service.routing.solver.rides.latest import Latest
from service.routing.solver.rides.state import AFTER, BEFORE, FIRST, NOBODY, NONE, OPEN, State

OVERLOOKED: Final = 0.04
"""How often a place is overlooked."""


class Place(NamedTuple):
    """Before the node `after` in a row; `cost` is what it looks like beforehand."""

    cost: float
    row: int
    after: int


class Put(NamedTuple):
    """A state with something put in, and what that costs beside leaving it out."""

    cost: float
    state: State


def put(
    state: State,
    job: int,
    chance: random.Random | None,
    rows: dict[int, int] | None = None,
    effort: Effort = USUAL,
) -> Put | None:
    """Put a job in, with those that are done with it or not at all; None when no place was found.

    With `rows` each service is given by the row named, as its last; without `chance` nothing is overlooked.

    Raises:
        OutOfTime: the effort is over before everything was tried.
    """
    cost, twin = 0.0, state
    for each in state.facts.groups[job]:
        if twin.has(each):
            continue
        for node in state.facts.nodes_of[each]:
            latest = Latest(twin)
            places = sorted(_places(twin, node, latest, None if rows is None else rows.get(node, NOBODY)))
            found = _best(twin, node, _drawn(places, chance, effort), latest, effort)
            if found is None:
                return None
            cost, twin = cost + found.cost, found.state
    return Put(cost, twin)


def _drawn(places: list[Place], chance: random.Random | None, effort: Effort) -> list[Place]:
    if chance is None:
        return places[: 2 * effort.places]
    places = [each for each in places if chance.random() >= OVERLOOKED]
    more = places[effort.places :]
    return places[: effort.places] + (chance.sample(more, effort.others) if len(more) > effort.others else more)


def _best(state: State, node: int, places: list[Place], latest: Latest, effort: Effort) -> Put | None:
    best: Put | None = None
    for place in places:
        if effort.is_over():
            raise OutOfTime
        found = _at(state, node, place, latest, effort)
        if found is None and state.lunch[place.row][0] != NONE:
            # lunch had otherwise may leave room
            twin = state.fork()
            twin.lunch[place.row] = (NONE, NOBODY)
            found = _at(twin, node, place, latest, effort)
        if found is not None and (best is None or found.cost < best.cost):
            best = found
    return best


def _places(state: State, node: int, latest: Latest, wanted: int | None) -> list[Place]:
    """List the places that there may be time for, and what they look like."""
    facts, given = state.facts, state.given()
    found = []
    for row in facts.rows if wanted is None else ([] if wanted == NOBODY else [wanted]):
        price = facts.prices[node][row]
        if price is None or not facts.is_apart(node, row, given) or _is_heavy(state, node, row):
            continue
        route = state.route(row)
        ends = [*route, state.end_of(row)]
        for after in ends if wanted is None else ends[-1:]:
            cost = _estimate(state, node, row, after, latest)
            if cost is not None and _keeps_rank(facts, node, route, after):
                found.append(Place(cost + price, row, after))
    return found


def _is_heavy(state: State, node: int, row: int) -> bool:
    facts = state.facts
    most = facts.problem.staff[row].capacity
    if most is None:
        return False
    load = sum(facts.problem.jobs[facts.jobs[each]].load for each in state.route(row) if each < facts.first_lunch)
    return load + facts.problem.jobs[facts.jobs[node]].load > most


def _keeps_rank(facts: Facts, node: int, route: list[int], after: int) -> bool:
    jobs, rank = facts.problem.jobs, facts.problem.jobs[facts.jobs[node]].rank
    at = route.index(after) if after < facts.first_end else len(route)
    before = (jobs[facts.jobs[each]].rank for each in route[:at] if each < facts.first_lunch)
    behind = (jobs[facts.jobs[each]].rank for each in route[at:] if each < facts.first_lunch)
    return all(each <= rank for each in before) and all(rank <= each for each in behind)


def _estimate(state: State, node: int, row: int, after: int, latest: Latest) -> float | None:
    facts = state.facts
    before, here, there = state.before[after], facts.places[node], facts.places[after]
    origin = facts.origins[row] if before == NOBODY else facts.places[before]
    free = facts.earliest[row] if before == NOBODY else state.start[before] + state.length(before)
    into, onward = facts.least(row, origin, here), facts.least(row, here, there)
    start = facts.begin(node, row, free + into)
    if start >= FAR or start + facts.lengths[row][node] + onward > latest.node[after]:
        return None
    travel = facts.problem.rules.travel * (into + onward - (facts.least(row, origin, there) if before != NOBODY else 0))
    return travel + facts.late(node, row, start)


def _at(state: State, node: int, place: Place, latest: Latest, effort: Effort) -> Put | None:
    row, after = place.row, place.after
    base = state.fork()
    base.alight(after)
    base.link(node, row, after)
    base.by[node] = base.by[after] = OPEN
    old = travelled(state, row)
    best: Put | None = None
    for into in carrying.ways(base, node, latest, effort.calls)[: effort.ways]:
        one = base.fork()
        moved = carrying.take(one, node, into)
        one.start[node] = _begin(one, node, row, into.there)
        if one.start[node] >= FAR:
            continue
        for onward in carrying.ways(one, after, latest, effort.calls)[: effort.ways]:
            two = one.fork()
            two.start[node] = NOBODY
            if not times.follow(two, [*moved, *carrying.take(two, after, onward)]):
                continue
            whole = fed(two, row, effort)
            if whole is None:
                continue
            cost = travelled(whole, row) - old + _price(whole, node)
            if best is None or cost < best.cost:
                best = Put(cost, whole)
            break
    return best


def _begin(state: State, node: int, row: int, ready: int) -> int:
    facts = state.facts
    if node < facts.first_lunch:
        return facts.begin(node, row, ready)
    opens, closes, duration = facts.lunches[row] or (0, 0, 0)
    start = max(ready, opens)
    return start if start + duration <= closes else FAR


def _price(state: State, node: int) -> int:
    """Price who gives a service, and how late it is."""
    if node >= state.facts.first_lunch:
        return 0
    row = state.row[node]
    return (state.facts.prices[node][row] or 0) + state.facts.late(node, row, state.start[node])


def travelled(state: State, row: int) -> float:
    """Price the way of a row on its own, and of all vehicles.

    Raises: nothing.
    """
    facts, total = state.facts, 0
    way = facts.ways[facts.modes[row]]
    if not state.is_idle(row):
        for node in (*state.route(row), state.end_of(row)):
            if state.by[node] == NOBODY:
                total += way[state.origin(node)][facts.places[node]]
    for vehicle, calls in enumerate(state.calls):
        if calls:
            one = facts.problem.vehicles[vehicle]
            go, here = facts.ways[one.matrix], one.start_point
            for call in calls:
                there = state.place(call)
                total += go[here][there]
                here = there
            total += go[here][one.end_point]
    return facts.problem.rules.travel * total


def fed(state: State, row: int, effort: Effort = USUAL) -> State | None:
    """Give a row its lunch, if it still has to have one; None when there is no time for it.

    Raises: nothing.
    """
    if not state.owes_lunch(row):
        return state
    found = _with_lunch(state, row, effort)
    if found is None and state.facts.problem.rules.missed_lunch is not None:
        return state
    return found


def _with_lunch(state: State, row: int, effort: Effort) -> State | None:
    facts = state.facts
    lunch = facts.problem.staff[row].lunch
    route = state.route(row)
    if lunch is not None and lunch.point is not None:
        return _at_its_point(state, row, route, effort)
    opens = (facts.lunches[row] or (0, 0, 0))[0]
    hows = [(AFTER, node) for node in route] + [(BEFORE, node) for node in route] + [(FIRST, NOBODY)]
    hows.sort(key=lambda how: (abs(_moment(state, row, how) - opens), how))
    for how in hows:
        twin = state.fork()
        twin.lunch[row] = how
        moved = route[0] if how[1] == NOBODY else twin.after[how[1]] if how[0] == AFTER else how[1]
        if times.follow(twin, [(1, 2 * moved) if how[0] != BEFORE and twin.by[moved] >= 0 else (0, moved)]):
            return twin
    return None


def _moment(state: State, row: int, how: tuple[int, int]) -> int:
    kind, node = how
    if kind == FIRST:
        return state.facts.earliest[row]
    return state.start[node] + (state.length(node) if kind == AFTER else 0)


def _at_its_point(state: State, row: int, route: list[int], effort: Effort) -> State | None:
    latest, node = Latest(state), state.facts.first_lunch + row
    for after in (*route, state.end_of(row)):
        found = _at(state, node, Place(0.0, row, after), latest, effort)
        if found is not None:
            return found.state
    return None
