"""Ways that are ridden in a shared vehicle: its tour stands, so whoever rides is there when it leaves, and not before
it has come where he is going.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from service.routing.problem import Problem
from service.routing.referee import rides
from service.routing.referee.rides import Ride

Spot = tuple[int, int, int]
"""Where a stop is, and from when to when."""


def ways(
    problem: Problem, staff: int, spots: Sequence[Spot], taken: Sequence[Ride]
) -> tuple[dict[int, Ride], list[Ride]]:
    """Return by which ride each way of a row goes (way k leads to stop k, the last one home), and the rides that are on
    none of them. A row without stops has a way where it ends elsewhere than it starts.
    """
    who = problem.staff[staff]
    if not spots and who.start_point == who.end_point:
        return {}, list(taken)
    points = [who.start_point, *(point for point, _, _ in spots), who.end_point]
    free = [who.shift.start if who.shift else 0, *(end for _, _, end in spots)]
    until = [*(start for _, start, _ in spots), None]
    return rides.of_ways(list(pairwise(points)), free, until, taken)


def with_own_vehicles(problem: Problem) -> Problem:
    """Return the day in which everybody who rides has a vehicle of his own, like the first one of the day."""
    car = problem.vehicles[0].matrix
    staff = tuple(replace(who, rides=False, matrix=car if who.rides else who.matrix) for who in problem.staff)
    return replace(problem, vehicles=(), staff=staff)
