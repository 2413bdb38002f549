"""Lets a plan be that people cancel while the worker solves it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from service.core.db.session import transaction
from service.core.http import House
from service.core.jobs.queue import Job

LOOK_EVERY_SECONDS: Final = 0.5

Solved = TypeVar("Solved")
Look = Callable[[AsyncSession], Awaitable[bool]]
"""Tells whether a plan is cancelled, as it is committed."""


class PlanCancelled(Exception):
    """Nobody wants the plan any more."""


async def unless_cancelled(house: House, job: Job, solving: Coroutine[Any, Any, Solved], is_cancelled: Look) -> Solved:
    """Return what is solved; end it, and the process in which it is solved, as soon as its plan is cancelled.

    The solver says something only where it finds something better, so the plan is looked at beside it.

    Raises:
        PlanCancelled: the plan was cancelled first.
    """
    work, watch = asyncio.create_task(solving), asyncio.create_task(_cancelled(house, job, is_cancelled))
    try:
        await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        watch.result()
        raise PlanCancelled
    finally:
        # whoever is cancelled himself takes both along; the process of the solver has ended when this is over
        for each in (work, watch):
            each.cancel()
        await asyncio.gather(work, watch, return_exceptions=True)


async def _cancelled(house: House, job: Job, is_cancelled: Look) -> None:
    """Return as soon as the plan is cancelled."""
    cancelled = False
    while not cancelled:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        async with transaction(house.sessions, job.fence, house.clock.now()) as session:
            cancelled = await is_cancelled(session)
