"""The first plan: jobs inserted one after the other where they cost least.

When only soft rules can be bent every job that must be done finds a place, at the end of some route if nowhere else;
where hard rules leave no place a job stays out.
"""

from service.routing.solver import insertion
from service.routing.solver import state as states
from service.routing.solver.clock import Budget
from service.routing.solver.state import State
from service.routing.solver.tables import Tables


def build(tables: Tables, budget: Budget) -> State:
    """Build a first plan: mandatory jobs first, those with several services and few possible staff before others.

    When the time runs out, the jobs that may be left out are left out.

    Raises: nothing.
    """
    state = states.empty(tables)
    for job in sorted(range(len(tables.nodes)), key=lambda job: _urgency(tables, job)):
        optional = tables.problem.jobs[job].drop_penalty is not None
        if optional and budget.is_spent():
            continue
        insertion.insert_best(state, job, None)
    state.rerank()
    return state


def _urgency(tables: Tables, job: int) -> tuple[bool, bool, int, int]:
    nodes = tables.nodes[job]
    hopeful = min(len(node.prices) for node in nodes)
    return tables.problem.jobs[job].drop_penalty is not None, len(nodes) == 1, hopeful, nodes[0].closes[-1]
