"""How long the solver may still work, in seconds of the wall clock or of the CPU, and in rounds."""

import time
from copy import copy
from dataclasses import replace
from typing import Final

from service.routing.problem import Limits, Problem

ENOUGH_SECONDS: Final = 0.02
"""A day of n services is searched at most so long times n²: by then a small day was gone through many times."""


EXACT: Final = 20
"""Days of no more services are, once searched, planned exactly neighbourhood by neighbourhood."""

EXACT_SECONDS: Final = 4.0
"""So long at most, besides the search."""


def services(problem: Problem) -> int:
    """Count the services of a day's jobs.

    Raises: nothing.
    """
    return sum(len(job.services) for job in problem.jobs)


def enough(problem: Problem, limits: Limits, *, exactly: bool = False) -> Limits:
    """Cut the time short where the day is so small that more of it finds nothing, with time to plan it `exactly`; with
    rounds it is left as it is.

    Raises: nothing.
    """
    if limits.rounds is not None:
        return limits
    seconds = enough_search(problem) + (EXACT_SECONDS if exactly else 0.0)
    return replace(limits, seconds=min(limits.seconds, seconds))


def enough_search(problem: Problem) -> float:
    """Tell after how many seconds of search more of it finds nothing.

    Raises: nothing.
    """
    return max(0.1, ENOUGH_SECONDS * services(problem) ** 2)


EXPLAIN_SECONDS: Final = 0.3
EXPLAIN_SHARE: Final = 0.04
EXPLAIN_LONGEST: Final = 0.3
"""Kept for the last look at the jobs left out and for their reasons: the greatest of some seconds, a share of the whole
and what so many jobs need, the last up to a longest share.
"""

JOB_SECONDS: Final = 0.02
"""What a quick explanation of one job takes at most on large days."""


def end_of_search(limits: Limits, absent: int) -> float:
    """Tell the share of the time after which only explaining so many jobs left out is still to do.

    Raises: nothing.
    """
    needed = min(EXPLAIN_LONGEST, JOB_SECONDS * absent / limits.seconds)
    return max(0.5, 1.0 - max(EXPLAIN_SHARE, EXPLAIN_SECONDS / max(limits.seconds, EXPLAIN_SECONDS), needed))


class Budget:
    """The time of one run; phases ask for shares of it. With a limit of rounds the same run can be repeated exactly."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._now = time.process_time if limits.cpu else time.monotonic
        self._begun = self._now()

    @property
    def workers(self) -> int:
        """How many may work at a time: one where the CPU's time is counted, for it counts that of all together."""
        return 1 if self.limits.cpu else max(1, self.limits.workers)

    def elapsed(self) -> float:
        """Tell the seconds since the beginning.

        Raises: nothing.
        """
        return self._now() - self._begun

    def less(self, seconds: float) -> "Budget":
        """Give the same budget, so many seconds shorter at its end.

        Raises: nothing.
        """
        shorter = copy(self)
        shorter.limits = replace(self.limits, seconds=max(0.0, self.limits.seconds - seconds))
        return shorter

    def left(self) -> float:
        """Tell the seconds left, never negative.

        Raises: nothing.
        """
        return max(0.0, self.limits.seconds - self.elapsed())

    def is_spent(self, share: float = 1.0) -> bool:
        """Tell whether `share` of the whole time is over.

        Raises: nothing.
        """
        return self.elapsed() >= share * self.limits.seconds
