"""From the search's state to a plan and back."""

from collections.abc import Iterator

from service.routing.problem import LUNCH, Plan, Route, Staff, Stop, Tour, TourStop
from service.routing.referee import traffic
from service.routing.solver import explain
from service.routing.solver.rides import placing, times
from service.routing.solver.rides.cells import AFTERWARDS, BEFOREHAND, FIRST_OF_ALL, HOW, NOBODY, NONE, START, WHERE
from service.routing.solver.rides.facts import Facts
from service.routing.solver.rides.state import State


def plan_of(state: State) -> Plan:
    """Write a plan out at its earliest times; of what it leaves out no reason is known yet.

    Raises: nothing.
    """
    problem = state.facts.problem
    left_out = (job for job in range(len(problem.jobs)) if not state.has(job))
    return Plan(
        tuple(Route(row, tuple(_stops(state, row))) for row in state.facts.rows),
        tuple(explain.not_known(job) for job in left_out),
        tuple(_tour(state, vehicle) for vehicle in range(len(problem.vehicles)) if state.calls(vehicle)),
    )


def _stops(state: State, row: int) -> Iterator[Stop]:
    facts = state.facts
    how, where = state.lunch(row)
    who, route = facts.problem.staff[row], state.route(row)
    duration = who.lunch.duration if who.lunch is not None else 0
    if how == FIRST_OF_ALL and route:
        over = _eaten(who, max(0, who.shift.start) if who.shift is not None else 0)
        yield Stop(-1, LUNCH, over - duration, over)
    for node in route:
        start, end = state.start(node), state.start(node) + facts.lasts(node, row)
        if node >= facts.first_lunch:
            yield Stop(-1, LUNCH, start, end)
            continue
        job, service = facts.spots[node]
        if how == BEFOREHAND and where == node:
            over = times.ready_at(facts.tables, state.cells, node)
            yield Stop(job, LUNCH, over - duration, over)
        yield Stop(job, service, start, end)
        if how == AFTERWARDS and where == node:
            over = _eaten(who, end)
            yield Stop(job, LUNCH, over - duration, over)


def _eaten(who: Staff, ready: int) -> int:
    """Tell when somebody who can have lunch from `ready` on has had it."""
    return max(ready, who.lunch.start) + who.lunch.duration if who.lunch is not None else ready


def _tour(state: State, vehicle: int) -> Tour:
    """Write a vehicle's calls out, those at one place one after the other as one stop."""
    facts = state.facts
    one = facts.problem.vehicles[vehicle]
    free = max(0, one.shift.start) if one.shift is not None else 0
    stops = [TourStop(one.start_point, free, free)]
    for call in state.calls(vehicle):
        point, row = state.place(call), state.row(call >> 1)
        arrive, depart = state.comes(call)
        last = stops[-1]
        if point != last.point:
            last = TourStop(point, arrive, arrive)
            stops.append(last)
        off, on = (*last.off, row) if call & 1 else last.off, last.on if call & 1 else (*last.on, row)
        stops[-1] = TourStop(point, last.arrive, max(last.depart, depart), off, on)
    last = stops[-1]
    if last.point != one.end_point:
        back = last.depart + traffic.travel(facts.problem, one.matrix, (last.point, one.end_point), last.depart)
        stops.append(TourStop(one.end_point, back, back))
    return Tour(vehicle, tuple(stops))


def later(plan: Plan, facts: Facts) -> Plan:
    """Let vehicles leave as late as takes nobody later to a visit and nobody later home.

    Raises: nothing.
    """
    starts = {
        (route.staff, point, stop.start)
        for route in plan.routes
        for stop, point in zip(route.stops, _points(facts, route), strict=True)
    }
    return Plan(plan.routes, plan.unassigned, tuple(_later(tour, facts, starts) for tour in plan.tours))


def _points(facts: Facts, route: Route) -> list[int]:
    jobs, lunch = facts.problem.jobs, facts.first_lunch + route.staff
    return [jobs[stop.job].point if stop.job >= 0 else facts.point(lunch) for stop in route.stops]


def _later(tour: Tour, facts: Facts, starts: set[tuple[int, int, int]]) -> Tour:
    """Go through a tour from its end, and let each stop be as late as the one after it and those who get off allow."""
    matrix = facts.problem.vehicles[tour.vehicle].matrix
    found = [tour.stops[-1]]
    for stop in tour.stops[-2::-1]:
        after = found[-1]
        depart = max(stop.depart, after.arrive - int(facts.problem.matrices[matrix][stop.point, after.point]))
        if any(facts.problem.traffic):
            depart = stop.depart
        due = min((_due(starts, staff, stop) for staff in stop.off), default=depart)
        arrive = max(stop.arrive, min(depart, due))
        found.append(TourStop(stop.point, arrive, depart, stop.off, stop.on))
    return Tour(tour.vehicle, tuple(found[::-1]))


def _due(starts: set[tuple[int, int, int]], staff: int, stop: TourStop) -> int:
    """Tell when somebody who gets off has something to do there, else at once."""
    begins = (at for who, point, at in starts if (who, point) == (staff, stop.point) and at >= stop.arrive)
    return min(begins, default=stop.arrive)


def state_of(facts: Facts, plan: Plan) -> State | None:
    """Take up a plan in which everybody travels on his own; None when its order has no earliest times here.

    Raises: nothing.
    """
    state = State(facts)
    for route in plan.routes:
        lunch = facts.problem.staff[route.staff].lunch
        for at, stop in enumerate(route.stops):
            if stop.service != LUNCH:
                state.append(facts.nodes_of[stop.job][stop.service], route.staff)
            elif stop.job < 0 and lunch is not None and lunch.point is not None:
                state.append(facts.first_lunch + route.staff, route.staff)
            else:
                state.cells[HOW, route.staff], state.cells[WHERE, route.staff] = _how(facts, route, at)
    state.cells[START] = 0
    for row in facts.rows:
        if state.is_idle(row):
            state.cells[HOW, row], state.cells[WHERE, row] = NONE, NOBODY
    return placing.timed(state)


def _how(facts: Facts, route: Route, at: int) -> tuple[int, int]:
    job = route.stops[at].job
    if at and route.stops[at - 1].job == job:
        return AFTERWARDS, facts.nodes_of[job][route.stops[at - 1].service]
    if job < 0 or at + 1 >= len(route.stops):
        return FIRST_OF_ALL, NOBODY
    return BEFOREHAND, facts.nodes_of[job][route.stops[at + 1].service]
