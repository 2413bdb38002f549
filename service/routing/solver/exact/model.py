"""Builds the model of a scope, lets CP-SAT search, and writes its answer as a plan."""

from dataclasses import dataclass

from ortools.sat.python import cp_model

from service.routing.problem import LUNCH, Plan, Route, Stop, Unassigned
from service.routing.rules import UnassignedReason
from service.routing.solver import stopping
from service.routing.solver.clock import Budget
from service.routing.solver.exact import scope as scoping
from service.routing.solver.exact.prices import Bill
from service.routing.solver.exact.rows import BASE, Row
from service.routing.solver.exact.scope import Key, Scope
from service.routing.solver.exact.visits import Visits


@dataclass(frozen=True, slots=True)
class Effort:
    """How long CP-SAT may work: until `until` of the budget's time, and `amount` of its own deterministic measure of
    time (about seconds).
    """

    budget: Budget
    until: float = 1.0
    amount: float | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What CP-SAT found: the whole plan (None when none), whether it is proven to be the best (or, of a question, that
    there is none), and what it costs without all that stands.
    """

    plan: Plan | None
    proven: bool
    cost: int


def solve(scope: Scope, effort: Effort, *, priced: bool = True) -> Answer:
    """Find the cheapest plan of a scope, or (not `priced`) any plan at all.

    Raises: nothing.
    """
    model, standing = cp_model.CpModel(), scoping.stand(scope)
    visits = Visits(model, scope, standing)
    prices = {row: scoping.candidates(scope, standing, row) for row in scope.free}
    rows = [Row(model, scope.problem, at, sorted(prices[at]), visits.starts) for at in scope.free]
    visits.settle(rows)
    if priced:
        Bill(model, scope, standing).minimise(visits, rows, prices)
        _hint(model, scope, visits, rows)
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = effort.seed
    status = stopping.run(solver, model, effort.budget, effort.until, effort.amount)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Answer(None, status == cp_model.INFEASIBLE, 0)
    cost = round(solver.objective_value) if priced else 0
    return Answer(_plan(solver, scope, visits, rows), status == cp_model.OPTIMAL, cost)


def _hint(model: cp_model.CpModel, scope: Scope, visits: Visits, rows: list[Row]) -> None:
    """Begin with the plan as it stands."""
    served = {stop.job for row in scope.free for stop in scope.plan.routes[row].stops}
    for job, done in visits.done.items():
        model.add_hint(done, job in served)
    for row in rows:
        stops = scope.plan.routes[row.at].stops
        own: list[Key] = [(stop.job, stop.service) for stop in stops if stop.service != LUNCH]
        for key, literal in row.takes.items():
            model.add_hint(literal, key in own)
        way = set(zip([BASE, *own], [*own, BASE], strict=True)) if own else set()
        for arc, literal in row.arcs.items():
            model.add_hint(literal, arc in way)
        model.add_hint(row.idle, not own)
        for stop in stops:
            if stop.service != LUNCH and (stop.job, stop.service) in row.takes:
                model.add_hint(visits.starts[stop.job, stop.service], stop.start)


def _plan(solver: cp_model.CpSolver, scope: Scope, visits: Visits, rows: list[Row]) -> Plan:
    """The whole plan: free rows as the model has them, the others as they stand."""
    fresh = {row.at: Route(row.at, tuple(_stops(solver, row))) for row in rows}
    routes = tuple(fresh.get(route.staff, route) for route in scope.plan.routes)
    known = {gone.job: gone for gone in scope.plan.unassigned}
    out = {job for job, done in visits.done.items() if not solver.boolean_value(done)}
    out |= known.keys() - visits.done.keys()
    return Plan(routes, tuple(known.get(job, Unassigned(job, UnassignedReason.no_capacity)) for job in sorted(out)))


def _stops(solver: cp_model.CpSolver, row: Row) -> list[Stop]:
    follows = {here: there for (here, there), literal in row.arcs.items() if solver.boolean_value(literal)}
    found: list[Stop] = []
    here = BASE
    while True:
        there = follows.get(here, BASE)
        if row.lunch is not None and solver.boolean_value(row.after[here]):
            start = solver.value(row.meal)
            found.append(Stop(_host(solver, row, here, there), LUNCH, start, start + row.lunch.duration))
        if there == BASE:
            return found
        start = solver.value(row.starts[there])
        found.append(Stop(*there, start, start + row.lasts[there]))
        here = there


def _host(solver: cp_model.CpSolver, row: Row, here: Key, there: Key) -> int:
    """The job at whose address the lunch is had; -1 at its own point or at the start point."""
    if row.lunch is not None and row.lunch.point is not None:
        return -1
    return there[0] if there != BASE and solver.boolean_value(row.there) else here[0]
