"""The solver in a process of its own: it holds the interpreter for seconds, and the worker must stay awake."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

from service.routing import forked
from service.routing.problem import Limits, Plan, Problem
from service.routing.solver_progress import Progress
from service.routing.solver_refusal import NumbersTooLarge

GRACE_SECONDS: Final = 300.0
"""What a child may take beyond its limit: a slow machine, a compiler for which a day of rare rules must wait, the last
explanations.
"""


@dataclass(frozen=True, slots=True)
class Task:
    """What a child is to solve; who `waits` has it compile its search first where nobody has."""

    problem: Problem
    limits: Limits
    seed: int
    waits: bool = False


async def solve_apart(task: Task, on_progress: Callable[[Progress], Awaitable[None]]) -> Plan:
    """Solve in a process of its own; `on_progress` is awaited for each word of it.

    Raises:
        forked.SolverDied: the process ended without an answer, or took far longer than its limit.
        NumbersTooLarge: no search can add up the day's numbers; names where.
    """
    async with forked.child("day", task.limits.seconds + GRACE_SECONDS) as (says, hears):
        await asyncio.to_thread(says.send, task)
        return await _follow(hears, on_progress)


async def _follow(hears: Connection, on_progress: Callable[[Progress], Awaitable[None]]) -> Plan:
    while True:
        heard = await asyncio.to_thread(hears.recv)
        if isinstance(heard, Plan):
            return heard
        if isinstance(heard, NumbersTooLarge):
            raise heard
        await on_progress(heard)
