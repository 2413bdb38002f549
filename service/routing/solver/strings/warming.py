"""Compiles the search by strings, or loads what an earlier process has compiled."""

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from service.routing.problem import Job, Limits, Problem, Service, Staff
from service.routing.solver.clock import Budget
from service.routing.solver.kernel import compiled
from service.routing.solver.strings import driver

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
    jobs = tuple(Job(str(point), point, (), (Service(1, frozenset()),)) for point in (1, 2))
    staff = tuple(Staff(name, frozenset(), 0, 0, None, None) for name in "ab")
    problem = Problem(3, (1 - np.eye(3, dtype=np.int64),), staff, jobs)
    with compiled.making_ready(PACKAGE):
        driver.search(problem, Budget(Limits(3600.0, rounds=10)), 0)
