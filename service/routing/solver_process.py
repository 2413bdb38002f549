"""The solver in a process of its own: it holds the interpreter for seconds, and the worker must stay awake meanwhile.

The parent hands the problem over a pipe and gets progress and the plan back over it. When the parent is gone, however
it died, the pipe closes and the child ends with it.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

from service.routing.problem import Limits, Plan, Problem
from service.routing.solver_progress import Progress

GRACE_SECONDS: Final = 300.0
"""What a child may take beyond its limit: the start of the interpreter, a slow machine, a compiler for which a day of
rare rules must wait, the last explanations.
"""


@dataclass(frozen=True, slots=True)
class Task:
    """What a child is to solve."""

    problem: Problem
    limits: Limits
    seed: int


class SolverDied(Exception):
    """The solver's process ended without an answer, or did not end in time; the text says which."""


async def solve_apart(task: Task, on_progress: Callable[[Progress], Awaitable[None]]) -> Plan:
    """Solve in a process of its own; `on_progress` is awaited for each word of it.

    Raises:
        SolverDied: the process ended without an answer, or took far longer than its limit.
    """
    ours, theirs = os.pipe(), os.pipe()
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service.routing.solver_process",
        str(theirs[0]),
        str(ours[1]),
        pass_fds=(theirs[0], ours[1]),
    )
    for each in (theirs[0], ours[1]):
        os.close(each)
    with Connection(ours[0], writable=False) as hears, Connection(theirs[1], readable=False) as says:
        try:
            async with asyncio.timeout(task.limits.seconds + GRACE_SECONDS):
                await asyncio.to_thread(says.send, task)
                return await _follow(hears, on_progress)
        except TimeoutError:
            raise SolverDied("timed out") from None
        except (EOFError, BrokenPipeError):
            raise SolverDied("ended without an answer") from None
        finally:
            if child.returncode is None:
                child.kill()
            await child.wait()


async def _follow(hears: Connection, on_progress: Callable[[Progress], Awaitable[None]]) -> Plan:
    while True:
        heard = await asyncio.to_thread(hears.recv)
        if isinstance(heard, Plan):
            return heard
        await on_progress(heard)


async def warm_up() -> None:
    """Compile the solver in a process of its own, so that the next ones find it in the cache.

    Raises: nothing; where it cannot be compiled, days are planned without it.
    """
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "service.routing.solver")
    try:
        await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


if __name__ == "__main__":
    # here and not above: the parent has no use for the solver itself, which takes long to load
    from service.routing import solver_child

    solver_child.run(int(sys.argv[1]), int(sys.argv[2]))
