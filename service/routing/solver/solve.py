"""The phases of one run: construct, improve, OR-Tools, improve again, explain."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from service.routing.problem import Limits, Plan, Problem
from service.routing.solver import construct, improve, timetable
from service.routing.solver import tables as tabling
from service.routing.solver.clock import Budget
from service.routing.solver.state import State


class Phase(StrEnum):
    """What the solver is doing."""

    construct = "construct"
    improve = "improve"
    ortools = "ortools"
    explain = "explain"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: seconds since its beginning, the best cost so far (jobs left out at their penalty, those that
    must be done at a very high one), how many jobs are left out, and the phase.
    """

    seconds: float
    cost: int
    unassigned: int
    phase: Phase


def solve(
    problem: Problem, limits: Limits, seed: int, on_progress: Callable[[Progress], None] | None = None
) -> Plan:
    budget = Budget(limits)
    tables = tabling.build(problem)
    chance = random.Random(seed)
    state = construct.build(tables, budget)
    print('construct', budget.elapsed(), state.total(), len(state.absent()))
    count=[0]
    def tell(best: State, cost: int) -> None: count[0]+=1
    state = improve.improve(state, improve.Phase(1.0, limits.rounds), budget, chance, tell)
    print('END', count[0], state.total()/1000, len(state.absent()))
    return Plan(timetable.routes(state), ())
