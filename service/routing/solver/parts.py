"""Plans a large day in parts: it cools like one, but is divided anew, and otherwise, at every stage. At last CP-SAT
chooses among the routes of all whole plans. The referee prices every one of these; the best one is answered.
"""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from service.routing.problem import Limits, Plan, Problem, Route
from service.routing.referee.check import Known
from service.routing.solver import dividing, explain, going_on, judging, reasons, recombining, slicing, strings
from service.routing.solver.clock import Budget
from service.routing.solver.going_on import Cooling
from service.routing.solver.slicing import Slice
from service.routing.solver_progress import Phase, Progress

LARGE: Final = 300
"""Days of more jobs are planned in parts, once they have been searched whole."""

HUGE: Final = 4000
"""Days of more jobs are in parts from their first plan on; of fewer the whole was found cheaper to begin with, whatever
the limit (docs/routing.md).
"""

WHOLE_SHARE: Final = 0.85
"""Until so much of the search's time a day that is not huge is searched whole."""

FIRST_SHARE: Final = 0.35
"""Until so much of the time the first plan of a huge day is made, part by part."""

STAGES: Final = 6
"""So often a huge day is divided again while it cools; what is good in one part may be found out in the next."""

LAST_STAGES: Final = 2
"""So often at most a day is divided that was searched whole."""

HOT: Final = 0.3
COLD: Final = 0.01
"""The heat falls from HOT to COLD times the mean cost per service, over all stages together."""

WARM: Final = 0.035
"""How hot the day is when it has been searched whole until WHOLE_SHARE; then it cools down to COLD as well."""

RECOMBINING: Final = 0.05
RECOMBINING_SECONDS: Final = 2.0
"""So much of the time, before what explaining takes, is left for choosing among the routes seen; where that is less
than so long, nothing would be found, and the day cools longer instead.
"""

LEAST_SECONDS: Final = 0.2
"""A part gets no less for its first plan."""

WORTH_SECONDS: Final = 0.5
"""With less for each part of a stage the whole day is searched on instead."""

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
    """Plan a huge day; `solve` plans a part from nothing.

    With limits in rounds and one worker the same problem and seed give the same plan.

    Raises: nothing.
    """
    nobody = tuple(Route(staff, ()) for staff in range(len(problem.staff)))
    nothing = Plan(nobody, tuple(explain.not_known(job) for job in range(len(problem.jobs))))
    work = _Work(problem, nothing, Budget(limits), seed, tell)
    work.divide(_Stage(0.0, FIRST_SHARE, solve))
    work.cool(FIRST_SHARE, work.end(), STAGES, HOT)
    return work.explained()


def stages_after(problem: Problem, limits: Limits, end: float) -> int:
    """Tell how often a day that was searched whole until WHOLE_SHARE of `end` is divided until then: not at all where
    the parts would get too little time.

    Raises: nothing.
    """
    if not LARGE < len(problem.jobs) <= HUGE or not suits(problem):
        return 0
    workers = 1 if limits.cpu else max(1, limits.workers)
    seconds = (1.0 - WHOLE_SHARE) * end * limits.seconds - _recombining(limits) * limits.seconds
    parts = max(1, round(len(problem.jobs) / dividing.PART))
    return max(0, min(LAST_STAGES, int(seconds * workers / (parts * WORTH_SECONDS))))


def go_on(problem: Problem, plan: Plan, budget: Budget, span: tuple[float, float, int], seed: int) -> Plan:
    """Go on in parts from a plan that breaks no rule, in a `span` of the time (from which share, until which, divided
    how often); the answer costs no more.

    Raises: nothing.
    """
    work = _Work(problem, plan, budget, seed, None)
    work.pool.see(plan)
    since, until, stages = span
    work.cool(since, until, stages, WARM)
    return work.best


@dataclass(frozen=True, slots=True)
class _Stage:
    """One way through all parts: from which share of the time to which, and how it cools, or plans from nothing."""

    since: float
    until: float
    how: Cooling | Solve


def _stages(since: float, until: float, number: int, hot: float) -> Iterator[_Stage]:
    """Divide the time into stages in which a planned day cools."""
    length, factor = (until - since) / number, (COLD / hot) ** (1.0 / number)
    for at in range(number):
        begin, warm = since + at * length, hot * factor**at
        yield _Stage(begin, begin + length, Cooling(warm, warm * factor, at == number - 1))


def _recombining(limits: Limits) -> float:
    return RECOMBINING if RECOMBINING * limits.seconds >= RECOMBINING_SECONDS else 0.0


class _Work:
    """The plan as it stands (`now`), the best so far, and how they came about."""

    def __init__(self, problem: Problem, plan: Plan, budget: Budget, seed: int, tell: Tell | None) -> None:
        self.problem, self.limits, self.tell = problem, budget.limits, tell
        self.budget, self.chance = budget, random.Random(seed)
        self.places = dividing.Places(problem)
        self.known = Known()
        self.now = self.best = plan
        self.cost = self.lowest = self._price(plan)
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

    def cool(self, since: float, until: float, stages: int, hot: float) -> None:
        """Divide the day so often between two shares of the time, and put it together from the best routes seen.

        Raises: nothing.
        """
        last = _recombining(self.limits)
        for stage in _stages(since, until - last, stages, hot):
            if not self.budget.is_spent(stage.until):
                self.divide(stage)
        if last:
            self._recombine(until)

    def _recombine(self, until: float) -> None:
        """Put the day together from the best routes of all plans seen, if that costs less."""
        found = recombining.recombine(self.pool, self.best, self.budget, until)
        cost = None if found is None else judging.cost(self.problem, found)
        if found is not None and cost is not None:
            self._better(found, cost, Phase.ortools)

    def divide(self, stage: _Stage) -> None:
        """Divide the day and plan each part. While the day cools, what breaks no rule is kept even where it costs more.

        Raises: nothing.
        """
        base, known = self.now, slicing.given(self.now)
        if isinstance(stage.how, Cooling):
            parts = dividing.around(self.problem, self.places, base, self.chance)
        else:
            parts = dividing.anew(self.problem, self.places)
        # of each plan that follows few rows are others than in this one
        self.known = Known()
        seeds = [self.chance.randrange(1 << 30) for _ in parts]
        with ThreadPoolExecutor(self.budget.workers) as threads:
            answers = [
                threads.submit(
                    self._plan_part, slicing.cut(self.problem, part, known), base, stage, (len(parts) - at, seed)
                )
                for at, (part, seed) in enumerate(zip(parts, seeds, strict=True))
            ]
            for answer in answers:
                self._keep(answer.result(), strictly=not isinstance(stage.how, Cooling) or stage.how.last)
        self.phase = Phase.improve

    def _plan_part(self, piece: Slice, base: Plan, stage: _Stage, turn: tuple[int, int]) -> tuple[Slice, Plan] | None:
        """Plan a part in its share of the time that is left; `turn` is how many there are still to do, and a seed."""
        left, (waiting, seed) = stage.until * self.limits.seconds - self.budget.elapsed(), turn
        seconds = min(left, left * self.budget.workers / waiting)
        if not piece.problem.jobs or not piece.staff or (seconds < GLIMPSE and isinstance(stage.how, Cooling)):
            return None
        rounds = self.limits.rounds
        if rounds is not None:
            share = (stage.until - stage.since) * len(piece.problem.jobs) / len(self.problem.jobs)
            rounds = max(1, round(rounds * share))
        limits = Limits(max(seconds, LEAST_SECONDS), rounds, self.limits.cpu)
        if not isinstance(stage.how, Cooling):
            return piece, stage.how(piece.problem, limits, seed)
        found = going_on.improve(piece.problem, slicing.inside(piece, base), limits, seed, stage.how)
        return None if found is None else (piece, found)

    def _keep(self, found: tuple[Slice, Plan] | None, *, strictly: bool) -> None:
        """Put a part's plan into the whole if that breaks no rule and (strictly) costs less."""
        if found is None:
            return
        trial = slicing.put_back(*found, self.now)
        cost = self._price(trial)
        if cost is None:
            return
        self.pool.see(trial)
        if strictly and self.cost is not None and cost >= self.cost:
            return
        self.now, self.cost = trial, cost
        if self.lowest is None or cost < self.lowest:
            self._better(trial, cost, self.phase)

    def _price(self, plan: Plan) -> int | None:
        return judging.cost(self.problem, plan, self.known)

    def _better(self, found: Plan, cost: int, phase: Phase) -> None:
        self.best, self.lowest = found, cost
        if self.tell is not None:
            self.tell(Progress(self.budget.elapsed(), cost, len(found.unassigned), phase))
