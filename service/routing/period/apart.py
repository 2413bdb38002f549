"""The period's solver in a process of its own: it takes the interpreter for seconds, and loads what no server needs."""

import asyncio
import sys
from typing import Final

from pydantic import TypeAdapter

from service.routing.period.problem import Answer, Period

PERIOD: Final = TypeAdapter(Period)
ANSWER: Final = TypeAdapter(Answer)
SECONDS: Final = 600.0
"""What a solve may take altogether: the start of the interpreter, the work it is allowed, a slow machine."""


class SolverDied(Exception):
    """The process ended without an answer, or did not end in time; the text says which."""


async def solve_apart(period: Period) -> Answer:
    """Solve a period in a process of its own.

    Raises:
        SolverDied: the process ended without an answer, or took too long.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service.routing.period.child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            said, _ = await child.communicate(PERIOD.dump_json(period))
    except TimeoutError:
        raise SolverDied("timed out") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0:
        raise SolverDied(f"ended with {child.returncode}")
    return ANSWER.validate_json(said)
