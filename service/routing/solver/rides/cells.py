"""A plan while it is searched, as one array of whole numbers, and what compiled code reads and changes in it.

`cells[ROW]` to `cells[START]` have a column per node: whose it is, its neighbours in its row's route (of a coming back:
the stop before), the vehicle in which the way into it is ridden, when it begins at the earliest. `cells[EARLIER]` to
`cells[DEPART]` have a column per call of a vehicle: its neighbours in the tour, when the vehicle comes and when it
leaves at the earliest. `cells[HOW]`, `cells[WHERE]` have a column per row: how its lunch is had, and at which node;
`cells[HEAD]` has one per vehicle: its first call.
"""

from typing import Final

import numpy as np

from service.routing.solver.kernel.compiled import compiled, inlined
from service.routing.solver.rides.tables import (
    BAND,
    BANDS,
    BEGINS,
    BY_END,
    CARER,
    EARLIEST,
    FACTOR,
    FAR,
    JOB,
    MEAL_CLOSES,
    MEAL_OPENS,
    MEAL_TIME,
    ORIGIN,
    POINT,
    PUNCTUAL,
    SAME,
    SERVICES,
    SYNC,
    TARDY,
    TOGETHER,
    WINDOW,
    WINDOWS,
    Longs,
    Tables,
)

ROW, BEFORE, AFTER, BY, START, EARLIER, LATER, ARRIVE, DEPART, HOW, WHERE, HEAD = range(12)

LINES: Final = 12
"""So many lines has a plan."""

NOBODY: Final = -1
"""No node before the first one, no row, no vehicle, no call, no time yet."""

OPEN: Final = -2
"""The vehicle of a way that is neither walked nor ridden yet."""

NONE, AFTERWARDS, BEFOREHAND, FIRST_OF_ALL = range(4)
"""How a lunch without a place of its own is had: not at all, at the address of a stop after or before it, or before
leaving.
"""


def empty(tables: Tables) -> Longs:
    """Make the plan in which nobody does anything.

    Raises: nothing.
    """
    count, people = len(tables.nodes), len(tables.people)
    cells = np.full((LINES, max(2 * count, len(tables.cars) + 1)), NOBODY, dtype=np.int64)
    for filled in (START, ARRIVE, DEPART, HOW):
        cells[filled] = 0
    cells[ROW, count - people : count] = np.arange(people)
    return cells


@inlined
def first_lunch(t: Tables) -> int:
    """Return the first of the lunches' nodes."""
    return int(t.lengths.shape[1])


@inlined
def counted(t: Tables, at: int, job: int) -> int:
    """Return how many services of a job count for a link: where the same person is asked for, of those apart one."""
    return 1 if t.links[at, CARER] == SAME and t.jobs[job, SYNC] != TOGETHER else int(t.jobs[job, SERVICES])


@inlined
def first_end(t: Tables) -> int:
    """Return the first of the nodes at which people come back."""
    return int(t.lengths.shape[1] + t.lengths.shape[0])


@inlined
def copy(source: Longs, target: Longs) -> None:
    """Make `target` the same plan."""
    for line in range(source.shape[0]):
        for at in range(source.shape[1]):
            target[line, at] = source[line, at]


@inlined
def leg(t: Tables, matrix: int, here: int, there: int, free: int) -> int:
    """Tell how long a way takes in the traffic of the moment from which one is free to leave."""
    travel = t.ways[matrix, here, there]
    bands = t.modes[matrix, BANDS]
    if bands == 0:
        return int(travel)
    at = t.modes[matrix, BAND]
    last = at + bands - 1
    while at < last and t.bands[at + 1, BEGINS] <= free:
        at += 1
    return int(-(-travel * t.bands[at, FACTOR] // 1000))


@inlined
def point(t: Tables, node: int) -> int:
    """Return where a node is."""
    return int(t.nodes[node, POINT])


@inlined
def origin(t: Tables, s: Longs, node: int) -> int:
    """Return where the way into a node begins."""
    before = s[BEFORE, node]
    return int(t.people[s[ROW, node], ORIGIN] if before == NOBODY else t.nodes[before, POINT])


@inlined
def first(s: Longs, end: int) -> int:
    """Return the first node of the row that comes back at `end`: that itself where nothing comes before."""
    while s[BEFORE, end] != NOBODY:
        end = s[BEFORE, end]
    return int(end)


@inlined
def place(t: Tables, s: Longs, call: int) -> int:
    """Return where a vehicle stands for a call."""
    return point(t, call >> 1) if call & 1 else origin(t, s, call >> 1)


@inlined
def length(t: Tables, s: Longs, node: int) -> int:
    """Return how long what is done at a node takes."""
    row = s[ROW, node]
    if node < first_lunch(t):
        return int(t.lengths[row, node])
    return int(t.people[row, MEAL_TIME]) if node < first_end(t) else 0


@inlined
def eaten(t: Tables, row: int, ready: int) -> int:
    """Tell when a row that could have lunch from `ready` on has had it; FAR when it is too late."""
    over = max(ready, t.people[row, MEAL_OPENS]) + t.people[row, MEAL_TIME]
    return int(over) if over <= t.people[row, MEAL_CLOSES] else FAR


@inlined
def free(t: Tables, s: Longs, node: int) -> int:
    """Tell from when on one can leave for a node: after the stop before, lunch included; FAR when lunch is over."""
    row, before = s[ROW, node], s[BEFORE, node]
    how = s[HOW, row]
    if before == NOBODY:
        at = t.people[row, EARLIEST]
        return eaten(t, row, at) if how == FIRST_OF_ALL else int(at)
    at = s[START, before] + length(t, s, before)
    return eaten(t, row, at) if how == AFTERWARDS and s[WHERE, row] == before else int(at)


@inlined
def begin(t: Tables, node: int, row: int, at: int) -> int:
    """Tell when a service that somebody is ready for at `at` can begin; FAR when it is too late."""
    job = t.nodes[node, JOB]
    first, count = t.jobs[job, WINDOW], t.jobs[job, WINDOWS]
    if count == 0:
        return at
    if not t.jobs[job, PUNCTUAL]:
        return int(max(at, t.windows[first, 0]))
    taken = t.lengths[row, node] if t.jobs[job, BY_END] else 0
    best = FAR
    for each in range(first, first + count):
        start = max(at, t.windows[each, 0])
        if start + taken <= t.windows[each, 1]:
            best = min(best, start)
    return int(best)


@inlined
def closes(t: Tables, node: int, row: int) -> int:
    """Tell until when a service may begin at the latest."""
    job = t.nodes[node, JOB]
    first, count = t.jobs[job, WINDOW], t.jobs[job, WINDOWS]
    if count == 0 or not t.jobs[job, PUNCTUAL]:
        return FAR
    last = t.windows[first, 1]
    for each in range(first + 1, first + count):
        last = max(last, t.windows[each, 1])
    return int(last - (t.lengths[row, node] if t.jobs[job, BY_END] else 0))


@inlined
def late(t: Tables, node: int, row: int, start: int) -> int:
    """Price the lateness of a service that begins at `start`."""
    job = t.nodes[node, JOB]
    first, closed = t.jobs[job, WINDOW], NOBODY
    if t.jobs[job, PUNCTUAL]:
        return 0
    for each in range(first, first + t.jobs[job, WINDOWS]):
        if t.windows[each, 0] <= start:
            closed = each
    if closed == NOBODY:
        return 0
    mark = start + (t.lengths[row, node] if t.jobs[job, BY_END] else 0)
    return int(max(0, mark - t.windows[closed, 1]) * t.jobs[job, TARDY])


@inlined
def link(s: Longs, node: int, row: int, after: int) -> None:
    """Put a node into a row before the node `after`, whose way must not be ridden any more."""
    before = s[BEFORE, after]
    s[ROW, node], s[BEFORE, node], s[AFTER, node] = row, before, after
    s[START, node] = NOBODY
    s[BEFORE, after] = node
    if before != NOBODY:
        s[AFTER, before] = node


@inlined
def alight(s: Longs, node: int) -> None:
    """Let the way into a node not be ridden any more."""
    vehicle = s[BY, node]
    if vehicle < 0:
        return
    for call in (2 * node, 2 * node + 1):
        earlier, later = s[EARLIER, call], s[LATER, call]
        if earlier == NOBODY:
            s[HEAD, vehicle] = later
        else:
            s[LATER, earlier] = later
        if later != NOBODY:
            s[EARLIER, later] = earlier
    s[BY, node] = NOBODY


@inlined
def board(s: Longs, node: int, vehicle: int, on: int, off: int) -> None:
    """Let the way into a node be ridden: the calls stand at positions `on` and then `off` of the vehicle's tour."""
    _call_at(s, 2 * node, vehicle, on)
    _call_at(s, 2 * node + 1, vehicle, off)
    s[BY, node] = vehicle


@inlined
def _call_at(s: Longs, call: int, vehicle: int, at: int) -> None:
    earlier, later = NOBODY, s[HEAD, vehicle]
    for _ in range(at):
        earlier, later = later, s[LATER, later]
    s[EARLIER, call], s[LATER, call] = earlier, later
    s[ARRIVE, call] = s[DEPART, call] = NOBODY
    if earlier == NOBODY:
        s[HEAD, vehicle] = call
    else:
        s[LATER, earlier] = call
    if later != NOBODY:
        s[EARLIER, later] = call


@compiled
def attach(s: Longs, node: int, row: int, after: int) -> None:
    """Put a node into a row before the node `after`, whose way must not be ridden any more."""
    link(s, node, row, after)


@compiled
def off(s: Longs, node: int) -> None:
    """Let the way into a node not be ridden any more."""
    alight(s, node)
