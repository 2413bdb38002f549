"""Lets the kernel go on from a plan, at a lower heat than a search that begins with nothing."""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from service.routing.problem import LUNCH, Limits, Plan, Problem, Stop
from service.routing.solver import explain
from service.routing.solver import tables as tabling
from service.routing.solver.clock import Budget
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import drawing, writing
from service.routing.solver.kernel.chain import Chain
from service.routing.solver.kernel.layout import Day, Now
from service.routing.solver.kernel.search import ROUND
from service.routing.solver.tables import Tables

SLICES: Final = 200
"""In so many steps the heat falls."""

BESIDE: Final = 0.5
"""How far behind the one before an item's key is that could as well come at the same moment."""


@dataclass(frozen=True, slots=True)
class Cooling:
    """From `hot` to `cold` times the mean cost per service. The `last` cooling answers the best plan seen, the ones
    before it the plan as it then stands.
    """

    hot: float
    cold: float
    last: bool


def improve(problem: Problem, plan: Plan, limits: Limits, seed: int, cooling: Cooling) -> Plan | None:
    """Search from a plan on; None when the kernel cannot take the plan up.

    Raises: nothing.
    """
    budget, tables = Budget(limits), tabling.build(problem)
    chain = chain_of(tables, plan, seed)
    if chain is None:
        return None
    _cool(chain, budget, cooling, tables.strict)
    if cooling.last:
        chain.back_to_best()
        chain.fill(chain.absent())
    routes = writing.routes(chain.day, chain.now)
    served = {stop.job for route in routes for stop in route.stops}
    return Plan(routes, tuple(explain.not_known(job) for job in range(len(problem.jobs)) if job not in served))


def chain_of(tables: Tables, plan: Plan, seed: int) -> Chain | None:
    """Make a chain that stands at a plan; None when the kernel cannot take it up.

    Raises: nothing.
    """
    if not kernel_takes(tables):
        return None
    chain = Chain(drawing.draw_up(tables), seed, 0)
    take_up(chain, plan)
    if not chain.refresh():
        return None
    chain.remember()
    return chain


def kernel_takes(tables: Tables) -> bool:
    """Tell whether the kernel can plan the day at all.

    Raises: nothing.
    """
    return bool(tables.problem.jobs) and bool(tables.people) and drawing.suits(tables)


def take_up(chain: Chain, plan: Plan) -> None:
    """Give the chain's plan the order and the people of another plan; `refresh` settles it.

    Raises: nothing.
    """
    day, now = chain.day, chain.now
    now.staff[:] = c.NOBODY
    starts: dict[int, int] = {}
    turns: list[tuple[int, int]] = []
    for route in plan.routes:
        items = [_give(day, now, route.staff, stop) for stop in route.stops]
        for item, stop in zip(items, route.stops, strict=True):
            starts[item] = min(stop.start, starts.get(item, stop.start))
        turns += pairwise(items)
    for item, key in _keys(starts, turns).items():
        now.keys[item] = key


def _give(day: Day, now: Now, staff: int, stop: Stop) -> int:
    """Write down who gives a stop; answers its item."""
    if stop.service == LUNCH:
        item = int(day.people[staff, c.P_MEAL])
        row = int(day.items[item, c.I_FIRST])
    else:
        row = int(day.items[day.items_of[stop.job, 0], c.I_FIRST]) + stop.service
        item = int(day.services[row, c.S_ITEM])
    now.staff[row] = staff
    return item


def _keys(starts: Mapping[int, int], turns: Iterable[tuple[int, int]]) -> dict[int, float]:
    """Keys about the starts that keep the order of every route: people who come one after the other to the same job
    have stops before and behind it that begin in between.
    """
    behind: dict[int, list[int]] = {}
    waits = dict.fromkeys(starts, 0)
    for before, after in turns:
        behind.setdefault(before, []).append(after)
        waits[after] += 1
    ready = [(start, item) for item, start in starts.items() if not waits[item]]
    heapq.heapify(ready)
    keys: dict[int, float] = {}
    last = -1.0
    while ready:
        start, item = heapq.heappop(ready)
        last = keys[item] = max(float(start), last + BESIDE)
        for after in behind.get(item, ()):
            waits[after] -= 1
            if not waits[after]:
                heapq.heappush(ready, (starts[after], after))
    return keys


def _cool(chain: Chain, budget: Budget, cooling: Cooling, strict: bool) -> None:
    services = max(1, len(chain.day.services))
    scale = max(1.0, int(chain.now.total[0]) % c.MUST / services)
    rounds, made, size = budget.limits.rounds, 0, ROUND
    while True:
        spent = budget.elapsed() / budget.limits.seconds
        part = spent if rounds is None else max(made / (rounds * ROUND), float(spent >= 1.0))
        if part >= 1.0:
            return
        warmth = scale * cooling.hot * (cooling.cold / cooling.hot) ** part
        chain.anneal(warmth, warmth, size)
        if strict:
            chain.rebuild(warmth, max(1, size // 400))
        made += size
        if rounds is None and part:
            size = max(ROUND, int(made / max(spent, 1e-6) / SLICES))
