"""Chooses whole routes: each job in one of the routes seen, at the least price (set partitioning by CP-SAT).

Thousands of routes are first thinned out by prices of the jobs (a Lagrangean bound found by subgradients): a route
whose price is far above what its jobs are worth is in no good plan.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from service.routing.solver import stopping
from service.routing.solver.clock import Budget
from service.routing.solver.kernel.compiled import compiled, linked

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

STEPS: Final = 300
"""How many steps the prices of the jobs are improved."""

PATIENCE: Final = 8
"""After so many steps without a better bound the steps become shorter."""

MOST: Final = 4000
"""So many routes are left to CP-SAT."""

EFFORT: Final = 2.0
"""CP-SAT's own deterministic measure of time where a run is limited in rounds."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Routes to choose from: route i serves `jobs[starts[i]:starts[i + 1]]` at `costs[i]` and takes one of the
    `people[kinds[i]]` people of its kind. `drops[job]` is the price of leaving a job out.
    """

    jobs: Longs
    starts: Longs
    costs: Longs
    kinds: Longs
    people: Longs
    drops: Longs

    def of(self, route: int) -> Longs:
        """The jobs of a route, in order."""
        return self.jobs[self.starts[route] : self.starts[route + 1]]


def choose(columns: Columns, incumbent: list[int], until: float, budget: Budget) -> list[int] | None:
    """Choose routes cheaper than those of the incumbent (positions of `columns`) until `until` of the whole time; None
    when none were found.

    Raises: nothing.
    """
    left_out = _left_out(columns, incumbent)
    cost = int(columns.costs[incumbent].sum() + columns.drops[left_out].sum())
    kept = _thin_out(columns, incumbent, cost)
    model = cp_model.CpModel()
    taken = {route: model.new_bool_var("") for route in kept}
    dropped = {int(job): model.new_bool_var("") for job in _droppable(columns, left_out)}
    _cover(model, columns, taken, dropped)
    for route, literal in taken.items():
        model.add_hint(literal, route in set(incumbent))
    routes, jobs = list(taken), list(dropped)
    model.minimize(
        cp_model.LinearExpr.weighted_sum(list(taken.values()), columns.costs[routes].tolist())
        + cp_model.LinearExpr.weighted_sum(list(dropped.values()), columns.drops[jobs].tolist())
    )
    solver = cp_model.CpSolver()
    status = stopping.run(solver, model, budget, until, None if budget.limits.rounds is None else EFFORT)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE) or round(solver.objective_value) >= cost:
        return None
    return [route for route, literal in taken.items() if solver.boolean_value(literal)]


def _left_out(columns: Columns, incumbent: list[int]) -> Longs:
    served = [columns.of(route) for route in incumbent]
    return np.setdiff1d(np.arange(len(columns.drops)), np.concatenate([*served, np.empty(0, dtype=np.int64)]))


def _droppable(columns: Columns, left_out: Longs) -> Longs:
    """Jobs that may stay out: those that do, and those that cost no more to leave out than the dearest route."""
    cheap = np.flatnonzero(columns.drops <= columns.costs.max(initial=0))
    return np.union1d(cheap, left_out)


def _cover(
    model: cp_model.CpModel,
    columns: Columns,
    taken: dict[int, cp_model.IntVar],
    dropped: dict[int, cp_model.IntVar],
) -> None:
    serving: list[list[cp_model.IntVar]] = [[] for _ in columns.drops]
    of_kind: dict[int, list[cp_model.IntVar]] = {}
    for route, literal in taken.items():
        of_kind.setdefault(int(columns.kinds[route]), []).append(literal)
        for job in columns.of(route):
            serving[job].append(literal)
    for job, literals in enumerate(serving):
        model.add_exactly_one([*literals, dropped[job]] if job in dropped else literals)
    for kind, literals in of_kind.items():
        if len(literals) > columns.people[kind]:
            model.add(cp_model.LinearExpr.sum(literals) <= int(columns.people[kind]))


class Bench(NamedTuple):
    """The columns, and the work space of the search for prices: what the jobs are `worth` now and at best so far
    (`kept`), the `slope`, and what each route costs above its jobs' worth (`spare`, at best so far `gaps`).
    """

    jobs: Longs
    starts: Longs
    costs: Longs
    drops: Longs
    worth: Floats
    kept: Floats
    slope: Floats
    spare: Floats
    gaps: Floats


def _thin_out(columns: Columns, incumbent: list[int], cost: int) -> list[int]:
    """The incumbent's routes, and the most promising of the others that a cheaper plan can hold."""
    worth = np.zeros(len(columns.drops))
    for route in incumbent:
        jobs = columns.of(route)
        worth[jobs] = columns.costs[route] / len(jobs)
    work = (np.zeros(len(columns.costs)) for _ in range(2))
    bench = Bench(columns.jobs, columns.starts, columns.costs, columns.drops, worth, worth.copy(), worth.copy(), *work)
    bound = _improve_prices(bench, float(cost))
    order = np.argsort(bench.gaps, kind="stable")
    promising = order[: np.searchsorted(bench.gaps[order], cost - bound)][:MOST]
    return sorted({*incumbent, *promising.tolist()})


@compiled
def _improve_prices(bench: Bench, target: float) -> float:
    """Improve what the jobs are worth; answer the best bound found."""
    best, step, misses = -np.inf, 0.5, 0
    for _ in range(STEPS):
        bound = _bound(bench)
        misses += 1
        if bound > best:
            best, misses = bound, 0
            _copy(bench.worth, bench.kept)
            _copy(bench.spare, bench.gaps)
        elif misses >= PATIENCE:
            step, misses = step * 0.6, 0
            _copy(bench.kept, bench.worth)
            bound = _bound(bench)
        steep = 0.0
        for slope in bench.slope:
            steep += slope * slope
        if steep == 0.0:
            break
        for job in range(len(bench.worth)):
            bench.worth[job] += step * max(1.0, target - bound) / steep * bench.slope[job]
    return best


@linked
def _bound(bench: Bench) -> float:
    """The bound that the jobs' worth gives; writes its slope, and what each route costs above its jobs' worth."""
    bound = 0.0
    for job in range(len(bench.worth)):
        bench.worth[job] = min(bench.worth[job], float(bench.drops[job]))
        bound += bench.worth[job]
        bench.slope[job] = 1.0
    for route in range(len(bench.costs)):
        first, last = bench.starts[route], bench.starts[route + 1]
        spare = float(bench.costs[route])
        for at in range(first, last):
            spare -= bench.worth[bench.jobs[at]]
        bench.spare[route] = spare
        if spare < 0.0:
            bound += spare
            for at in range(first, last):
                bench.slope[bench.jobs[at]] -= 1.0
    return bound


@linked
def _copy(source: Floats, target: Floats) -> None:
    for at in range(len(source)):
        target[at] = source[at]
