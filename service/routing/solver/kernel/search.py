"""Runs the chains: temperatures over time, two cores, and when to stop."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from service.routing.solver.clock import Budget
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import drawing
from service.routing.solver.kernel.chain import Chain
from service.routing.solver.tables import Tables

ROUND: Final = 1000
"""Proposals in a round of `Limits.rounds`, and in the first slice of a run."""

SLICE_SECONDS: Final = 0.02
"""About so long a chain works before it looks at the clock."""

REBUILDING: Final = 0.5
"""How much work ruin and recreate does on days of hard windows, for each that single moves do."""

REBUILD_PROPOSALS: Final = 200
"""One ruin and recreate takes as long as about so many proposals."""


@dataclass(frozen=True, slots=True)
class Heat:
    """A parameter set: the temperature falls from `hot` to `cold` times the mean cost per service, in cycles of about
    `proposals` per service; each cycle after the first begins with `reheat` of the heat, from the best plan.
    """

    hot: float
    cold: float
    proposals: int
    reheat: float


FINE: Final = Heat(hot=0.6, cold=0.01, proposals=150_000, reheat=0.5)
WIDE: Final = Heat(hot=1.2, cold=0.01, proposals=150_000, reheat=0.5)
"""The first chain's and the others'."""


class Search:
    """The search for one day: one chain per worker, each with its own heat."""

    def __init__(self, tables: Tables, budget: Budget, seed: int) -> None:
        self.tables, self.budget = tables, budget
        self.day = drawing.draw_up(tables)
        self.chains = [Chain(self.day, seed, number) for number in range(budget.workers)]

    @property
    def best(self) -> Chain:
        """The chain with the cheapest plan."""
        return min(self.chains, key=lambda chain: chain.cost)

    def construct(self) -> None:
        """Make each chain's first plan: jobs that must be done first, those with few possible staff before others.

        Raises: nothing.
        """
        jobs = sorted(range(len(self.tables.nodes)), key=self._urgency)
        for chain in self.chains:
            chain.fill(jobs)

    def _urgency(self, job: int) -> tuple[bool, bool, int, int]:
        nodes = self.tables.nodes[job]
        hopeful = min(len(node.prices) for node in nodes)
        return self.tables.problem.jobs[job].drop_penalty is not None, len(nodes) == 1, hopeful, nodes[0].closes[-1]

    def improve(self, until: float, tell: Callable[[], None]) -> None:
        """Improve until `until` of the whole time, or for the budget's rounds; `tell` is called after better plans.

        Raises: nothing.
        """
        if len(self.chains) == 1:
            _Run(self, self.chains[0], FINE, until).go(tell)
            return
        with ThreadPoolExecutor(len(self.chains) - 1) as threads:
            others = [threads.submit(_Run(self, chain, WIDE, until).go, _nothing) for chain in self.chains[1:]]
            _Run(self, self.chains[0], FINE, until).go(tell)
        for other in others:
            other.result()

    def settled(self) -> Chain:
        """Settle the best plan, give what is left out another chance, and answer its chain.

        Raises: nothing.
        """
        chain = self.best
        chain.back_to_best()
        if not self.budget.is_spent():
            chain.fill(chain.absent())
        return chain


def _nothing() -> None:
    return None


class _Run:
    """One chain's way through time. With rounds, every slice is one round; else as long as the clock is looked at."""

    def __init__(self, search: Search, chain: Chain, heat: Heat, until: float) -> None:
        self.budget, self.chain, self.heat, self.until = search.budget, chain, heat, until
        self.begun = self.budget.elapsed()
        self.services = max(1, len(search.day.services))
        # what cannot be left out is no measure of what a move costs
        self.scale = max(1.0, int(chain.now.total[0]) % c.MUST / self.services)
        self.rebuilding = REBUILDING if search.tables.strict else 0.0
        self.made = 0
        self.rate = 0.0

    def go(self, tell: Callable[[], None]) -> None:
        if self._part() < 1.0:
            self._slice(self.heat.cold * self.scale)
        cycles, cycle, told = self._cycles(), 0, c.NEVER
        while (part := self._part()) < 1.0:
            through = part * cycles
            if int(through) > cycle:
                cycle = int(through)
                self.chain.back_to_best()
            self._slice(self._warmth(through - int(through), cycle))
            if self.chain.cost < told:
                told = self.chain.cost
                tell()

    def _part(self) -> float:
        """The share of this phase that is over."""
        end = self.until * self.budget.limits.seconds
        timed = (self.budget.elapsed() - self.begun) / (end - self.begun) if end > self.begun else 1.0
        rounds = self.budget.limits.rounds
        if rounds is None:
            return timed
        return 1.0 if timed >= 1.0 else self.made / (rounds * ROUND)

    def _cycles(self) -> int:
        """How often the metal is cooled in all: what time allows, at the speed seen so far."""
        rounds = self.budget.limits.rounds
        seconds = self.until * self.budget.limits.seconds - self.begun
        proposals = rounds * ROUND if rounds is not None else self.rate * seconds
        return max(1, round(proposals / (self.heat.proposals * self.services)))

    def _warmth(self, through: float, cycle: int) -> float:
        hot = self.heat.hot * (self.heat.reheat if cycle else 1.0)
        return float(self.scale * hot * (self.heat.cold / hot) ** through)

    def _slice(self, warmth: float) -> None:
        rounds = ROUND
        if self.budget.limits.rounds is None and self.rate:
            rounds = max(200, int(self.rate * SLICE_SECONDS))
        begun = self.budget.elapsed()
        self.chain.anneal(warmth, warmth, rounds)
        if self.rebuilding:
            self.chain.rebuild(warmth, max(1, int(rounds * self.rebuilding / REBUILD_PROPOSALS)))
        self.made += rounds
        seen = rounds / max(self.budget.elapsed() - begun, 1e-6)
        self.rate = 0.9 * self.rate + 0.1 * seen if self.rate else seen
