"""The last of the price of a timetable: what must be waited at least, and stops moved together to wait less."""

from collections.abc import Mapping
from itertools import combinations, pairwise, permutations, product

from service.routing import referee
from service.routing.problem import LUNCH, Plan, Problem, Route, Stop
from tests.routing import reading
from tests.routing.exhaustive.words import NEVER, Node


def least(problem: Problem, route: Route) -> int:
    """Return what must be waited in a route at least: from a stop that closes early to one that opens late."""
    least, first = 0, 1 if route.stops and route.stops[0].service == LUNCH else 0
    for at in range(first, len(route.stops)):
        begin = _last_opening(problem, route.staff, route.stops[at])
        for before, stop in pairwise(route.stops[at:]):
            here, there = (reading.point(problem, route.staff, (each.job, each.service)) for each in (before, stop))
            begin += before.end - before.start + reading.leg(problem, route.staff, here, there, 0)
            least = max(least, _first_opening(problem, route.staff, stop) - begin)
    return least


def _last_opening(problem: Problem, row: int, stop: Stop) -> int:
    lunch = problem.staff[row].lunch
    if stop.service == LUNCH and lunch:
        return lunch.end - lunch.duration
    windows = problem.jobs[stop.job].windows
    return max(each.end for each in windows) if windows and not reading.may_be_late(problem, stop.job) else NEVER


def _first_opening(problem: Problem, row: int, stop: Stop) -> int:
    lunch = problem.staff[row].lunch
    if stop.service == LUNCH and lunch:
        return lunch.start
    return min((each.start for each in problem.jobs[stop.job].windows), default=0)


def with_less(problem: Problem, plan: Plan) -> Plan:
    """Return the plan with stops moved together, by ever smaller steps, until no set of them is better anywhere else.

    A timetable's price is a sum of convex functions of starts and of their differences: where no set of stops is better
    a unit later or earlier, none is anywhere.
    """
    verdict = referee.check_plan(problem, plan)
    cost, step = verdict.total, 1 << verdict.component("waiting").amount.bit_length()
    groups = _groups(problem, plan)
    while step:
        found = None
        for group, by in product(groups, (step, -step)):
            tried = _moved(plan, group, by)
            verdict = referee.check_plan(problem, tried)
            if verdict.feasible and verdict.total < cost:
                found, cost = tried, verdict.total
        plan = found or plan
        step = step if found else step // 2
    return plan


def _groups(problem: Problem, plan: Plan) -> list[frozenset[Node]]:
    """Return the sets of stops that may have to be moved together: those that hang together."""
    stops = {(row, at): stop for row, route in enumerate(plan.routes) for at, stop in enumerate(route.stops)}
    linked = {frozenset((link.first, link.second)) for link in problem.links}
    beside: dict[Node, set[Node]] = {node: set() for node in stops}
    for here, there in permutations(stops, 2):
        jobs = frozenset((stops[here].job, stops[there].job))
        near = here[0] == there[0] and abs(here[1] - there[1]) == 1
        if near or len(jobs) == 1 or jobs in linked or problem.rules.max_tardiness:
            beside[here].add(there)
    every = (frozenset(group) for size in range(1, len(stops) + 1) for group in combinations(stops, size))
    return [group for group in every if _hangs_together(group, beside)]


def _hangs_together(group: frozenset[Node], beside: Mapping[Node, set[Node]]) -> bool:
    reached: set[Node] = set()
    ahead = {min(group)}
    while ahead:
        reached |= ahead
        ahead = {there for here in ahead for there in beside[here] & group} - reached
    return reached == group


def _moved(plan: Plan, group: frozenset[Node], by: int) -> Plan:
    routes = (
        Route(
            row,
            tuple(
                Stop(stop.job, stop.service, stop.start + by, stop.end + by) if (row, at) in group else stop
                for at, stop in enumerate(route.stops)
            ),
        )
        for row, route in enumerate(plan.routes)
    )
    return Plan(tuple(routes), plan.unassigned)
