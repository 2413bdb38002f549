"""Leaves one rule out of a day and solves what is left: the proof that the rule binds, and that the referee knows it.

The loosened day goes to the same solver as the real one; its plan is then held against the real day.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from service.routing.building import DayFacts
from service.routing.problem import Job, Plan, Problem, Route, Staff, Stop
from tests.routing.scene import Scene, broken, cheapest, problem_of


def jobs(problem: Problem, change: Callable[[Job], Job]) -> Problem:
    """Return the problem with each job changed."""
    return replace(problem, jobs=tuple(change(each) for each in problem.jobs))


def staff(problem: Problem, change: Callable[[Staff], Staff]) -> Problem:
    """Return the problem with each person changed."""
    return replace(problem, staff=tuple(change(each) for each in problem.staff))


def services(job: Job, **more: Any) -> Job:
    """Return the job with something else in each of its services."""
    return replace(job, services=tuple(replace(each, **more) for each in job.services))


def doubled(problem: Problem) -> Problem:
    """Return the problem in which everybody counts for two people."""
    return replace(problem, staff=problem.staff * 2)


def joined(problem: Problem, plan: Plan) -> Plan:
    """Return a plan of the doubled day as one of the real day: what both rows of somebody do, he does."""
    stops: defaultdict[int, list[Stop]] = defaultdict(list)
    for route in plan.routes:
        stops[route.staff % len(problem.staff)] += route.stops
    days = ((who, sorted(found, key=lambda each: (each.start, each.service))) for who, found in stops.items())
    return Plan(tuple(Route(who, tuple(found)) for who, found in days), plan.unassigned)


def as_it_is(_: Problem, plan: Plan) -> Plan:
    """Return the plan: rows and jobs of the loosened day are those of the real one."""
    return plan


async def assert_it_binds(
    scene: Scene,
    plan: dict[str, Any],
    rule: str,
    *,
    without: Callable[[Problem], Problem] = lambda problem: problem,
    facts_without: Callable[[DayFacts], DayFacts] = lambda facts: facts,
    retold: Callable[[Problem, Plan], Plan] = as_it_is,
    follows: str | None = None,
) -> None:
    """See that leaving the rule out is cheaper, and that the referee names it and no other rule.

    The rule is left out of the problem or of the facts; `retold` tells a plan of the loosened day as one of the real;
    `follows` is a second rule that cannot but break with the first.
    """
    facts = await scene.facts()
    problem = await problem_of(facts)
    assert plan["summary"]["unassigned"] == 0
    loosened = without(await problem_of(facts_without(facts)))
    assert [each.id for each in loosened.jobs] == [each.id for each in problem.jobs]
    loose, price = cheapest(loosened)
    assert not loose.unassigned
    assert price < plan["summary"]["cost"]
    told = retold(problem, loose)
    idle = {each.staff for each in told.routes}
    everybody = Plan(told.routes + tuple(Route(at, ()) for at in range(len(problem.staff)) if at not in idle))
    assert broken(problem, everybody) == {rule, follows or rule}
