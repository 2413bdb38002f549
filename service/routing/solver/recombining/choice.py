"""Chooses one route seen for everybody, so that all jobs are done once and the day costs least."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

from ortools.sat.python import cp_model

from service.routing.problem import Plan, Route
from service.routing.referee import days as reading
from service.routing.referee import jobs, price
from service.routing.referee.days import Day
from service.routing.solver import explain, judging, stopping
from service.routing.solver.clock import Budget
from service.routing.solver.mandatory import MUST
from service.routing.solver.recombining.pool import Column, Moments, Pool

APART: Final = frozenset({"max_idle", "max_tardiness", "balance", "travel_balance", "moved", "left_out"})
"""What a plan pays besides the sum of what its routes pay."""

EFFORT: Final = 2.0
"""CP-SAT's own deterministic measure of time where a run is limited in rounds."""

LONGEST: Final = 1 << 40
"""No day's work, idleness or lateness is longer."""


def recombine(pool: Pool, plan: Plan, budget: Budget, until: float) -> Plan | None:
    """Choose among the routes seen those that cost less together than a plan's, until `until` of the budget's time;
    None where none were found.

    Raises: nothing.
    """
    pool.see(plan)
    cost = judging.cost(pool.problem, plan)
    model, solver = _Model(pool, plan), cp_model.CpSolver()
    effort = None if budget.limits.rounds is None else EFFORT
    status = stopping.run(solver, model.model, budget, until, effort)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    found = model.plan(solver)
    after = judging.cost(pool.problem, found)
    return found if after is not None and (cost is None or after < cost) else None


class _Model:
    """The model: `taken[i]`, column i is chosen; `happens[group][moments]`, a group is given at these moments."""

    def __init__(self, pool: Pool, plan: Plan) -> None:
        self.pool, self.problem, self.model = pool, pool.problem, cp_model.CpModel()
        self.columns = pool.columns()
        self.taken = [self.model.new_bool_var("") for _ in self.columns]
        self.days = [_days(pool, column) for column in self.columns]
        self.of = defaultdict[int, list[int]](list)
        for at, column in enumerate(self.columns):
            self.of[column.person].append(at)
        self.happens = [dict[Moments, Any]() for _ in pool.groups]
        self.left_out = {gone.job for gone in plan.unassigned}
        self.terms: list[Any] = []
        for own in self.of.values():
            self.model.add_exactly_one(self.taken[at] for at in own)
        self._cover()
        self._meet()
        self._price()
        self._begin_with(plan)
        self.model.minimize(sum(self.terms))

    def plan(self, solver: cp_model.CpSolver) -> Plan:
        """Write the columns chosen as a plan.

        Raises: nothing.
        """
        chosen = [column for column, literal in zip(self.columns, self.taken, strict=True) if solver.value(literal)]
        stops = {
            row: own
            for column in chosen
            for row, own in zip(self.pool.people[column.person], column.stops, strict=True)
        }
        served = {stop.job for column in chosen for stop in column.visits()}
        left = (explain.not_known(job) for job in range(len(self.problem.jobs)) if job not in served)
        return Plan(tuple(Route(row, stops[row]) for row in sorted(stops)), tuple(left))

    def _cover(self) -> None:
        """Jobs that one person does, whenever it is: once, or not at all at their price."""
        alone = [job for job in range(len(self.problem.jobs)) if job not in self.pool.group_of]
        serving: dict[int, list[Any]] = {job: [] for job in alone}
        for column, literal in zip(self.columns, self.taken, strict=True):
            for stop in column.visits():
                if stop.job in serving:
                    serving[stop.job].append(literal)
        for job, literals in serving.items():
            self.model.add_exactly_one([*literals, *self._out([job])])

    def _meet(self) -> None:
        """Jobs that hang together: all at the moments of one plan that was seen, or none of them."""
        giving: list[dict[Moments, dict[tuple[int, int], list[Any]]]] = [{} for _ in self.pool.groups]
        for column, literal in zip(self.columns, self.taken, strict=True):
            moments = dict(column.shared)
            for stop in column.visits():
                group = self.pool.group_of.get(stop.job)
                if group is not None:
                    given = giving[group].setdefault(moments[group], {})
                    given.setdefault((stop.job, stop.service), []).append(literal)
        for group, ways in enumerate(giving):
            for when, stops in ways.items():
                happens = self.happens[group][when] = self.model.new_bool_var("")
                for job, service, _, _ in when:
                    self.model.add(sum(stops.get((job, service), [])) == happens)
                done = {each[0] for each in when}
                left = sum(self._drop(job) for job in self.pool.groups[group] if job not in done)
                self.terms.append((left + self._moved(when)) * happens)
            self.model.add_exactly_one([*self.happens[group].values(), *self._out(self.pool.groups[group])])

    def _out(self, together: list[int]) -> list[Any]:
        """The choice to leave jobs out, where that is one."""
        must = any(self.problem.jobs[job].drop_penalty is None and job not in self.left_out for job in together)
        if must:
            return []
        out = self.model.new_bool_var("")
        self.terms.append(sum(map(self._drop, together)) * out)
        return [out]

    def _drop(self, job: int) -> int:
        drop = self.problem.jobs[job].drop_penalty
        return MUST if drop is None else drop

    def _moved(self, moments: Moments) -> int:
        starts = defaultdict[int, list[int]](list)
        for job, _, start, _ in moments:
            starts[job].append(start)
        return (
            sum(price.steps_moved(self.problem, job, min(each)) for job, each in starts.items())
            * self.problem.rules.moved
        )

    def _price(self) -> None:
        rules = self.problem.rules
        for own, literal, column in zip(self.days, self.taken, self.columns, strict=True):
            given = jobs.visits_by_job(own)
            bill = price.price(self.problem, own, given, 0)
            alone = [stop for stop in column.visits() if stop.job not in self.pool.group_of]
            moved = sum(price.steps_moved(self.problem, stop.job, stop.start) for stop in alone) * rules.moved
            self.terms.append((moved + sum(each.cost for each in bill if each.name not in APART)) * literal)
        self._worst(rules.max_idle, price.idle)
        self._worst(rules.max_tardiness, self._latest)
        self._balance(rules.balance, lambda day: day.work)
        self._balance(rules.travel_balance, lambda day: day.travel)

    def _latest(self, day: Day) -> int:
        return max((jobs.lateness(self.problem, stop) for stop in day.visits), default=0)

    def _worst(self, unit: int | None, of: Callable[[Day], int]) -> None:
        """The greatest of anybody's figures has a price."""
        if not unit:
            return
        worst = self.model.new_int_var(0, LONGEST, "")
        for own in self.of.values():
            self.model.add(worst >= sum(max(map(of, self.days[at])) * self.taken[at] for at in own))
        self.terms.append(unit * worst)

    def _balance(self, unit: int, of: Callable[[Day], int]) -> None:
        """What anybody's load is away from the mean has a price, rounded up."""
        if not unit:
            return
        loads = [sum(sum(map(of, self.days[at])) * self.taken[at] for at in own) for own in self.of.values()]
        total, count = self.model.new_int_var(0, LONGEST, ""), len(loads)
        self.model.add(total == sum(loads))
        for load in loads:
            apart = self.model.new_int_var(0, LONGEST, "")
            self.model.add(count * apart >= count * load - total)
            self.model.add(count * apart >= total - count * load)
            self.terms.append(unit * apart)

    def _begin_with(self, plan: Plan) -> None:
        standing = set(self.pool.columns_of(plan))
        for column, literal in zip(self.columns, self.taken, strict=True):
            self.model.add_hint(literal, column in standing)


def _days(pool: Pool, column: Column) -> tuple[Day, ...]:
    rows = zip(pool.people[column.person], column.stops, strict=True)
    return tuple(reading.of_row(pool.problem, row, stops) for row, stops in rows)
