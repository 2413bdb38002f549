"""The worker's part in a repair: mended at once, then searched on, the better one checked whole with all that stays."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from service.routing import building, referee, solver_process, validation
from service.routing.building import DayFacts, Told, repairing
from service.routing.building.repairing import Disruption
from service.routing.changing import mending
from service.routing.problem import Limits, Plan, Problem
from service.routing.referee import Verdict
from service.routing.solver_process import Task
from service.routing.solver_progress import Phase, Progress
from service.routing.storing import Solved
from service.routing.travel import Roads

SHOWN_VIOLATIONS: Final = 5


class RulesBroken(Exception):
    """A plan did not pass the referee; the text, in Chinese, says where."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A day gathered from its midnight on, its plan as told, what happened, and how long to search."""

    facts: DayFacts
    told: Sequence[Told]
    happened: Disruption
    limits: Limits
    seed: int


def refuse_broken(problem: Problem, verdict: Verdict) -> None:
    """Refuse a plan that the referee does not let pass.

    Raises:
        RulesBroken: says the first few rules that it breaks.
    """
    if not verdict.feasible:
        said = "；".join(referee.explain(problem, each) for each in verdict.violations[:SHOWN_VIOLATIONS])
        raise RulesBroken(f"排出的路线没有通过独立复核（{len(verdict.violations)}处）：{said}")


async def repair(ask: Ask, roads: Roads, on_progress: Callable[[Progress], Awaitable[None]], started: float) -> Solved:
    """Return the whole day mended: frozen stops as they were, the rest planned anew near to what people were told.

    Raises:
        ProblemInvalid: the day contradicts itself.
        SolverDied: the solver gave no answer.
        RulesBroken: the plan breaks a rule, or has moved what is frozen.
    """
    parts = repairing.split(ask.facts, ask.told, ask.happened)
    rest = building.draw(parts.rest)
    ways = await roads.matrices(rest.points, rest.means, outside=ask.facts.outside)
    plain = building.problem_of(rest, [each.seconds for each in ways])
    problem = repairing.promised(rest, plain, ask.told, ask.happened)
    validation.check(problem)
    plan = await _better(ask, problem, building.recall(rest, problem, ask.told), on_progress, started)
    joined = repairing.rejoin(parts, rest, problem)
    all_ways = await roads.matrices(joined.day.points, joined.day.means, outside=ask.facts.outside)
    whole, merged = repairing.merge(
        parts, rest, plan, joined, building.problem_of(joined.day, [each.seconds for each in all_ways])
    )
    verdict = referee.check_plan(whole, merged)
    refuse_broken(whole, verdict)
    if not repairing.is_kept(parts, joined.day, merged, ask.happened.frozen_until):
        raise RulesBroken("修复后的路线改动了已冻结的站点，未予采用；请重新修复。")
    return Solved(joined.day, whole, merged, all_ways, verdict, time.monotonic() - started)


async def _better(
    ask: Ask,
    problem: Problem,
    before: Plan,
    on_progress: Callable[[Progress], Awaitable[None]],
    started: float,
) -> Plan:
    """Return the cheaper of the plan mended at once and the one that was searched for."""
    mended = await asyncio.to_thread(mending.mend, problem, before)
    first = referee.check_plan(problem, mended)
    told = Progress(time.monotonic() - started, first.total, len(mended.unassigned), Phase.construct)
    await on_progress(told)
    found = await solver_process.solve_apart(Task(problem, ask.limits, ask.seed), on_progress)
    second = referee.check_plan(problem, found)
    if second.feasible and (not first.feasible or second.total < first.total):
        return found
    refuse_broken(problem, first)
    return mended
