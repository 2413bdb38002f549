"""From the stops that a plan is stored as back to the solver's plan of a day drawn anew; pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import permutations
from uuid import UUID

from service.routing import rules
from service.routing.building.day import Day
from service.routing.building.facts import Promise, promises_of, seconds_of
from service.routing.problem import LUNCH, Plan, Problem, Route, Stop, Sync, Unassigned
from service.routing.rules import UnassignedReason
from service.routing.states import StopKind

AT_START = -1
"""The `job` of a lunch that is had at the start point."""


@dataclass(frozen=True, slots=True)
class Told:
    """A stored stop: who is at whose door when; only a visit has an order, a delivery says at whose visit the specimen
    was taken (`specimen_of`), and at which `part` of it. `travel_seconds` is the way to it.
    """

    practitioner_id: UUID
    order_id: UUID | None
    start: datetime
    end: datetime
    travel_seconds: int
    kind: StopKind = StopKind.visit
    specimen_of: UUID | None = None
    part: int = 1


Jobs = Mapping[tuple[UUID, int], int]
"""The job of each order's parts."""


def recall(day: Day, problem: Problem, told: Iterable[Told]) -> Plan:
    """Return the plan that the stops tell of, in the numbers of a day; what the day does not know is passed over.

    An order is recalled whole or not at all: when one of its crew is not on duty or must not come any more, its
    specimen is not handed in, or one of its parts is missing, it is left out.
    """
    jobs = {(day.order_of(at).id, part): at for at in range(len(day.jobs)) if (part := day.part_of(at)) is not None}
    by_person: defaultdict[UUID, list[Told]] = defaultdict(list)
    for each in sorted(told, key=lambda stop: stop.start):
        by_person[each.practitioner_id].append(each)
    crews: defaultdict[int, dict[int, Told]] = defaultdict(dict)
    for stops in by_person.values():
        for each in stops:
            row = row_of(day, each)
            job = jobs.get((each.order_id, each.part)) if each.order_id else None
            if job is not None and row is not None:
                crews[job][row] = each
    takers = {
        jobs.get((each.specimen_of, each.part)): each.practitioner_id
        for stops in by_person.values()
        for each in stops
        if each.specimen_of is not None
    }
    services = {job: _services(problem, job, crew, takers.get(job)) for job, crew in crews.items()}
    known = {job for job, given in services.items() if given}
    handed_in = {
        stop: job for stops in by_person.values() for stop, job in _deliveries(day, stops, jobs, services, known)
    }
    whole = _whole(day, known | set(handed_in.values()))
    known &= whole
    handed_in = {stop: job for stop, job in handed_in.items() if job in whole}
    routes = [_stops(day, stops, _Known(jobs, known, services, handed_in)) for stops in by_person.values()]
    by_row: defaultdict[int, list[Stop]] = defaultdict(list)
    for found in routes:
        for row, stop in found:
            by_row[row].append(stop)
    for row, rest in _breaks_at_the_station(problem, by_row):
        by_row[row].append(rest)
    given = {stop.job for own in by_row.values() for stop in own}
    absent = (Unassigned(job, UnassignedReason.no_capacity) for job in range(len(day.jobs)) if job not in given)
    return Plan(tuple(Route(row, tuple(by_row[row])) for row in range(len(problem.staff))), tuple(absent))


def _whole(day: Day, found: Collection[int]) -> set[int]:
    """Return those of the jobs found whose orders lack none."""
    lacking = {day.order_of(job).id for job in range(len(day.jobs)) if job not in found}
    return {job for job in found if day.order_of(job).id not in lacking}


def _breaks_at_the_station(problem: Problem, sent: Collection[int]) -> list[tuple[int, Stop]]:
    """Return the breaks that nobody is told of: of those not sent out, where a missed break has a price."""
    if problem.rules.missed_lunch is None:
        return []
    breaks = [(row, _break(problem, row)) for row in range(len(problem.staff)) if row not in sent]
    return [(row, rest) for row, rest in breaks if rest is not None]


def _break(problem: Problem, row: int) -> Stop | None:
    """Return the break of somebody who has nothing else to do, None when the shift leaves no time for it.

    Whose day begins or ends elsewhere goes there for a break at the station.
    """
    who = problem.staff[row]
    if who.lunch is None:
        return None
    start, point, travel = who.lunch.start, who.lunch.point, problem.matrices[who.matrix]
    if point is not None and who.shift is not None and {who.start_point, who.end_point} != {point}:
        way = rules.leg(problem, row, int(travel[who.start_point, point]), who.shift.start)
        start = max(start, who.shift.start + way)
        end = start + who.lunch.duration
        home = rules.leg(problem, row, int(travel[point, who.end_point]), end)
        if end > who.lunch.end or end + home > who.shift.end:
            return None
    return Stop(AT_START, LUNCH, start, start + who.lunch.duration)


def pins_of(order_ids: Collection[UUID], told: Iterable[Told]) -> dict[UUID, Promise | None]:
    """Return what pinned orders are kept to, as a plan told it; None for those of which it told nothing."""
    stops = list(told)
    promises = promises_of(
        (each.order_id, each.start, each.practitioner_id, each.part)
        for each in stops
        if each.kind is StopKind.visit and each.order_id in order_ids and each.order_id is not None
    )
    handed_in = {
        (each.specimen_of, each.part): (each.start, each.practitioner_id)
        for each in stops
        if each.kind is StopKind.delivery
    }
    return dict.fromkeys(order_ids) | {
        order_id: replace(promise, deliveries={part: at for (of, part), at in handed_in.items() if of == order_id})
        for order_id, promise in promises.items()
    }


def row_of(day: Day, stop: Told) -> int | None:
    """Return the stretch of the day in which somebody's stop begins, None when he is not on duty then.

    What takes no time may be done in the very last moment.
    """
    start, end = seconds_of(day.on, stop.start), seconds_of(day.on, stop.end)
    for row, segment in enumerate(day.segments):
        if segment.staff.practitioner_id != stop.practitioner_id:
            continue
        last = segment.shift.end if start == end else segment.shift.end - 1
        if segment.shift.start <= start <= last:
            return row
    return None


def _services(problem: Problem, job: int, crew: Mapping[int, Told], taker: UUID | None) -> dict[int, int]:
    """Return the service that each of a crew gives, by row; nothing when the crew is not the one that is asked for.

    Of those who come one after the other the first gives the first, of those each by himself the `taker` of a specimen.
    """
    wanted = problem.jobs[job]
    if len(crew) != len(wanted.services):
        return {}
    for rows in permutations(sorted(crew, key=lambda row: (crew[row].practitioner_id != taker, crew[row].start, row))):
        starts = [crew[row].start for row in rows]
        if wanted.sync is Sync.sequential and starts != sorted(starts):
            continue
        # not one either whom the family has sent away since: the visit waits for somebody else
        if all(rules.service_price(problem, job, service, row) is not None for service, row in enumerate(rows)):
            return {row: service for service, row in enumerate(rows)}
    return {}


@dataclass(frozen=True, slots=True)
class _Known:
    """What is recalled: the job of each order's parts, the jobs that are, who gives their services, the deliveries'."""

    jobs: Jobs
    kept: set[int]
    services: Mapping[int, Mapping[int, int]]
    handed_in: Mapping[Told, int]

    def job_of(self, stop: Told) -> int | None:
        """Return a stop's job; None for a lunch, and for what is not recalled."""
        job = self.handed_in.get(stop) if stop.order_id is None else self.jobs.get((stop.order_id, stop.part))
        return job if stop.order_id is None or job in self.kept else None


def _deliveries(
    day: Day,
    told: Sequence[Told],
    jobs: Jobs,
    services: Mapping[int, Mapping[int, int]],
    known: set[int],
) -> Iterator[tuple[Told, int]]:
    """Yield the job of each of somebody's deliveries, of specimens that he was there to take."""
    delivery_of = {link.first: link.second for link in day.links if link.bound and day.part_of(link.second) is None}
    for each in told:
        job = jobs.get((each.specimen_of, each.part)) if each.specimen_of else None
        if job in delivery_of and job in known and row_of(day, each) is not None:
            at_once = day.jobs[job].sync is Sync.simultaneous
            takers = (row for row, service in services[job].items() if service == 0 or at_once)
            if each.practitioner_id in {day.segments[row].staff.practitioner_id for row in takers}:
                yield each, delivery_of[job]


def _stops(day: Day, told: Sequence[Told], known: _Known) -> list[tuple[int, Stop]]:
    """Return one person's stops by row; a lunch is had at the door that its ways tell of."""
    kept = [each for each in told if each.kind is StopKind.lunch or known.job_of(each) is not None]
    found: list[tuple[int, Stop]] = []
    for at, each in enumerate(kept):
        row = row_of(day, each)
        if row is None:
            continue
        start, end = seconds_of(day.on, each.start), seconds_of(day.on, each.end)
        job = known.job_of(each)
        if job is not None:
            found.append((row, Stop(job, known.services[job][row] if each.order_id else 0, start, end)))
        elif day.staff[row].lunch is not None:
            found.append((row, Stop(_door(day, kept, at, row, known), LUNCH, start, end)))
    return found


def _door(day: Day, kept: Sequence[Told], at: int, row: int, known: _Known) -> int:
    """Return whose door a lunch is had at: the next one's when there is no way on, else that of the stop before."""
    lunch = day.staff[row].lunch
    if lunch is not None and lunch.point is not None:
        return AT_START
    after = next((each for each in kept[at + 1 : at + 2] if row_of(day, each) == row), None)
    before = next((each for each in kept[max(0, at - 1) : at] if row_of(day, each) == row), None)
    following = known.job_of(after) if after is not None else None
    preceding = known.job_of(before) if before is not None else None
    stays = after is not None and after.travel_seconds == 0
    if following is not None and stays and kept[at].travel_seconds:
        return following
    if preceding is not None:
        return preceding
    return following if following is not None and stays else AT_START
