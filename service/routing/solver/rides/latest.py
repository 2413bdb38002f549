"""How late everything may be at the latest, about: never too early, so that what is ruled out by it is ruled out."""

from service.routing.solver.kernel.compiled import compiled, inlined
from service.routing.solver.rides import cells, scratch
from service.routing.solver.rides.cells import AFTER, ARRIVE, BY, HEAD, LATER, NOBODY, ROW, START
from service.routing.solver.rides.scratch import Scratch
from service.routing.solver.rides.tables import (
    BACK_BY,
    CAR_MODE,
    ENDS,
    FAR,
    LATEST,
    MEAL_CLOSES,
    MODE,
    Longs,
    Tables,
)

BEGINNING, COMING = range(2)
"""Lines of the latest times: of a node's beginning, and of a vehicle's coming for a call."""

first_lunch, first_end, point, place, length = (
    cells.first_lunch,
    cells.first_end,
    cells.point,
    cells.place,
    cells.length,
)


@compiled
def find(t: Tables, s: Longs, z: Scratch, level: int) -> None:
    """Find the latest times of a plan; FAR where none is known."""
    found = z.latest[level]
    for at in range(found.shape[1]):
        found[BEGINNING, at] = found[COMING, at] = FAR
    count, nodes = _list(t, s, z), len(t.nodes)
    scratch.sort(z.keys, count)
    for at in range(count - 1, -1, -1):
        item = z.keys[at] % (3 * nodes)
        if item >= 2 * nodes:
            found[BEGINNING, item - 2 * nodes] = _of_node(t, s, found, item - 2 * nodes)
        else:
            found[COMING, item] = _of_call(t, s, found, item)


@inlined
def _list(t: Tables, s: Longs, z: Scratch) -> int:
    """Write down what has a time, with it, calls before nodes; tell how much it is."""
    nodes, count = len(t.nodes), 0
    for node in range(nodes):
        if s[ROW, node] != NOBODY:
            z.keys[count] = s[START, node] * 3 * nodes + 2 * nodes + node
            count += 1
    for vehicle in range(len(t.cars)):
        call = s[HEAD, vehicle]
        while call != NOBODY:
            z.keys[count] = s[ARRIVE, call] * 3 * nodes + call
            count += 1
            call = s[LATER, call]
    return count


@inlined
def _of_node(t: Tables, s: Longs, found: Longs, node: int) -> int:
    row = s[ROW, node]
    if node >= first_end(t):
        return int(t.people[row, LATEST])
    latest = cells.closes(t, node, row) if node < first_lunch(t) else t.people[row, MEAL_CLOSES]
    after = s[AFTER, node]
    if s[BY, after] >= 0:
        follows = found[COMING, 2 * after]
    elif s[BY, after] == NOBODY:
        follows = found[BEGINNING, after] - t.quick[t.people[row, MODE], point(t, node), point(t, after)]
    else:
        follows = FAR
    return int(min(latest, follows - length(t, s, node)))


@inlined
def _of_call(t: Tables, s: Longs, found: Longs, call: int) -> int:
    node, later = call >> 1, s[LATER, call]
    vehicle, here = s[BY, node], place(t, s, call)
    matrix = t.cars[vehicle, CAR_MODE]
    if later == NOBODY:
        latest = t.cars[vehicle, BACK_BY] - t.quick[matrix, here, t.cars[vehicle, ENDS]]
    else:
        latest = found[COMING, later] - t.quick[matrix, here, place(t, s, later)]
    return int(min(latest, found[BEGINNING, node])) if call & 1 else int(latest)
