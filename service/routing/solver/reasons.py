"""Why the jobs stay out that a plan of the compiled search leaves out, and the plan with what came in meanwhile."""

from collections.abc import Iterator
from typing import Final

from service.routing.problem import Limits, Plan, Problem, Unassigned
from service.routing.rules import UnassignedReason
from service.routing.solver import clock, explain, explain_kernel, going_on, judging, proofs
from service.routing.solver import tables as tabling
from service.routing.solver.clock import Budget
from service.routing.solver.kernel import writing
from service.routing.solver.kernel.chain import Chain
from service.routing.solver.second_look import SecondLook
from service.routing.solver.tables import Tables

PROVABLE: Final = 150
"""Of days of more services models take too long to write."""

PROOF_SECONDS: Final = 2.0
PROOF_ROUNDS: Final = 2
LEAST_SECONDS: Final = 0.1
"""So long at most, and so much of CP-SAT's own measure of time, it is proven that a job has no place; with less than so
many seconds it is not asked.
"""

SETTING_UP: Final = 6e-6
"""Seconds that it takes to lay a day out once more for explaining, for each visit and person."""

WRITING: Final = 2e-4
"""Seconds that it takes to write an explained plan and have it judged beside the one before, for each visit."""

PLAINLY: Final = 1e-3
"""Seconds that a job left out takes at most of which nothing is tried any more."""

PROBING: Final = 5e-7
"""Seconds that it takes to begin trying in a day that is laid out already, or to try once with one rule bent, for each
visit and person.
"""

LOOKING: Final = 5e-6
"""Seconds that it takes to see whether anybody has time for a job left out on an empty day, for each person."""


def end_of_search(problem: Problem, limits: Limits, absent: int) -> float:
    """Tell the share of the time after which only laying the day out once more is still to do, and to explain so many
    jobs left out.

    Raises: nothing.
    """
    return max(0.5, clock.end_of_search(limits, absent) - _setting_up(problem) / limits.seconds)


def end_of_chain(problem: Problem, limits: Limits, absent: int) -> float:
    """Tell the same where the reasons are found in the chain that searched, and nothing is laid out again.

    Raises: nothing.
    """
    people = len(problem.staff)
    plainly = PROBING * len(problem.jobs) * people + LOOKING * absent * people
    return max(0.5, clock.end_of_search(limits, absent) - (plainly + _kept(problem, absent)) / limits.seconds)


def _kept(problem: Problem, absent: int) -> float:
    """Tell how long what looks at no clock takes: a last try that has begun, and what comes after the reasons."""
    return PROBING * len(problem.jobs) * len(problem.staff) + WRITING * len(problem.jobs) + PLAINLY * absent


def _setting_up(problem: Problem) -> float:
    return SETTING_UP * len(problem.jobs) * len(problem.staff)


def of_chain(tables: Tables, chain: Chain, budget: Budget) -> Plan:
    """Write a settled chain's plan with the reason of every job that it leaves out.

    Raises: nothing.
    """
    absent = chain.absent()
    within = budget.less(_kept(tables.problem, len(absent)))
    told = explain_kernel.Explainer(tables, chain, within).tell() if absent else ()
    return Plan(writing.routes(chain.day, chain.now), told)


def of_plan(problem: Problem, plan: Plan, budget: Budget) -> Plan:
    """Give a plan that the searches found the reasons of the jobs that it leaves out, in the time left.

    Raises: nothing.
    """
    return put_right(problem, _of_plan(problem, plan, budget), budget)


def put_right(problem: Problem, plan: Plan, budget: Budget) -> Plan:
    """Look a second time at what is said of the jobs left out, in the time left; what should come in comes in.

    Raises: nothing.
    """
    while plan.unassigned and budget.left() > _setting_up(problem):
        plan, came_in = SecondLook(problem, plan, budget).take()
        if not came_in:
            break
        plan = _of_plan(problem, plan, budget)
    return Plan(plan.routes, tuple(_proven(problem, plan, budget)))


def _proven(problem: Problem, plan: Plan, budget: Budget) -> Iterator[Unassigned]:
    """Ask CP-SAT, in the time left, about jobs of which no place was found though not all were tried."""
    provable = clock.services(problem) <= PROVABLE
    for gone in plan.unassigned:
        limits = Limits(min(PROOF_SECONDS, budget.left()), PROOF_ROUNDS, budget.limits.cpu)
        asked = provable and gone.reason == UnassignedReason.no_place_found and limits.seconds >= LEAST_SECONDS
        full = asked and proofs.can_join(problem, plan, gone.job, limits) is False
        yield Unassigned(gone.job, UnassignedReason.no_capacity, {"scope": explain.BESIDE}) if full else gone


def _of_plan(problem: Problem, plan: Plan, budget: Budget) -> Plan:
    if not plan.unassigned:
        return plan
    gone = [left.job for left in plan.unassigned]
    # before anything is tried: of hundreds of jobs this takes a good part of a second
    plainly = [explain.without_time(problem, job) or explain.not_known(job) for job in gone]
    found = _tried(problem, plan, budget) if budget.left() > _setting_up(problem) else None
    if found is not None and _is_as_good(problem, plan, found):
        return found
    if found is not None and [left.job for left in found.unassigned] == gone:
        # the same order and people, which is what the reasons speak of, at times that cost a little more
        return Plan(plan.routes, found.unassigned)
    return Plan(plan.routes, tuple(plainly))


def _tried(problem: Problem, plan: Plan, budget: Budget) -> Plan | None:
    tables = tabling.build(problem)
    chain = going_on.chain_of(tables, plan, 0)
    return None if chain is None else of_chain(tables, chain, budget)


def _is_as_good(problem: Problem, plan: Plan, found: Plan) -> bool:
    """Whether the kernel writes the plan, with what came in, without breaking a rule or costing more."""
    before, after = judging.cost(problem, plan), judging.cost(problem, found)
    return after is not None and (before is None or after <= before)
