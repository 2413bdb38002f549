"""Divides a large day into parts that can be planned apart: near each other, whole routes, people of every kind."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.routing.problem import LUNCH, Plan, Problem, Staff
from service.routing.referee.people import human_being

Floats = NDArray[np.float64]

PART: Final = 100
"""About so many visits are planned together."""

LANDMARKS: Final = 3
"""A place is told by its way from so many places far from each other."""

TIME_WEIGHT: Final = 0.2
"""How far a unit of time puts two routes apart, against a unit of travel."""


@dataclass(frozen=True, slots=True)
class Part:
    """Members of staff (rows) and jobs that are planned together, by rising index."""

    staff: tuple[int, ...]
    jobs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """What one division does not tear apart, and where it is (coordinates from `Places`)."""

    staff: tuple[int, ...]
    jobs: tuple[int, ...]
    place: Floats


class Places:
    """Coordinates of points from the travel matrix, near when travel is short; the last coordinate is time."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        travel = problem.matrices[problem.staff[0].matrix]
        used = sorted({job.point for job in problem.jobs})
        marks = [used[0]]
        away = travel[used[0], used]
        for _ in range(LANDMARKS):
            marks.append(used[int(np.argmax(away))])
            away = np.minimum(away, travel[marks[-1], used])
        ways = [(travel[mark, :] + travel[:, mark]) / 2 for mark in marks[1:]]
        self._ways: Floats = np.stack(ways, axis=1).astype(np.float64)
        self._named: dict[int, list[int]] = {}
        for job in problem.jobs:
            for staff in (job.allowed_staff or ()) if job.promised_staff is None else job.promised_staff:
                self._named.setdefault(staff, []).append(job.point)
            for staff in job.preferred_staff or ():
                self._named.setdefault(staff, []).append(job.point)

    def of(self, points: Sequence[int], time: float) -> Floats:
        """Tell where the middle of some points is at a time.

        Raises: nothing.
        """
        return np.append(self._ways[list(points)].mean(axis=0), TIME_WEIGHT * time)

    def of_job(self, job: int) -> Floats:
        """Tell where a job is, at the middle of its windows.

        Raises: nothing.
        """
        wanted = self.problem.jobs[job]
        times = [edge for window in wanted.windows for edge in (window.start, window.end)]
        return self.of([wanted.point], float(np.mean(times)) if times else 0.0)

    def of_staff(self, staff: int) -> Floats:
        """Tell where a person is at home on this day: where the jobs are that name the person, else the start point.

        Raises: nothing.
        """
        who = self.problem.staff[staff]
        shift = (who.shift.start + who.shift.end) / 2 if who.shift else 0.0
        return self.of(self._named.get(staff) or [who.start_point], shift)


def anew(problem: Problem, places: Places) -> list[Part]:
    """Divide a day that has no plan yet: jobs by place, linked ones together, and people in proportion to the work,
    each kind of people by itself.

    Raises: nothing.
    """
    groups = joined(range(len(problem.jobs)), ((link.first, link.second) for link in problem.links))
    units = [
        Unit((), tuple(group), np.mean([places.of_job(job) for job in group], axis=0)) for group in groups.values()
    ]
    kinds: dict[object, list[Unit]] = {}
    for rows in people(problem):
        place = np.mean([places.of_staff(row) for row in rows], axis=0)
        kinds.setdefault(_kind(problem.staff[rows[0]]), []).append(Unit(tuple(rows), (), place))
    parts: list[Part] = []
    _split_anew(problem, units, list(kinds.values()), parts)
    return parts


def around(problem: Problem, places: Places, plan: Plan, chance: random.Random) -> list[Part]:
    """Divide a planned day into whole routes; every draw of `chance` divides it otherwise.

    Raises: nothing.
    """
    visits = {route.staff: [stop for stop in route.stops if stop.service != LUNCH] for route in plan.routes}
    units = []
    for rows in people(problem):
        stops = [stop for row in rows for stop in visits[row]]
        points = [problem.jobs[stop.job].point for stop in stops]
        middle = float(np.mean([stop.start for stop in stops])) if stops else 0.0
        place = places.of(points, middle) if stops else places.of_staff(rows[0])
        units.append(Unit(tuple(rows), tuple(sorted({stop.job for stop in stops})), place))
    units += [Unit((), (left.job,), places.of_job(left.job)) for left in plan.unassigned]
    parts: list[Part] = []
    _split(units, chance, parts)
    return parts


def joined(things: Iterable[int], pairs: Iterable[tuple[int, int]]) -> Mapping[int, list[int]]:
    """Group what is joined by pairs, directly or over others.

    Raises: nothing.
    """
    leader = {thing: thing for thing in things}

    def lead(thing: int) -> int:
        while leader[thing] != thing:
            leader[thing] = leader[leader[thing]]
            thing = leader[thing]
        return thing

    for one, other in pairs:
        leader[lead(one)] = lead(other)
    groups: dict[int, list[int]] = {}
    for thing in leader:
        groups.setdefault(lead(thing), []).append(thing)
    return groups


def people(problem: Problem) -> list[list[int]]:
    """List the rows of staff, those of one human being together.

    Raises: nothing.
    """
    rows: dict[object, list[int]] = {}
    for at in range(len(problem.staff)):
        rows.setdefault(human_being(problem, at), []).append(at)
    return list(rows.values())


def _kind(who: Staff) -> object:
    return who.skills, who.matrix, who.shift


def _split_anew(problem: Problem, units: list[Unit], kinds: list[list[Unit]], parts: list[Part]) -> None:
    """Halve the jobs across their longest extent and everybody's kind along with them."""
    count = sum(len(unit.jobs) for unit in units)
    people = sum(len(unit.staff) for kind in kinds for unit in kind)
    if count < 2 * PART * 3 // 4 or len(units) < 2 or people < 4:
        rows = sorted(row for kind in kinds for unit in kind for row in unit.staff)
        parts.append(Part(tuple(rows), tuple(sorted(job for unit in units for job in unit.jobs))))
        return
    places = np.array([unit.place for unit in units])
    # Not across time: everybody works all day, or is of a kind that is halved by itself.
    places[:, -1] = 0.0
    way = _longest(places)
    first, second = _halves(units, way)
    work = [sum(_work(problem, job) for unit in half for job in unit.jobs) for half in (first, second)]
    share, owed = work[0] / max(1, sum(work)), 0.0
    sides: tuple[list[list[Unit]], list[list[Unit]]] = ([], [])
    for kind in kinds:
        ordered = sorted(kind, key=lambda unit: float(unit.place @ way))
        owed += share * len(kind)
        taken = max(0, min(len(kind), round(owed)))
        owed -= taken
        sides[0].append(ordered[:taken])
        sides[1].append(ordered[taken:])
    _split_anew(problem, first, sides[0], parts)
    _split_anew(problem, second, sides[1], parts)


def _work(problem: Problem, job: int) -> int:
    return 1 + sum(service.duration for service in problem.jobs[job].services)


def _split(units: list[Unit], chance: random.Random, parts: list[Part]) -> None:
    jobs = {job for unit in units for job in unit.jobs}
    if len(jobs) < 2 * PART * 3 // 4 or len(units) < 2:
        rows = sorted(row for unit in units for row in unit.staff)
        parts.append(Part(tuple(rows), tuple(sorted(jobs))))
        return
    way = np.array([chance.gauss(0.0, 1.0) for _ in units[0].place])
    for half in _halves(units, way):
        _split(half, chance, parts)


def _longest(places: Floats) -> Floats:
    found: Floats = np.linalg.eigh(np.cov(places.T))[1][:, -1]
    return found


def _halves(units: list[Unit], way: Floats) -> tuple[list[Unit], list[Unit]]:
    """Cut along a way so that about half of the jobs, in whole parts, lie on each side."""
    ordered = sorted(units, key=lambda unit: float(unit.place @ way))
    count = sum(len(unit.jobs) for unit in ordered)
    parts = max(2, round(count / PART))
    wanted, seen = count * (parts // 2) / parts, 0
    for at, unit in enumerate(ordered):
        if seen + len(unit.jobs) / 2 >= wanted and at:
            return ordered[:at], ordered[at:]
        seen += len(unit.jobs)
    return ordered[:-1], ordered[-1:]
