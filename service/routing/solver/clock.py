"""How long the solver may still work, in seconds of the wall clock or of the CPU, and in rounds."""

import time

from service.routing.problem import Limits


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
