"""Compiles the search for days of shared vehicles, or loads what an earlier process has compiled."""

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from service.routing.problem import Job, Lunch, Problem, Service, Staff, Vehicle
from service.routing.solver.kernel import compiled
from service.routing.solver.rides import placing, pricing, times
from service.routing.solver.rides.facts import Facts
from service.routing.solver.rides.state import State

PACKAGE: Final = Path(__file__).parent


def is_ready() -> bool:
    """Tell whether `warm` takes only seconds.

    Raises: nothing.
    """
    return compiled.is_ready(PACKAGE)


@cache
def warm() -> None:
    """Compile all of it (or load what an earlier process has compiled), so that no search begins with that.

    Raises: nothing.
    """
    job = Job("1", 1, (), (Service(1, frozenset()),))
    who = Staff("a", frozenset(), 0, 0, None, Lunch(0, 9, 1), rides=True)
    problem = Problem(2, (1 - np.eye(2, dtype=np.int64),), (who,), (job,), vehicles=(Vehicle("c", 1, 0, 0),))
    with compiled.making_ready(PACKAGE):
        state = State(Facts(problem))
        placing.put(state, 0, None)
        state.append(0, 0)
        placing.timed(state)
        placing.fed(state, 0)
        pricing.at_least(state.facts.tables, state.cells)
        times.ready_at(state.facts.tables, state.cells, 0)
        state.open(0)
        placing.carried(state, 0)
