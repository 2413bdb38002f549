"""From the search's state to a plan and back."""

from collections.abc import Iterator

from service.routing.problem import LUNCH, Plan, Route, Stop, Tour, TourStop
from service.routing.solver import explain
from service.routing.solver.rides import times
from service.routing.solver.rides.facts import Facts
from service.routing.solver.rides.state import AFTER, BEFORE, FIRST, NONE, State


def plan_of(state: State) -> Plan:
    """Write a plan out at its earliest times; of what it leaves out no reason is known yet.

    Raises: nothing.
    """
    problem = state.facts.problem
    left_out = (job for job in range(len(problem.jobs)) if not state.has(job))
    return Plan(
        tuple(Route(row, tuple(_stops(state, row))) for row in state.facts.rows),
        tuple(explain.not_known(job) for job in left_out),
        tuple(_tour(state, vehicle) for vehicle, calls in enumerate(state.calls) if calls),
    )


def _stops(state: State, row: int) -> Iterator[Stop]:
    facts = state.facts
    how, where = state.lunch[row]
    duration = (facts.lunches[row] or (0, 0, 0))[2]
    route = state.route(row)
    if how == FIRST and route:
        over = state.free(route[0])
        yield Stop(-1, LUNCH, over - duration, over)
    for node in route:
        start, end = state.start[node], state.start[node] + state.length(node)
        if node >= facts.first_lunch:
            yield Stop(-1, LUNCH, start, end)
            continue
        job, service = facts.spots[node]
        if how == BEFORE and where == node:
            over = times.arrival(state, node) or 0
            yield Stop(job, LUNCH, over - duration, over)
        yield Stop(job, service, start, end)
        if how == AFTER and where == node:
            over = state.eaten(row, end)
            yield Stop(job, LUNCH, over - duration, over)


def _tour(state: State, vehicle: int) -> Tour:
    """Write a vehicle's calls out, those at one place one after the other as one stop."""
    facts = state.facts
    one, free = facts.problem.vehicles[vehicle], facts.leaves[vehicle]
    stops = [TourStop(one.start_point, free, free)]
    for call in state.calls[vehicle]:
        point, row = state.place(call), state.row[call >> 1]
        last = stops[-1]
        if point != last.point:
            last = TourStop(point, state.arrive[call], state.arrive[call])
            stops.append(last)
        off, on = (*last.off, row) if call & 1 else last.off, last.on if call & 1 else (*last.on, row)
        stops[-1] = TourStop(point, last.arrive, max(last.depart, state.depart[call]), off, on)
    last = stops[-1]
    if last.point != one.end_point:
        back = last.depart + facts.leg(one.matrix, last.point, one.end_point, last.depart)
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
    return [jobs[stop.job].point if stop.job >= 0 else facts.places[lunch] for stop in route.stops]


def _later(tour: Tour, facts: Facts, starts: set[tuple[int, int, int]]) -> Tour:
    """Go through a tour from its end, and let each stop be as late as the one after it and those who get off allow."""
    matrix = facts.problem.vehicles[tour.vehicle].matrix
    found = [tour.stops[-1]]
    for stop in tour.stops[-2::-1]:
        after = found[-1]
        depart = max(stop.depart, after.arrive - facts.quick(matrix, stop.point, after.point))
        if facts.bands:
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
                _append(state, facts.nodes_of[stop.job][stop.service], route.staff)
            elif stop.job < 0 and lunch is not None and lunch.point is not None:
                _append(state, facts.first_lunch + route.staff, route.staff)
            else:
                state.lunch[route.staff] = _how(facts, route, at)
    for node in range(facts.count):
        state.start[node] = 0
    for row in facts.rows:
        if state.is_idle(row):
            state.lunch[row] = (NONE, -1)
    return state if times.afresh(state) else None


def _append(state: State, node: int, row: int) -> None:
    state.link(node, row, state.end_of(row))


def _how(facts: Facts, route: Route, at: int) -> tuple[int, int]:
    job = route.stops[at].job
    if at and route.stops[at - 1].job == job:
        return AFTER, facts.nodes_of[job][route.stops[at - 1].service]
    if job < 0 or at + 1 >= len(route.stops):
        return FIRST, -1
    return BEFORE, facts.nodes_of[job][route.stops[at + 1].service]
