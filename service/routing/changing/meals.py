"""Other lunches: the same jobs by the same people in the same order, but one row has its lunch elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from service.routing.changing import sliding
from service.routing.changing.board import NOBODY, Board, Seat
from service.routing.changing.settling import AT_START
from service.routing.changing.sliding import Draft
from service.routing.problem import LUNCH, Plan, Problem


@dataclass(frozen=True, slots=True)
class Way:
    """A lunch of a row before so many of its jobs, at a job's door (`AT_START`: at the start or its own point)."""

    staff: int
    position: int
    door: int


def ways(problem: Problem, plan: Plan) -> Iterator[Way]:
    """Yield all other ways for the rows that have a lunch beside their jobs, whether there is time for it or not."""
    for route in plan.routes:
        jobs = [stop.job for stop in route.stops if stop.service != LUNCH]
        had = [(at, stop.job) for at, stop in enumerate(route.stops) if stop.service == LUNCH]
        lunch = problem.staff[route.staff].lunch
        if lunch is None or not had or not jobs:
            continue
        for position in range(len(jobs) + 1):
            before = jobs[position - 1] if position else AT_START
            doors = [before, *jobs[position : position + 1]] if lunch.point is None else [AT_START]
            for door in dict.fromkeys(doors):
                if (position, door) != had[0]:
                    yield Way(route.staff, position, door)


def have(problem: Problem, plan: Plan, way: Way) -> Plan | None:
    """Return the plan with the lunch had that way, times sliding; None where there is no time for it."""
    plain = tuple(stop for stop in plan.routes[way.staff].stops if stop.service != LUNCH)
    routes = tuple(replace(route, stops=plain) if route.staff == way.staff else route for route in plan.routes)
    board = Board(problem, Plan(routes, plan.unassigned))
    early, late = sliding.extremes(board)
    row = board.rows[way.staff]
    before = row[way.position - 1] if way.position else NOBODY
    after = row[way.position] if way.position < len(row) else NOBODY
    seat = _seat(board, way)
    if seat is None:
        return None
    soon = seat.low if before == NOBODY else max(seat.low, early[before] + board.seats[before].duration)
    last = seat.high if after == NOBODY else min(seat.high, late[after] - seat.duration)
    for start in dict.fromkeys((max(soon, min(seat.start, last)), soon, last)) if soon <= last else ():
        draft = Draft(board)
        new = draft.put(replace(seat, start=start), way.position)
        if draft.pull([new]) and draft.push([new, *([before] if before != NOBODY else [])]) and draft.holds():
            return draft.plan()
    return None


def _seat(board: Board, way: Way) -> Seat | None:
    """Lay out the lunch, where it begins as soon as the stop before it now is over; None where none is due."""
    who, row = board.problem.staff[way.staff], board.rows[way.staff]
    lunch = who.lunch
    if lunch is None:
        return None
    point = board.problem.jobs[way.door].point if way.door != AT_START else who.start_point
    point = point if lunch.point is None else lunch.point
    ends = max(0, who.shift.start) if who.shift else 0
    here = who.start_point
    if way.position:
        seat = board.seats[row[way.position - 1]]
        ends, here = seat.start + seat.duration, seat.point
    start = ends + board.leg(way.staff, here, point, ends)
    low, high = lunch.start, lunch.end - lunch.duration
    return Seat(way.staff, way.door, LUNCH, point, lunch.duration, start, low, high)
