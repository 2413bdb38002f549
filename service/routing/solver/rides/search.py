"""Searches a day of riders: a plan of the other searches is taken up, vehicles carry those who ride, and what is near
each other is torn out and put in again, and kept while the day cools.
"""

import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from service.routing.changing import riding
from service.routing.problem import LUNCH, Limits, Plan, Problem
from service.routing.solver import judging
from service.routing.solver.clock import Budget
from service.routing.solver.rides import placing, pricing, ruin, writing
from service.routing.solver.rides.facts import Facts
from service.routing.solver.rides.state import State

WALKING_SHARE: Final = 0.12
DRIVING_SHARE: Final = 0.24
"""Until so much of the time the plan is sought in which who rides walks, then the one in which each has a vehicle."""

HOT: Final = 0.15
COLD: Final = 0.003
"""The heat falls from HOT to COLD times the mean cost per visit of the first plan."""

WAYS_ONLY: Final = 0.25
"""How often nothing is torn out but ways."""

BACK: Final = 300
"""So many rounds without a better plan, and the best one is taken up again."""

AT_ONCE: Final = 20
"""So many visits are given vehicles before the clock is looked at: a small day's first plan rides on any machine."""

ROUNDS: Final = 60
"""With limits in rounds (thousands of the compiled search's proposals, about): so many here for one there."""

Solve = Callable[[Problem, Limits, int], Plan]
Tell = Callable[[int, int], None]


class Search:
    """The best plan so far with its cost; `solve` plans a day without vehicles."""

    def __init__(self, problem: Problem, budget: Budget, seed: int, solve: Solve, tell: Tell) -> None:
        self.problem, self.budget, self.solve, self.tell = problem, budget, solve, tell
        self.facts = Facts(problem)
        self.seed, self.chance = seed, random.Random(seed)
        self.best: Plan | None = None
        self.cost = 0
        self.state = State(self.facts)

    def begin(self) -> None:
        """Plan the day as if who rides walked, and as if each had a vehicle; the better one is where to begin.

        Raises: nothing.
        """
        walking = self.solve(walkers(self.problem), self._limits(WALKING_SHARE), self.seed)
        self.keep(walking, writing.state_of(self.facts, walking) or self._carried(walking))
        driving = self.solve(riding.with_own_vehicles(self.problem), self._limits(DRIVING_SHARE), self.seed)
        state = self._filled(self._carried(driving), at_once=AT_ONCE)
        self.keep(writing.plan_of(state), state)

    def improve(self, end: Callable[[int], float]) -> None:
        """Tear out and put in until `end(how many are left out)` of the time, or for so many rounds.

        Raises: nothing.
        """
        current, cost, rounds, since = self.state, self.cost, self.budget.limits.rounds, 0
        last = math.inf if rounds is None else rounds * ROUNDS
        heat = self.cost / max(1, len(self.facts.spots))
        done = 0
        began = self.budget.elapsed()
        while done < last and not self._is_over(end):
            share = done / last if rounds is not None else self._share(began, end)
            trial = self._round(current)
            done, since = done + 1, since + 1
            below = cost - heat * HOT * (COLD / HOT) ** share * math.log(max(self.chance.random(), 1e-12))
            found = self._judged(trial, below)
            if found is not None:
                since = 0 if found < self.cost else since
                current, cost = trial, found
            if since > BACK:
                current, cost, since = self.state, self.cost, 0

    def settled(self) -> Plan:
        """Return the best plan, with vehicles that leave as late as they may; `cost` is then that plan's.

        Raises: nothing.
        """
        best = self.best
        if best is None:
            return writing.plan_of(self.state)
        later = writing.later(best, self.facts)
        found = judging.cost(self.problem, later)
        if found is None or found > self.cost:
            return best
        self.best, self.cost = later, found
        return later

    def _judged(self, trial: State, below: float) -> int | None:
        """Price a plan that costs less than `below`, and keep it if it is the best; None when it costs more, or breaks
        a rule that the search does not know.
        """
        if pricing.at_least(trial.facts.tables, trial.cells) >= below:
            return None
        plan = writing.plan_of(trial)
        found = judging.cost(self.problem, plan)
        if found is None or found >= below:
            return None
        self.keep(plan, trial, found)
        return found

    def _round(self, current: State) -> State:
        if self.chance.random() < WAYS_ONLY:
            return ruin.with_other_ways(current, self.chance)
        return self._filled(ruin.without_some(current, self.chance), self.chance)

    def _filled(self, state: State, chance: random.Random | None = None, at_once: int = 0) -> State:
        """Put in what is left out, in an order of chance; the first `at_once` of it whatever the time."""
        for at, job in enumerate(self._queue(state)):
            if at >= at_once and self.budget.is_spent():
                break
            if not state.has(job):
                found = placing.put(state, job, chance)
                if found is not None and found.cost < self._worth(job):
                    state = found.state
        return ruin.mended(state, ())

    def _queue(self, state: State) -> list[int]:
        jobs = [job for job in range(len(self.problem.jobs)) if not state.has(job)]
        key = self.chance.randrange(4)
        if key == 0:
            self.chance.shuffle(jobs)
        elif key == 1:
            jobs.sort(key=lambda job: (self.facts.windows[job] or [(0, 0)])[0])
        elif key == 2:
            jobs.sort(key=lambda job: (-self._worth(job), job))
        else:
            jobs.sort(key=lambda job: (-len(self.facts.nodes_of[job]), self._width(job), job))
        return jobs

    def _width(self, job: int) -> int:
        return sum(closing - opening for opening, closing in self.facts.windows[job])

    def _worth(self, job: int) -> float:
        drops = [self.problem.jobs[each].drop_penalty for each in self.facts.groups[job]]
        return math.inf if None in drops else float(sum(each or 0 for each in drops))

    def _carried(self, plan: Plan) -> State:
        """Take up a plan visit by visit in the order of time, each by whom it gives it, as far as vehicles go."""
        state = State(self.facts)
        stops = [(stop.start, stop, route.staff) for route in plan.routes for stop in route.stops]
        rows = {self.facts.nodes_of[stop.job][stop.service]: staff for _, stop, staff in stops if stop.service != LUNCH}
        for at, (_, stop, _) in enumerate(sorted(stops, key=lambda each: (each[0], each[2]))):
            in_time = at < AT_ONCE or not self.budget.is_spent()
            if in_time and stop.service != LUNCH and not state.has(stop.job):
                found = placing.put(state, stop.job, None, rows)
                state = found.state if found is not None else state
        return state

    def keep(self, plan: Plan, state: State | None, cost: int | None = None) -> None:
        """Take a plan for the best one if it is.

        Raises: nothing.
        """
        cost = judging.cost(self.problem, plan) if cost is None else cost
        if cost is not None and (self.best is None or cost < self.cost):
            self.best, self.cost = plan, cost
            if state is not None:
                self.state = state
            self.tell(cost, len(plan.unassigned))

    def _limits(self, share: float) -> Limits:
        limits = self.budget.limits
        if limits.rounds is not None:
            return replace(limits, workers=1)
        seconds = max(0.05, share * limits.seconds - self.budget.elapsed())
        return replace(limits, seconds=seconds)

    def _is_over(self, end: Callable[[int], float]) -> bool:
        left_out = 0 if self.best is None else len(self.best.unassigned)
        return self.budget.is_spent(end(left_out))

    def _share(self, began: float, end: Callable[[int], float]) -> float:
        left_out = 0 if self.best is None else len(self.best.unassigned)
        whole = end(left_out) * self.budget.limits.seconds - began
        return min(1.0, (self.budget.elapsed() - began) / whole) if whole > 0 else 1.0


def walkers(problem: Problem) -> Problem:
    """Return the day in which nobody rides: whoever would walks.

    Raises: nothing.
    """
    return replace(problem, vehicles=(), staff=tuple(replace(who, rides=False) for who in problem.staff))
