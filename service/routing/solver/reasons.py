"""Why the jobs that a chain of the kernel leaves out stay out."""

from typing import Final

from service.routing.problem import Unassigned
from service.routing.solver import bridge, explain, explain_rare, plain
from service.routing.solver.clock import Budget
from service.routing.solver.kernel.chain import Chain
from service.routing.solver.tables import Tables

THOROUGH_SECONDS: Final = 0.15
"""What a thorough explanation of one job takes at most on large days."""


def of_chain(tables: Tables, chain: Chain, budget: Budget) -> tuple[Unassigned, ...]:
    """Explain every job that the chain's best plan leaves out.

    Raises: nothing.
    """
    absent = chain.absent()
    if not absent:
        return ()
    if not plain.suits(tables.problem):
        rare = explain_rare.RareExplainer(tables, chain, budget)
        return tuple(rare.tell(job) for job in absent)
    unhurried = budget.left() > THOROUGH_SECONDS * len(absent)
    explainer = explain.Explainer(tables, bridge.state_of(tables, chain), budget, unhurried=unhurried)
    return tuple(explainer.tell(job) for job in absent)
