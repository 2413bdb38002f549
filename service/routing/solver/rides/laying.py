"""Lays a day of riders out for the compiled search, and tells whether its numbers are small enough."""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

import numpy as np

from service.routing import rules
from service.routing.problem import Carer, Link, Problem, Sync, Window
from service.routing.referee.people import human_being
from service.routing.solver.mandatory import MUST
from service.routing.solver.rides.tables import (
    ANOTHER,
    ANYBODY,
    ANYWHERE,
    AT_ITS_POINT,
    FAR,
    FREELY,
    IN_TURN,
    NO_MEAL,
    SAME,
    TOGETHER,
    Longs,
    Tables,
)

LARGEST: Final = 1 << 40
DEAREST: Final = 1 << 20
"""Times and the prices of their units are smaller than these, so that sums of their products stay below FAR."""

WAYS_TO_MEET: Final = {Sync.simultaneous: TOGETHER, Sync.sequential: IN_TURN, Sync.independent: FREELY}
CARERS: Final = {Carer.anybody: ANYBODY, Carer.same: SAME, Carer.other: ANOTHER}


def fits(problem: Problem) -> bool:
    """Tell whether all numbers are small enough to be added up.

    Raises: nothing.
    """
    prices = [problem.rules.travel, problem.rules.tardiness or 0, *(job.tardiness or 0 for job in problem.jobs)]
    return max(map(abs, _times(problem)), default=0) < LARGEST and max(map(abs, prices)) < DEAREST


def _times(problem: Problem) -> Iterator[int]:
    """Go through all times and lengths, as long as they can get, and the loads of a whole day."""
    spans: list[Window | None] = [window for job in problem.jobs for window in job.windows]
    spans += [*(who.shift for who in problem.staff), *(one.shift for one in problem.vehicles)]
    for span in spans:
        if span is not None:
            yield from (span.start, span.end)
    slowest = max((band.factor for bands in problem.traffic for band in bands), default=1000)
    pace = max((who.pace for who in problem.staff), default=1000)
    yield from (int(matrix.max(initial=0)) * slowest for matrix in problem.matrices)
    yield from (service.duration * pace for job in problem.jobs for service in job.services)
    yield from (job.load * len(problem.jobs) for job in problem.jobs)
    for link in problem.links:
        yield from (link.low, link.high or 0)


def lay_out(problem: Problem) -> Tables:
    """Lay a problem out that `fits`.

    Raises: nothing.
    """
    spots = [(job, at) for job, each in enumerate(problem.jobs) for at in range(len(each.services))]
    rows = range(len(problem.staff))
    modes, bands, fastest = _traffic(problem)
    ways = np.ascontiguousarray(np.stack(problem.matrices).astype(np.int64))
    quick = np.ascontiguousarray(ways * np.array(fastest)[:, None, None] // 1000)
    least, kinds = _least(problem, quick)
    prices = [[rules.service_price(problem, job, at, row) for row in rows] for job, at in spots]
    return Tables(
        ways=ways,
        quick=quick,
        least=least,
        modes=modes,
        bands=bands,
        nodes=_nodes(problem, spots),
        jobs=_jobs(problem),
        windows=_table([each for job in range(len(problem.jobs)) for each in windows_of(problem, job)], 2),
        links=_table([end for job in range(len(problem.jobs)) for end in _ends(problem, job)], 6),
        people=_table([(*_person(problem, row, kinds[row]), *_meal(problem, row)) for row in rows], 12),
        prices=_table([[-1 if price is None else price for price in each] for each in prices], len(rows)),
        lengths=_table([[rules.lasts(problem, job, at, row) for job, at in spots] for row in rows], len(spots)),
        cars=_table([_car(problem, at) for at in range(len(problem.vehicles))], 6),
        fare=problem.rules.travel,
        skips=problem.rules.missed_lunch is not None,
    )


def windows_of(problem: Problem, job: int) -> list[tuple[int, int]]:
    """List a job's windows in order.

    Raises: nothing.
    """
    return sorted((each.start, each.end) for each in problem.jobs[job].windows)


def _table(rows: Iterable[Iterable[int]], columns: int) -> Longs:
    """Write rows out as a table; of no rows one without any."""
    found = [tuple(each) for each in rows]
    return np.ascontiguousarray(np.array(found, dtype=np.int64).reshape(len(found), columns))


def _traffic(problem: Problem) -> tuple[Longs, Longs, list[int]]:
    """Tell each matrix's bands, all bands, and by which factor each matrix is fastest."""
    known = problem.traffic if any(problem.traffic) else ((),) * len(problem.matrices)
    firsts = accumulate((len(bands) for bands in known), initial=0)
    modes = _table([(first, len(bands)) for first, bands in zip(firsts, known, strict=False)], 2)
    bands = _table([(band.start, band.factor) for bands in known for band in bands], 2)
    return modes, bands, [min((band.factor for band in bands), default=1000) for bands in known]


def _least(problem: Problem, quick: Longs) -> tuple[Longs, list[int]]:
    """Tell the least time of each way for every kind of people, and who is of which kind."""
    cars = {each.matrix for each in problem.vehicles}
    open_to = [frozenset({who.matrix} | (cars if who.rides else set())) for who in problem.staff]
    kinds = {each: at for at, each in enumerate(dict.fromkeys(open_to))}
    least = np.stack([quick[sorted(each)].min(axis=0) for each in kinds])
    return np.ascontiguousarray(least), [kinds[each] for each in open_to]


def _nodes(problem: Problem, spots: list[tuple[int, int]]) -> Longs:
    lunches = [who.start_point if who.lunch is None or who.lunch.point is None else who.lunch.point
               for who in problem.staff]  # fmt: skip
    rows = [(problem.jobs[job].point, job) for job, _ in spots]
    return _table([*rows, *((point, -1) for point in lunches), *((who.end_point, -1) for who in problem.staff)], 2)


def _jobs(problem: Problem) -> Longs:
    first = window = link = 0
    rows = []
    for at, job in enumerate(problem.jobs):
        links = len(list(_ends(problem, at)))
        wanted = problem.rules.tardiness if job.tardiness is None else job.tardiness
        rows.append((
            first, len(job.services), window, len(job.windows),
            rules.is_punctual(problem, at), rules.ends_in_window(problem, at), wanted or 0,
            WAYS_TO_MEET[job.sync], job.lag.start, job.lag.end, job.rank, job.load, link, links,
            MUST if job.drop_penalty is None else job.drop_penalty,
        ))  # fmt: skip
        first, window, link = first + len(job.services), window + len(job.windows), link + links
    return _table(rows, 15)


def _ends(problem: Problem, job: int) -> Iterator[tuple[int, ...]]:
    """Go through the links of a job, seen from it."""
    for link in problem.links:
        if job in (link.first, link.second):
            leads = job == link.first
            yield (link.second if leads else link.first, leads, link.low, _high(link), link.ordered, CARERS[link.carer])


def _high(link: Link) -> int:
    return FAR if link.high is None else link.high


def _person(problem: Problem, row: int, kind: int) -> tuple[int, ...]:
    who = problem.staff[row]
    hard = who.punctual or problem.rules.overtime is None
    latest = who.shift.end if who.shift is not None and hard else FAR
    humans = [human_being(problem, each) for each in range(len(problem.staff))]
    earliest = max(0, who.shift.start) if who.shift else 0
    capacity = FAR if who.capacity is None else who.capacity
    return who.start_point, who.matrix, kind, who.rides, earliest, latest, humans.index(humans[row]), capacity


def _meal(problem: Problem, row: int) -> tuple[int, int, int, int]:
    lunch = problem.staff[row].lunch
    if lunch is None:
        return NO_MEAL, 0, 0, 0
    how = ANYWHERE if lunch.point is None else AT_ITS_POINT
    return how, lunch.start, lunch.end, lunch.duration


def _car(problem: Problem, at: int) -> tuple[int, ...]:
    one = problem.vehicles[at]
    leaves, back_by = (max(0, one.shift.start), one.shift.end) if one.shift else (0, FAR)
    return one.matrix, one.seats, one.start_point, one.end_point, leaves, back_by
