"""Chooses the day anew among all routes that the runs of the compiled search have seen."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from service.routing.solver.clock import Budget
from service.routing.solver.strings import facts as laying
from service.routing.solver.strings import partition
from service.routing.solver.strings.facts import KIND, Facts
from service.routing.solver.strings.partition import Columns
from service.routing.solver.strings.pool import EMPTY
from service.routing.solver.strings.run import Found, Run

Longs = NDArray[np.int64]


def choose(runs: list[Run], until: float, budget: Budget) -> Found:
    """Combine the routes that all runs have seen; at least the best of their days."""
    best = min((run.answer() for run in runs), key=lambda found: found.cost)
    if budget.is_spent(until):
        return best
    known = runs[0].facts
    columns, incumbent = _columns(runs, best)
    chosen = partition.choose(columns, incumbent, until, budget)
    if chosen is None:
        return best
    free = [list(np.flatnonzero(known.staff[:, KIND] == kind)) for kind in range(len(columns.people))]
    routes: list[tuple[int, ...]] = [()] * len(known.staff)
    for route in chosen:
        routes[free[columns.kinds[route]].pop()] = tuple(map(int, columns.of(route)))
    return Found(tuple(routes), _price(columns, chosen))


def _price(columns: Columns, chosen: list[int]) -> int:
    served = np.concatenate([columns.of(route) for route in chosen]) if chosen else np.empty(0, dtype=np.int64)
    left_out = np.setdiff1d(np.arange(len(columns.drops)), served)
    return int(columns.costs[chosen].sum() + columns.drops[left_out].sum())


def _columns(runs: list[Run], best: Found) -> tuple[Columns, list[int]]:
    """All routes of the pools, and behind them those of the best day."""
    known = runs[0].facts
    used = [(who, jobs) for who, jobs in enumerate(best.routes) if jobs]
    parts = [_held(run) for run in runs]
    parts.append(
        (
            np.array([len(jobs) for _, jobs in used], dtype=np.int64),
            np.array([_cost(known, *each) for each in used], dtype=np.int64),
            known.staff[[who for who, _ in used], KIND].astype(np.int64),
            np.array([job for _, jobs in used for job in jobs], dtype=np.int64),
        )
    )
    lengths, costs, kinds, stops = (np.concatenate(part) for part in zip(*parts, strict=True))
    columns = Columns(
        jobs=stops,
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        costs=costs,
        kinds=kinds,
        people=np.bincount(known.staff[:, KIND], minlength=known.prices.shape[1]),
        drops=known.drops,
    )
    return columns, list(range(len(lengths) - len(used), len(lengths)))


def _held(run: Run) -> tuple[Longs, Longs, Longs, Longs]:
    """Lengths, prices, kinds and stops of the routes in a run's pool."""
    pool = run.pool
    spots = np.flatnonzero(pool.keys != EMPTY)
    lengths = pool.lengths[spots].astype(np.int64)
    shifts = np.repeat(pool.starts[spots] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    stops = pool.stops[np.arange(lengths.sum()) + shifts]
    return lengths, pool.costs[spots], pool.kinds[spots].astype(np.int64), stops.astype(np.int64)


def _cost(known: Facts, who: int, jobs: tuple[int, ...]) -> int:
    mode, start, end = (int(known.staff[who, column]) for column in (laying.MODE, laying.BEGIN, laying.END))
    legs = sum(int(known.legs[mode, here, there]) for here, there in pairwise((start, *jobs, end)))
    return known.fare * legs + sum(int(known.prices[job, known.staff[who, KIND]]) for job in jobs)
