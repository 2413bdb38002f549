"""Why jobs stay out of a day of riders.

A reason is said where everything was tried: a visit of one person without links, on a day without traffic, at every
place of everybody's day, with every way there and on; on the empty day with every vehicle free, then beside the plan,
whose people, orders and rides stay. Of the others, and without time for it, it is only said that no place was found.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from service.routing import rules
from service.routing.changing import riding
from service.routing.problem import Plan, Problem, Unassigned
from service.routing.rules import UnassignedReason
from service.routing.solver import explain, judging
from service.routing.solver.rides import placing, writing
from service.routing.solver.rides.effort import ALL, Effort, OutOfTime
from service.routing.solver.rides.facts import Facts
from service.routing.solver.rides.search import Search
from service.routing.solver.rides.state import State
from service.routing.solver_progress import Phase, Progress


def of_plan(search: Search, on_progress: Callable[[Progress], None] | None) -> Plan:
    """Return the best plan with a reason for each job left out; what does find a place, and is worth it, comes in.

    Raises: nothing.
    """
    reasons: dict[int, Unassigned] = {}
    asked = _Asked(search)
    _tell(search, on_progress)
    for job in [job for job in range(len(search.problem.jobs)) if not search.state.has(job)]:
        if not search.state.has(job):
            reason = asked.why(job)
            if reason is None:
                _tell(search, on_progress)
            else:
                reasons[job] = reason
    before = search.cost
    plan = search.settled()
    if search.cost < before:
        _tell(search, on_progress)
    told = tuple(reasons.get(each.job) or explain.not_known(each.job) for each in plan.unassigned)
    return Plan(plan.routes, told, plan.tours)


def _tell(search: Search, on_progress: Callable[[Progress], None] | None) -> None:
    if on_progress is not None and search.best is not None:
        left_out = len(search.best.unassigned)
        on_progress(Progress(search.budget.elapsed(), search.cost, left_out, Phase.explain))


class _Asked:
    """Tries one job left out after the other."""

    def __init__(self, search: Search) -> None:
        self.search, self.problem = search, search.problem
        self.effort = Effort(ALL, 0, ALL, ALL, search.budget.is_spent)
        still = replace(self.problem, matrices=tuple(np.zeros_like(each) for each in self.problem.matrices))
        self.empty = (
            (UnassignedReason.outside_shifts, State(Facts(still))),
            (UnassignedReason.unreachable, State(Facts(riding.with_own_vehicles(self.problem)))),
            (UnassignedReason.no_ride, State(Facts(self.problem))),
        )

    def why(self, job: int) -> Unassigned | None:
        """Tell the first reason that holds; None when the job has come in."""
        static = explain.without_time(self.problem, job)
        if static is not None:
            return static
        try:
            return self._alone(job) or self._beside(job)
        except OutOfTime:
            return explain.not_known(job)

    def _alone(self, job: int) -> Unassigned | None:
        if not self._is_simple(job):
            return None
        for reason, state in self.empty:
            if placing.put(state, job, None, effort=self.effort) is None:
                return Unassigned(job, reason, {"scope": explain.ALONE, "staff": self._able(job)})
        return None

    def _beside(self, job: int) -> Unassigned | None:
        search = self.search
        found = placing.put(search.state, job, None, effort=self.effort)
        if found is not None:
            return self._come_in(job, found.state)
        if not self._is_simple(job):
            return explain.not_known(job)
        more = placing.put(_with_another_vehicle(search.state), job, None, effort=self.effort)
        if more is None:
            return Unassigned(job, UnassignedReason.no_capacity, {"scope": explain.BESIDE, "staff": self._able(job)})
        staff = self.problem.staff[more.state.row(more.state.facts.nodes_of[job][0])].id
        return Unassigned(job, UnassignedReason.no_ride, {"scope": explain.BESIDE, "staff": [staff], "vehicles": 1})

    def _come_in(self, job: int, state: State) -> Unassigned | None:
        search = self.search
        plan = writing.plan_of(state)
        cost = judging.cost(self.problem, plan)
        if cost is None:
            # a rule that only whole days can keep
            return explain.not_known(job)
        if cost < search.cost:
            search.keep(plan, state, cost)
            return None
        without = self.problem.jobs[job].drop_penalty or 0
        facts = {"scope": explain.BESIDE, "cost": cost - search.cost + without, "drop_penalty": without}
        staff = [self.problem.staff[state.row(node)].id for node in state.facts.nodes_of[job]]
        return Unassigned(job, UnassignedReason.not_worth_it, {"staff": staff, **facts})

    def _is_simple(self, job: int) -> bool:
        """Whether trying every place is trying everything."""
        linked = any(job in (link.first, link.second) for link in self.problem.links)
        return not linked and len(self.problem.jobs[job].services) == 1 and not any(self.problem.traffic)

    def _able(self, job: int) -> list[str]:
        staff = enumerate(self.problem.staff)
        return [who.id for row, who in staff if rules.service_price(self.problem, job, 0, row) is not None]


def _with_another_vehicle(state: State) -> State:
    """Return the plan as it is, with one more vehicle that stands ready like the first."""
    problem: Problem = state.facts.problem
    twin = State(Facts(replace(problem, vehicles=(*problem.vehicles, problem.vehicles[0]))))
    lines = state.cells.shape[1]
    twin.cells[:, :lines] = state.cells
    return twin
