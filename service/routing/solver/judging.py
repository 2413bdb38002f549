"""What a whole plan costs, by the referee's judgement and in the search's measure."""

from service.routing.problem import Plan, Problem
from service.routing.referee.check import check_plan
from service.routing.referee.verdict import Rule
from service.routing.solver.mandatory import MUST


def cost(problem: Problem, plan: Plan) -> int | None:
    """Price a plan as the searches do, jobs left out that must be done at a very high price; None when it breaks any
    other rule.

    Raises: nothing.
    """
    verdict = check_plan(problem, plan)
    if any(violation.code is not Rule.mandatory_left_out for violation in verdict.violations):
        return None
    return verdict.total + MUST * len(verdict.violations)
