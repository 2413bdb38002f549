"""The open solvers that a user could pick instead, each by its public interface: problem and seconds in, routes out."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import numpy as np
import pyvrp
import vroom

from service.routing.problem import Limits, Problem, Staff, Window
from service.routing.solver import solve

Routes = list[list[int]]
Solver = Callable[[Problem, float, int], Routes]

EXPLORATION: Final = 5
"""VROOM's most thorough level."""


def ours(problem: Problem, seconds: float, seed: int) -> Routes:
    """Solve as a live day is solved."""
    plan = solve(problem, Limits(seconds, cpu=True), seed)
    return [[stop.job + 1 for stop in route.stops] for route in plan.routes if route.stops]


def _fleet(problem: Problem) -> tuple[Staff, Window]:
    """The one kind of vehicle of these instances, and when it may be out."""
    depot = problem.staff[0]
    return depot, depot.shift or Window(0, 0)


class CpuTime:
    """Stops PyVRP after so many seconds of this process's CPU time, its first plan included."""

    def __init__(self, seconds: float) -> None:
        self.end = time.process_time() + seconds

    def __call__(self, best_cost: float) -> bool:
        """Tell whether to stop."""
        return time.process_time() >= self.end

    def fraction_remaining(self) -> float | None:
        """PyVRP asks; it need not be told."""
        return None


def by_pyvrp(problem: Problem, seconds: float, seed: int) -> Routes:
    """Solve with PyVRP's defaults."""
    stop = CpuTime(seconds)
    depot, shift = _fleet(problem)
    places = [pyvrp.Location(0, 0) for _ in range(problem.points)]
    clients = [
        pyvrp.Client(
            job.point,
            delivery=[job.load],
            service_duration=job.services[0].duration,
            tw_early=job.windows[0].start,
            tw_late=job.windows[0].end,
        )
        for job in problem.jobs
    ]
    fleet = pyvrp.VehicleType(
        len(problem.staff), capacity=[depot.capacity or 0], tw_early=shift.start, tw_late=shift.end
    )
    legs = problem.matrices[0]
    data = pyvrp.ProblemData(places, clients, [pyvrp.Depot(0)], [fleet], [legs], [legs])
    best = pyvrp.solve(data, stop, seed, collect_stats=False).best
    if not best.is_feasible():
        return []
    return [[visit.idx + 1 for visit in route if visit.is_client()] for route in best.routes()]


def by_vroom(problem: Problem, seconds: float, seed: int) -> Routes:
    """Solve with VROOM on one thread; it has no seed and ends when it is done, at most after the seconds."""
    del seed
    depot, shift = _fleet(problem)
    asked = vroom.Input()
    asked.set_durations_matrix("car", problem.matrices[0].astype(np.uint32))
    asked.set_costs_matrix("car", problem.matrices[0].astype(np.uint32))
    hours = vroom.TimeWindow(shift.start, shift.end)
    for at in range(len(problem.staff)):
        asked.add_vehicle(vroom.Vehicle(at, start=0, end=0, capacity=[depot.capacity or 0], time_window=hours))
    for at, job in enumerate(problem.jobs, start=1):
        window = vroom.TimeWindow(job.windows[0].start, job.windows[0].end)
        service = job.services[0].duration
        asked.add_job(vroom.Job(at, job.point, default_service=service, delivery=[job.load], time_windows=[window]))
    answer = asked.solve(EXPLORATION, 1, timedelta(seconds=seconds))
    steps = answer.routes
    jobs = steps[steps["type"] == "job"]
    return [list(map(int, route["id"])) for _, route in jobs.groupby("vehicle_id", sort=True)]


SOLVERS: Final[dict[str, Solver]] = {"xunzhen": ours, "pyvrp": by_pyvrp, "vroom": by_vroom}
