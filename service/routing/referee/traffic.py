"""How long a leg takes in the traffic of the moment at which it may begin."""

from bisect import bisect_right

from service.routing.problem import Problem


def travel(problem: Problem, matrix: int, leg: tuple[int, int], free: int) -> int:
    """Return the travel of a leg that may begin at `free`, by the band of the matrix's traffic in which that is."""
    travel = int(problem.matrices[matrix][leg])
    bands = problem.traffic[matrix] if problem.traffic else ()
    if not bands:
        return travel
    band = bands[max(0, bisect_right([each.start for each in bands], free) - 1)]
    return -(-travel * band.factor // 1000)
