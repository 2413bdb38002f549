"""The day as an OR-Tools routing model: meetings fixed at the incumbent's times, everything else free to move.

Whoever meets may change, but not when; so the model is an ordinary one with time windows, whatever the meetings look
like. Hard rules are hard in the model too. What it leaves out (the largest idle time, the largest tardiness, several
soft windows) is priced when its answer is decoded.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ortools.constraint_solver import pywrapcp

from service.routing.problem import Matrix
from service.routing.solver.mandatory import MUST
from service.routing.solver.state import State
from service.routing.solver.tables import NEVER, Node, Person, Tables
from service.routing.solver.walk import BROKEN

PENALTY: Final = MUST // 1000
"""What the model pays for a job that must be done: high, but far from overflowing a sum."""


@dataclass(slots=True)
class Model:
    """`nodes[i]` is the visit at node `first + i` of the manager; nodes below `first` are starts and ends."""

    manager: Any
    routing: Any
    nodes: list[Node]
    first: int

    def index(self, at: int) -> int:
        """Tell the routing index of `nodes[at]`.

        Raises: nothing.
        """
        found: int = self.manager.NodeToIndex(self.first + at)
        return found


def build(state: State) -> Model:
    """Build the model of all assigned jobs and of the left-out ones that one person can do.

    Raises: nothing.
    """
    tables = state.tables
    times = {
        (node.job, node.service): start
        for route in state.routes
        for node, start in zip(route.stops, route.starts, strict=True)
    }
    jobs = [job for job, nodes in enumerate(tables.nodes) if job in state.who or len(nodes) == 1]
    nodes = [node for job in jobs for node in tables.nodes[job] if node.prices]
    terminals = sorted({point for person in tables.people for point in (person.start, person.end)})
    manager = pywrapcp.RoutingIndexManager(
        len(terminals) + len(nodes),
        len(tables.people),
        [terminals.index(person.start) for person in tables.people],
        [terminals.index(person.end) for person in tables.people],
    )
    model = Model(manager, pywrapcp.RoutingModel(manager), nodes, len(terminals))
    clock = _travel(tables, model, terminals, _horizon(state))
    _visits(state, model, clock, times)
    _people(state, model, clock)
    _loads(tables, model)
    return model


def _horizon(state: State) -> int:
    """Past every window, every shift and everything the incumbent does."""
    tables = state.tables
    ends = [close for nodes in tables.nodes for close in nodes[0].closes if close < NEVER]
    ends += [person.shift_end for person in tables.people if person.shift_end is not None]
    ends += [route.snaps[-1].free for route in state.routes]
    longest = max(int(matrix.max()) for matrix in tables.problem.matrices)
    return max(ends, default=0) + longest + max((node.duration for nodes in tables.nodes for node in nodes), default=0)


def _travel(tables: Tables, model: Model, terminals: list[int], horizon: int) -> Any:
    """Register travel plus service per mode as the time dimension, and travel plus staff prices as arc costs."""
    problem = tables.problem
    points = np.array([*terminals, *(node.point for node in model.nodes)], dtype=np.int64)
    service = np.array([0] * len(terminals) + [node.duration for node in model.nodes], dtype=np.int64)
    legs = [matrix[np.ix_(points, points)] for matrix in problem.matrices]
    transits = [model.routing.RegisterTransitMatrix((leg + service[:, None]).tolist()) for leg in legs]
    modes = [staff.matrix for staff in problem.staff]
    costs: dict[tuple[int, bytes], int] = {}
    for person, mode in zip(tables.people, modes, strict=True):
        prices = _prices(model, person)
        key = (mode, prices.tobytes())
        if key not in costs:
            arcs = legs[mode] * problem.rules.travel + prices[None, :]
            costs[key] = model.routing.RegisterTransitMatrix(arcs.tolist())
        model.routing.SetArcCostEvaluatorOfVehicle(costs[key], person.index)
    model.routing.AddDimensionWithVehicleTransits([transits[mode] for mode in modes], horizon, horizon, False, "time")
    return model.routing.GetDimensionOrDie("time")


def _prices(model: Model, person: Person) -> Matrix:
    own = [node.prices.get(person.index, 0) for node in model.nodes]
    return np.array([0] * model.first + own, dtype=np.int64)


def _visits(state: State, model: Model, clock: Any, times: dict[tuple[int, int], int]) -> None:
    """Windows, people, penalties; a visit of several people stands at its time and keeps its people apart."""
    partners: dict[int, list[Any]] = {}
    for at, node in enumerate(model.nodes):
        index = model.index(at)
        several = len(state.tables.nodes[node.job]) > 1
        vehicle = model.routing.VehicleVar(index)
        if several:
            clock.CumulVar(index).SetValue(times[node.job, node.service])
            vehicle.SetValues(list(node.prices))
            partners.setdefault(node.job, []).append(vehicle)
            continue
        vehicle.SetValues([*node.prices, -1])
        _window(state.tables, clock, index, node)
        dropped = state.tables.drops[node.job]
        if dropped < MUST or node.job not in state.who:
            model.routing.AddDisjunction([index], min(dropped, PENALTY))
    solver = model.routing.solver()
    for vehicles in partners.values():
        solver.Add(solver.AllDifferent(vehicles))


def _window(tables: Tables, clock: Any, index: int, node: Node) -> None:
    start = clock.CumulVar(index)
    start.SetMin(node.opens[0])
    if node.closes[-1] >= NEVER:
        return
    if not tables.strict:
        clock.SetCumulVarSoftUpperBound(index, node.closes[-1], node.tardy)
        return
    start.SetMax(node.closes[-1])
    for closing, opening in zip(node.closes, node.opens[1:], strict=False):
        if closing + 1 < opening:
            start.RemoveInterval(closing + 1, opening - 1)


def _people(state: State, model: Model, clock: Any) -> None:
    """Shifts, and the lunch of everybody who has one in the incumbent."""
    tables = state.tables
    visiting = [0] * model.routing.Size()
    for at, node in enumerate(model.nodes):
        visiting[model.index(at)] = node.duration
    solver = model.routing.solver()
    for person, route in zip(tables.people, state.routes, strict=True):
        start, end = model.routing.Start(person.index), model.routing.End(person.index)
        clock.CumulVar(start).SetMin(person.earliest)
        if person.latest < NEVER:
            clock.CumulVar(end).SetMax(person.latest)
        elif person.shift_end is not None and tables.overtime:
            clock.SetCumulVarSoftUpperBound(end, person.shift_end, tables.overtime)
        if tables.problem.rules.waiting:
            clock.SetSlackCostCoefficientForVehicle(tables.problem.rules.waiting, person.index)
        eats = route.snaps[-1].lunch_at != BROKEN or route.closing.lunch_at != BROKEN
        if person.lunch is not None and eats:
            opening, last, duration = person.lunch
            lunch = solver.FixedDurationIntervalVar(opening, last, duration, False, f"lunch {person.index}")
            clock.SetBreakIntervalsOfVehicle([lunch], person.index, visiting)


def _loads(tables: Tables, model: Model) -> None:
    """What everybody carries, where anybody's capacity could bind."""
    total = sum(node.load for node in model.nodes)
    capacities = [min(person.capacity, total) for person in tables.people]
    if total <= min(capacities):
        return
    loads = [0] * model.first + [node.load for node in model.nodes]
    carried = model.routing.RegisterUnaryTransitVector(loads)
    model.routing.AddDimensionWithVehicleCapacity(carried, 0, capacities, True, "load")
