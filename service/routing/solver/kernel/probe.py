"""Asks whether a job has a place: on the empty day, or beside a plan whose jobs and people stay as they are."""

from typing import Final

import numpy as np

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import everywhere
from service.routing.solver.kernel.chain import Chain
from service.routing.solver.kernel.layout import Day, Real, Whole

SEED: Final = 7
TRIES: Final = 2000
"""So many places are tried for jobs of several services and bundles, of which there are too many to try all."""

KEYS: Final = 5
"""So many places in the global order between two stops are tried for a linked job, whose turn matters."""


class Probe:
    """A day on which jobs are brought in one by one. It begins empty; `chain.now` is the plan as it stands.

    With `thorough` the lunch of the person who gives a job is tried at every place too.
    """

    def __init__(self, day: Day, *, thorough: bool = True) -> None:
        self.day, self.thorough = day, thorough
        self.chain = Chain(day, SEED, 0)

    def adopt(self, keys: Real, staff: Whole) -> bool:
        """Take over a plan by its order and people; False when it breaks a hard rule of this day.

        Raises: nothing.
        """
        self.chain.now.keys[:], self.chain.now.staff[:] = keys, staff
        return self.chain.refresh()

    def insert(self, job: int) -> bool:
        """Bring in a job that is absent, with those that come with it, where it costs least; False when it has no place
        that costs less than leaving it out.

        Raises: nothing.
        """
        chain, item = self.chain, int(self.day.items_of[job, 0])
        about = self.day.items[item]
        if about[c.I_JOB_COUNT] > 1 or about[c.I_BUNDLED]:
            return chain.fill([job], TRIES) > 0
        keys = KEYS if about[c.I_LINKS] else 1
        now, change, trial = chain.now, chain.change, chain.trial
        where = np.array([0.0, 0.0, float(self.thorough)])
        return bool(everywhere.search(self.day, now, change, trial, item, keys, where))

    @property
    def cost(self) -> int:
        """What the plan as it stands costs."""
        return int(self.chain.now.total[0])

    def people(self, job: int) -> list[int]:
        """List who gives a job of the plan.

        Raises: nothing.
        """
        about = self.day.items[self.day.items_of[job, 0]]
        first = int(about[c.I_JOB_FIRST])
        return [int(who) for who in self.chain.now.staff[first : first + int(about[c.I_JOB_COUNT])]]
