"""The process in which a day is solved (see `solver_process`): started with two pipes, or without any to compile the
solver for those that follow.
"""

import os
import threading
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from service.routing.solver import solve, warm

if TYPE_CHECKING:
    from service.routing.solver_process import Task


def _child(reading: int, writing: int) -> None:
    hears, says = Connection(reading, writable=False), Connection(writing, readable=False)
    task: Task = hears.recv()
    threading.Thread(target=_end_with_parent, args=(hears,), daemon=True).start()
    says.send(solve(task.problem, task.limits, task.seed, says.send))


def _end_with_parent(hears: Connection) -> None:
    # nothing more is ever sent: waiting ends only when the other end is closed
    hears.poll(None)
    os._exit(1)


def run(arguments: list[str]) -> None:
    """Solve what comes through the pipe named first and answer through the second; without pipes compile the solver.

    Raises: nothing.
    """
    warm()
    if arguments:
        _child(int(arguments[0]), int(arguments[1]))
