"""The day's facts as the solver's problem: each place is a point once, each way of travelling has one matrix."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import numpy as np

from service.core.geo import Point, TravelMode
from service.gateways.maps import Pace
from service.orders.rules import OrderFacts
from service.practitioners.rules import StaffDay
from service.routing.building import binding, overflow, pinning, prices, staffing, together, visits, wishes
from service.routing.building.facts import Agreement, DayFacts, SharedVehicle
from service.routing.building.staffing import Segment
from service.routing.building.together import Behind
from service.routing.building.visits import Unplannable, Visit
from service.routing.building.wishes import Rows, Wish
from service.routing.problem import Job, Link, Matrix, Problem, Rules, Staff, Vehicle, Window


@dataclass(frozen=True, slots=True)
class Means:
    """A way of travelling: the mode, the pace and the traffic that the settings of the person's institution give it."""

    mode: TravelMode
    pace: Pace
    traffic: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """The problem without its travel times.

    Positions in `segments` are the problem's staff, those in `orders` its jobs; after these come those that `behind`
    names: deliveries, and the further parts of services in parts. `stranded` are orders whose specimen is taken but
    handed in by nobody, `unfinished` those whose further part nobody comes back for; `wishes` says of each order why
    somebody is preferred. Positions in `shared` are the problem's `vehicles`; a day on which nobody rides has none.
    """

    on: date
    points: tuple[Point, ...]
    means: tuple[Means, ...]
    orders: tuple[OrderFacts, ...]
    jobs: tuple[Job, ...]
    segments: tuple[Segment, ...]
    staff: tuple[Staff, ...]
    left_out: tuple[tuple[OrderFacts, Unplannable], ...]
    wishes: tuple[Wish | None, ...]
    links: tuple[Link, ...]
    rules: Rules
    stranded: tuple[UUID, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    behind: tuple[Behind, ...] = ()
    unfinished: tuple[UUID, ...] = ()
    shared: tuple[SharedVehicle, ...] = ()
    vehicles: tuple[Vehicle, ...] = ()

    def order_of(self, job: int) -> OrderFacts:
        """Return the order that a job belongs to."""
        return self.orders[job if job < len(self.orders) else self.behind[job - len(self.orders)].visit]

    def part_of(self, job: int) -> int | None:
        """Return which part of its order a job is, from 1 on; None: the delivery of its specimen."""
        return 1 if job < len(self.orders) else self.behind[job - len(self.orders)].part

    def told_part(self, job: int) -> int:
        """Return the part of its order that a job is, or at which the specimen was taken that it hands in."""
        return self.part_of(job) or self.behind[job - len(self.orders)].of

    def parts_of(self, job: int) -> int:
        """Return of how many parts the job's order is."""
        visit = job if job < len(self.orders) else self.behind[job - len(self.orders)].visit
        return 1 + sum(each.visit == visit and each.part is not None for each in self.behind)


def draw(facts: DayFacts) -> Day:
    """Draw the day: who is on duty with a licence, which orders are jobs, and which cannot be any."""
    segments = staffing.segments(facts)
    found, left_out = visits.sort_out(facts)
    behind = together.behind_of(facts, found)
    homes = [Point(facts.homes[each.order.home_id].lon, facts.homes[each.order.home_id].lat) for each in found]
    laboratories = {
        at: facts.laboratories[found[each.visit].order.institution_id]
        for at, each in enumerate(behind)
        if each.part is None
    }
    shared = facts.vehicles if any(each.staff.rides for each in segments) else ()
    index = _index(segments, homes, list(laboratories.values()), shared)
    means = [means_of(facts, each.staff) for each in segments]
    ways = tuple(dict.fromkeys([*means, *(driven(facts, each) for each in shared)]))
    rows = _rows(segments)
    whos = [wishes.who_of(facts, each.order, segments, rows) for each in found]
    jobs = [visits.job_of(facts, each, index[home], who) for each, home, who in zip(found, homes, whos, strict=True)]
    others = [
        together.delivery_of(facts, found[each.visit], jobs[each.visit], index[laboratories[at]], each.of)
        if each.part is None
        else _part_job(facts, found[each.visit], jobs[each.visit], each.part)
        for at, each in enumerate(behind)
    ]
    return Day(
        on=facts.on,
        points=tuple(index),
        means=ways,
        orders=tuple(each.order for each in found),
        jobs=_levelled(_bound(facts, [each.order for each in found], behind, [*jobs, *others], (segments, rows))),
        segments=segments,
        staff=tuple(
            replace(_staff(facts, each, at, index), matrix=ways.index(way), person=_person(each, rows))
            for at, (each, way) in enumerate(zip(segments, means, strict=True))
        ),
        left_out=tuple(left_out),
        wishes=tuple(each.wish for each in whos),
        links=together.links_of(facts, found, behind),
        rules=prices.rules_of(list(facts.policies.values()), facts.agreements),
        agreements=facts.agreements,
        behind=behind,
        shared=shared,
        vehicles=tuple(vehicle_of(facts, each, index, ways.index(driven(facts, each))) for each in shared),
    )


def _bound(
    facts: DayFacts,
    orders: Sequence[OrderFacts],
    behind: Sequence[Behind],
    jobs: Sequence[Job],
    there: tuple[Sequence[Segment], Rows],
) -> list[Job]:
    """Return the jobs of visits and of what comes behind them, bound by what people do besides, and by pins."""
    segments, rows = there
    never = binding.barred(facts, segments)
    found = []
    for at, job in enumerate(jobs):
        follows = behind[at - len(orders)] if at >= len(orders) else None
        order = orders[at if follows is None else follows.visit]
        is_delivery = follows is not None and follows.part is None
        rank = binding.rank_of_delivery(facts, order) if is_delivery else binding.rank_of(facts, order)
        changed = binding.bound(facts, order, job, rank, rows=rows, never=never)
        found.append(pinning.pinned(facts, order.id, changed, rows, follows))
    return found


def _part_job(facts: DayFacts, visit: Visit, job: Job, number: int) -> Job:
    part, timing = next(each for each in visit.parts if each[0].number == number)
    return visits.part_job_of(facts, visit, job, part, timing)


def _levelled(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """Return the jobs without ranks where they are all alike: nobody goes before anybody else."""
    return tuple(jobs) if len({each.rank for each in jobs}) > 1 else tuple(replace(each, rank=0) for each in jobs)


def _index(
    segments: Sequence[Segment],
    homes: Sequence[Point],
    laboratories: Sequence[Point],
    shared: Sequence[SharedVehicle],
) -> dict[Point, int]:
    """Return the number of each place of the day."""
    ends = [point for each in segments for point in (each.start, each.end)]
    tables = [staffing.station_of(each.staff) for each in segments if each.staff.lunch_at_station]
    places = [*ends, *homes, *tables, *laboratories, *(each.place for each in shared)]
    return {point: at for at, point in enumerate(dict.fromkeys(places))}


def _rows(segments: Sequence[Segment]) -> dict[UUID, frozenset[int]]:
    rows: defaultdict[UUID, set[int]] = defaultdict(set)
    for at, each in enumerate(segments):
        rows[each.staff.practitioner_id].add(at)
    return {who: frozenset(own) for who, own in rows.items()}


def problem_of(day: Day, seconds: Sequence[Matrix]) -> Problem:
    """Return the day's problem; `seconds` are the travel times by `day.means`, none on a day without staff."""
    nobody = np.zeros((len(day.points), len(day.points)), dtype=np.int64)
    return Problem(
        points=len(day.points),
        matrices=tuple(seconds) or (nobody,),
        staff=day.staff,
        jobs=day.jobs,
        rules=day.rules,
        links=day.links,
        traffic=tuple(prices.bands(each.traffic) for each in day.means)
        if any(each.traffic for each in day.means)
        else (),
        vehicles=day.vehicles,
    )


def means_of(facts: DayFacts, staff: StaffDay) -> Means:
    """Return how somebody travels on the day."""
    mode, institution_id = staff.travel_mode, staff.institution_id
    traffic = facts.policy(institution_id).traffic if mode is not TravelMode.walk else ()
    return Means(mode, facts.paces[institution_id][mode], traffic)


def driven(facts: DayFacts, vehicle: SharedVehicle) -> Means:
    """Return how a shared vehicle travels on the day."""
    institution_id = vehicle.institution_id
    return Means(TravelMode.car, facts.paces[institution_id][TravelMode.car], facts.policy(institution_id).traffic)


def vehicle_of(facts: DayFacts, vehicle: SharedVehicle, index: Mapping[Point, int], matrix: int) -> Vehicle:
    """Return a shared vehicle as the solver sees it; `index` are the points of the day."""
    place, away = index[vehicle.place], Window(facts.seconds(vehicle.start), facts.seconds(vehicle.end))
    return Vehicle(f"{vehicle.id}", vehicle.seats, place, place, away, matrix)


def _person(segment: Segment, rows: Rows) -> int | None:
    """Return the number that the stretches of one person's day share; whoever has one stretch is nobody else."""
    own = rows[segment.staff.practitioner_id]
    return min(own) if len(own) > 1 else None


def _staff(facts: DayFacts, segment: Segment, at: int, index: dict[Point, int]) -> Staff:
    staff, lunch = segment.staff, segment.lunch
    if lunch is not None and staff.lunch_at_station:
        lunch = replace(lunch, point=index[staffing.station_of(staff)])
    return Staff(
        id=f"{at}",
        skills=staffing.skills_of(facts.items, staff) | overflow.offered_by(facts.agreements, staff.institution_id),
        start_point=index[segment.start],
        end_point=index[segment.end],
        shift=segment.shift,
        lunch=lunch,
        pace=staff.pace_percent * 10,
        capacity=staffing.carries_yet(facts, staff),
        max_work=staffing.work_left(facts, staff),
        punctual=not segment.last,
        rides=staff.rides,
    )
