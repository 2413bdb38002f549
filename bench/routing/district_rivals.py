"""The open solvers on a district's day, each by its public interface: problem and seconds in, an order per person out.

They are asked for what they can express: skills, shifts, hard windows, own speeds, visits that may be left out at a
price, and lunches (not PyVRP). Nothing is tuned.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pyvrp
import vroom
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from bench.routing.rivals import EXPLORATION, CpuTime
from service.routing.problem import Job, Limits, Problem, Staff, Window
from service.routing.solver import solve

Orders = dict[int, list[int]]
"""Who does which jobs, in which order."""

Solver = Callable[[Problem, float, int], Orders]

FAR: Final = 10**8
"""A way that nobody goes: longer than any visit is worth."""

PRIORITIES: Final = 100
"""VROOM's highest; it serves the higher before the lower and knows no price."""


def ours(problem: Problem, seconds: float, seed: int) -> Orders:
    """Solve as a live day is solved, on one core."""
    plan = solve(problem, Limits(seconds, cpu=True), seed)
    return {route.staff: [stop.job for stop in route.stops if stop.service >= 0] for route in plan.routes}


def by_vroom(problem: Problem, seconds: float, seed: int) -> Orders:
    """Solve with VROOM on one thread; it has no seed and ends when it is done, at most after the seconds."""
    del seed
    skills = {name: at for at, name in enumerate(sorted({name for who in problem.staff for name in who.skills}))}
    worth = max(job.drop_penalty or 0 for job in problem.jobs)
    asked = vroom.Input()
    for mode, legs in enumerate(problem.matrices):
        asked.set_durations_matrix(f"mode{mode}", legs.astype(np.uint32))
        asked.set_costs_matrix(f"mode{mode}", legs.astype(np.uint32))
    for at, who in enumerate(problem.staff):
        asked.add_vehicle(_vehicle(at, who, {skills[name] for name in who.skills}))
    for at, job in enumerate(problem.jobs):
        wanted = {skills.get(name, len(skills)) for name in job.services[0].skills}
        weight = (job.drop_penalty or 0) * PRIORITIES // max(1, worth)
        windows = [vroom.TimeWindow(window.start, window.end) for window in job.windows]
        stays = job.services[0].duration
        asked.add_job(
            vroom.Job(at, job.point, default_service=stays, skills=wanted, priority=weight, time_windows=windows)
        )
    steps = asked.solve(EXPLORATION, 1, timedelta(seconds=seconds)).routes
    jobs = steps[steps["type"] == "job"]
    return {int(who): list(map(int, route["id"])) for who, route in jobs.groupby("vehicle_id", sort=True)}


def _vehicle(at: int, who: Staff, skills: set[int]) -> vroom.Vehicle:
    hours, meal = who.shift or Window(0, 86_400), who.lunch
    breaks = []
    if meal is not None:
        breaks = [vroom.Break(0, [vroom.TimeWindow(meal.start, meal.end - meal.duration)], meal.duration)]
    return vroom.Vehicle(
        at,
        start=who.start_point,
        end=who.end_point,
        profile=f"mode{who.matrix}",
        skills=skills,
        time_window=vroom.TimeWindow(hours.start, hours.end),
        breaks=breaks,
    )


def _depots(problem: Problem) -> list[int]:
    """The points at which somebody's day begins or ends, each once."""
    return sorted({point for who in problem.staff for point in (who.start_point, who.end_point)})


def by_pyvrp(problem: Problem, seconds: float, seed: int) -> Orders:
    """Solve with PyVRP's defaults; who lacks a skill finds the visit too far away. It knows no lunch."""
    stop = CpuTime(seconds)
    depots = _depots(problem)
    places = [*depots, *(job.point for job in problem.jobs)]
    kinds = sorted({(who.matrix, tuple(sorted(who.skills))) for who in problem.staff})
    fleet = [_pyvrp_vehicle(who, depots, kinds) for who in problem.staff]
    clients = [_pyvrp_client(len(depots) + at, job) for at, job in enumerate(problem.jobs)]
    spans = [problem.matrices[mode][np.ix_(places, places)] for mode, _ in kinds]
    ways = [_admitting(problem, len(depots), legs, skills) for legs, (_, skills) in zip(spans, kinds, strict=True)]
    data = pyvrp.ProblemData(
        [pyvrp.Location(0, 0) for _ in places],
        clients,
        [pyvrp.Depot(at) for at in range(len(depots))],
        fleet,
        ways,
        spans,
    )
    best = pyvrp.solve(data, stop, seed, collect_stats=False).best
    if not best.is_feasible():
        return {}
    return {route.vehicle_type(): [visit.idx for visit in route if visit.is_client()] for route in best.routes()}


def _pyvrp_vehicle(who: Staff, depots: list[int], kinds: list[tuple[int, tuple[str, ...]]]) -> pyvrp.VehicleType:
    hours = who.shift or Window(0, 86_400)
    return pyvrp.VehicleType(
        1,
        start_depot=depots.index(who.start_point),
        end_depot=depots.index(who.end_point),
        tw_early=hours.start,
        tw_late=hours.end,
        profile=kinds.index((who.matrix, tuple(sorted(who.skills)))),
    )


def _pyvrp_client(place: int, job: Job) -> pyvrp.Client:
    window = job.windows[0]
    return pyvrp.Client(
        place,
        service_duration=job.services[0].duration,
        tw_early=window.start,
        tw_late=window.end,
        prize=job.drop_penalty or 0,
        required=job.drop_penalty is None,
    )


def _admitting(problem: Problem, first: int, legs: np.ndarray, skills: tuple[str, ...]) -> np.ndarray:
    ways = legs.copy()
    refused = [first + at for at, job in enumerate(problem.jobs) if not job.services[0].skills <= set(skills)]
    ways[:, refused] = FAR
    np.fill_diagonal(ways, 0)
    return ways


def by_ortools(problem: Problem, seconds: float, seed: int) -> Orders:
    """Solve with OR-Tools' routing library as its guide shows it: cheapest arcs first, then guided local search."""
    del seed
    depots = _depots(problem)
    places = [*depots, *(job.point for job in problem.jobs)]
    begin = [depots.index(who.start_point) for who in problem.staff]
    finish = [depots.index(who.end_point) for who in problem.staff]
    manager = pywrapcp.RoutingIndexManager(len(places), len(problem.staff), begin, finish)
    model = pywrapcp.RoutingModel(manager)
    stays = [0] * len(depots) + [job.services[0].duration for job in problem.jobs]
    modes = [_transits(manager, model, legs[np.ix_(places, places)], stays) for legs in problem.matrices]
    model.AddDimensionWithVehicleTransits(
        [modes[who.matrix][1] for who in problem.staff], 86_400, 86_400, False, "time"
    )
    times = model.GetDimensionOrDie("time")
    lasting = [stays[manager.IndexToNode(index)] for index in range(model.Size())]
    for at, who in enumerate(problem.staff):
        model.SetArcCostEvaluatorOfVehicle(modes[who.matrix][0], at)
        _ortools_person(model, times, at, who, lasting)
    for at, job in enumerate(problem.jobs):
        _ortools_job(problem, model, times, manager.NodeToIndex(len(depots) + at), job)
    asked = pywrapcp.DefaultRoutingSearchParameters()
    asked.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    asked.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    asked.time_limit.FromMilliseconds(round(seconds * 1000))
    found = model.SolveWithParameters(asked)
    if found is None:
        return {}
    return {at: [node - len(depots) for node in _way(manager, model, found, at)] for at in range(len(problem.staff))}


def _transits(manager: Any, model: Any, legs: np.ndarray, stays: list[int]) -> tuple[int, int]:
    """Register the way alone, which costs, and the way after the visit, which takes time."""
    ways = legs.tolist()
    spans = (legs + np.array(stays)[:, None]).tolist()
    node = manager.IndexToNode
    cost = model.RegisterTransitCallback(lambda here, there: ways[node(here)][node(there)])
    return cost, model.RegisterTransitCallback(lambda here, there: spans[node(here)][node(there)])


def _ortools_person(model: Any, times: Any, at: int, who: Staff, stays: list[int]) -> None:
    hours, meal = who.shift or Window(0, 86_400), who.lunch
    for index in (model.Start(at), model.End(at)):
        times.CumulVar(index).SetRange(hours.start, hours.end)
    if meal is not None:
        lunch = model.solver().FixedDurationIntervalVar(
            meal.start, meal.end - meal.duration, meal.duration, False, f"lunch{at}"
        )
        times.SetBreakIntervalsOfVehicle([lunch], at, stays)


def _ortools_job(problem: Problem, model: Any, times: Any, index: int, job: Job) -> None:
    window = job.windows[0]
    able = [at for at, who in enumerate(problem.staff) if job.services[0].skills <= who.skills]
    times.CumulVar(index).SetRange(window.start, window.end)
    model.VehicleVar(index).SetValues([-1, *able])  # -1 is left out
    if job.drop_penalty is not None:
        model.AddDisjunction([index], job.drop_penalty)


def _way(manager: Any, model: Any, found: Any, at: int) -> list[int]:
    index, nodes = found.Value(model.NextVar(model.Start(at))), []
    while not model.IsEnd(index):
        nodes.append(manager.IndexToNode(index))
        index = found.Value(model.NextVar(index))
    return nodes


SOLVERS: Final[dict[str, Solver]] = {
    "xunzhen": ours,
    "vroom": by_vroom,
    "pyvrp": by_pyvrp,
    "ortools": by_ortools,
}

NO_LUNCH: Final = frozenset({"pyvrp"})
"""Who cannot be asked for days with lunches."""
