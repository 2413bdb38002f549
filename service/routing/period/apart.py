"""The period's solver in a process of its own: it takes the interpreter for seconds, and loads what no server needs."""

import asyncio
from typing import Final, cast

from service.routing import forked
from service.routing.period.problem import Answer, Period

SECONDS: Final = 600.0
"""What a solve may take altogether: the work it is allowed, on a slow machine."""


async def solve_apart(period: Period) -> Answer:
    """Solve a period in a process of its own.

    Raises:
        forked.SolverDied: the process ended without an answer, or took too long.
    """
    async with forked.child("period", SECONDS) as (says, hears):
        await asyncio.to_thread(says.send, period)
        return cast(Answer, await asyncio.to_thread(hears.recv))
