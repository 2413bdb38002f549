"""Runs CP-SAT within a budget, whose clock may be slower than the one on the wall."""

import threading
from typing import Any, Final

from ortools.sat.python import cp_model

from service.routing.solver.clock import Budget

GLANCE: Final = 0.02
"""Seconds between two looks at the clock."""


def run(solver: cp_model.CpSolver, model: cp_model.CpModel, budget: Budget, until: float, amount: float | None) -> Any:
    """Solve the model on one thread until `until` of the budget's time, or for `amount` of CP-SAT's own deterministic
    measure of time (about seconds); answer the status.

    Raises: nothing.
    """
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    if amount is not None:
        solver.parameters.max_deterministic_time = amount
    done = threading.Event()

    def watch() -> None:
        while not done.wait(GLANCE):
            if budget.is_spent(until):
                solver.stop_search()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        return solver.solve(model)
    finally:
        done.set()
        watcher.join()
