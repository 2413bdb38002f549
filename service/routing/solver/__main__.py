"""The solver's own process: `python -m service.routing.solver READING WRITING`, two pipes of `solver_process`."""

import os
import sys
import threading
from multiprocessing.connection import Connection

from service.routing.solver import solve
from service.routing.solver_process import Task


def _answer(reading: int, writing: int) -> None:
    hears, says = Connection(reading, writable=False), Connection(writing, readable=False)
    task: Task = hears.recv()
    threading.Thread(target=_end_with_parent, args=(hears,), daemon=True).start()
    says.send(solve(task.problem, task.limits, task.seed, says.send))


def _end_with_parent(hears: Connection) -> None:
    # nothing more is ever sent: waiting ends only when the other end is closed
    hears.poll(None)
    os._exit(1)


if __name__ == "__main__":
    _answer(int(sys.argv[1]), int(sys.argv[2]))
