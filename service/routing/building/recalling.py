"""From the stops that a plan is stored as back to the solver's plan of a day drawn anew; pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations
from uuid import UUID

from service.routing import rules
from service.routing.building.day import Day
from service.routing.building.facts import seconds_of
from service.routing.problem import LUNCH, Plan, Problem, Route, Stop, Unassigned
from service.routing.rules import UnassignedReason

AT_START = -1
"""The `job` of a lunch that is had at the start point."""


@dataclass(frozen=True, slots=True)
class Told:
    """A stored stop: who is at whose door when; a lunch has no order. `travel_seconds` is the way to it."""

    practitioner_id: UUID
    order_id: UUID | None
    start: datetime
    end: datetime
    travel_seconds: int


def recall(day: Day, problem: Problem, told: Iterable[Told]) -> Plan:
    """Return the plan that the stops tell of, in the numbers of a day; what the day does not know is passed over.

    An order is recalled whole or not at all: when one of its crew is not on duty any more, it is left out.
    """
    jobs = {order.id: at for at, order in enumerate(day.orders)}
    by_person: defaultdict[UUID, list[Told]] = defaultdict(list)
    for each in sorted(told, key=lambda stop: stop.start):
        by_person[each.practitioner_id].append(each)
    crews: defaultdict[int, dict[int, Told]] = defaultdict(dict)
    for stops in by_person.values():
        for each in stops:
            row = row_of(day, each)
            if each.order_id in jobs and row is not None:
                crews[jobs[each.order_id]][row] = each
    services = {job: _services(problem, job, crew) for job, crew in crews.items()}
    known = {job for job, given in services.items() if given}
    routes = [_stops(day, stops, jobs, known, services) for stops in by_person.values()]
    by_row: defaultdict[int, list[Stop]] = defaultdict(list)
    for found in routes:
        for row, stop in found:
            by_row[row].append(stop)
    absent = (Unassigned(job, UnassignedReason.no_capacity) for job in range(len(day.orders)) if job not in known)
    return Plan(tuple(Route(row, tuple(by_row[row])) for row in range(len(problem.staff))), tuple(absent))


def row_of(day: Day, stop: Told) -> int | None:
    """Return the stretch of the day in which somebody's stop begins, None when he is not on duty then."""
    start = seconds_of(day.on, stop.start)
    for row, segment in enumerate(day.segments):
        if segment.staff.practitioner_id == stop.practitioner_id and segment.shift.start <= start < segment.shift.end:
            return row
    return None


def _services(problem: Problem, job: int, crew: Mapping[int, Told]) -> dict[int, int]:
    """Return the service that each of a crew gives, by row; nothing when the crew is not the one that is asked for."""
    count = len(problem.jobs[job].services)
    if len(crew) != count:
        return {}
    for rows in permutations(sorted(crew)):
        if all(rules.is_qualified(problem, job, service, row) for service, row in enumerate(rows)):
            return {row: service for service, row in enumerate(rows)}
    return {}


def _stops(
    day: Day,
    told: Sequence[Told],
    jobs: Mapping[UUID, int],
    known: set[int],
    services: Mapping[int, Mapping[int, int]],
) -> list[tuple[int, Stop]]:
    """Return one person's stops by row; a lunch is had at the door that its ways tell of."""
    kept = [each for each in told if each.order_id is None or jobs.get(each.order_id) in known]
    found: list[tuple[int, Stop]] = []
    for at, each in enumerate(kept):
        row = row_of(day, each)
        if row is None:
            continue
        start, end = seconds_of(day.on, each.start), seconds_of(day.on, each.end)
        if each.order_id is not None:
            job = jobs[each.order_id]
            found.append((row, Stop(job, services[job][row], start, end)))
        elif day.staff[row].lunch is not None:
            found.append((row, Stop(_door(day, kept, at, row, jobs), LUNCH, start, end)))
    return found


def _door(day: Day, kept: Sequence[Told], at: int, row: int, jobs: Mapping[UUID, int]) -> int:
    """Return whose door a lunch is had at: the next one's when there is no way on, else that of the stop before."""
    lunch = day.staff[row].lunch
    if lunch is not None and lunch.point is not None:
        return AT_START
    after = next((each for each in kept[at + 1 : at + 2] if row_of(day, each) == row), None)
    before = next((each for each in kept[max(0, at - 1) : at] if row_of(day, each) == row), None)
    if after is not None and after.order_id is not None and (after.travel_seconds == 0 and kept[at].travel_seconds):
        return jobs[after.order_id]
    if before is not None and before.order_id is not None:
        return jobs[before.order_id]
    return AT_START if after is None or after.travel_seconds or after.order_id is None else jobs[after.order_id]
