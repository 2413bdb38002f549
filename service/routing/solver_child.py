"""What the process does in which a day is solved (see `forking`)."""

from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from service.routing import forked
from service.routing.solver import NumbersTooLarge, is_ready, solve, solve_plain, suits_plain, warm

if TYPE_CHECKING:
    from service.routing.solver_process import Task


def run(reading: int, writing: int) -> None:
    """Solve the task that comes through the pipe `reading`, and answer through `writing`.

    Few days wait for a compiler: until one has made the compiled search ready, days are planned without it, but for
    those with rules that only the compiled search knows, and for those who wait for one.

    Raises: nothing.
    """
    hears, says = Connection(reading, writable=False), Connection(writing, readable=False)
    ready = is_ready()
    if ready:
        warm()
    task: Task = hears.recv()
    forked.end_with_parent(hears)
    how = solve_plain if not ready and not task.waits and suits_plain(task.problem) else solve
    try:
        says.send(how(task.problem, task.limits, task.seed, says.send))
    except NumbersTooLarge as refused:
        says.send(refused)
