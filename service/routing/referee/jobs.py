"""The rules of a job: asked for once, given completely, together, at the right time, by the right person."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from service.routing.problem import Job, Plan, Problem, Stop, Sync
from service.routing.referee.days import Day, once
from service.routing.referee.people import human_being
from service.routing.referee.verdict import Rule, Violation


@dataclass(frozen=True, slots=True)
class Visit:
    """One service given: by whom, and the stop that says when."""

    staff: int
    stop: Stop


Given = dict[int, tuple[Day, tuple[Visit, ...]]]
"""The services given on a row's day."""


def visits_by_job(days: tuple[Day, ...], known: Given | None = None) -> dict[int, list[Visit]]:
    """Return the services given, by job; a job that gets none is not a key. `known` are those of days read before, and
    is added to.
    """
    known = {} if known is None else known
    visits: dict[int, list[Visit]] = {}
    for day in days:
        for visit in once(known, day, _visits):
            visits.setdefault(visit.stop.job, []).append(visit)
    return visits


def _visits(day: Day) -> tuple[Visit, ...]:
    return tuple(Visit(day.staff, stop) for stop in day.visits)


def lateness(problem: Problem, stop: Stop) -> int:
    """Return by how much a service misses its window: the last one that has opened when the service starts.

    So a start in the gap between two windows is late for the earlier one; before the first it is too early, not late.
    """
    job = problem.jobs[stop.job]
    opened = [(window.start, window.end) for window in job.windows if window.start <= stop.start]
    if not opened:
        return 0
    mark = stop.end if job.ends_in_window or problem.rules.window_end_at_service_end else stop.start
    return max(0, mark - max(opened)[1])


def lateness_price(problem: Problem, job: int) -> int | None:
    """Return what a unit of lateness costs at a job; None = it may not be late."""
    wanted, rules = problem.jobs[job], problem.rules
    if wanted.punctual or rules.max_tardiness is None:
        return None
    return rules.tardiness if wanted.tardiness is None else wanted.tardiness


Found = dict[int, tuple[list[Visit], tuple[Violation, ...]]]
"""The services given to a job, and what is wrong with them."""


def check_jobs(
    problem: Problem, plan: Plan, visits: Mapping[int, list[Visit]], known: Found | None = None
) -> Iterator[Violation]:
    """Yield every breach of a rule about jobs; `known` is what need not be looked at again, and is added to."""
    known = {} if known is None else known
    yield from _left_out(problem, plan, visits)
    for index, given in sorted(visits.items()):
        before = known.get(index)
        if before is not None and before[0] == given:
            yield from before[1]
            continue
        found = tuple(_check_job(problem, index, given))
        known.setdefault(index, (given, found))
        yield from found


def _check_job(problem: Problem, index: int, given: list[Visit]) -> Iterator[Violation]:
    job = problem.jobs[index]
    yield from _completeness(index, job, given)
    yield from _together(problem, index, given)
    for visit in given:
        yield from _time(problem, job, visit)
        yield from _person(problem, job, visit)


def _left_out(problem: Problem, plan: Plan, visits: Mapping[int, list[Visit]]) -> Iterator[Violation]:
    listed = Counter(left_out.job for left_out in plan.unassigned)
    for index, job in enumerate(problem.jobs):
        if listed[index] > 1:
            yield Violation(Rule.repeated_unassigned, job=index, facts={"times": listed[index]})
        if index in visits:
            if listed[index]:
                yield Violation(Rule.planned_and_unassigned, job=index)
            continue
        if not listed[index]:
            yield Violation(Rule.forgotten_job, job=index)
        if job.drop_penalty is None:
            yield Violation(Rule.mandatory_left_out, job=index)


def _completeness(index: int, job: Job, given: list[Visit]) -> Iterator[Violation]:
    services = [visit.stop.service for visit in given]
    if sorted(services) == list(range(len(job.services))):
        return
    times = Counter(services)
    for service in range(len(job.services)):
        if times[service] == 0:
            yield Violation(Rule.incomplete_job, job=index, facts={"service": service})
        if times[service] > 1:
            yield Violation(Rule.duplicate_service, job=index, facts={"service": service, "times": times[service]})


def _together(problem: Problem, index: int, given: list[Visit]) -> Iterator[Violation]:
    """Yield breaches of the relation between a job's services; a service given twice counts with its first start."""
    if len(given) == 1:
        return
    job = problem.jobs[index]
    services_of: dict[tuple[str, int], set[int]] = {}
    starts: dict[int, int] = {}
    for visit in given:
        services_of.setdefault(human_being(problem, visit.staff), set()).add(visit.stop.service)
        starts[visit.stop.service] = min(visit.stop.start, starts.get(visit.stop.service, visit.stop.start))
    for who, services in services_of.items():
        if len(services) > 1:
            staff = min(visit.staff for visit in given if human_being(problem, visit.staff) == who)
            yield Violation(Rule.same_staff, staff=staff, job=index, facts={"services": len(services)})
    if job.sync is Sync.simultaneous and len(set(starts.values())) > 1:
        yield Violation(Rule.not_simultaneous, job=index, facts={"apart": max(starts.values()) - min(starts.values())})
    if job.sync is Sync.sequential:
        yield from _lags(index, job, starts)


def _lags(index: int, job: Job, starts: Mapping[int, int]) -> Iterator[Violation]:
    """Yield services that start too soon or too late after the service before them, start to start."""
    for first, second in pairwise(range(len(job.services))):
        if first not in starts or second not in starts:
            continue
        lag = starts[second] - starts[first]
        if not job.lag.start <= lag <= job.lag.end:
            yield Violation(Rule.lag, job=index, facts={"service": second, "lag": lag})


def _time(problem: Problem, job: Job, visit: Visit) -> Iterator[Violation]:
    stop, length = visit.stop, visit.stop.end - visit.stop.start
    wanted = -(-job.services[stop.service].duration * problem.staff[visit.staff].pace // 1000)
    if length != wanted:
        yield _about(Rule.duration, visit, {"length": length, "wanted": wanted})
    openings = [window.start for window in job.windows]
    if openings and stop.start < min(openings):
        yield _about(Rule.too_early, visit, {"start": stop.start, "opening": min(openings)})
    late = lateness(problem, stop)
    if late and lateness_price(problem, stop.job) is None:
        yield _about(Rule.too_late, visit, {"start": stop.start, "late": late})


def _person(problem: Problem, job: Job, visit: Visit) -> Iterator[Violation]:
    rules, staff = problem.rules, visit.staff
    if rules.unqualified is None and is_unqualified(problem, visit):
        yield _about(Rule.unqualified, visit, {"service": visit.stop.service})
    if job.allowed_staff is not None and staff not in job.allowed_staff:
        yield _about(Rule.not_allowed, visit, {})
    if rules.forbidden is None and staff in job.forbidden_staff:
        yield _about(Rule.forbidden, visit, {})
    if rules.not_preferred is None and is_not_preferred(problem, visit):
        yield _about(Rule.not_preferred, visit, {})


def is_unqualified(problem: Problem, visit: Visit) -> bool:
    """Return whether the person lacks a skill that the service needs, or has none of those of which it needs one."""
    service, skills = problem.jobs[visit.stop.job].services[visit.stop.service], problem.staff[visit.staff].skills
    return not service.skills <= skills or bool(service.any_skills and not service.any_skills & skills)


def is_not_preferred(problem: Problem, visit: Visit) -> bool:
    """Return whether the job wishes for others."""
    wished = problem.jobs[visit.stop.job].preferred_staff
    return wished is not None and visit.staff not in wished


def _about(code: Rule, visit: Visit, facts: Mapping[str, int]) -> Violation:
    return Violation(code, staff=visit.staff, job=visit.stop.job, facts=facts)
