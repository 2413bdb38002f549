"""Stops asking a server that has failed several times in a row, and tries it again after a pause."""

from collections.abc import Callable


class Breaker:
    """Closed: asked as usual. Open after `failures` in a row: not asked for `pause_seconds`. Then one question is let
    through; while it is out nobody else asks; its answer closes the breaker, its failure begins the next pause.

    `clock` tells seconds that only grow. Not for threads: one event loop.
    """

    def __init__(self, *, failures: int, pause_seconds: float, clock: Callable[[], float]) -> None:
        self._most = failures
        self._pause = pause_seconds
        self._clock = clock
        self._in_a_row = 0
        self._asked_again_at = 0.0
        self._on_trial = False

    def allows(self) -> bool:
        """Return whether a question may be asked now; whoever gets True says what came of it."""
        if self._in_a_row < self._most:
            return True
        if self._clock() < self._asked_again_at:
            return False
        self._on_trial = True
        self._asked_again_at = self._clock() + self._pause  # if it never tells, the next may after a pause
        return True

    def released(self) -> None:
        """Hear that nobody asked the server, or waited for its answer: a trial is for the next one to make, at once."""
        if self._on_trial:  # what was asked before the failures ends no pause
            self._on_trial = False
            self._asked_again_at = self._clock()

    def succeeded(self) -> None:
        """Hear that the server answered."""
        self._in_a_row = 0
        self._on_trial = False

    def failed(self) -> None:
        """Hear that it did not."""
        self._in_a_row += 1
        self._on_trial = False
        self._asked_again_at = self._clock() + self._pause
