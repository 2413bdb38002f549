"""Chooses the search that a day asks for, and runs it: rides, strings, parts, kernel, the engine without compiled code,
whose phases are construct, improve, OR-Tools, improve again, or OR-Tools alone; last the jobs left out are explained.
"""

import random
from collections.abc import Callable
from itertools import chain, repeat
from typing import Final

from service.routing.problem import Limits, Plan, Problem
from service.routing.solver import (
    construct,
    explain,
    improve,
    insertion,
    judging,
    kernel,
    ortools_engine,
    ortools_stage,
    parts,
    plain,
    polish,
    reasons,
    rides,
    strings,
    timetable,
    too_large,
    whole_routes,
)
from service.routing.solver import tables as tabling
from service.routing.solver.clock import EXACT, Budget, end_of_search, enough, enough_search, services
from service.routing.solver.kernel import writing
from service.routing.solver.kernel.chain import Chain
from service.routing.solver.state import State
from service.routing.solver.tables import Tables
from service.routing.solver_progress import Phase, Progress

BEGIN_SHARE: Final = 0.1
FIRST_SHARE: Final = 0.4
ORTOOLS_SHARE: Final = 0.75
"""OR-Tools' first solutions until BEGIN_SHARE of the time, ruin and recreate until FIRST_SHARE, OR-Tools until
ORTOOLS_SHARE, then ruin and recreate again.
"""

POLISHING: Final = 0.1
"""How warm the second ruin and recreate begins, so as not to undo what was found before."""

EXACT_SHARE: Final = 0.35
"""How much of the time a small day is searched at most; then CP-SAT plans it exactly."""

EXACT_ROUNDS: Final = 2
EXACT_AMOUNT: Final = 0.3
"""So many neighbourhoods at most where the limit is in rounds, and so much of CP-SAT's own time for each."""

LARGE: Final = 150
"""On soft days of fewer jobs ruin and recreate alone finds more."""


def solve(problem: Problem, limits: Limits, seed: int, on_progress: Callable[[Progress], None] | None = None) -> Plan:
    """Plan the day: routes for everybody, and a checked reason for each job left out.

    Stops at `limits.seconds` of wall clock, on small days long before (see `clock.enough`); with `limits.rounds`, one
    worker and time enough for them, the same problem, rounds and seed give the same plan. No hard rule is ever broken;
    a job that must be done is left out only where hard rules leave it no place that was found.

    Raises:
        NumbersTooLarge: the day asks for what neither the compiled search nor OR-Tools can add up or say; names where.
    """
    if rides.suits(problem):
        return rides.plan(problem, limits, seed, _plan_part, on_progress)
    if parts.suits(problem):
        # nobody waits for a compiler on the clock of a search
        kernel.warm()
        return parts.plan(problem, limits, seed, _plan_part, on_progress)
    return _solve_whole(problem, limits, seed, on_progress)


def solve_plain(
    problem: Problem, limits: Limits, seed: int, on_progress: Callable[[Progress], None] | None = None
) -> Plan:
    """Plan a day that `plain.suits` without compiled code: insertion, ruin and recreate, OR-Tools. For days whose
    numbers the kernel cannot add up, and to hold the kernel against.

    Raises: nothing.
    """
    budget = Budget(enough(problem, limits))
    return _Run(tabling.build(problem), budget, random.Random(seed), on_progress).plain()


def _plan_part(problem: Problem, limits: Limits, seed: int) -> Plan:
    """Plan a part of a large day; why its jobs stay out is asked of the whole day."""
    return _solve_whole(problem, limits, seed, None, explained=False)


def _solve_whole(
    problem: Problem,
    limits: Limits,
    seed: int,
    on_progress: Callable[[Progress], None] | None,
    *,
    explained: bool = True,
) -> Plan:
    """Plan the day, however large, in one piece."""
    if strings.suits(problem):
        return _by_strings(problem, enough(problem, limits), seed, on_progress, explained=explained)
    tables = tabling.build(problem)
    compiled = bool(problem.jobs) and bool(problem.staff) and kernel.suits(tables)
    if compiled:
        kernel.warm()
    elif problem.jobs and problem.staff and not plain.suits(problem):
        return _by_ortools(problem, limits, seed)
    exactly = compiled and services(problem) <= EXACT and polish.suits(problem)
    run = _Run(tables, Budget(enough(problem, limits, exactly=exactly)), random.Random(seed), on_progress)
    return run.compiled(seed, exactly=exactly, explained=explained) if compiled else run.plain()


def _by_ortools(problem: Problem, limits: Limits, seed: int) -> Plan:
    """Plan by OR-Tools alone what only the compiled search knows besides, and cannot add up.

    Raises:
        NumbersTooLarge: OR-Tools cannot say it either.
    """
    try:
        return ortools_engine.solve_ortools(problem, limits, seed)
    except ortools_engine.CannotSay:
        raise too_large.refusal_of(problem) from None


def _by_strings(
    problem: Problem, limits: Limits, seed: int, on_progress: Callable[[Progress], None] | None, *, explained: bool
) -> Plan:
    """Hard windows, one person per job: whole routes are torn and mended by compiled code, and the kernel says why jobs
    stay out.
    """
    strings.warm()
    kernel.warm()
    budget = Budget(limits)
    phases = chain([Phase.construct], repeat(Phase.improve))

    def tell(cost: int, left_out: int) -> None:
        if on_progress is not None:
            on_progress(Progress(budget.elapsed(), cost, left_out, next(phases)))

    plan = whole_routes.plan(problem, budget, seed, lambda out: 1.0 - reasons.end_of_search(problem, limits, out), tell)
    return _explained(problem, plan, budget, on_progress) if explained else plan


def _explained(problem: Problem, plan: Plan, budget: Budget, on_progress: Callable[[Progress], None] | None) -> Plan:
    """Say why jobs stay out; tell what the plan costs if one came in."""
    found = reasons.of_plan(problem, plan, budget)
    _tell_change(problem, plan, found, budget, on_progress)
    return found


def _tell_change(
    problem: Problem, before: Plan, plan: Plan, budget: Budget, on_progress: Callable[[Progress], None] | None
) -> None:
    if plan.routes != before.routes and on_progress is not None:
        cost = judging.cost(problem, plan)
        if cost is not None:
            on_progress(Progress(budget.elapsed(), cost, len(plan.unassigned), Phase.explain))


def _suits_ortools(tables: Tables) -> bool:
    """Days of hard windows, and large soft ones that price travel and tardiness alone: there the model says what the
    day costs, and its search is worth its time.
    """
    rules = tables.problem.rules
    soft = len(tables.nodes) >= LARGE and not (rules.waiting or rules.max_idle)
    return not rules.balance and (tables.strict or soft)


class _Run:
    """What the phases share."""

    def __init__(
        self,
        tables: Tables,
        budget: Budget,
        chance: random.Random,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.tables, self.budget, self.chance, self.on_progress = tables, budget, chance, on_progress

    def plain(self) -> Plan:
        """Construct, OR-Tools where it suits (first solutions; later a search), ruin and recreate around it."""
        end = end_of_search(self.budget.limits, 0)
        state = construct.build(self.tables, self.budget)
        self.report(Phase.construct, state, state.total())
        if self.tables.problem.jobs and _suits_ortools(self.tables):
            state = ortools_stage.begin(state, min(BEGIN_SHARE, end), self.budget)
            state = self.improve(state, min(FIRST_SHARE, end))
            state = self.ortools(state, min(ORTOOLS_SHARE, end))
            state = self.improve(state, end_of_search(self.budget.limits, len(state.absent())), POLISHING)
        elif self.tables.problem.jobs:
            state = self.improve(state, end)
        return self.finish(state)

    def compiled(self, seed: int, *, exactly: bool, explained: bool) -> Plan:
        """Let the kernel construct and improve; say why jobs stay out, or only which."""
        search = kernel.Search(self.tables, self.budget, seed)
        search.construct()
        self.tell(Phase.construct, search.best)
        problem = self.tables.problem
        end = reasons.end_of_chain(problem, self.budget.limits, len(search.best.absent()))
        search.improve(self.until(end) if exactly else end, lambda: self.tell(Phase.improve, search.best))
        chain = search.settled()
        better = self.exactly(chain, end, seed) if exactly else None
        if better is not None:
            return _explained(problem, better, self.budget, self.on_progress) if explained else better
        self.tell(Phase.explain, chain)
        if not explained:
            return Plan(writing.routes(chain.day, chain.now), tuple(map(explain.not_known, chain.absent())))
        before, plan = chain.cost, reasons.of_chain(self.tables, chain, self.budget)
        if chain.cost < before:
            self.tell(Phase.explain, chain)
        found = reasons.put_right(problem, plan, self.budget)
        _tell_change(problem, plan, found, self.budget, self.on_progress)
        return found

    def until(self, end: float) -> float:
        """Tell until which share of the time a small day is searched."""
        limits, share = self.budget.limits, EXACT_SHARE * end
        return share if limits.rounds is not None else min(share, enough_search(self.tables.problem) / limits.seconds)

    def exactly(self, chain: Chain, until: float, seed: int) -> Plan | None:
        """Let CP-SAT look for a cheaper plan than a chain's; None where there is none that it finds."""
        problem = self.tables.problem
        before = Plan(writing.routes(chain.day, chain.now), tuple(map(explain.not_known, chain.absent())))
        rounds = None if self.budget.limits.rounds is None else EXACT_ROUNDS
        plan = polish.improve(problem, before, self.budget, until, seed, amount=EXACT_AMOUNT, rounds=rounds)
        if plan is before:
            return None
        cost = judging.cost(problem, plan) or 0
        if self.on_progress is not None:
            self.on_progress(Progress(self.budget.elapsed(), cost, len(plan.unassigned), Phase.ortools))
        return plan

    def tell(self, phase: Phase, chain: Chain) -> None:
        if self.on_progress is not None:
            self.on_progress(Progress(self.budget.elapsed(), chain.cost, len(chain.absent()), phase))

    def report(self, phase: Phase, state: State, cost: int) -> None:
        if self.on_progress is not None:
            self.on_progress(Progress(self.budget.elapsed(), cost, len(state.absent()), phase))

    def improve(self, state: State, until: float, warmth: float = 1.0) -> State:
        return improve.improve(
            state,
            improve.Phase(until, self.budget.limits.rounds, warmth),
            self.budget,
            self.chance,
            lambda best, cost: self.report(Phase.improve, best, cost),
        )

    def ortools(self, state: State, until: float) -> State:
        better = ortools_stage.improve(state, until, self.budget)
        if better is None:
            return state
        self.report(Phase.ortools, better, better.total())
        return better

    def finish(self, state: State) -> Plan:
        """Give each job left out a last thorough chance, then explain the rest."""
        absent = state.absent()
        unhurried = explain.is_unhurried(self.budget, len(absent))
        for job in absent:
            if not self.budget.is_spent():
                insertion.insert_best(state, job, None, thorough=unhurried)
        self.report(Phase.explain, state, state.total())
        explainer = explain.Explainer(self.tables, state, self.budget, unhurried=unhurried)
        return Plan(timetable.routes(state), tuple(explainer.tell(job) for job in state.absent()))
