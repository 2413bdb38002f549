"""The day's facts as the solver's problem: each place is a point once, each way of travelling has one matrix."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

import numpy as np

from service.core.geo import Point, TravelMode
from service.gateways.maps import Pace
from service.orders.rules import OrderFacts
from service.routing.building import staffing, visits
from service.routing.building.facts import DayFacts
from service.routing.building.staffing import Segment
from service.routing.building.visits import Unplannable
from service.routing.problem import Job, Matrix, Problem, Rules, Staff

NOT_PREFERRED_SECONDS: Final = 900
"""Sending somebody whom the elder did not wish for costs as much as a quarter of an hour of travel."""


@dataclass(frozen=True, slots=True)
class Means:
    """A way of travelling: the mode, and the pace that the settings of the person's institution give it."""

    mode: TravelMode
    pace: Pace


@dataclass(frozen=True, slots=True)
class Day:
    """The problem without its travel times. Positions in `orders` and `segments` are the problem's jobs and staff."""

    on: date
    points: tuple[Point, ...]
    means: tuple[Means, ...]
    orders: tuple[OrderFacts, ...]
    jobs: tuple[Job, ...]
    segments: tuple[Segment, ...]
    staff: tuple[Staff, ...]
    left_out: tuple[tuple[OrderFacts, Unplannable], ...]


def draw(facts: DayFacts) -> Day:
    """Draw the day: who is on duty with a licence, which orders are jobs, and which cannot be any."""
    segments = staffing.segments(facts)
    found, left_out = visits.sort_out(facts)
    homes = [Point(facts.homes[each.order.home_id].lon, facts.homes[each.order.home_id].lat) for each in found]
    ends = [point for each in segments for point in (each.start, each.end)]
    index = {point: at for at, point in enumerate(dict.fromkeys([*ends, *homes]))}
    means = [_means(facts, each) for each in segments]
    ways = tuple(dict.fromkeys(means))
    who: defaultdict[UUID | None, set[int]] = defaultdict(set)
    for at, each in enumerate(segments):
        who[each.staff.practitioner_id].add(at)
    return Day(
        on=facts.on,
        points=tuple(index),
        means=ways,
        orders=tuple(each.order for each in found),
        jobs=tuple(
            visits.job_of(facts, each, index[home], frozenset(who.get(each.order.preferred_practitioner_id, ())))
            for each, home in zip(found, homes, strict=True)
        ),
        segments=segments,
        staff=tuple(
            _staff(each, at, index, ways.index(way)) for at, (each, way) in enumerate(zip(segments, means, strict=True))
        ),
        left_out=tuple(left_out),
    )


def problem_of(day: Day, seconds: Sequence[Matrix]) -> Problem:
    """Return the day's problem; `seconds` are the travel times by `day.means`, none on a day without staff."""
    nobody = np.zeros((len(day.points), len(day.points)), dtype=np.int64)
    return Problem(
        points=len(day.points),
        matrices=tuple(seconds) or (nobody,),
        staff=day.staff,
        jobs=day.jobs,
        rules=Rules(not_preferred=NOT_PREFERRED_SECONDS),
    )


def _means(facts: DayFacts, segment: Segment) -> Means:
    mode = segment.staff.travel_mode
    return Means(mode, facts.paces[segment.staff.institution_id][mode])


def _staff(segment: Segment, at: int, index: dict[Point, int], matrix: int) -> Staff:
    return Staff(
        id=f"{at}",
        skills=staffing.skills_of(segment.staff),
        start_point=index[segment.start],
        end_point=index[segment.end],
        shift=segment.shift,
        lunch=segment.lunch,
        matrix=matrix,
    )
