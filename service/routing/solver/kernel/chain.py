"""One chain of the search: its plan, its generator, and the slices of annealing it is asked for."""

from typing import Final

import numpy as np

from service.routing.solver.kernel import anneal, chance, evaluate, insertion, layout, order, rebuild, ways
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel.layout import Day, Real, Whole

TRIES: Final = 100
"""How many places are tried for a job when it comes in for the first time."""

MIX: Final = (300, 150, 150, 150, 50, 50, 50, 40, 30, 30)
"""How often each move is proposed, of 1000; in the order of `anneal.propose`."""


class Chain:
    """A plan under search. `cost` is the best cost so far."""

    def __init__(self, day: Day, seed: int, number: int) -> None:
        self.day = day
        self.now, self.best = layout.nothing_planned(day), layout.nothing_planned(day)
        self.change, self.trial = layout.no_change(day), layout.no_trial(day)
        self.chance = chance.seeded(seed, number)
        self.mix = _mix(day)
        self.heads = np.zeros(max(1, len(day.people)), dtype=np.int64)
        self.kept, self.queue = layout.nothing_planned(day), np.zeros(len(day.items) + 1, dtype=np.int64)
        self._lunches()
        self.refresh()
        self.best.total[0] = c.NEVER
        rebuild.remember(self.now, self.best)

    @property
    def cost(self) -> int:
        """What the best plan costs."""
        return int(self.best.total[0])

    def _lunches(self) -> None:
        """Everybody has lunch on the empty day, where there is time for one."""
        for staff, person in enumerate(self.day.people):
            meal = int(person[c.P_MEAL])
            if meal < 0:
                continue
            start = max(person[c.P_EARLIEST], person[c.P_MEAL_OPEN])
            at, point = person[c.P_START], self.day.services[self.day.items[meal, c.I_FIRST], c.S_POINT]
            start = max(
                start, person[c.P_EARLIEST] + ways.length(self.day, staff, at, point, int(person[c.P_EARLIEST]))
            )
            back = start + person[c.P_MEAL_TIME]
            back += ways.length(self.day, staff, point, person[c.P_END], int(back))
            must = self.day.rules[0, c.R_MUST_EAT]
            if must or (start <= person[c.P_MEAL_LAST] and back <= person[c.P_LATEST]):
                self.now.staff[self.day.items[meal, c.I_FIRST]] = staff
            self.now.keys[meal] = start

    def refresh(self) -> bool:
        """Settle the plan anew from its order and staff alone; False when it breaks a hard rule.

        Raises: nothing.
        """
        return bool(evaluate.refresh(self.day, self.now, self.change, self.trial))

    def fill(self, jobs: list[int], tries: int = TRIES) -> int:
        """Bring in jobs, in this order, where they cost least among `tries` places; tells how many came in.

        Raises: nothing.
        """
        queue = np.array([self.day.items_of[job, 0] for job in jobs], dtype=np.int64)
        found = int(insertion.fill(self.day, self.now, self.change, self.trial, self.chance, queue, tries))
        rebuild.remember(self.now, self.best)
        return found

    def anneal(self, hot: float, cold: float, rounds: int) -> None:
        """Search from temperature `hot` to `cold` in so many proposals.

        Raises: nothing.
        """
        heat: Real = np.array([hot, cold])
        anneal.anneal(self.day, self.now, self.best, self.change, self.trial, self.chance, self.mix, heat, rounds)
        order.rekey(self.day, self.now, self.heads)

    def rebuild(self, warmth: float, number: int) -> None:
        """Ruin and recreate so many times.

        Raises: nothing.
        """
        anneal.rebuilds(
            self.day, self.now, self.best, self.kept, self.change, self.trial, self.chance, self.queue, warmth, number
        )
        order.rekey(self.day, self.now, self.heads)

    def back_to_best(self) -> None:
        """Go on from the best plan.

        Raises: nothing.
        """
        self.now.keys[:], self.now.staff[:] = self.best.keys, self.best.staff
        self.refresh()
        if self.now.total[0] < self.best.total[0]:
            self.remember()

    def remember(self) -> None:
        """Make the plan as it stands the best one.

        Raises: nothing.
        """
        rebuild.remember(self.now, self.best)

    def absent(self) -> list[int]:
        """List the jobs that the best plan leaves out.

        Raises: nothing.
        """
        firsts = self.day.items[self.day.items_of[:, 0], c.I_FIRST] if len(self.day.items_of) else []
        return [job for job, first in enumerate(firsts) if self.best.staff[first] == c.NOBODY]


def _mix(day: Day) -> Whole:
    """The moves that this day has use for, as the upper ends of their shares of 1000."""
    kinds, counts = day.items[:, c.I_KIND], day.items[:, c.I_COUNT]
    useful = np.ones(len(MIX), dtype=np.bool_)
    useful[4] = bool((counts > 1).any())
    useful[9] = bool((kinds == c.MEAL).any())
    useful[8] = bool((day.items[:, c.I_DROP] < c.MUST)[(kinds != c.MEAL)].any())
    shares = np.array(MIX) * useful
    ends: Whole = np.floor(np.cumsum(shares) * 1000 / shares.sum() + 0.5).astype(np.int64)
    return ends
