"""From the kernel's plan to the `State` that explanations look at: the same routes, lunches and meetings."""

from service.routing.solver import route as routing
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel.chain import Chain
from service.routing.solver.route import Route
from service.routing.solver.state import State
from service.routing.solver.tables import Tables
from service.routing.solver.walk import PLACED, LunchMode


def state_of(tables: Tables, chain: Chain) -> State | None:
    """Walk the routes of a settled chain; None when the walk sees a rule broken that the kernel kept.

    Raises: nothing.
    """
    routes = [_route(tables, chain, staff) for staff in range(len(tables.people))]
    found = [route for route in routes if route is not None]
    if len(found) < len(routes):
        return None
    day, now = chain.day, chain.now
    who: dict[int, tuple[int, ...]] = {}
    for job, nodes in enumerate(tables.nodes):
        first = day.items[day.items_of[job, 0], c.I_JOB_FIRST]
        staff = tuple(int(now.staff[first + at]) for at in range(len(nodes)))
        if c.NOBODY not in staff:
            who[job] = staff
    order = sorted(who, key=lambda job: float(now.keys[day.items_of[job, 0]]))
    return State(tables, found, who, order)


def _route(tables: Tables, chain: Chain, staff: int) -> Route | None:
    day, now = chain.day, chain.now
    rows = [int(row) for row in now.route[staff, : now.length[staff]]]
    visits = [row for row in rows if day.services[row, c.S_JOB] >= 0]
    stops = tuple(tables.nodes[day.services[row, c.S_JOB]][day.services[row, c.S_PART]] for row in visits)
    floors = tuple(int(now.start[row]) if node.synced else 0 for row, node in zip(visits, stops, strict=True))
    lunches = [at for at, row in enumerate(rows) if day.services[row, c.S_JOB] < 0]
    mode = PLACED + lunches[0] if lunches else LunchMode.skip
    return routing.build(tables, tables.people[staff], mode, stops, floors)
