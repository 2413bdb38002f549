"""Numbers so large that sums of them would not fit into the 64 bits in which plans are searched for and priced."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from service.routing.problem import Problem, Window
from service.routing.validation.fault import Fault

MOST_TIME = 2**50
"""The latest moment, the longest travel or duration, the largest load or price of a single job."""
MOST_SUM = 2**58
"""What the amount of one component of the price may come to; there are fewer than 16."""


def faults(problem: Problem) -> Iterator[Fault]:
    """Yield single numbers that are too large, then prices that are too large for the amounts there may be."""
    too_large = False
    for field, value in numbers(problem):
        if abs(value) > MOST_TIME:
            too_large = True
            yield field, f"is {value}, expected at most {MOST_TIME}"
    if not too_large:
        yield from _sums(problem)


def numbers(problem: Problem) -> Iterator[tuple[str, int]]:
    """Yield every number of a problem with the name of its field; of a matrix, and of a span, the largest.

    Raises: nothing.
    """
    for mode, matrix in enumerate(problem.matrices):
        yield f"matrices[{mode}]", int(matrix.max(initial=0))
    yield from _of_staff(problem)
    for at, vehicle in enumerate(problem.vehicles):
        yield f"vehicles[{at}].seats", vehicle.seats
        if vehicle.shift is not None:
            yield f"vehicles[{at}].shift", _largest(vehicle.shift)
    yield from _of_jobs(problem)
    for name, price in asdict(problem.rules).items():
        yield f"rules.{name}", price or 0
    for at, link in enumerate(problem.links):
        yield f"links[{at}].low", link.low
        yield f"links[{at}].high", link.high or 0
    for mode, bands in enumerate(problem.traffic):
        for at, band in enumerate(bands):
            yield f"traffic[{mode}][{at}].start", band.start
            yield f"traffic[{mode}][{at}].factor", band.factor


def _of_staff(problem: Problem) -> Iterator[tuple[str, int]]:
    for at, person in enumerate(problem.staff):
        field = f"staff[{at}]"
        if person.shift is not None:
            yield f"{field}.shift", _largest(person.shift)
        if person.lunch is not None:
            yield f"{field}.lunch", max(abs(person.lunch.start), abs(person.lunch.end), person.lunch.duration)
        yield f"{field}.capacity", person.capacity or 0
        yield f"{field}.pace", person.pace
        yield f"{field}.max_work", person.max_work or 0


def _of_jobs(problem: Problem) -> Iterator[tuple[str, int]]:
    for at, job in enumerate(problem.jobs):
        field = f"jobs[{at}]"
        for position, window in enumerate(job.windows):
            yield f"{field}.windows[{position}]", _largest(window)
        for position, service in enumerate(job.services):
            yield f"{field}.services[{position}].duration", service.duration
        yield f"{field}.lag", _largest(job.lag)
        yield f"{field}.drop_penalty", job.drop_penalty or 0
        yield f"{field}.load", job.load
        yield f"{field}.tardiness", job.tardiness or 0
        yield f"{field}.rank", job.rank
        yield f"{field}.promised", job.promised or 0


def _largest(window: Window) -> int:
    return max(abs(window.start), abs(window.end))


def _sums(problem: Problem) -> Iterator[Fault]:
    """Yield what could overflow in a plan as bad as there can be one."""
    leg, service = _slowest_leg(problem), _longest_service(problem)
    stops = sum(len(job.services) for job in problem.jobs) + len(problem.staff)
    way = _ways(problem, stops) * (leg // 1000 + 1)
    work = way + stops * (service // 1000 + 1)
    latest = work + _latest_moment(problem) + _delays(problem)
    if max(leg, service, latest) > MOST_SUM:
        yield "matrices" if leg > service else "jobs", "times and factors are so large that they do not fit 64 bits"
        return
    for name, amount in _amounts(problem, stops, way, work, latest).items():
        price = getattr(problem.rules, name) or 0
        if amount * price > MOST_SUM:
            yield f"rules.{name}", f"is {price}, too much for times and numbers as large as these"
    for name in ("drop_penalty", "load"):
        if sum(getattr(job, name) or 0 for job in problem.jobs) > MOST_SUM:
            yield "jobs", f"{name} of all jobs together does not fit 64 bits"
    for at, job in enumerate(problem.jobs):
        if (job.tardiness or 0) * latest * stops > MOST_SUM:
            yield f"jobs[{at}].tardiness", f"is {job.tardiness}, too much for times as large as these"


def _ways(problem: Problem, stops: int) -> int:
    """Return how many legs there may be; for each that is ridden a vehicle comes, goes, and in the end returns."""
    ways = stops + len(problem.staff)
    return 3 * ways + len(problem.vehicles) if problem.vehicles else ways


def _slowest_leg(problem: Problem) -> int:
    """Return the longest travel in thousandths, at its slowest."""
    longest = max((int(matrix.max(initial=0)) for matrix in problem.matrices), default=0)
    return longest * max([1000, *(band.factor for bands in problem.traffic for band in bands)])


def _longest_service(problem: Problem) -> int:
    """Return the longest service in thousandths, given by the slowest."""
    longest = max((service.duration for job in problem.jobs for service in job.services), default=0)
    return longest * max([1000, *(person.pace for person in problem.staff)])


def _latest_moment(problem: Problem) -> int:
    windows = [window for job in problem.jobs for window in job.windows]
    shifts = [person.shift for person in problem.staff if person.shift is not None]
    shifts += [vehicle.shift for vehicle in problem.vehicles if vehicle.shift is not None]
    lunches = [Window(each.lunch.start, each.lunch.end) for each in problem.staff if each.lunch is not None]
    return max((_largest(each) for each in (*windows, *shifts, *lunches)), default=0)


def _delays(problem: Problem) -> int:
    lunches = sum(person.lunch.duration for person in problem.staff if person.lunch is not None)
    lags = sum(_largest(job.lag) * len(job.services) for job in problem.jobs)
    return lunches + lags + sum(link.low for link in problem.links)


def _amounts(problem: Problem, stops: int, way: int, work: int, latest: int) -> Mapping[str, int]:
    """Return the most that there can be of each component of the price."""
    staff = len(problem.staff)
    return {
        "travel": way,
        "waiting": staff * latest,
        "max_idle": latest,
        "tardiness": stops * latest,
        "max_tardiness": latest,
        "overtime": staff * latest,
        "missed_lunch": staff,
        "unqualified": stops,
        "not_preferred": stops,
        "forbidden": stops,
        "balance": 2 * staff * work,
        "travel_balance": 2 * staff * way,
        "arrival": stops,
        "changed": stops,
        "moved": stops * latest,
    }
