"""Lets the kernel go on from a plan, at a lower heat than a search that begins with nothing."""

from dataclasses import dataclass
from typing import Final

from service.routing.problem import LUNCH, Limits, Plan, Problem, Unassigned
from service.routing.rules import UnassignedReason
from service.routing.solver import reasons
from service.routing.solver import tables as tabling
from service.routing.solver.clock import Budget
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import drawing, rebuild, writing
from service.routing.solver.kernel.chain import Chain
from service.routing.solver.kernel.search import ROUND
from service.routing.solver.tables import Tables

SLICES: Final = 200
"""In so many steps the heat falls."""

EXPLAIN_SHARE: Final = 0.1
"""Kept for saying why jobs stay out."""

BESIDE: Final = "beside_plan"
"""What is known of a job that has no place before anybody has looked closer."""


@dataclass(frozen=True, slots=True)
class Cooling:
    """From `hot` to `cold` times the mean cost per service. The `last` cooling answers the best plan seen and says why
    jobs stay out, the ones before it the plan as it then stands.
    """

    hot: float
    cold: float
    last: bool


def improve(problem: Problem, plan: Plan, limits: Limits, seed: int, cooling: Cooling) -> Plan | None:
    """Search from a plan on; None when the kernel cannot take the plan up.

    Raises: nothing.
    """
    tables, budget = tabling.build(problem), Budget(limits)
    if not kernel_takes(tables):
        return None
    chain = Chain(drawing.draw_up(tables), seed, 0)
    take_up(chain, plan)
    if not chain.refresh():
        return None
    rebuild.remember(chain.now, chain.best)
    _cool(chain, budget, cooling, tables.strict)
    if not cooling.last:
        routes = writing.routes(chain.day, chain.now)
        served = {stop.job for route in routes for stop in route.stops}
        out = (job for job in range(len(problem.jobs)) if job not in served)
        return Plan(routes, tuple(Unassigned(job, UnassignedReason.no_capacity, {"scope": BESIDE}) for job in out))
    chain.back_to_best()
    chain.fill(chain.absent())
    return Plan(writing.routes(chain.day, chain.now), reasons.of_chain(tables, chain, budget))


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
    for route in plan.routes:
        for stop in route.stops:
            if stop.service == LUNCH:
                item = int(day.people[route.staff, c.P_MEAL])
                row = int(day.items[item, c.I_FIRST])
            else:
                row = int(day.items[day.items_of[stop.job, 0], c.I_FIRST]) + stop.service
                item = int(day.services[row, c.S_ITEM])
            now.staff[row] = route.staff
            now.keys[item] = stop.start + 0.5 * (stop.service == LUNCH)


def _cool(chain: Chain, budget: Budget, cooling: Cooling, strict: bool) -> None:
    services = max(1, len(chain.day.services))
    scale = max(1.0, int(chain.now.total[0]) % c.MUST / services)
    rounds, made, size = budget.limits.rounds, 0, ROUND
    end = 1.0 - EXPLAIN_SHARE * cooling.last
    while True:
        spent = budget.elapsed() / (end * budget.limits.seconds)
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
