"""Why a job stays out: every reason is checked by trying, from the people's skills up to the present plan.

The empty day is tried without travel (outside_shifts) and with it (unreachable); then the present plan (no_capacity),
together with what the cheapest single bending of a rule would be.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from typing import Final

from service.routing import rules as words
from service.routing.problem import Problem, Rules, Unassigned
from service.routing.rules import UnassignedReason
from service.routing.solver import insertion
from service.routing.solver import route as routing
from service.routing.solver import state as states
from service.routing.solver import tables as tabling
from service.routing.solver.clock import Budget
from service.routing.solver.state import State
from service.routing.solver.tables import Tables

Facts = dict[str, object]

LUNCH_WORTH: Final = 1800
"""A missed lunch is bent as much as so many seconds of lateness."""

RELAXATIONS: Final[Mapping[str, tuple[str, Callable[[Rules], Rules]]]] = {
    "time_window": ("window_late_seconds", lambda rules: replace(rules, tardiness=1, max_tardiness=0)),
    "shift_end": ("overtime_seconds", lambda rules: replace(rules, overtime=1)),
    "lunch": ("missed_lunches", lambda rules: replace(rules, missed_lunch=LUNCH_WORTH)),
}
"""Binding rule → the fact that says by how much it would be bent, and the bent rule at the price of 1 per second."""


class Explainer:
    """Explains the jobs left out of one day. `tell(job)` answers the checked reason; `unhurried` says whether there is
    time to try every place with every meal, else places are tried with lunches as they are. Without a `state` the day
    counts as full, as the search found it.
    """

    def __init__(self, tables: Tables, state: State | None, budget: Budget, *, unhurried: bool = True) -> None:
        self.tables, self.state, self.budget, self.unhurried = tables, state, budget, unhurried
        self.problem = tables.problem
        still = tuple(matrix * 0 for matrix in self.problem.matrices)
        self._still = tabling.build(replace(self.problem, matrices=still))
        self._relaxed: dict[tuple[str, ...], State | None] = {}

    def tell(self, job: int) -> Unassigned:
        """Find the first reason that holds; the facts say in `scope` whether it holds alone, on a day without any other
        job, or only beside the plan.

        Raises: nothing.
        """
        for reason, check in (
            (UnassignedReason.no_qualified_staff, self._skills),
            (UnassignedReason.excluded_staff, self._wishes),
            (UnassignedReason.too_heavy, self._load),
            (UnassignedReason.outside_shifts, self._shifts),
            (UnassignedReason.unreachable, self._reach),
            (UnassignedReason.not_worth_it, self._price),
        ):
            facts = check(job)
            if facts is not None:
                scope = "beside_plan" if reason is UnassignedReason.not_worth_it else "alone"
                return Unassigned(job, reason, {"scope": scope, **facts})
        return Unassigned(job, UnassignedReason.no_capacity, {"scope": "beside_plan", **self._capacity(job)})

    def _skills(self, job: int) -> Facts | None:
        if self.problem.rules.unqualified is not None:
            return None
        services = self.problem.jobs[job].services
        able = [
            [staff for staff in range(len(self.problem.staff)) if words.is_qualified(self.problem, job, at, staff)]
            for at in range(len(services))
        ]
        if distinct(able):
            return None
        scarce = min(range(len(able)), key=lambda at: len(able[at]))
        return {"skills": sorted(services[scarce].skills), "qualified": len(able[scarce]), "needed": len(services)}

    def _wishes(self, job: int) -> Facts | None:
        able = [list(node.prices) for node in self.tables.nodes[job]]
        return None if distinct(able) else {"admitted": min(len(staff) for staff in able), "needed": len(able)}

    def _load(self, job: int) -> Facts | None:
        load = self.problem.jobs[job].load
        able = [
            [at for at in node.prices if self.tables.people[at].capacity >= load] for node in self.tables.nodes[job]
        ]
        return None if distinct(able) else {"load": load, "able": min(map(len, able))}

    def _shifts(self, job: int) -> Facts | None:
        windows = [(window.start, window.end) for window in self.problem.jobs[job].windows]
        return None if fits_empty_day(self._still, job) else {"windows": windows, "staff": self._able(job)}

    def _reach(self, job: int) -> Facts | None:
        if fits_empty_day(self.tables, job):
            return None
        there = [
            (person.travel[person.start][node.point] + person.travel[node.point][person.end], person.index)
            for node in self.tables.nodes[job]
            for person in (self.tables.people[staff] for staff in node.prices)
        ]
        travel, staff = min(there)
        return {"staff": self.problem.staff[staff].id, "travel_seconds": travel}

    def _price(self, job: int) -> Facts | None:
        if self.state is None:
            return None
        for candidate in insertion.candidates(self.state, job, thorough=self.unhurried):
            trial = self.state.fork()
            if trial.insert(job, candidate.placed, candidate.rank):
                people = [self.problem.staff[staff].id for staff, _ in candidate.placed]
                cost = trial.total() - self.state.total() + self.tables.drops[job]
                return {"staff": people, "cost": cost, "drop_penalty": self.problem.jobs[job].drop_penalty}
        return None

    def _capacity(self, job: int) -> Facts:
        """The smallest bending of one rule that makes room; else of windows and shift ends together, if that does."""
        found = [bent for rule in RELAXATIONS if (bent := self._bend((rule,), job)) is not None]
        if not found:
            found = [bent for bent in [self._bend(("time_window", "shift_end"), job)] if bent is not None]
        if not found:
            return {"staff": self._able(job)}
        _, rules, trial = min(found, key=_amount)
        people = [self.problem.staff[who].id for who in trial.who[job]]
        late, total = lateness(trial), trial.total() - sum(trial.tables.drops[gone] for gone in trial.absent())
        parts = {"time_window": late, "shift_end": total - late, "lunch": total // LUNCH_WORTH}
        return {
            "staff": people,
            "rule": "+".join(rules),
            "relaxation": {RELAXATIONS[rule][0]: parts[rule] for rule in rules if parts[rule]},
        }

    def _bend(self, rules: tuple[str, ...], job: int) -> tuple[int, tuple[str, ...], State] | None:
        relaxed = self._relax(rules)
        if relaxed is None or not self._has_time():
            return None
        trial = relaxed.fork()
        before = trial.total() - trial.tables.drops[job]
        # All places of a pair would take too long.
        thorough = self.unhurried and len(trial.tables.nodes[job]) == 1
        placed = insertion.insert_best(trial, job, None, thorough=thorough)
        return (trial.total() - before, rules, trial) if placed else None

    def _relax(self, rules: tuple[str, ...]) -> State | None:
        """The present plan under rules of which some may be bent, at a price that counts nothing else."""
        if self.state is None:
            return None
        if rules not in self._relaxed:
            eased = replace(
                self.problem.rules, travel=0, waiting=0, max_idle=0, balance=0, not_preferred=self._free_wish()
            )
            for rule in rules:
                eased = RELAXATIONS[rule][1](eased)
            jobs = tuple(replace(job, drop_penalty=None) for job in self.problem.jobs)
            self._relaxed[rules] = transplant(self.state, replace(self.problem, rules=eased, jobs=jobs))
        return self._relaxed[rules]

    def _free_wish(self) -> int | None:
        return None if self.problem.rules.not_preferred is None else 0

    def _able(self, job: int) -> list[str]:
        staff = {who for node in self.tables.nodes[job] for who in node.prices}
        return [self.problem.staff[who].id for who in sorted(staff)]

    def _has_time(self) -> bool:
        return not self.budget.is_spent()


def distinct(able: list[list[int]]) -> bool:
    """Tell whether every service can have a person of its own.

    Raises: nothing.
    """
    given: dict[int, int] = {}

    def give(service: int, asked: set[int]) -> bool:
        for staff in able[service]:
            if staff in asked:
                continue
            asked.add(staff)
            if staff not in given or give(given[staff], asked):
                given[staff] = service
                return True
        return False

    return all(give(service, set()) for service in range(len(able)))


def fits_empty_day(tables: Tables, job: int) -> bool:
    """Tell whether some people could do the job if they had nothing else to do.

    Raises: nothing.
    """
    day = states.empty(tables)
    alone = [[staff for staff in node.prices if routing.trials(day.routes[staff], node)] for node in tables.nodes[job]]
    teams = product(*alone)
    apart = (team for team in teams if len(set(team)) == len(team))
    return any(day.fork().insert(job, [(staff, 0) for staff in team], 0) for team in apart)


def transplant(state: State, problem: Problem) -> State | None:
    """Walk the same routes under another problem's rules; None when they break one.

    Raises: nothing.
    """
    tables = tabling.build(problem)
    routes = []
    for route in state.routes:
        stops = tuple(tables.nodes[node.job][node.service] for node in route.stops)
        walked = routing.build_best(tables, tables.people[route.person.index], stops, route.floors)
        if walked is None:
            return None
        routes.append(walked)
    found = State(tables, routes, state.who.copy(), state.order[:])
    return found if found.settle(range(len(routes))) else None


def lateness(state: State) -> int:
    """Sum up by how much visits start after their windows.

    Raises: nothing.
    """
    return sum(
        max(0, start - node.close(start))
        for route in state.routes
        for node, start in zip(route.stops, route.starts, strict=True)
    )


def _amount(bent: tuple[int, tuple[str, ...], State]) -> int:
    return bent[0]
