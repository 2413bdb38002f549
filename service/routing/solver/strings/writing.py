"""From the compiled search's answer to routes with times, each stop as early as it can be."""

from collections.abc import Iterator, Sequence

from service.routing.problem import Problem, Route, Stop
from service.routing.solver.strings import facts as laying
from service.routing.solver.strings.facts import BEGIN, EARLIEST, MODE, WINDOWS, Facts
from service.routing.solver.strings.run import Found


def routes(problem: Problem, found: Found) -> tuple[Route, ...]:
    """Write out everybody's stops with their times.

    Raises: nothing.
    """
    known = laying.lay_out(problem)
    return tuple(Route(who, tuple(_stops(known, who, jobs))) for who, jobs in enumerate(found.routes))


def _stops(known: Facts, who: int, jobs: Sequence[int]) -> Iterator[Stop]:
    here, free, mode = int(known.staff[who, BEGIN]), int(known.staff[who, EARLIEST]), int(known.staff[who, MODE])
    for job in jobs:
        start = _start(known, job, free + int(known.legs[mode, here, job]))
        free = start + int(known.jobs[job, laying.DURATION])
        here = job
        yield Stop(job, 0, start, free)


def _start(known: Facts, job: int, arrival: int) -> int:
    for window in range(known.jobs[job, WINDOWS]):
        if arrival <= known.closes[job, window]:
            return max(arrival, int(known.opens[job, window]))
    return arrival
