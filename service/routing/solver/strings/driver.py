"""Drives the compiled search within a budget: anneal, choose whole routes among all seen, anneal once more."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from typing import Final

from service.routing.problem import Problem
from service.routing.solver.clock import Budget
from service.routing.solver.strings import choosing
from service.routing.solver.strings import facts as laying
from service.routing.solver.strings.run import Found, Run

HOT: Final = (1.0, 0.5)
COLD: Final = 0.005
"""The temperature falls from HOT (by worker) to COLD times the mean price per job of the first plan."""

ANNEAL_SHARE: Final = 0.88
CHOOSE_SHARE: Final = 0.96
"""Anneal until the first share of the time, choose among the routes seen at most until the second, then polish."""

POLISHED: Final = 0.25
"""Polishing cools from COLD to so much of it."""

CHUNK: Final = 0.02
"""About so many seconds between two looks at the clock."""

ROUNDS: Final = 500
"""So many rounds in a chunk where rounds are limited, and in the first chunk."""

Tell = Callable[[int, int], None]
Kept = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Cooling:
    """From which to which temperature, until which share of the time, and in how many rounds at most."""

    hot: float
    cold: float
    until: float
    rounds: int | None

    def heat(self, part: float) -> float:
        """Tell the temperature when `part` of the cooling is done.

        Raises: nothing.
        """
        return float(self.hot * (self.cold / self.hot) ** min(1.0, part))


def search(
    problem: Problem, budget: Budget, seed: int, kept: Kept = lambda _: 0.0, tell: Tell = lambda *_: None
) -> Found:
    """Search for the cheapest day of a problem that suits. When jobs stay out, `kept(how many)` of the whole time is
    left for saying why; `tell(cost, left out)` is called for the first day and each better one.

    With a limit of rounds and one worker the same problem and seed give the same day.

    Raises: nothing.
    """
    limits, workers = budget.limits, budget.workers
    known = laying.lay_out(problem)
    runs = [Run(known, (seed, worker)) for worker in range(workers)]
    for run in runs:
        run.start()
    tell(runs[0].cost, runs[0].left_out)
    scale = runs[0].scale()
    rounds = None if limits.rounds is None else max(1, round(limits.rounds * ANNEAL_SHARE))
    end = 1.0 - kept(runs[0].left_out)
    hot = [Cooling(scale * heat, scale * COLD, end * ANNEAL_SHARE, rounds) for heat, _ in zip(cycle(HOT), runs)]
    _cool_all(runs, hot, budget, tell)
    best = choosing.choose(runs, end * CHOOSE_SHARE, budget)
    adopted = [run.adopt(best.routes) for run in runs]
    if all(adopted):
        rest = None if limits.rounds is None or rounds is None else limits.rounds - rounds
        end = end if runs[0].left_out else 1.0
        _cool_all(runs, [Cooling(scale * COLD, scale * COLD * POLISHED, end, rest)] * workers, budget, tell)
    return _last_chance(runs[0], min((best, *(run.answer() for run in runs)), key=lambda found: found.cost))


def _last_chance(run: Run, best: Found) -> Found:
    """Put in what was overlooked: a job stays out only where it has no place, or costs more than leaving it out."""
    if best.left_out(len(run.day.where)) and run.adopt(best.routes):
        run.start()
        return run.answer()
    return best


def _cool_all(runs: list[Run], coolings: list[Cooling], budget: Budget, tell: Tell) -> None:
    """Cool every run in a thread of its own: the compiled code does not hold the interpreter."""
    if len(runs) == 1:
        _cool(runs[0], coolings[0], budget, tell)
        return
    with ThreadPoolExecutor(len(runs)) as threads:
        jobs = [
            threads.submit(_cool, run, cooling, budget, tell if run is runs[0] else lambda *_: None)
            for run, cooling in zip(runs, coolings, strict=True)
        ]
        for job in jobs:
            job.result()


def _cool(run: Run, cooling: Cooling, budget: Budget, tell: Tell) -> None:
    begun, chunk, done = budget.elapsed(), ROUNDS, 0
    length = max(1e-6, cooling.until * budget.limits.seconds - begun)
    now, best = begun, run.cost
    while now - begun < length and (cooling.rounds is None or done < cooling.rounds):
        if cooling.rounds is None:
            parts = (now - begun) / length, (now - begun + CHUNK) / length
        else:
            chunk = min(ROUNDS, cooling.rounds - done)
            parts = done / cooling.rounds, (done + chunk) / cooling.rounds
        run.go_on(chunk, cooling.heat(parts[0]), cooling.heat(parts[1]))
        done += chunk
        before, now = now, budget.elapsed()
        chunk = max(1, int(chunk * min(2.0, CHUNK / max(1e-6, now - before))))
        if run.cost < best:
            best = run.cost
            tell(best, run.left_out)
