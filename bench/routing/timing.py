"""From an order of visits to a plan with times: each stop as early as can be, lunch where it fits best."""

from service.routing.problem import LUNCH, Plan, Problem, Route, Staff, Stop, Unassigned

Orders = dict[int, list[int]]


def plan_of(problem: Problem, orders: Orders) -> Plan:
    """Write the plan of the given orders; whether it breaks a rule is for the referee to say.

    Days of one service a job, hard windows, and no traffic.
    """
    done = {job for jobs in orders.values() for job in jobs}
    left = tuple(Unassigned(at, "no_capacity") for at in range(len(problem.jobs)) if at not in done)
    routes = tuple(Route(at, _route(problem, who, orders.get(at, []))) for at, who in enumerate(problem.staff))
    return Plan(routes, left)


def _route(problem: Problem, who: Staff, jobs: list[int]) -> tuple[Stop, ...]:
    """The way with the least lateness of those with lunch before one visit or after all."""
    if not jobs:
        return ()
    if who.lunch is None:
        return tuple(_walk(problem, who, jobs, None, there=False)[0])
    tried = [
        _walk(problem, who, jobs, meal, there=there)
        for meal in range(len(jobs) + 1)
        for there in (False, True)
        if not (there and meal == len(jobs))
    ]
    return tuple(min(tried, key=lambda way: way[1])[0])


def _walk(problem: Problem, who: Staff, jobs: list[int], meal: int | None, *, there: bool) -> tuple[list[Stop], int]:
    """Go through the visits with lunch before number `meal`, at its door or where one is before; the stops, and the
    seconds by which visits, lunch and return are late.
    """
    legs, place, free, late = problem.matrices[who.matrix], who.start_point, who.shift.start if who.shift else 0, 0
    stops: list[Stop] = []
    for at in range(len(jobs) + 1):
        if at == meal and who.lunch is not None:
            name = jobs[at] if there else jobs[at - 1] if at else -1
            point = problem.jobs[name].point if name >= 0 else place
            start = max(free + int(legs[place, point]), who.lunch.start)
            place, free = point, start + who.lunch.duration
            late += max(0, free - who.lunch.end)
            stops.append(Stop(name, LUNCH, start, free))
        if at < len(jobs):
            job = problem.jobs[jobs[at]]
            arrives = free + int(legs[place, job.point])
            open_yet = [window for window in job.windows if arrives <= window.end] or [job.windows[-1]]
            start = max(arrives, open_yet[0].start)
            late += max(0, start - open_yet[0].end)
            place, free = job.point, start + job.services[0].duration
            stops.append(Stop(jobs[at], 0, start, free))
    back = free + int(legs[place, who.end_point])
    return stops, late + max(0, back - who.shift.end if who.shift else 0)
