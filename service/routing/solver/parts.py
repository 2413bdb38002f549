"""Plans a large day in parts, several times, each time divided otherwise; what does not make the day cheaper is not
kept. The referee prices every whole plan.
"""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from service.routing.problem import Limits, Plan, Problem, Route, Unassigned
from service.routing.rules import UnassignedReason
from service.routing.solver import dividing, going_on, judging, slicing, strings
from service.routing.solver.clock import Budget
from service.routing.solver.slicing import Slice
from service.routing.solver_progress import Phase, Progress

LARGE: Final = 300
"""Days of more jobs are planned in parts."""

DIVISIONS: Final = ((0.5, 0.0), (0.68, 0.25), (0.84, 0.15), (0.97, 0.08))
"""Until which share of the time each division is worked at, and the heat from which (0 = from nothing)."""

LEAST_SECONDS: Final = 0.2
"""A part gets no less."""

Solve = Callable[[Problem, Limits, int], Plan]
Tell = Callable[[Progress], None]


def suits(problem: Problem) -> bool:
    """Tell whether the day is planned in parts: large, and not for the search by strings, which looks at whole days.

    Raises: nothing.
    """
    return len(problem.jobs) > LARGE and len(problem.staff) >= 4 and not strings.suits(problem)


def plan(problem: Problem, limits: Limits, seed: int, solve: Solve, tell: Tell | None) -> Plan:
    """Plan a large day; `solve` plans a part from nothing.

    With limits in rounds and one worker the same problem and seed give the same plan.

    Raises: nothing.
    """
    work = _Work(problem, limits, seed, solve, tell)
    since = 0.0
    for until, heat in DIVISIONS:
        if not work.budget.is_spent():
            work.divide(since, until, heat)
        since = until
    return work.best


@dataclass(frozen=True, slots=True)
class _Division:
    """One way through all parts: until which share of the time, from which share, and how warm; so many parts."""

    since: float
    until: float
    heat: float
    parts: int


class _Work:
    """The best plan so far and how it came about."""

    def __init__(self, problem: Problem, limits: Limits, seed: int, solve: Solve, tell: Tell | None) -> None:
        self.problem, self.limits, self.solve, self.tell = problem, limits, solve, tell
        self.budget, self.chance = Budget(limits), random.Random(seed)
        self.workers = 1 if limits.cpu else max(1, limits.workers)
        self.places = dividing.Places(problem)
        nobody = tuple(Route(staff, ()) for staff in range(len(problem.staff)))
        left = tuple(
            Unassigned(job, UnassignedReason.no_capacity, {"scope": "beside_plan"}) for job in range(len(problem.jobs))
        )
        self.best = Plan(nobody, left)
        self.cost = judging.cost(problem, self.best)
        self.phase = Phase.construct

    def divide(self, since: float, until: float, heat: float) -> None:
        """Divide the day, plan each part, keep what is better.

        Raises: nothing.
        """
        base, known = self.best, slicing.given(self.best)
        parts = (
            dividing.around(self.problem, self.places, base, self.chance)
            if heat
            else dividing.anew(self.problem, self.places)
        )
        division = _Division(since, until, heat, len(parts))
        with ThreadPoolExecutor(self.workers) as threads:
            answers = [
                threads.submit(self._plan_part, slicing.cut(self.problem, part, known), base, division, at, seed)
                for at, part in enumerate(parts)
                for seed in (self.chance.randrange(1 << 30),)
            ]
            for answer in answers:
                self._keep(answer.result())
        self.phase = Phase.improve

    def _plan_part(
        self, piece: Slice, base: Plan, division: _Division, at: int, seed: int
    ) -> tuple[Slice, Plan] | None:
        """Plan part number `at`, in its share of the time that is left."""
        left = division.until * self.limits.seconds - self.budget.elapsed()
        seconds = min(left, left * self.workers / (division.parts - at))
        if not piece.problem.jobs or not piece.staff or (seconds < LEAST_SECONDS and division.heat):
            return None
        rounds = self.limits.rounds
        if rounds is not None:
            rounds = max(1, round(rounds * (division.until - division.since) / division.parts))
        limits = Limits(max(seconds, LEAST_SECONDS), rounds, self.limits.cpu)
        if not division.heat:
            return piece, self.solve(piece.problem, limits, seed)
        found = going_on.improve(piece.problem, slicing.inside(piece, base), limits, seed, division.heat)
        return None if found is None else (piece, found)

    def _keep(self, found: tuple[Slice, Plan] | None) -> None:
        """Put a part's plan into the whole if that breaks no rule and costs less."""
        if found is None:
            return
        trial = slicing.put_back(*found, self.best)
        cost = judging.cost(self.problem, trial)
        if cost is None or (self.cost is not None and cost >= self.cost):
            return
        self.best, self.cost = trial, cost
        if self.tell is not None:
            self.tell(Progress(self.budget.elapsed(), cost, len(trial.unassigned), self.phase))
