"""The worker's part in a repair: mended at once, then searched on, the better one checked whole with all that stays."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from service.routing import building, referee, solver_process, validation
from service.routing.building import Day, DayFacts, Told, ToldTour, afield, begun, rejoining, repairing, resuming
from service.routing.building.repairing import Disruption, Split
from service.routing.changing import mending
from service.routing.problem import Limits, Matrix, Plan, Problem
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
    """A day gathered from its midnight on, its plan as told with its tours, what happened, how long to search."""

    facts: DayFacts
    told: Sequence[Told]
    happened: Disruption
    limits: Limits
    seed: int
    driven: Sequence[ToldTour] = ()


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
        NumbersTooLarge: no search can add up its numbers.
        SolverDied: the solver gave no answer.
        RulesBroken: the plan breaks a rule, or has moved what is frozen.
    """
    parts = repairing.split(ask.facts, ask.told, ask.happened, ask.driven)
    rest = await asyncio.to_thread(building.draw, parts.rest)
    ways = await roads.matrices(rest.points, rest.means, outside=ask.facts.outside)
    problem, before = await asyncio.to_thread(_bound, ask, parts, rest, [each.seconds for each in ways])
    plan = await _better(ask, problem, before, on_progress, started)
    day, merged = rejoining.rejoin(parts, rest, problem.jobs, plan)
    all_ways = await roads.matrices(day.points, day.means, outside=ask.facts.outside)
    whole, merged, verdict = await asyncio.to_thread(_judged, parts, day, [each.seconds for each in all_ways], merged)
    refuse_broken(whole, verdict)
    left = afield.left_behind(parts, day, merged)
    if left:
        raise RulesBroken(f"{'、'.join(left)}赶不上已出车的共用车辆返回；请另行安排接送，或重新排班。")
    if not rejoining.is_kept(parts, day, merged):
        raise RulesBroken("修复后的路线改动了已冻结的站点，未予采用；请重新修复。")
    return Solved(
        day=day,
        problem=whole,
        plan=merged,
        travel=all_ways,
        verdict=verdict,
        seconds=time.monotonic() - started,
        facts=ask.facts,
        begun=begun.as_it_is(parts, ask.facts.begun_stops),
    )


def _bound(ask: Ask, parts: Split, rest: Day, seconds: Sequence[Matrix]) -> tuple[Problem, Plan]:
    """Return the problem of the rest, and what was told in its numbers.

    Raises:
        ProblemInvalid: the day contradicts itself.
    """
    plain = building.problem_of(rest, seconds)
    before = building.recall(rest, plain, ask.told)
    problem = resuming.bound(parts, rest, plain, before)
    validation.check(problem)
    return problem, before


def _judged(parts: Split, day: Day, seconds: Sequence[Matrix], plan: Plan) -> tuple[Problem, Plan, Verdict]:
    """Return the whole day, its plan with the tours that stand, and what the referee says of it.

    Raises:
        RulesBroken: a vehicle that is out is not to be had any more.
    """
    whole = building.problem_of(day, seconds)
    try:
        plan = building.go_on(day, whole, plan, parts.tours)
    except building.VehicleGone:
        raise RulesBroken("已出车的共用车辆现已停用或不在，其行程无法保持；请另行安排接送，并重新排班。") from None
    return whole, plan, referee.check_plan(whole, plan)


async def _better(
    ask: Ask,
    problem: Problem,
    before: Plan,
    on_progress: Callable[[Progress], Awaitable[None]],
    started: float,
) -> Plan:
    """Return the cheaper of the plan mended at once and the one that was searched for; without time the former."""
    mended = await asyncio.to_thread(mending.mend, problem, before)
    first = await asyncio.to_thread(referee.check_plan, problem, mended)
    told = Progress(time.monotonic() - started, first.total, len(mended.unassigned), Phase.construct)
    await on_progress(told)
    if not ask.limits.seconds:
        refuse_broken(problem, first)
        return mended
    found = await solver_process.solve_apart(Task(problem, ask.limits, ask.seed), on_progress)
    second = await asyncio.to_thread(referee.check_plan, problem, found)
    if second.feasible and (not first.feasible or second.total < first.total):
        return found
    refuse_broken(problem, first)
    return _explained(mended, found)


def _explained(mended: Plan, found: Plan) -> Plan:
    """Return the plan mended at once, with what the search has proved of visits that no plan could have."""
    alone = {each.job: each for each in found.unassigned if each.facts.get("scope") == "alone"}
    return replace(mended, unassigned=tuple(alone.get(each.job, each) for each in mended.unassigned))
