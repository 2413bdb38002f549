"""Cuts a part out of a day as a problem of its own, and puts the part's plan back into the whole.

What a job shares with people outside the part (a meeting, a link) stands still: each of its services within becomes a
job that the same person must begin at the same moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from service.routing.problem import LUNCH, Job, Link, Plan, Problem, Route, Staff, Stop, Unassigned, Window
from service.routing.solver.dividing import Part

Given = Mapping[int, Mapping[int, tuple[int, Stop]]]
"""Who gives the services of each job, and the stop: `given[job][service]`."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A part as a problem. `staff[row]` is the person's row in the whole, `jobs[job][service]` the (job, service)
    there, `still` the jobs of the part that stand still.
    """

    problem: Problem
    staff: tuple[int, ...]
    jobs: tuple[tuple[tuple[int, int], ...], ...]
    still: frozenset[int]


def given(plan: Plan) -> Given:
    """Look up who gives what.

    Raises: nothing.
    """
    found: dict[int, dict[int, tuple[int, Stop]]] = {}
    for route in plan.routes:
        for stop in route.stops:
            if stop.service != LUNCH:
                found.setdefault(stop.job, {})[stop.service] = (route.staff, stop)
    return found


def cut(problem: Problem, part: Part, known: Given) -> Slice:
    """Cut a part out of a day planned as `known`.

    Raises: nothing.
    """
    still, outside = _still(problem, part, known)
    rows = {row: at for at, row in enumerate(part.staff)}
    jobs: list[Job] = []
    origins: list[tuple[tuple[int, int], ...]] = []
    places: dict[int, int] = {}
    for job in part.jobs:
        wanted = problem.jobs[job]
        if job in still:
            for service, (staff, stop) in sorted(known[job].items()):
                if staff in rows:
                    jobs.append(_standing(problem, wanted, stop, rows[staff]))
                    origins.append(((job, service),))
        elif job not in outside:
            places[job] = len(jobs)
            jobs.append(_among(wanted, rows))
            origins.append(tuple((job, service) for service in range(len(wanted.services))))
    links = [
        replace(link, first=places[link.first], second=places[link.second])
        for link in problem.links
        if link.first in places and link.second in places
    ]
    return Slice(_small(problem, part.staff, jobs, links), part.staff, tuple(origins), frozenset(still))


def inside(piece: Slice, plan: Plan) -> Plan:
    """Tell a whole plan as the part sees it.

    Raises: nothing.
    """
    places = {origin: (job, at) for job, origins in enumerate(piece.jobs) for at, origin in enumerate(origins)}
    first = {job: at for (job, service), (at, _) in reversed(places.items())}
    rows = {row: at for at, row in enumerate(piece.staff)}
    routes = [
        Route(rows[route.staff], tuple(_inward(stop, places, first) for stop in route.stops))
        for route in plan.routes
        if route.staff in rows
    ]
    jobs = {job: at for at, origins in enumerate(piece.jobs) for job, _ in origins}
    left = [replace(gone, job=jobs[gone.job]) for gone in plan.unassigned if gone.job in jobs]
    return Plan(tuple(sorted(routes, key=lambda route: route.staff)), tuple(left))


def put_back(piece: Slice, small: Plan, whole: Plan) -> Plan:
    """Replace the part's routes in a whole plan by those of the part's plan.

    Raises: nothing.
    """
    fresh = {
        piece.staff[route.staff]: Route(
            piece.staff[route.staff], tuple(_outward(stop, piece.jobs) for stop in route.stops)
        )
        for route in small.routes
    }
    ours = {job for origins in piece.jobs for job, _ in origins}
    left = [gone for gone in whole.unassigned if gone.job not in ours]
    left += [Unassigned(piece.jobs[gone.job][0][0], gone.reason, gone.facts) for gone in small.unassigned]
    routes = tuple(fresh.get(route.staff, route) for route in whole.routes)
    return Plan(routes, tuple(sorted(left, key=lambda gone: gone.job)))


def _inward(stop: Stop, places: Mapping[tuple[int, int], tuple[int, int]], first: Mapping[int, int]) -> Stop:
    if stop.service == LUNCH:
        return replace(stop, job=first.get(stop.job, -1))
    job, service = places[stop.job, stop.service]
    return replace(stop, job=job, service=service)


def _outward(stop: Stop, jobs: Sequence[Sequence[tuple[int, int]]]) -> Stop:
    if stop.service == LUNCH:
        return stop if stop.job < 0 else replace(stop, job=jobs[stop.job][0][0])
    job, service = jobs[stop.job][stop.service]
    return replace(stop, job=job, service=service)


def _still(problem: Problem, part: Part, known: Given) -> tuple[set[int], set[int]]:
    """Jobs that others outside the part take part in, and what is linked to such; of these, the planned ones stand
    still and the others stay outside.
    """
    rows, ours = set(part.staff), set(part.jobs)
    bound = {job for job in ours if any(staff not in rows for staff, _ in known.get(job, {}).values())}
    links = [(link.first, link.second) for link in problem.links if ours & {link.first, link.second}]
    held = set(bound)
    while True:
        more = {
            mine
            for pair in links
            for mine, other in (pair, pair[::-1])
            if mine in ours and mine not in held and (other not in ours or other in held)
        }
        if not more:
            break
        held |= more
    still = {job for job in held if job in known}
    return still, held - still


def _standing(problem: Problem, wanted: Job, stop: Stop, row: int) -> Job:
    end = stop.end if problem.rules.window_end_at_service_end else stop.start
    return Job(
        id=wanted.id,
        point=wanted.point,
        windows=(Window(stop.start, end),),
        services=(wanted.services[stop.service],),
        allowed_staff=frozenset({row}),
        load=wanted.load,
        rank=wanted.rank,
        punctual=True,
    )


def _among(wanted: Job, rows: Mapping[int, int]) -> Job:
    """The job with its people renumbered; wishes for people outside the part remain wishes for nobody."""

    def ours(staff: Iterable[int] | None) -> frozenset[int] | None:
        return None if staff is None else frozenset(rows[row] for row in staff if row in rows)

    return replace(
        wanted,
        allowed_staff=ours(wanted.allowed_staff),
        forbidden_staff=ours(wanted.forbidden_staff) or frozenset(),
        preferred_staff=ours(wanted.preferred_staff),
        promised_staff=ours(wanted.promised_staff),
    )


def _small(problem: Problem, rows: Sequence[int], jobs: list[Job], links: list[Link]) -> Problem:
    """The problem with the points that are still needed, renumbered."""
    staff = [problem.staff[row] for row in rows]
    used = {job.point for job in jobs} | {point for who in staff for point in (who.start_point, who.end_point)}
    used |= {who.lunch.point for who in staff if who.lunch is not None and who.lunch.point is not None}
    points = {point: at for at, point in enumerate(sorted(used))}
    order = sorted(used)
    return replace(
        problem,
        points=len(order),
        matrices=tuple(np.ascontiguousarray(matrix[np.ix_(order, order)]) for matrix in problem.matrices),
        staff=tuple(_moved(who, points) for who in staff),
        jobs=tuple(replace(job, point=points[job.point]) for job in jobs),
        links=tuple(links),
    )


def _moved(who: Staff, points: Mapping[int, int]) -> Staff:
    lunch = who.lunch
    if lunch is not None and lunch.point is not None:
        lunch = replace(lunch, point=points[lunch.point])
    return replace(who, start_point=points[who.start_point], end_point=points[who.end_point], lunch=lunch)
