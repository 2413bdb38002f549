"""The earliest times of everything: what waits for what is followed until nothing moves any more.

A stop waits for the one before it and the way, or for the vehicle; a vehicle for its way and who gets on; a crew for
its last, a linked job for another. Where something would be too late there is no timetable of that order.
In the queue a node is its number, a call its number after all nodes.
"""

from typing import Final

from service.routing.solver.kernel.compiled import compiled, inlined, linked
from service.routing.solver.rides import cells, scratch
from service.routing.solver.rides.cells import (
    AFTER,
    ARRIVE,
    BEFORE,
    BEFOREHAND,
    BY,
    DEPART,
    EARLIER,
    HOW,
    LATER,
    NOBODY,
    OPEN,
    ROW,
    START,
    WHERE,
)
from service.routing.solver.rides.scratch import Scratch
from service.routing.solver.rides.tables import (
    BACK_BY,
    CAR_MODE,
    ENDS,
    FAR,
    FIRST,
    HIGH,
    IN_TURN,
    JOB,
    LAG_HIGH,
    LAG_LOW,
    LATEST,
    LEADS,
    LEAVES,
    LINK,
    LINKS,
    LOW,
    MEAL_OPENS,
    MODE,
    ORDERED,
    OTHER,
    SERVICES,
    STARTS,
    SYNC,
    TOGETHER,
    Longs,
    Tables,
)

STEPS: Final = 40
"""Who moves more often than so many times for each node waits for himself."""

UNKNOWN: Final = -FAR
"""When somebody comes who waits for a vehicle of which it is not known when it comes."""

first_lunch, first_end, leg, point, place = cells.first_lunch, cells.first_end, cells.leg, cells.point, cells.place
length, eaten, free, begin, origin = cells.length, cells.eaten, cells.free, cells.begin, cells.origin
push, pull, ahead = scratch.push, scratch.pull, scratch.ahead


@linked
def follow(t: Tables, s: Longs, z: Scratch) -> bool:
    """Move what must be later since something changed at what is in the queue; False when something would be too late.
    Nothing becomes earlier.
    """
    left = STEPS * (2 * len(t.nodes))
    kept = True
    while ahead(z):
        item = pull(z)
        left -= 1
        if not kept:
            continue
        moved = _move_node(t, s, z, item) if item < len(t.nodes) else _move_call(t, s, z, item - len(t.nodes))
        kept = moved and left >= 0
    return kept


@inlined
def push_way(t: Tables, s: Longs, z: Scratch, node: int) -> None:
    """Let follow what the way into a node moves."""
    if s[BY, node] < 0:
        push(z, node)
        return
    for call in (2 * node, 2 * node + 1):
        push(z, len(t.nodes) + call)
        if s[LATER, call] != NOBODY:
            push(z, len(t.nodes) + s[LATER, call])


@inlined
def _move_call(t: Tables, s: Longs, z: Scratch, call: int) -> bool:
    """Set a call's times and let what waits for it follow; False when the vehicle would be too late."""
    node = call >> 1
    vehicle, before = s[BY, node], s[EARLIER, call]
    matrix = t.cars[vehicle, CAR_MODE]
    if before == NOBODY:
        leaves, here = t.cars[vehicle, LEAVES], t.cars[vehicle, STARTS]
    else:
        leaves, here = s[DEPART, before], place(t, s, before)
        if leaves == NOBODY:
            return True
    there = place(t, s, call)
    arrive = leaves + leg(t, matrix, here, there, leaves)
    depart = arrive if call & 1 else max(arrive, free(t, s, node))
    if depart > t.cars[vehicle, BACK_BY] or depart >= FAR:
        return False
    if arrive <= s[ARRIVE, call] and depart <= s[DEPART, call]:
        return True
    s[ARRIVE, call] = max(arrive, s[ARRIVE, call])
    s[DEPART, call] = max(depart, s[DEPART, call])
    if call & 1:
        push(z, node)
    if s[LATER, call] != NOBODY:
        push(z, len(t.nodes) + s[LATER, call])
        return True
    return bool(depart + leg(t, matrix, there, t.cars[vehicle, ENDS], depart) <= t.cars[vehicle, BACK_BY])


@inlined
def _move_node(t: Tables, s: Longs, z: Scratch, node: int) -> bool:
    """Set when a node begins and let what waits for it follow; False when it would be too late."""
    start = arrival(t, s, node)
    if start == UNKNOWN:
        return True
    row = s[ROW, node]
    if start < FAR and node < first_lunch(t):
        start = begin(t, node, row, max(start, _held(t, s, node, start)))
    elif start < FAR and node < first_end(t):
        start = max(start, t.people[row, MEAL_OPENS])
        start = start if eaten(t, row, start) < FAR else FAR
    elif start > t.people[row, LATEST]:
        return False
    if start >= FAR:
        return False
    if start > s[START, node]:
        s[START, node] = start
        _push_waiting(t, s, z, node)
    return True


@inlined
def arrival(t: Tables, s: Longs, node: int) -> int:
    """Tell when somebody is ready at a node, lunch before it had; UNKNOWN while the vehicle is not known to come."""
    row, before = s[ROW, node], s[BEFORE, node]
    if s[BY, node] == OPEN:
        return UNKNOWN
    if s[BY, node] != NOBODY:
        at = s[ARRIVE, 2 * node + 1]
        if at == NOBODY:
            return UNKNOWN
    else:
        if before != NOBODY and s[START, before] == NOBODY:
            return UNKNOWN
        at = free(t, s, node)
        if at >= FAR:
            return FAR
        at += leg(t, t.people[row, MODE], origin(t, s, node), point(t, node), at)
    return eaten(t, row, at) if s[HOW, row] == BEFOREHAND and s[WHERE, row] == node else int(at)


@compiled
def ready_at(t: Tables, s: Longs, node: int) -> int:
    """Tell when somebody is ready at a node, lunch before it had."""
    return arrival(t, s, node)


@inlined
def _push_waiting(t: Tables, s: Longs, z: Scratch, node: int) -> None:
    """Let follow who waits for a node."""
    if node >= first_end(t):
        return
    after = s[AFTER, node]
    push(z, len(t.nodes) + 2 * after if s[BY, after] >= 0 else after)
    if node >= first_lunch(t):
        return
    job = t.nodes[node, JOB]
    _push_services(t, s, z, job, node)
    for at in range(t.jobs[job, LINK], t.jobs[job, LINK] + t.jobs[job, LINKS]):
        _push_services(t, s, z, t.links[at, OTHER], NOBODY)


@inlined
def _push_services(t: Tables, s: Longs, z: Scratch, job: int, but: int) -> None:
    first = t.jobs[job, FIRST]
    for each in range(first, first + t.jobs[job, SERVICES]):
        if each != but and s[ROW, each] != NOBODY:
            push(z, each)


@inlined
def _held(t: Tables, s: Longs, node: int, ready: int) -> int:
    """Tell before when a service that could begin when `ready` does not, because of others of its job and of linked
    jobs.
    """
    job, held = t.nodes[node, JOB], 0
    if t.jobs[job, SERVICES] > 1:
        held = _held_by_crew(t, s, node, job)
    for at in range(t.jobs[job, LINK], t.jobs[job, LINK] + t.jobs[job, LINKS]):
        held = max(held, _held_by_link(t, s, node, at, ready))
    return held


@inlined
def _held_by_crew(t: Tables, s: Longs, node: int, job: int) -> int:
    first, last, held = t.jobs[job, FIRST], t.jobs[job, FIRST] + t.jobs[job, SERVICES] - 1, 0
    if t.jobs[job, SYNC] == TOGETHER:
        for each in range(first, last + 1):
            if _is_timed(s, each):
                held = max(held, s[START, each])
    if t.jobs[job, SYNC] == IN_TURN:
        if node > first and _is_timed(s, node - 1):
            held = s[START, node - 1] + t.jobs[job, LAG_LOW]
        if node < last and _is_timed(s, node + 1):
            held = max(held, s[START, node + 1] - t.jobs[job, LAG_HIGH])
    return int(held)


@inlined
def _is_timed(s: Longs, node: int) -> bool:
    return bool(s[ROW, node] != NOBODY and s[START, node] != NOBODY)


@inlined
def _held_by_link(t: Tables, s: Longs, node: int, at: int, ready: int) -> int:
    other = t.links[at, OTHER]
    first, begins, over = t.jobs[other, FIRST], FAR, -FAR
    job = t.nodes[node, JOB]
    if node >= t.jobs[job, FIRST] + cells.counted(t, at, job):
        return 0
    for each in range(first, first + cells.counted(t, at, other)):
        if _is_timed(s, each):
            begins = min(begins, s[START, each])
            over = max(over, s[START, each] + length(t, s, each))
    if begins == FAR:
        return 0
    follows = t.links[at, LEADS] != 0 if t.links[at, ORDERED] else ready < begins
    if follows:
        # the other one comes later: not so early that it could not follow in time
        return int(begins - t.links[at, HIGH] - length(t, s, node)) if t.links[at, HIGH] < FAR else 0
    return int(over + t.links[at, LOW])


@compiled
def afresh(t: Tables, s: Longs, z: Scratch) -> bool:
    """Set all times anew, in the order in which everything is now; False when the order has no timetable."""
    count = _list(t, s, z)
    scratch.sort(z.keys, count)
    span = 3 * len(t.nodes)
    for at in range(count):
        item = z.keys[at] % span
        if item < len(t.nodes):
            s[START, item] = NOBODY
        else:
            s[ARRIVE, item - len(t.nodes)] = s[DEPART, item - len(t.nodes)] = NOBODY
        push(z, item)
    return follow(t, s, z)


@inlined
def _list(t: Tables, s: Longs, z: Scratch) -> int:
    """Write down what has a time, with it; tell how much it is."""
    nodes, count = len(t.nodes), 0
    for node in range(nodes):
        if s[ROW, node] != NOBODY and not (node >= first_end(t) and s[BEFORE, node] == NOBODY):
            z.keys[count] = s[START, node] * 3 * nodes + node
            count += 1
    for vehicle in range(len(t.cars)):
        call = s[cells.HEAD, vehicle]
        while call != NOBODY:
            z.keys[count] = s[ARRIVE, call] * 3 * nodes + nodes + call
            count += 1
            call = s[LATER, call]
    return count
