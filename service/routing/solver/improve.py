"""Ruin and recreate: take a few jobs out, put them back where they cost least, accept like cooling metal.

The search is exact where it counts: every accepted day has been settled and priced as a whole.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from service.routing.solver import insertion
from service.routing.solver.clock import Budget
from service.routing.solver.ruin import Ruin
from service.routing.solver.state import State

HOT: Final = 0.6
COLD: Final = 0.005
"""The temperature falls from HOT to COLD times the mean cost per job of the day it begins with."""

LARGEST: Final = 10
"""At most so many jobs are taken out at a time."""

EXTRA: Final = 4
"""So many of the jobs left out are tried again each time."""


@dataclass(slots=True, frozen=True)
class Phase:
    """When to stop: at `until` of the whole time, or after `rounds`; `warmth` is the share of HOT it begins with."""

    until: float
    rounds: int | None
    warmth: float = 1.0


def improve(
    state: State, phase: Phase, budget: Budget, chance: random.Random, tell: Callable[[State, int], None]
) -> State:
    """Improve a day until the phase ends; `tell(best, cost)` is called for each new best. Answers the best day seen.

    Raises: nothing.
    """
    ruin = Ruin(state.tables, chance)
    best, best_cost = state, state.total()
    current, current_cost = state, best_cost
    scale = _scale(state, best_cost)
    begun, done = budget.elapsed(), 0
    while True:
        part = _progress(phase, budget, begun, done)
        if part >= 1.0:
            return best
        done += 1
        trial = _ruin_and_recreate(current, ruin, chance)
        if trial is None:
            continue
        cost = trial.total()
        heat = scale * phase.warmth * HOT * (COLD / HOT / phase.warmth) ** part
        if cost < current_cost - heat * math.log(1.0 - chance.random()):
            current, current_cost = trial, cost
        if cost < best_cost:
            best, best_cost = trial, cost
            tell(best, cost)


def _scale(state: State, cost: int) -> float:
    """The mean cost per job, without what is owed for jobs that must not be left out."""
    owed = sum(state.tables.drops[job] for job in state.absent())
    return max(1, cost - owed) / max(1, len(state.tables.nodes))


def _progress(phase: Phase, budget: Budget, begun: float, done: int) -> float:
    end = phase.until * budget.limits.seconds
    timed = (budget.elapsed() - begun) / (end - begun) if end > begun else 1.0
    if phase.rounds is None:
        return timed
    return 1.0 if timed >= 1.0 or done >= phase.rounds else done / phase.rounds


def _ruin_and_recreate(current: State, ruin: Ruin, chance: random.Random) -> State | None:
    trial = current.fork()
    removed = ruin.pick(trial, chance.randint(1, LARGEST))
    absent = trial.absent()
    if not trial.remove(removed):
        return None
    back = removed + chance.sample(absent, min(EXTRA, len(absent)))
    for job in _sequence(trial, back, chance):
        insertion.insert_best(trial, job, chance)
    return trial


def _sequence(state: State, jobs: list[int], chance: random.Random) -> list[int]:
    chance.shuffle(jobs)
    nodes = state.tables.nodes
    way = chance.random()
    if way < 0.3:
        jobs.sort(key=lambda job: (len(nodes[job]) == 1, min(len(node.prices) for node in nodes[job])))
    elif way < 0.5:
        jobs.sort(key=lambda job: nodes[job][0].closes[-1])
    elif way < 0.6:
        jobs.sort(key=lambda job: -sum(node.duration for node in nodes[job]))
    return jobs
