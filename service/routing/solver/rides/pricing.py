"""What a plan costs, as far as this search knows: travel, who comes, lateness, what is left out."""

from service.routing.solver.kernel.compiled import compiled, inlined
from service.routing.solver.rides import cells
from service.routing.solver.rides.cells import BEFORE, BY, HEAD, LATER, NOBODY, ROW, START
from service.routing.solver.rides.tables import CAR_MODE, DROP, ENDS, FIRST, MODE, SERVICES, STARTS, Longs, Tables


@compiled
def at_least(t: Tables, s: Longs) -> int:
    """Price what the search knows of a plan; the referee's price is as high or higher."""
    total = 0
    for row in range(len(t.people)):
        total += _walked(t, s, row)
    for vehicle in range(len(t.cars)):
        total += _driven(t, s, vehicle)
    total *= t.fare
    for job in range(len(t.jobs)):
        first = t.jobs[job, FIRST]
        if s[ROW, first] == NOBODY:
            total += t.jobs[job, DROP]
            continue
        for node in range(first, first + t.jobs[job, SERVICES]):
            total += t.prices[node, s[ROW, node]] + cells.late(t, node, s[ROW, node], s[START, node])
    return int(total)


@inlined
def travelled(t: Tables, s: Longs, row: int) -> int:
    """Price the way of a row on its own, and of all vehicles."""
    total = _walked(t, s, row)
    for vehicle in range(len(t.cars)):
        total += _driven(t, s, vehicle)
    return int(t.fare * total)


@inlined
def _walked(t: Tables, s: Longs, row: int) -> int:
    total, node = 0, cells.first_end(t) + row
    matrix = t.people[row, MODE]
    if s[BEFORE, node] == NOBODY:
        return 0
    while node != NOBODY:
        if s[BY, node] == NOBODY:
            total += t.ways[matrix, cells.origin(t, s, node), cells.point(t, node)]
        node = s[BEFORE, node]
    return int(total)


@inlined
def _driven(t: Tables, s: Longs, vehicle: int) -> int:
    call, total = s[HEAD, vehicle], 0
    if call == NOBODY:
        return 0
    matrix, here = t.cars[vehicle, CAR_MODE], t.cars[vehicle, STARTS]
    while call != NOBODY:
        there = cells.place(t, s, call)
        total += t.ways[matrix, here, there]
        here, call = there, s[LATER, call]
    return int(total + t.ways[matrix, here, t.cars[vehicle, ENDS]])
