"""The problem as arrays for the compiled search, and whether a problem suits it at all."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.routing import rules
from service.routing.problem import Job, Problem, Staff, Window
from service.routing.solver import plain
from service.routing.solver.mandatory import MUST

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

FAR: Final = 1 << 29
"""Every time and every leg is below it, so that sums of three fit 32 bits."""

OPENS, CLOSES, DURATION, LOAD, WINDOWS = range(5)
"""Columns of `Facts.jobs`: the first opening, the last closing (both of the start), how long, how heavy, how many
windows.
"""

MODE, BEGIN, END, EARLIEST, LATEST, CAPACITY, KIND = range(7)
"""Columns of `Facts.staff`: matrix, places of start and end, shift, capacity, and the kind (people alike in all of
these and in every price).
"""

NEAR: Final = 250
"""So many neighbours of a job are known."""


KIN: Final = 80
"""On large days a job is put back only into routes that hold one of so many jobs near in place and time."""

LARGE: Final = 480
"""Days of fewer jobs are not large: looking at all routes is as quick."""

WAIT: Final = 0.2
"""How far a unit of waiting puts two jobs apart; a unit of lateness counts as one of travel."""


class Facts(NamedTuple):
    """A problem laid out. Places are the jobs, then the points where staff start and end.

    `legs[mode, from, to]`, `back[mode, to, from]` (the same legs); `jobs[job, column]`, `opens`/`closes[job, window]`;
    `prices[job, kind]` is what the person costs beyond travel (-1 = may not); `drops[job]` the price of leaving out;
    `staff[person, column]`; `near[job]` the nearest jobs, nearest first; `kin[job]` those near in place and time
    (no columns unless the day is large);
    `keys[way, job]` sorts jobs for reinsertion; `fare` is the price of a unit of travel.
    """

    legs: Ints
    back: Ints
    jobs: Ints
    opens: Ints
    closes: Ints
    prices: Longs
    drops: Longs
    staff: Ints
    near: Ints
    kin: Ints
    keys: Ints
    fare: int


def suits(problem: Problem) -> bool:
    """Tell whether the search by strings prices the problem exactly: one service per job, hard windows, hard shifts, no
    lunches, no price on waiting, idleness, balance or arrivals, and nothing else that only some days ask for.

    Raises: nothing.
    """
    bent = problem.rules
    soft = not all(rules.is_punctual(problem, job) for job in range(len(problem.jobs)))
    late = bent.overtime is not None and any(person.shift for person in problem.staff)
    priced = bent.waiting or bent.max_idle or bent.balance or bent.arrival
    if soft or late or priced or not plain.suits(problem) or any(map(_is_rare, problem.jobs)):
        return False
    if any(person.lunch for person in problem.staff) or any(len(job.services) != 1 for job in problem.jobs):
        return False
    return bool(problem.jobs and problem.staff) and _fits(problem)


def _is_rare(job: Job) -> bool:
    """Whether a job asks for what no route by itself can tell here, or what depends on single people."""
    return job.rank != 0 or job.promised_staff is not None


def _fits(problem: Problem) -> bool:
    """Whether all numbers are small enough (and loads not negative)."""
    times = [time for job in problem.jobs for window in job.windows for time in (window.start, window.end)]
    times += [time for person in problem.staff if person.shift for time in (person.shift.start, person.shift.end)]
    times += [job.services[0].duration for job in problem.jobs]
    times += [int(matrix.max(initial=0)) for matrix in problem.matrices]
    least = min((int(matrix.min(initial=0)) for matrix in problem.matrices), default=0)
    loads = [job.load for job in problem.jobs]
    return max(map(abs, times), default=0) < FAR and least >= 0 and min(loads) >= 0 and sum(loads) < FAR


def lay_out(problem: Problem) -> Facts:
    """Lay a problem out that `suits`.

    Raises: nothing.
    """
    terminals = sorted({point for person in problem.staff for point in (person.start_point, person.end_point)})
    places = np.array([job.point for job in problem.jobs] + terminals, dtype=np.int64)
    legs = np.ascontiguousarray(
        np.stack([matrix[np.ix_(places, places)] for matrix in problem.matrices]).astype(np.int32)
    )
    back = np.ascontiguousarray(legs.transpose(0, 2, 1))
    windows = [_windows(problem, job) for job in range(len(problem.jobs))]
    jobs = np.array([_job(job, found) for job, found in zip(problem.jobs, windows, strict=True)], dtype=np.int32)
    prices, kinds = _prices(problem, windows)
    spots = {point: len(jobs) + at for at, point in enumerate(terminals)}
    staff = [_person(person, spots, kind) for person, kind in zip(problem.staff, kinds, strict=True)]
    table = np.array(staff, dtype=np.int32)
    widest = max(len(found) for found in windows) or 1
    return Facts(
        legs=legs,
        # where there and back are equally far one table is in the processor's memory, not two
        back=legs if np.array_equal(legs, back) else back,
        jobs=jobs,
        opens=_padded((tuple(window.start for window in found) for found in windows), widest),
        closes=_padded((tuple(window.end for window in found) for found in windows), widest),
        prices=prices,
        drops=np.array(
            [MUST if job.drop_penalty is None else job.drop_penalty for job in problem.jobs], dtype=np.int64
        ),
        staff=table,
        near=_near(legs[table[0, MODE], : len(jobs), : len(jobs)]),
        kin=_kin(jobs, legs[table[0, MODE], : len(jobs), : len(jobs)]),
        keys=_keys(jobs, legs[table[0, MODE], table[0, BEGIN], : len(jobs)], prices),
        fare=problem.rules.travel,
    )


def _windows(problem: Problem, at: int) -> list[Window]:
    """When the job may start: in order, not overlapping; a job without windows may start at any time."""
    job = problem.jobs[at]
    shift = job.services[0].duration if rules.ends_in_window(problem, at) else 0
    if not job.windows:
        return [Window(0, FAR)]
    found: list[Window] = []
    for window in sorted(job.windows, key=lambda each: (each.start, each.end)):
        # Late for the window that opened last is late, even where an earlier window is still open.
        if found and found[-1].end >= window.start:
            found[-1] = Window(found[-1].start, window.start - 1)
        found.append(Window(max(0, window.start), window.end - shift))
    return [window for window in found if window.start <= window.end]


def _job(job: Job, windows: list[Window]) -> tuple[int, ...]:
    opens, closes = (windows[0].start, windows[-1].end) if windows else (FAR, 0)
    return opens, closes, job.services[0].duration, job.load, len(windows)


def _prices(problem: Problem, windows: list[list[Window]]) -> tuple[Longs, list[int]]:
    """What each kind of people costs at each job, and everybody's kind."""
    kinds: dict[tuple[object, ...], int] = {}
    columns: list[list[int]] = []
    found: list[int] = []
    known: dict[tuple[object, ...], list[int]] = {}
    wished = {staff for job in problem.jobs for staff in _named(job)}
    for at, person in enumerate(problem.staff):
        alike = (person.skills, at if at in wished else -1)
        if alike not in known:
            known[alike] = [_price(problem, job, at, bool(open_)) for job, open_ in enumerate(windows)]
        key = (*_traits(person), tuple(known[alike]))
        if key not in kinds:
            kinds[key] = len(columns)
            columns.append(known[alike])
        found.append(kinds[key])
    return np.ascontiguousarray(np.array(columns, dtype=np.int64).T), found


def _named(job: Job) -> Iterable[int]:
    return (job.allowed_staff or frozenset()) | job.forbidden_staff | (job.preferred_staff or frozenset())


def _price(problem: Problem, job: int, staff: int, servable: bool) -> int:
    price = rules.service_price(problem, job, 0, staff) if servable else None
    return -1 if price is None else price


def _traits(person: Staff) -> tuple[object, ...]:
    return person.matrix, person.start_point, person.end_point, person.shift, person.capacity


def _person(person: Staff, spots: dict[int, int], kind: int) -> tuple[int, ...]:
    earliest = max(0, person.shift.start) if person.shift else 0
    latest = person.shift.end if person.shift else FAR * 3
    capacity = FAR if person.capacity is None else min(FAR, person.capacity)
    return person.matrix, spots[person.start_point], spots[person.end_point], earliest, latest, capacity, kind


def _padded(rows: Iterable[tuple[int, ...]], width: int) -> Ints:
    return np.array([row + (0,) * (width - len(row)) for row in rows], dtype=np.int32)


def _near(legs: Ints) -> Ints:
    nearness = legs.astype(np.int64) + legs.T
    np.fill_diagonal(nearness, -1)
    return np.ascontiguousarray(np.argsort(nearness, axis=1, kind="stable")[:, : NEAR + 1].astype(np.int32))


def _kin(jobs: Ints, legs: Ints) -> Ints:
    if len(jobs) < LARGE:
        return np.zeros((len(jobs), 0), dtype=np.int32)
    opens, closes, duration = (jobs[:, column].astype(np.int64) for column in (OPENS, CLOSES, DURATION))
    rows = []
    for job in range(len(jobs)):
        apart = np.minimum(
            _apart(legs[job], opens[job] + duration[job], closes[job] + duration[job], opens, closes),
            _apart(legs[:, job], opens + duration, closes + duration, opens[job], closes[job]),
        )
        apart[job] = np.inf
        rows.append(np.argsort(apart, kind="stable")[:KIN])
    return np.array(rows, dtype=np.int32)


def _apart(legs: Ints, early: Longs, late: Longs, opens: Longs, closes: Longs) -> NDArray[np.float64]:
    """How far a job is from one that is over between `early` and `late`: travel, waiting and lateness."""
    wait = np.maximum(0, opens - late - legs)
    apart: NDArray[np.float64] = legs + WAIT * wait + np.maximum(0, early + legs - closes)
    return apart


def _keys(jobs: Ints, away: Ints, prices: Longs) -> Ints:
    """Ways to sort jobs for reinsertion: heavy, far, near, narrow, early, late-ending, few to choose from first."""
    narrow = jobs[:, CLOSES] - jobs[:, OPENS]
    choice = (prices >= 0).sum(axis=1)
    ways = (-jobs[:, LOAD], -away, away, narrow, jobs[:, OPENS], -jobs[:, CLOSES], choice)
    return np.ascontiguousarray(np.stack(ways).astype(np.int32))
