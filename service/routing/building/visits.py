"""An order as a job: how long it takes, when it may begin, who may do it, what leaving it out costs.

A visit of several people: the first gives the services and needs every skill that they ask for; the others assist and
need a licence. All of them belong to the institution that the order was placed with, and are of the sex that the order
asks for if it does.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from service.core.clock import at_local
from service.orders import rules as orders
from service.orders.rules import OrderFacts
from service.patients import rules as patients
from service.routing.building import staffing, windows
from service.routing.building.facts import DayFacts
from service.routing.building.windows import Timing
from service.routing.problem import Job, Service, Sync, Window

SECONDS_PER_POINT: Final = 360
"""Leaving an order of 100 priority points out costs as much as ten hours of travel."""


class Unplannable(StrEnum):
    """Why an order never reaches the solver."""

    home_unseen = "home_unseen"
    window_closed = "window_closed"
    person_engaged = "person_engaged"


EXPLANATIONS: Final[Mapping[Unplannable, str]] = MappingProxyType(
    {
        Unplannable.home_unseen: "机构已不能查看该居民的住址（照护关系已终止）",
        Unplannable.window_closed: "按现行目录，所选服务在约定时间内做不完，或已过最晚开始时间",
        Unplannable.person_engaged: "该居民在约定时间内另有上门安排，没有空档",
    }
)
"""What dispatchers read for each."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An order with the beginnings that are open to it."""

    order: OrderFacts
    timing: Timing


def sort_out(facts: DayFacts) -> tuple[list[Visit], list[tuple[OrderFacts, Unplannable]]]:
    """Return the orders that can be planned, and those that cannot with the reason.

    One person's visits are kept apart, and clear of the visits that other plans have promised him.
    """
    visits: list[Visit] = []
    left_out: list[tuple[OrderFacts, Unplannable]] = []
    by_person: defaultdict[UUID, list[Visit]] = defaultdict(list)
    for order in facts.orders:
        if order.home_id not in facts.homes:
            left_out.append((order, Unplannable.home_unseen))
            continue
        timing = _wished(facts, order)
        if not timing.windows:
            left_out.append((order, Unplannable.window_closed))
            continue
        by_person[order.person_id].append(Visit(order, timing))
    for person_id, own in by_person.items():
        engaged = [(facts.seconds(start), facts.seconds(end)) for start, end in facts.engaged.get(person_id, ())]
        free = windows.apart([windows.clear_of(each.timing, engaged) for each in own])
        for each, timing in zip(own, free, strict=True):
            if timing.windows:
                visits.append(Visit(each.order, timing))
            else:
                left_out.append((each.order, Unplannable.person_engaged))
    return visits, left_out


def job_of(facts: DayFacts, visit: Visit, point: int, preferred: frozenset[int]) -> Job:
    """Return the job of a visit at a point; `preferred` are the staff whom the elder wished for, if on duty."""
    order = visit.order
    everyone = {staffing.LICENSED, staffing.employed_at(order.institution_id)}
    if order.staff_sex is not None:
        everyone.add(staffing.of_sex(order.staff_sex))
    asked = frozenset().union(*(facts.items[code].skills for code, _ in order.items))
    first = Service(visit.timing.duration, asked | everyone)
    other = Service(visit.timing.duration, frozenset(everyone))
    return Job(
        id=order.order_no,
        point=point,
        windows=visit.timing.windows,
        services=(first, *(other for _ in range(order.staff_count - 1))),
        sync=Sync.simultaneous,
        drop_penalty=facts.priorities[order.id] * SECONDS_PER_POINT,
        preferred_staff=preferred or None,
    )


def _wished(facts: DayFacts, order: OrderFacts) -> Timing:
    """Return when the order may begin: the services end within its window, each begins by its latest start.

    The way up and down the stairs makes the stay longer, and may reach beyond the window.
    """
    minutes = orders.minutes_of(order.items, facts.items)
    starts = facts.seconds(order.wished_start) + (1 if order.wished_start.microsecond else 0)  # rounded up
    latest = facts.seconds(order.wished_end) - minutes * 60
    for code, _ in order.items:
        bound = facts.items[code].latest_start
        if bound is not None:
            latest = min(latest, facts.seconds(at_local(facts.on, bound)))
    duration = minutes * 60 + _stairs(facts, order)
    return Timing((Window(starts, latest),) if starts <= latest else (), duration)


def _stairs(facts: DayFacts, order: OrderFacts) -> int:
    home = facts.homes[order.home_id]
    flights = patients.floors_on_foot(home.floor, home.has_lift)
    return math.ceil(facts.stairs[order.institution_id] * flights * 60)
