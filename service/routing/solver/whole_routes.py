"""Plans a day that suits the search by strings, and explains what it leaves out."""

from typing import Final

from service.routing.problem import Plan, Problem, Unassigned
from service.routing.solver import explain, strings
from service.routing.solver import route as routing
from service.routing.solver import tables as tabling
from service.routing.solver.clock import Budget
from service.routing.solver.state import State
from service.routing.solver.strings import Found
from service.routing.solver.strings.driver import Tell

THOROUGH_SECONDS: Final = 0.15
"""What a thorough explanation of one job takes at most on large days."""


def plan(problem: Problem, budget: Budget, seed: int, kept: float, tell: Tell) -> Plan:
    """Plan a day that `strings.suits`; `kept` of the time is left for explaining when jobs stay out.

    Raises: nothing.
    """
    found = strings.search(problem, budget, seed, kept, tell)
    left_out = found.left_out(len(problem.jobs))
    return Plan(strings.routes(problem, found), _explain(problem, budget, found, left_out) if left_out else ())


def _explain(problem: Problem, budget: Budget, found: Found, left_out: list[int]) -> tuple[Unassigned, ...]:
    tables = tabling.build(problem)
    walked = [
        routing.build_best(tables, person, tuple(tables.nodes[job][0] for job in jobs), (0,) * len(jobs))
        for person, jobs in zip(tables.people, found.routes, strict=True)
    ]
    routes = [route for route in walked if route is not None]
    who: dict[int, tuple[int, ...]] = {job: (staff,) for staff, jobs in enumerate(found.routes) for job in jobs}
    state = State(tables, routes, who, list(who)) if len(routes) == len(walked) else None
    unhurried = budget.left() > THOROUGH_SECONDS * len(left_out)
    explainer = explain.Explainer(tables, state, budget, unhurried=unhurried)
    return tuple(explainer.tell(job) for job in left_out)
