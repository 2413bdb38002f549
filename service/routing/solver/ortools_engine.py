"""An engine of OR-Tools alone: CP-SAT on the whole day where it is small, on one neighbourhood after the other where it
is not. A second opinion on small days, and a way to plan without compiled code.
"""

from collections.abc import Iterator
from typing import Final

from service.routing.problem import Limits, Plan, Problem, Unassigned
from service.routing.rules import UnassignedReason
from service.routing.solver import exact, explain, judging, plain, polish, proofs
from service.routing.solver import tables as tabling
from service.routing.solver.clock import Budget
from service.routing.solver.exact import Effort, Scope

WHOLE: Final = 14
"""Days of no more services are planned whole."""

AMOUNT: Final = 10.0
"""CP-SAT's own measure of time for a whole small day where a run is limited in rounds."""

SEARCH_SHARE: Final = 0.9
"""The rest of the time is kept for saying why jobs stay out."""

PROOF_SECONDS: Final = 1.0
"""So long at most it is asked whether a job has a place."""


class CannotSay(Exception):
    """The model has no words for what the problem asks; the text names it (`traffic`, `numbers`)."""


def solve_ortools(problem: Problem, limits: Limits, seed: int, *, amount: float = polish.AMOUNT) -> Plan:
    """Plan the day with OR-Tools alone. No hard rule is ever broken; a job that must be done is left out only where no
    place was found for it. With limits in rounds the same problem and seed give the same plan. `amount` is how much of
    CP-SAT's own time a neighbourhood of a large day gets.

    Raises:
        CannotSay: the problem asks for what the model cannot express.
    """
    lacking = exact.lacks(problem)
    if lacking is not None:
        raise CannotSay(lacking)
    budget = Budget(limits)
    plan = _nothing(problem)
    if problem.jobs and problem.staff:
        plan = _search(problem, plan, budget, seed, amount)
    return Plan(plan.routes, tuple(_reasons(problem, plan, budget)))


def prove(problem: Problem, limits: Limits, seed: int = 0) -> tuple[Plan, bool]:
    """Plan the whole day in one model; answer the plan and whether it is proven that none is cheaper.

    Raises:
        CannotSay: the problem asks for what the model cannot express.
    """
    lacking = exact.lacks(problem)
    if lacking is not None:
        raise CannotSay(lacking)
    plan = _nothing(problem)
    amount = None if limits.rounds is None else AMOUNT
    every = Scope(problem, tuple(range(len(problem.staff))), tuple(range(len(problem.jobs))), plan)
    answer = exact.solve(every, Effort(Budget(limits), SEARCH_SHARE, amount, seed))
    if answer.plan is None or judging.cost(problem, answer.plan) is None:
        return plan, False
    return answer.plan, answer.proven


def _reasons(problem: Problem, plan: Plan, budget: Budget) -> Iterator[Unassigned]:
    """Why jobs stay out: by trying where the rules are known to that, and else by proof, as far as there is one."""
    tables = tabling.build(problem)
    explainer, limits = explain.Explainer(tables, None, budget), Limits(PROOF_SECONDS, rounds=1)
    for gone in plan.unassigned:
        told = explainer.tell(gone.job) if plain.suits(problem) else explain.without_time(problem, gone.job)
        if told is not None and told.reason != UnassignedReason.no_place_found:
            yield told
        elif proofs.can_be_served_alone(problem, gone.job, limits) is False:
            yield Unassigned(gone.job, UnassignedReason.unreachable, {"scope": explain.ALONE})
        elif proofs.can_join(problem, plan, gone.job, limits) is False:
            yield Unassigned(gone.job, UnassignedReason.no_capacity, {"scope": explain.BESIDE})
        else:
            yield explain.not_known(gone.job)


def _nothing(problem: Problem) -> Plan:
    """Nobody does anything."""
    left = tuple(Unassigned(job, UnassignedReason.no_capacity) for job in range(len(problem.jobs)))
    return Plan(exact.nothing(problem).routes, left)


def _search(problem: Problem, plan: Plan, budget: Budget, seed: int, amount: float) -> Plan:
    if sum(len(job.services) for job in problem.jobs) <= WHOLE:
        return prove(problem, budget.limits, seed)[0]
    rounds = budget.limits.rounds
    return polish.improve(problem, plan, budget, SEARCH_SHARE, seed, amount=amount, rounds=rounds)
