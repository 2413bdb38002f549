"""How long the solver may still work, in seconds of the wall clock or of the CPU, and in rounds."""

import time
from dataclasses import replace
from typing import Final

from service.routing.problem import Limits, Problem

ENOUGH_SECONDS: Final = 0.02
"""A day of n services is searched at most so long times n²: by then a small day was gone through many times."""


def enough(problem: Problem, limits: Limits) -> Limits:
    """Cut the time short where the day is so small that more of it finds nothing; rounds are left as they are.

    Raises: nothing.
    """
    services = sum(len(job.services) for job in problem.jobs)
    return replace(limits, seconds=min(limits.seconds, max(0.1, ENOUGH_SECONDS * services**2)))


class Budget:
    """The time of one run; phases ask for shares of it. With a limit of rounds the same run can be repeated exactly."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._now = time.process_time if limits.cpu else time.monotonic
        self._begun = self._now()

    def elapsed(self) -> float:
        """Tell the seconds since the beginning.

        Raises: nothing.
        """
        return self._now() - self._begun

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
