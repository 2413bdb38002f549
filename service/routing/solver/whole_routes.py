"""Plans a day that suits the search by strings."""

from service.routing.problem import Plan, Problem
from service.routing.solver import explain, strings
from service.routing.solver.clock import Budget
from service.routing.solver.strings.driver import Kept, Tell


def plan(problem: Problem, budget: Budget, seed: int, kept: Kept, tell: Tell) -> Plan:
    """Plan a day that `strings.suits`; `kept(how many)` of the time is left for explaining when jobs stay
    out.

    Raises: nothing.
    """
    found = strings.search(problem, budget, seed, kept, tell)
    left_out = found.left_out(len(problem.jobs))
    return Plan(strings.routes(problem, found), tuple(map(explain.not_known, left_out)))
