"""Plans a large day in parts: it cools like one, but is divided anew, and otherwise, at every stage. At last CP-SAT
chooses among the routes of all whole plans. The referee prices every one of these; the best one is answered.
"""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from service.routing.problem import Limits, Plan, Problem, Route
from service.routing.solver import dividing, explain, going_on, judging, reasons, recombining, slicing, strings
from service.routing.solver.clock import Budget
from service.routing.solver.going_on import Cooling
from service.routing.solver.slicing import Slice
from service.routing.solver_progress import Phase, Progress

LARGE: Final = 4000
"""Days of more jobs are planned in parts; of fewer the whole was found cheaper whatever the limit (docs/routing.md)."""

FIRST_SHARE: Final = 0.35
"""Until so much of the time the first plan is made, part by part."""

STAGES: Final = 6
"""So often the day is divided again while it cools; what is ever so good in one part may be found out in the next."""

HOT: Final = 0.3
COLD: Final = 0.01
"""The heat falls from HOT to COLD times the mean cost per service, over all stages together."""

RECOMBINING: Final = 0.05
RECOMBINING_SECONDS: Final = 2.0
"""So much of the time, before what explaining takes, is left for choosing among the routes seen; where that is less
than so long, nothing would be found, and the day cools longer instead.
"""

LEAST_SECONDS: Final = 0.2
"""A part gets no less for its first plan."""

GLIMPSE: Final = 0.02
"""With fewer seconds left a planned part stays as it is."""

Solve = Callable[[Problem, Limits, int], Plan]
Tell = Callable[[Progress], None]


def suits(problem: Problem, *, large: int = LARGE) -> bool:
    """Tell whether the day is planned in parts: of more than `large` jobs, and not for the search by strings, which
    looks at whole days.

    Raises: nothing.
    """
    return len(problem.jobs) > large and len(problem.staff) >= 4 and not strings.suits(problem)


def plan(problem: Problem, limits: Limits, seed: int, solve: Solve, tell: Tell | None) -> Plan:
    """Plan a large day; `solve` plans a part from nothing.

    With limits in rounds and one worker the same problem and seed give the same plan.

    Raises: nothing.
    """
    work = _Work(problem, limits, seed, solve, tell)
    work.divide(_Stage(0.0, FIRST_SHARE, None))
    recombining_share = RECOMBINING if RECOMBINING * limits.seconds >= RECOMBINING_SECONDS else 0.0
    for stage in _stages(work.end() - recombining_share):
        if not work.budget.is_spent(stage.until):
            work.divide(stage)
    if recombining_share:
        work.recombine()
    return work.explained()


@dataclass(frozen=True, slots=True)
class _Stage:
    """One way through all parts: from which share of the time to which, and how it cools (None = from nothing)."""

    since: float
    until: float
    cooling: Cooling | None


def _stages(end: float) -> Iterator[_Stage]:
    """What comes after the first plan, until `end` of the time."""
    length, factor = (end - FIRST_SHARE) / STAGES, (COLD / HOT) ** (1.0 / STAGES)
    for at in range(STAGES):
        since, hot = FIRST_SHARE + at * length, HOT * factor**at
        yield _Stage(since, since + length, Cooling(hot, hot * factor, at == STAGES - 1))


class _Work:
    """The plan as it stands (`now`), the best so far, and how they came about."""

    def __init__(self, problem: Problem, limits: Limits, seed: int, solve: Solve, tell: Tell | None) -> None:
        self.problem, self.limits, self.solve, self.tell = problem, limits, solve, tell
        self.budget, self.chance = Budget(limits), random.Random(seed)
        self.places = dividing.Places(problem)
        nobody = tuple(Route(staff, ()) for staff in range(len(problem.staff)))
        left = tuple(explain.not_known(job) for job in range(len(problem.jobs)))
        self.now = self.best = Plan(nobody, left)
        self.cost = self.lowest = judging.cost(problem, self.best)
        self.phase = Phase.construct
        self.pool = recombining.Pool(problem)

    def end(self) -> float:
        """Tell the share of the time after which only explaining is left to do, at what the plan leaves out.

        Raises: nothing.
        """
        return reasons.end_of_search(self.problem, self.limits, len(self.best.unassigned))

    def explained(self) -> Plan:
        """Answer the best plan; why jobs stay out is tried beside the whole of it.

        Raises: nothing.
        """
        plan = reasons.of_plan(self.problem, self.best, self.budget)
        if plan.routes != self.best.routes and self.tell is not None:
            cost = judging.cost(self.problem, plan)
            if cost is not None:
                self.tell(Progress(self.budget.elapsed(), cost, len(plan.unassigned), Phase.explain))
        return plan

    def recombine(self) -> None:
        """Put the day together from the best routes of all plans seen, if that costs less.

        Raises: nothing.
        """
        found = recombining.recombine(self.pool, self.best, self.budget, self.end())
        cost = None if found is None else judging.cost(self.problem, found)
        if found is not None and cost is not None:
            self._better(found, cost, Phase.ortools)

    def divide(self, stage: _Stage) -> None:
        """Divide the day and plan each part. While the day cools, what breaks no rule is kept even where it costs more.

        Raises: nothing.
        """
        base, known = self.now, slicing.given(self.now)
        if stage.cooling is None:
            parts = dividing.anew(self.problem, self.places)
        else:
            parts = dividing.around(self.problem, self.places, base, self.chance)
        seeds = [self.chance.randrange(1 << 30) for _ in parts]
        with ThreadPoolExecutor(self.budget.workers) as threads:
            answers = [
                threads.submit(
                    self._plan_part, slicing.cut(self.problem, part, known), base, stage, (len(parts) - at, seed)
                )
                for at, (part, seed) in enumerate(zip(parts, seeds, strict=True))
            ]
            for answer in answers:
                self._keep(answer.result(), strictly=stage.cooling is None or stage.cooling.last)
        self.phase = Phase.improve

    def _plan_part(self, piece: Slice, base: Plan, stage: _Stage, turn: tuple[int, int]) -> tuple[Slice, Plan] | None:
        """Plan a part in its share of the time that is left; `turn` is how many there are still to do, and a seed."""
        left, (waiting, seed) = stage.until * self.limits.seconds - self.budget.elapsed(), turn
        seconds = min(left, left * self.budget.workers / waiting)
        if not piece.problem.jobs or not piece.staff or (seconds < GLIMPSE and stage.cooling):
            return None
        rounds = self.limits.rounds
        if rounds is not None:
            share = (stage.until - stage.since) * len(piece.problem.jobs) / len(self.problem.jobs)
            rounds = max(1, round(rounds * share))
        limits = Limits(max(seconds, LEAST_SECONDS), rounds, self.limits.cpu)
        if stage.cooling is None:
            return piece, self.solve(piece.problem, limits, seed)
        found = going_on.improve(piece.problem, slicing.inside(piece, base), limits, seed, stage.cooling)
        return None if found is None else (piece, found)

    def _keep(self, found: tuple[Slice, Plan] | None, *, strictly: bool) -> None:
        """Put a part's plan into the whole if that breaks no rule and (strictly) costs less."""
        if found is None:
            return
        trial = slicing.put_back(*found, self.now)
        cost = judging.cost(self.problem, trial)
        if cost is None:
            return
        self.pool.see(trial)
        if strictly and self.cost is not None and cost >= self.cost:
            return
        self.now, self.cost = trial, cost
        if self.lowest is None or cost < self.lowest:
            self._better(trial, cost, self.phase)

    def _better(self, found: Plan, cost: int, phase: Phase) -> None:
        self.best, self.lowest = found, cost
        if self.tell is not None:
            self.tell(Progress(self.budget.elapsed(), cost, len(found.unassigned), phase))
