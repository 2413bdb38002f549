"""Mends a plan after a disruption at once: what stays possible stays as it was, what fell out goes where it fits best.

The first answer to a disruption, before any search: nobody is given another person or another time but who must be.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from service.routing import referee
from service.routing.changing import gaps, places
from service.routing.changing.board import NEVER, NOBODY, Board, lasting, starts_of
from service.routing.changing.sliding import Draft
from service.routing.problem import LUNCH, Plan, Problem, Route, Stop, Unassigned
from service.routing.rules import UnassignedReason

_LEFT_OUT = UnassignedReason.no_capacity


def mend(problem: Problem, before: Plan) -> Plan:
    """Return a plan of the problem that changes as little as can be of what was planned before.

    `before` says in the problem's own numbers who was to come when; it may hold what is possible no longer: people who
    lack a skill now, visits that last longer, rows without a shift. Jobs that it does not hold are put in, those whose
    leaving out costs most first. The answer breaks no rule; what then has no place is left out.
    """
    kept = _settled(problem, _possible(problem, before))
    waiting = sorted(range(len(problem.jobs)), key=lambda job: -_weight(problem, job))
    absent = {each.job for each in kept.unassigned}
    return _judged(problem, put_in(problem, kept, [job for job in waiting if job in absent]))


def put_in(problem: Problem, plan: Plan, jobs: Iterable[int]) -> Plan:
    """Return a plan with as many of the jobs put in, one after the other, as have a place worth it."""
    for job in jobs:
        plan = places.put(problem, plan, job) or plan
    return plan


def _weight(problem: Problem, job: int) -> int:
    penalty = problem.jobs[job].drop_penalty
    return NEVER if penalty is None else penalty


def _possible(problem: Problem, before: Plan) -> Plan:
    """Return what the people and windows of the problem still admit, each service as long as it now takes."""
    board = Board(problem, _listed(problem, {route.staff: route.stops for route in before.routes}))
    gone = {job for job, seats in board.of_job.items() if not _admits(board, job, seats)}
    plan = board.plan
    for job in gone:
        plan = places.without(plan, job)
    return Plan(tuple(Route(each.staff, _renewed(problem, each)) for each in plan.routes), plan.unassigned)


def _admits(board: Board, job: int, seats: Sequence[int]) -> bool:
    """Tell whether a job still has its people, each of them for what he is to do, within a window."""
    problem, wanted = board.problem, board.problem.jobs[job]
    for each in (board.seats[at] for at in seats):
        windows = starts_of(problem, wanted, wanted.services[each.service].duration)
        opens = any(window.start <= each.start <= window.end for window in windows)
        if not opens or not gaps.may_give(problem, job, each.service, each.staff):
            return False
    return len(seats) == len(wanted.services)


def _listed(problem: Problem, stops: dict[int, tuple[Stop, ...]]) -> Plan:
    """Return a plan with a route per row, in which jobs that nobody does are left out."""
    routes = tuple(Route(staff, stops.get(staff, ())) for staff in range(len(problem.staff)))
    done = {stop.job for route in routes for stop in route.stops if stop.service != LUNCH}
    absent = (Unassigned(job, _LEFT_OUT) for job in range(len(problem.jobs)) if job not in done)
    return Plan(routes, tuple(absent))


def _renewed(problem: Problem, route: Route) -> tuple[Stop, ...]:
    """Return a route's stops as long as they take now; without visits there is no lunch to plan."""
    who, found = problem.staff[route.staff], []
    if all(stop.service == LUNCH for stop in route.stops):
        return ()
    for stop in route.stops:
        if stop.service != LUNCH:
            length = lasting(who, problem.jobs[stop.job].services[stop.service].duration)
            found.append(replace(stop, end=stop.start + length))
        elif who.lunch is not None:
            start = min(max(stop.start, who.lunch.start), who.lunch.end - who.lunch.duration)
            found.append(replace(stop, start=start, end=start + who.lunch.duration))
    return tuple(found)


def _settled(problem: Problem, plan: Plan) -> Plan:
    """Return the plan with its times slid until they fit; a job that cannot slide far enough falls out."""
    for _ in range(len(problem.jobs) + 1):
        board = Board(problem, plan)
        draft = Draft(board)
        for row in board.rows:
            if row:
                first = board.seats[row[0]]
                draft.starts[row[0]] = max(first.start, draft.first_arrival(first.staff, first.point))
        if draft.push(range(len(board.seats))):
            return draft.plan()
        plan = places.without(plan, _fallen(board, draft.stuck))
        plan = Plan(tuple(Route(each.staff, _renewed(problem, each)) for each in plan.routes), plan.unassigned)
    return _listed(problem, {})


def _fallen(board: Board, stuck: int) -> int:
    """Return the job that gives way where a stop cannot slide far enough: its own, else that before a lunch."""
    at = stuck
    while board.seats[at].service == LUNCH:
        at = board.before[at] if board.before[at] != NOBODY else board.after[at]
    return board.seats[at].job


def _judged(problem: Problem, plan: Plan) -> Plan:
    """Return the plan without the jobs that the referee objects to, until he lets it pass."""
    for _ in range(len(problem.jobs) + 1):
        objected = referee.check_plan(problem, plan).violations
        if not objected:
            return plan
        job = next((each.job for each in objected if each.job is not None and each.job not in _absent(plan)), None)
        rows = {each.staff for each in objected}
        done = [
            stop.job for route in plan.routes if route.staff in rows for stop in route.stops if stop.service != LUNCH
        ]
        if job is None and not done:
            return plan
        plan = places.without(plan, job if job is not None else done[-1])
        plan = Plan(tuple(Route(each.staff, _renewed(problem, each)) for each in plan.routes), plan.unassigned)
    return plan


def _absent(plan: Plan) -> set[int]:
    return {each.job for each in plan.unassigned}
