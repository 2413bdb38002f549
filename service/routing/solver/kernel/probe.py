"""Asks whether a job has a place: on the empty day, or beside a plan whose jobs and people stay as they are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import everywhere, tour
from service.routing.solver.kernel.chain import Chain
from service.routing.solver.kernel.layout import Day, Real, Whole
from service.routing.solver.kernel.tour import Tour

SEED: Final = 7
STEPS: Final = 2000
"""So many steps, of some microseconds each, are made between two looks at the clock."""

MOST: Final = 500
"""After so many looks at the clock a job is given up: crews of three have more places than anybody can try."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the day costs with the job at the cheapest place found (None where none was), who gives it there, and
    whether all places were tried.
    """

    cost: int | None
    people: tuple[int, ...]
    complete: bool
    tour: Tour


class Probe:
    """A day on which jobs are tried. It begins empty; `chain.now` is the plan as it stands."""

    def __init__(self, day: Day, chain: Chain | None = None) -> None:
        self.day = day
        self.chain = Chain(day, SEED, 0) if chain is None else chain

    def adopt(self, keys: Real, staff: Whole) -> bool:
        """Take over a plan by its order and people; False when it breaks a hard rule of this day.

        Raises: nothing.
        """
        self.chain.now.keys[:], self.chain.now.staff[:] = keys, staff
        return self.chain.refresh()

    def look(self, job: int, goes_on: Callable[[], bool], *, first: bool = False, dining: bool = True) -> Found:
        """Try an absent job, with those that come with it, at all places while `goes_on`, or until the `first` that
        breaks no rule; `dining`: with the lunches of those who give it at all places too.

        Raises: nothing.
        """
        chain, found = self.chain, tour.begin(self.day, job, dining=dining)
        complete = False
        for _ in range(MOST):
            if complete or not goes_on():
                break
            complete = everywhere.go_on(self.day, chain.now, chain.change, chain.trial, found, STEPS, first)
        best = int(found.state[tour.BEST])
        own = self.day.services[found.parts[:, 0], c.S_JOB] == job
        people = tuple(int(who) for who in found.staff[own, 1])
        return Found(None if best >= tour.UNKNOWN else best, people, complete, found)

    def take(self, found: Found) -> None:
        """Bring a job in where it was found to cost least, and remember the plan.

        Raises: nothing.
        """
        chain = self.chain
        everywhere.take(self.day, chain.now, chain.change, chain.trial, found.tour)
        chain.remember()

    @property
    def cost(self) -> int:
        """What the plan as it stands costs."""
        return int(self.chain.now.total[0])
