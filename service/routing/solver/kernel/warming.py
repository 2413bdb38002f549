"""Compiles the kernel, or loads what an earlier process has compiled."""

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from service.routing.problem import Job, Limits, Lunch, Problem, Rules, Service, Staff, Sync, Window
from service.routing.solver import tables as tabling
from service.routing.solver.clock import Budget
from service.routing.solver.kernel import compiled, probe
from service.routing.solver.kernel.search import Search

PACKAGE: Final = Path(__file__).parent

SOFT: Final = Rules(waiting=1, max_idle=1, tardiness=1, overtime=1, missed_lunch=5, balance=1)
HARD: Final = Rules()
"""On days of hard windows the search also ruins and recreates."""


def is_ready() -> bool:
    """Tell whether `warm` takes only seconds.

    Raises: nothing.
    """
    return compiled.is_ready(PACKAGE)


@cache
def warm() -> None:
    """Make the kernel ready: loaded within seconds where a process of this user has compiled it before, else compiled,
    which takes about three quarters of a minute of CPU.

    Raises: nothing.
    """
    with compiled.making_ready(PACKAGE):
        for rules in (SOFT, HARD):
            _search(rules)


def _search(rules: Rules) -> None:
    skills = frozenset({"care"})
    matrix = np.array([[0, 5], [5, 0]], dtype=np.int64)
    staff = tuple(Staff(name, skills, 0, 0, Window(0, 100), Lunch(30, 60, 10)) for name in ("one", "two"))
    jobs = (
        Job("pair", 1, (Window(0, 50), Window(60, 80)), (Service(5, skills), Service(5, skills)), Sync.sequential),
        Job("single", 1, (Window(0, 50),), (Service(5, skills),), drop_penalty=100),
    )
    problem = Problem(2, (matrix,), staff, jobs, rules)
    search = Search(tabling.build(problem), Budget(Limits(3600.0, rounds=1)), 1)
    search.construct()
    search.improve(1.0, lambda: None)
    search.settled()
    asking = probe.Probe(search.day)
    asking.take(asking.look(1, lambda: True))
