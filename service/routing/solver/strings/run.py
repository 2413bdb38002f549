"""One run of the compiled search, to be continued chunk by chunk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from service.routing.solver.strings import anneal as annealing
from service.routing.solver.strings import chance, day, facts, pool
from service.routing.solver.strings import trial as trials
from service.routing.solver.strings.day import ABSENT, ASSIGNED, BEST, COST, STOPS, VERSION, VERSIONS


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: everybody's jobs in order, and the price."""

    routes: tuple[tuple[int, ...], ...]
    cost: int

    def left_out(self, jobs: int) -> list[int]:
        """List which of so many jobs nobody serves.

        Raises: nothing.
        """
        return sorted(set(range(jobs)).difference(*self.routes))


class Run:
    """The arrays of one search and the steps it takes; `cost` is that of the best day seen."""

    def __init__(self, known: facts.Facts, seed: Sequence[int]) -> None:
        self.facts, self.day, self.chance = known, day.empty(known), chance.seeded(seed)
        self.pool = pool.empty(known)
        self.found = np.zeros(4, dtype=np.int64)

    @property
    def cost(self) -> int:
        """The price of the best day seen."""
        return int(self.day.totals[BEST])

    @property
    def left_out(self) -> int:
        """How many jobs the present day leaves out."""
        return int(self.day.totals[ABSENT])

    def start(self) -> None:
        """Make a first day: every job put in once, where there is room.

        Raises: nothing.
        """
        annealing.fill(self.facts, self.day, self.chance, self.found)

    def scale(self) -> float:
        """Tell the mean price of a job of the present day, without what is owed for those left out.

        Raises: nothing.
        """
        totals = self.day.totals
        owed = self.facts.drops[self.day.absent[: totals[ABSENT]]].sum()
        return max(1.0, float(totals[COST] - owed)) / max(1, int(totals[ASSIGNED]))

    def go_on(self, rounds: int, hot: float, cold: float) -> int:
        """Make `rounds` trials while the temperature falls from `hot` to `cold`; answer how many were kept.

        Raises: nothing.
        """
        heats = np.array([hot, cold])
        kept: int = annealing.anneal(self.facts, self.day, self.pool, self.chance, self.found, rounds, heats)
        return kept

    def adopt(self, routes: Iterable[Sequence[int]]) -> bool:
        """Go on from other routes, one per person; False (and an unusable run) when they break a hard rule.

        Raises: nothing.
        """
        trials.open_trial(self.day)
        self.day.totals[VERSIONS] += 1
        self.day.sizes[:, VERSION] = self.day.totals[VERSIONS]
        fits = [self._take(person, jobs) for person, jobs in enumerate(routes)]
        annealing.recount(self.facts, self.day)
        return all(fits)

    def _take(self, person: int, jobs: Sequence[int]) -> bool:
        trials.resize(self.facts, self.day, person, len(jobs))
        self.day.routes[person, 1 : len(jobs) + 1, STOPS] = jobs
        return bool(day.rebuild(self.facts, self.day, person))

    def answer(self) -> Found:
        """Tell the best day seen.

        Raises: nothing.
        """
        best = self.day
        stops = (best.best_stops[who, 1 : count + 1] for who, count in enumerate(best.best_counts))
        return Found(tuple(tuple(map(int, route)) for route in stops), self.cost)
