"""How far a plan's people go."""

from itertools import pairwise

from service.cli.districts.drawing import District
from service.routing.problem import LUNCH, Plan, Problem, Staff, Stop


def travelled(this: District, plan: Plan) -> int | None:
    """Add up the metres of everybody's ways, on foot and by vehicle; None where the lengths of the ways are not known.

    Raises: nothing.
    """
    if this.metres is None:
        return None
    total = 0
    for route in plan.routes:
        if route.stops:
            person = this.problem.staff[route.staff]
            stops = [_point(this.problem, person, stop) for stop in route.stops]
            places = [person.start_point, *stops, person.end_point]
            total += sum(int(this.metres[here, there]) for here, there in pairwise(places))
    return total


def _point(problem: Problem, person: Staff, stop: Stop) -> int:
    if stop.job >= 0:
        return problem.jobs[stop.job].point
    if stop.service == LUNCH and person.lunch is not None and person.lunch.point is not None:
        return person.lunch.point
    return person.start_point
