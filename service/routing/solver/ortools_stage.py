"""OR-Tools as two phases: first solutions of its own, and a search that starts from the incumbent; an answer is decoded
and kept only if better.
"""

import math
from typing import Any, Final

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from service.routing.solver import ortools_model
from service.routing.solver import route as routing
from service.routing.solver.clock import Budget
from service.routing.solver.ortools_model import Model
from service.routing.solver.state import State
from service.routing.solver.tables import Node

LAMBDA: Final = 0.3
"""Weight of the penalties of guided local search; a little above the default, which is too timid for tight windows."""

SHORTEST: Final = 0.05
"""Seconds below which building a model is not worth it."""


FIRST: Final = (
    routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION,
    routing_enums_pb2.FirstSolutionStrategy.SAVINGS,
)
"""How a day is begun, each from nothing but the meetings of the incumbent."""


def begin(state: State, until: float, budget: Budget) -> State:
    """Answer the cheapest of a day and of those that OR-Tools begins with, all by `until` of the whole time. Building
    the model counts.

    Raises: nothing.
    """
    best = state
    for strategy in FIRST if state.order else ():
        if _seconds(until, budget) < SHORTEST:
            break
        model = ortools_model.build(state)
        answer = model.routing.SolveWithParameters(_first(strategy, max(SHORTEST, _seconds(until, budget))))
        found = decode(state, _sequences(model, answer)) if answer is not None else None
        if found is not None and found.total() < best.total():
            best = found
    return best


def improve(state: State, until: float, budget: Budget) -> State | None:
    """Search until `until` of the whole time (or for the budget's rounds of new solutions); answer a cheaper day, or
    None. Building the model counts.

    Raises: nothing.
    """
    if _seconds(until, budget) < SHORTEST or not state.order:
        return None
    model = ortools_model.build(state)
    rounds = budget.limits.rounds
    model.routing.CloseModelWithParameters(_parameters(until * budget.limits.seconds, rounds))
    warm = model.routing.ReadAssignmentFromRoutes(_incumbent(state, model), True)
    seconds = _seconds(until, budget)
    if warm is None or seconds < SHORTEST:
        return None
    answer = model.routing.SolveFromAssignmentWithParameters(warm, _parameters(seconds, rounds))
    if answer is None:
        return None
    found = decode(state, _sequences(model, answer))
    return found if found is not None and found.total() < state.total() else None


def _seconds(until: float, budget: Budget) -> float:
    return until * budget.limits.seconds - budget.elapsed()


def _first(strategy: Any, seconds: float) -> Any:
    parameters = _parameters(seconds, 1)
    parameters.first_solution_strategy = strategy
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GREEDY_DESCENT
    return parameters


def _parameters(seconds: float, rounds: int | None) -> Any:
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    strategy = routing_enums_pb2.FirstSolutionStrategy
    parameters.first_solution_strategy = strategy.LOCAL_CHEAPEST_INSERTION
    metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic
    parameters.local_search_metaheuristic = metaheuristic.GUIDED_LOCAL_SEARCH
    parameters.guided_local_search_lambda_coefficient = LAMBDA
    whole = math.floor(seconds)
    parameters.time_limit.seconds = whole
    parameters.time_limit.nanos = int((seconds - whole) * 1e9)
    if rounds is not None:
        parameters.solution_limit = max(1, rounds)
    return parameters


def _incumbent(state: State, model: Model) -> list[list[int]]:
    indices = {(node.job, node.service): model.index(at) for at, node in enumerate(model.nodes)}
    return [[indices[node.job, node.service] for node in route.stops] for route in state.routes]


def _sequences(model: Model, answer: Any) -> list[list[Node]]:
    found = []
    for vehicle in range(model.routing.vehicles()):
        stops = []
        index = answer.Value(model.routing.NextVar(model.routing.Start(vehicle)))
        while not model.routing.IsEnd(index):
            stops.append(model.nodes[model.manager.IndexToNode(index) - model.first])
            index = answer.Value(model.routing.NextVar(index))
        found.append(stops)
    return found


def decode(state: State, sequences: list[list[Node]]) -> State | None:
    """Make a day of everybody's stops in order, with meetings settled anew; None when it breaks a hard rule, or when
    people would wait for each other in a circle.

    Raises: nothing.
    """
    tables = state.tables
    floors = {
        (node.job, node.service): floor
        for route in state.routes
        for node, floor in zip(route.stops, route.floors, strict=True)
        if node.synced
    }
    served: dict[int, dict[int, int]] = {}
    routes = []
    for person, stops in zip(tables.people, sequences, strict=True):
        asked = tuple(floors.get((node.job, node.service), 0) for node in stops)
        route = routing.build_best(tables, person, tuple(stops), asked)
        if route is None:
            return None
        routes.append(route)
        for node in stops:
            served.setdefault(node.job, {})[node.service] = person.index
    who = {job: tuple(staff[service] for service in sorted(staff)) for job, staff in served.items()}
    day = State(tables, routes, who, list(who))
    return day if day.rerank() and day.settle(range(len(routes))) else None
