"""Why a job stays out, without compiled code: every reason is checked by trying, from the people's skills up to the
present plan.

The empty day is tried without travel (outside_shifts) and with it (unreachable); then the present plan (no_capacity),
together with what the cheapest bending of one rule would be, or of two, of those tried. Crews are proven by CP-SAT.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from typing import Final

from service.routing import rules as words
from service.routing.problem import Limits, Plan, Problem, Rules, Unassigned
from service.routing.rules import UnassignedReason
from service.routing.solver import insertion, proofs, timetable
from service.routing.solver import route as routing
from service.routing.solver import state as states
from service.routing.solver import tables as tabling
from service.routing.solver.clock import Budget
from service.routing.solver.kernel import bending
from service.routing.solver.state import State
from service.routing.solver.tables import Tables

Facts = dict[str, object]

ALONE: Final = "alone"
BESIDE: Final = "beside_plan"
"""Where a reason holds: on a day without any other job, or only beside the plan."""

THOROUGH_SECONDS: Final = 0.15
"""What a thorough explanation of one job takes at most on large days."""

PROOF_SECONDS: Final = 2.0
PROOF_ROUNDS: Final = 2
"""So long at most, and so much of CP-SAT's own measure of time, it is proven that a crew has no place."""

RELAXATIONS: Final[Mapping[str, tuple[str, Callable[[Rules], Rules]]]] = {
    "time_window": ("window_late_seconds", lambda rules: replace(rules, tardiness=1, max_tardiness=0)),
    "shift_end": ("overtime_seconds", lambda rules: replace(rules, overtime=1)),
    "lunch": ("missed_lunches", lambda rules: replace(rules, missed_lunch=bending.WORTH)),
}
"""Binding rule → the fact that says by how much it would be bent, and the bent rule at the price of 1 per second."""


class Explainer:
    """Explains the jobs left out of one day. `tell(job)` answers the checked reason; `unhurried` says whether there is
    time to try every place with every meal. Without that, or without a `state`, nobody says that the plan is full.
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
        static = without_time(self.problem, job)
        if static is not None or not self._has_time():
            return static or not_known(job)
        for reason, check, scope in (
            (UnassignedReason.outside_shifts, self._shifts, ALONE),
            (UnassignedReason.unreachable, self._reach, ALONE),
            (UnassignedReason.not_worth_it, self._price, BESIDE),
        ):
            facts = check(job)
            if facts is not None:
                return Unassigned(job, reason, {"scope": scope, **facts})
        if not self._is_full(job):
            return not_known(job)
        return Unassigned(job, UnassignedReason.no_capacity, {"scope": BESIDE, **self._capacity(job)})

    def _is_full(self, job: int) -> bool:
        """Whether no place means that there is none: all were tried, or there is a proof."""
        if self.state is None or not self.unhurried:
            return False
        if len(self.tables.nodes[job]) == 1:
            return True
        left = tuple(Unassigned(gone, UnassignedReason.no_place_found) for gone in self.state.absent())
        limits = Limits(min(PROOF_SECONDS, self.budget.left()), rounds=PROOF_ROUNDS)
        return proofs.can_join(self.problem, Plan(timetable.routes(self.state), left), job, limits) is False

    def _shifts(self, job: int) -> Facts | None:
        windows = [(window.start, window.end) for window in self.problem.jobs[job].windows]
        return None if fits_empty_day(self._still, job) else {"windows": windows, "staff": able(self.tables, job)}

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
            return {"staff": able(self.tables, job)}
        _, rules, trial = min(found, key=_amount)
        people = [self.problem.staff[who].id for who in trial.who[job]]
        late, total = lateness(trial), trial.total() - sum(trial.tables.drops[gone] for gone in trial.absent())
        parts = {"time_window": late, "shift_end": total - late, "lunch": total // bending.WORTH}
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

    def _has_time(self) -> bool:
        return not self.budget.is_spent()


def not_known(job: int) -> Unassigned:
    """Say that no place was found, where not all were tried.

    Raises: nothing.
    """
    return Unassigned(job, UnassignedReason.no_place_found, {"scope": BESIDE})


def able(tables: Tables, job: int) -> list[str]:
    """List who may give any service of a job.

    Raises: nothing.
    """
    staff = {who for node in tables.nodes[job] for who in node.prices}
    return [tables.problem.staff[who].id for who in sorted(staff)]


def without_time(problem: Problem, job: int) -> Unassigned | None:
    """Find a reason that holds at any time of any day: skills, wishes, load.

    Raises: nothing.
    """
    for reason, check in (
        (UnassignedReason.no_qualified_staff, _skills),
        (UnassignedReason.excluded_staff, _wishes),
        (UnassignedReason.too_heavy, _load),
    ):
        facts = check(problem, job)
        if facts is not None:
            return Unassigned(job, reason, {"scope": ALONE, **facts})
    return None


def _skills(problem: Problem, job: int) -> Facts | None:
    if problem.rules.unqualified is not None:
        return None
    services, staff = problem.jobs[job].services, range(len(problem.staff))
    found = [[who for who in staff if words.is_qualified(problem, job, at, who)] for at in range(len(services))]
    if distinct(found):
        return None
    scarce = min(range(len(found)), key=lambda at: len(found[at]))
    return {"skills": sorted(services[scarce].skills), "qualified": len(found[scarce]), "needed": len(services)}


def _wishes(problem: Problem, job: int) -> Facts | None:
    found = _admitted(problem, job)
    return None if distinct(found) else {"admitted": min(len(staff) for staff in found), "needed": len(found)}


def _load(problem: Problem, job: int) -> Facts | None:
    load = problem.jobs[job].load
    most = [load if who.capacity is None else who.capacity for who in problem.staff]
    found = [[who for who in staff if most[who] >= load] for staff in _admitted(problem, job)]
    return None if distinct(found) else {"load": load, "able": min(map(len, found))}


def _admitted(problem: Problem, job: int) -> list[list[int]]:
    """Who may give each service of a job."""
    services, staff = range(len(problem.jobs[job].services)), range(len(problem.staff))
    return [[who for who in staff if words.service_price(problem, job, at, who) is not None] for at in services]


def is_unhurried(budget: Budget, jobs: int) -> bool:
    """Tell whether so many jobs can be explained thoroughly in the time left.

    Raises: nothing.
    """
    return budget.left() > THOROUGH_SECONDS * jobs


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
