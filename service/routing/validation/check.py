"""Goes through the fields of a problem and names the first that contradicts itself or another."""

from collections.abc import Collection, Iterator
from dataclasses import fields
from typing import Final

import numpy as np

from service.routing.problem import Job, Lunch, Matrix, Problem, Rules, Staff, Vehicle, Window
from service.routing.validation import links, size
from service.routing.validation.fault import Fault, ProblemInvalid

NOT_PRICES: Final = {"moved_step", "window_end_at_service_end", "leave_at_shift_start"}


def check(problem: Problem) -> None:
    """Check that a problem says what `problem` means: takes milliseconds, also for thousands of points.

    Raises:
        ProblemInvalid: the first contradiction, by the name of its field.
    """
    for field, sentence in _faults(problem):
        raise ProblemInvalid(field, sentence)


def _faults(problem: Problem) -> Iterator[Fault]:
    for at, matrix in enumerate(problem.matrices):
        yield from _matrix(f"matrices[{at}]", matrix, problem.points)
    for at, person in enumerate(problem.staff):
        yield from _staff(f"staff[{at}]", person, problem)
    yield from _one_max_work(problem)
    for at, vehicle in enumerate(problem.vehicles):
        yield from _vehicle(f"vehicles[{at}]", vehicle, problem)
    for at, job in enumerate(problem.jobs):
        yield from _job(f"jobs[{at}]", job, problem)
    yield from _rules(problem.rules)
    yield from links.faults(problem)
    yield from _traffic(problem)
    yield from size.faults(problem)


def _matrix(field: str, matrix: Matrix, points: int) -> Iterator[Fault]:
    if matrix.shape != (points, points):
        yield field, f"expected {points} rows of {points} numbers, found shape {matrix.shape}"
    elif not np.issubdtype(matrix.dtype, np.integer):
        yield field, "expected whole numbers"
    elif points and int(matrix.min()) < 0:
        row, column = (int(where[0]) for where in np.nonzero(matrix < 0))
        yield field, f"travel from {row} to {column} is negative"
    elif matrix.diagonal().any():
        yield field, f"travel from {int(np.flatnonzero(matrix.diagonal())[0])} to itself is not 0"


def _staff(field: str, person: Staff, problem: Problem) -> Iterator[Fault]:
    yield from _index(f"{field}.start_point", person.start_point, problem.points)
    yield from _index(f"{field}.end_point", person.end_point, problem.points)
    yield from _index(f"{field}.matrix", person.matrix, len(problem.matrices))
    if person.shift is not None:
        yield from _order(f"{field}.shift", person.shift)
    if person.lunch is not None:
        yield from _lunch(f"{field}.lunch", person.lunch, problem.points)
    yield from _at_least(f"{field}.capacity", person.capacity, 0)
    yield from _at_least(f"{field}.pace", person.pace, 1)
    yield from _at_least(f"{field}.max_work", person.max_work, 0)


def _vehicle(field: str, vehicle: Vehicle, problem: Problem) -> Iterator[Fault]:
    yield from _at_least(f"{field}.seats", vehicle.seats, 1)
    yield from _index(f"{field}.start_point", vehicle.start_point, problem.points)
    yield from _index(f"{field}.end_point", vehicle.end_point, problem.points)
    yield from _index(f"{field}.matrix", vehicle.matrix, len(problem.matrices))
    if vehicle.shift is not None:
        yield from _order(f"{field}.shift", vehicle.shift)


def _lunch(field: str, lunch: Lunch, points: int) -> Iterator[Fault]:
    yield from _order(field, lunch)
    yield from _at_least(f"{field}.duration", lunch.duration, 0)
    if lunch.point is not None:
        yield from _index(f"{field}.point", lunch.point, points)


def _one_max_work(problem: Problem) -> Iterator[Fault]:
    first_row: dict[int, int] = {}
    for at, row in enumerate(problem.staff):
        if row.person is None:
            continue
        first = first_row.setdefault(row.person, at)
        if row.max_work != problem.staff[first].max_work:
            yield f"staff[{at}].max_work", f"is not that of staff[{first}], who is the same person"


def _job(field: str, job: Job, problem: Problem) -> Iterator[Fault]:
    yield from _index(f"{field}.point", job.point, problem.points)
    for at, window in enumerate(job.windows):
        yield from _order(f"{field}.windows[{at}]", window)
    if not job.services:
        yield f"{field}.services", "asks for nothing"
    for at, service in enumerate(job.services):
        yield from _at_least(f"{field}.services[{at}].duration", service.duration, 0)
    yield from _order(f"{field}.lag", job.lag)
    for name in ("drop_penalty", "load", "tardiness"):
        yield from _at_least(f"{field}.{name}", getattr(job, name), 0)
    for name in ("allowed_staff", "forbidden_staff", "preferred_staff", "promised_staff"):
        yield from _known_staff(f"{field}.{name}", getattr(job, name), len(problem.staff))


def _known_staff(field: str, named: Collection[int] | None, staff: int) -> Iterator[Fault]:
    unknown = sorted(index for index in named or () if not 0 <= index < staff)
    if unknown:
        yield field, f"names {unknown[0]}, but staff are 0 to {staff - 1}"


def _rules(rules: Rules) -> Iterator[Fault]:
    for name in (each.name for each in fields(rules) if each.name not in NOT_PRICES):
        yield from _at_least(f"rules.{name}", getattr(rules, name), 0)
    yield from _at_least("rules.moved_step", rules.moved_step, 1)


def _traffic(problem: Problem) -> Iterator[Fault]:
    if len(problem.traffic) not in {0, len(problem.matrices)}:
        yield "traffic", f"expected bands for each of {len(problem.matrices)} matrices, found {len(problem.traffic)}"
    for matrix, bands in enumerate(problem.traffic):
        before = None
        for at, band in enumerate(bands):
            field = f"traffic[{matrix}][{at}]"
            if before is None and band.start > 0:
                yield f"{field}.start", "the first band must start at or before 0"
            if before is not None and band.start <= before:
                yield f"{field}.start", "is not after that of the band before"
            yield from _at_least(f"{field}.factor", band.factor, 1)
            before = band.start


def _index(field: str, index: int, count: int) -> Iterator[Fault]:
    if not 0 <= index < count:
        yield field, f"{index} is out of range: there are {count}"


def _order(field: str, span: Window | Lunch) -> Iterator[Fault]:
    if span.end < span.start:
        yield field, f"ends at {span.end}, before it begins at {span.start}"


def _at_least(field: str, value: int | None, least: int) -> Iterator[Fault]:
    if value is not None and value < least:
        yield field, f"is {value}, expected at least {least}"
