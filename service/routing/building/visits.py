"""An order as a job: how long it takes, when it may begin, who may do it, what leaving it out costs.

A visit of several people: the first gives the services and needs every skill that they ask for; the others assist and
need a licence. They begin at once, one after the other (the first first) or each when it suits, as the services say.
All of them belong to the institution that the order was placed with, or to one that helps it out by agreement, and are
of the sex that the order asks for if it must be.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from service.core.clock import at_local
from service.orders import crew_rules, part_rules
from service.orders import rules as orders
from service.orders.crew_rules import Crew
from service.orders.part_rules import Part
from service.orders.rules import OrderFacts
from service.patients import rules as patients
from service.patients.rules import Precaution
from service.routing import states
from service.routing.building import overflow, staffing, windows
from service.routing.building.facts import DayFacts
from service.routing.building.windows import WHOLE_DAY, Timing
from service.routing.building.wishes import Who
from service.routing.problem import Job, Service, Sync, Window

SECONDS_PER_POINT: Final = 360
"""Leaving an order of 100 priority points out costs as much as ten hours of travel."""


RANKS: Final[Mapping[Precaution, int]] = MappingProxyType(
    {Precaution.immunocompromised: 0, Precaution.none: 1, Precaution.infectious: 2}
)
"""Who goes first: whoever catches easily before everybody else, whom others catch from after everybody else."""


class Unplannable(StrEnum):
    """Why an order never reaches the solver."""

    home_unseen = "home_unseen"
    window_closed = "window_closed"
    person_engaged = "person_engaged"
    parts_impossible = "parts_impossible"
    promise_gone = "promise_gone"
    crew_impossible = "crew_impossible"


EXPLANATIONS: Final[Mapping[Unplannable, str]] = MappingProxyType(
    {
        Unplannable.home_unseen: "机构已不能查看该居民的住址（照护关系已终止）",
        Unplannable.window_closed: "按现行目录，所选服务在约定时间内做不完，或已过最晚开始时间",
        Unplannable.person_engaged: "该居民在约定时间内另有上门安排，没有空档",
        Unplannable.promise_gone: "该订单已锁定，但原约定已被撤销或取代，无法照原人员、原时间上门",
        Unplannable.parts_impossible: "按现行目录，分次服务的间隔互相矛盾，或需要多人同去，无法分次安排",
        Unplannable.crew_impossible: "按现行目录，所选服务对人员先后上门的间隔要求互相矛盾，无法安排",
    }
)
"""What dispatchers read for each."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An order with the beginnings that are open to it; `punctual`: no price opens others. `parts`: the further ones of
    an order in parts, and when each may begin beside what other plans have promised the person. `crew`: how those come
    who are sent. `by_end`: it must end in its window at whatever pace; else it must begin in it, and where everybody is
    as quick as the list of services says, one is the other.
    """

    order: OrderFacts
    timing: Timing
    punctual: bool = False
    by_end: bool = False
    parts: tuple[tuple[Part, Timing], ...] = ()
    crew: Crew = crew_rules.TOGETHER


def sort_out(facts: DayFacts) -> tuple[list[Visit], list[tuple[OrderFacts, Unplannable]]]:
    """Return the orders that can be planned, and those that cannot with the reason.

    A visit is kept clear of those that other plans have promised the person.
    """
    visits: list[Visit] = []
    paces_differ = _paces_differ(facts)
    left_out: list[tuple[OrderFacts, Unplannable]] = []
    for order in facts.orders:
        lost = _lost(facts, order)
        if lost is not None:
            left_out.append((order, lost))
            continue
        crew = crew_rules.crew_of(order.items, facts.items, facts.policy(order.institution_id).staff_minimum)
        parts = part_rules.parts_of(order.items, facts.items)
        impossible = _impossible(order, crew, parts)
        if impossible is not None:
            left_out.append((order, impossible))
            continue
        timing = _open_to(facts, order, crew)
        if not _has_room(timing, crew, order):
            left_out.append((order, Unplannable.window_closed))
            continue
        engaged = _engaged(facts, order)
        free = windows.clear_of(timing, engaged)
        if not _has_room(free, crew, order):
            left_out.append((order, Unplannable.person_engaged))
            continue
        visits.append(
            Visit(
                order,
                free,
                punctual=bool(engaged) or _is_timed(facts, order),
                by_end=paces_differ and not _is_timed(facts, order),
                parts=tuple((each, windows.clear_of(_any_time(facts, order, each), engaged)) for each in parts),
                crew=crew,
            )
        )
    return visits, left_out


def job_of(facts: DayFacts, visit: Visit, point: int, who: Who) -> Job:
    """Return the job of a visit at a point, with `who` may come."""
    order, promise = visit.order, facts.promised.get(visit.order.id)
    everyone = {staffing.LICENSED, overflow.asked_by(facts.agreements, order)}
    if order.staff_sex is not None and order.staff_sex_required:
        everyone.add(staffing.of_sex(order.staff_sex))
    first = _first(facts, visit, everyone)
    other = Service(visit.timing.duration, frozenset(everyone))
    return Job(
        id=order.order_no,
        point=point,
        windows=windows.whole(visit.timing) if visit.by_end else visit.timing.windows,
        services=(first, *(other for _ in range(order.staff_count - 1))),
        sync=Sync(visit.crew.sync),
        lag=Window(visit.crew.lag_min_minutes * 60, visit.crew.lag_max_minutes * 60),
        drop_penalty=facts.priorities[order.id] * SECONDS_PER_POINT,
        allowed_staff=who.allowed,
        forbidden_staff=who.forbidden,
        preferred_staff=who.preferred,
        tardiness=facts.policy(order.institution_id).lateness_price or None,
        punctual=visit.punctual,
        ends_in_window=visit.by_end,
        rank=RANKS[facts.care_of(order.person_id).precaution],
        promised=facts.seconds(promise.start) if promise is not None else None,
        promised_staff=who.promised,
        load=staffing.load_of(facts, order),
    )


def part_job_of(facts: DayFacts, visit: Visit, job: Job, part: Part, timing: Timing) -> Job:
    """Return the job of a further part of a visit, whose first part is `job`: links say when it is, and that the same
    person comes.
    """
    promise, by_end = facts.promised.get(visit.order.id), _paces_differ(facts)
    told = promise.later.get(part.number) if promise is not None else None
    return replace(
        job,
        id=states.label(job.id, part.number, len(visit.parts) + 1),
        windows=windows.whole(timing) if by_end else timing.windows,
        services=tuple(replace(each, duration=timing.duration) for each in job.services),
        # the first part has the price of leaving both out, and of whoever comes, and what is carried for them
        drop_penalty=0,
        load=0,
        forbidden_staff=frozenset() if facts.agreements else job.forbidden_staff,
        preferred_staff=None,
        tardiness=None,
        punctual=True,
        ends_in_window=by_end,
        promised=facts.seconds(told) if told is not None else None,
        promised_staff=None,
    )


def _first(facts: DayFacts, visit: Visit, everyone: set[str]) -> Service:
    """Return what the one gives who gives the services: skills of all of them, and the elder's language if it must be.

    Of the services that ask for one of several skills the first does so itself, each other one by a mark of its own.
    """
    order, care = visit.order, facts.care_of(visit.order.person_id)
    asked = set(everyone).union(*(facts.items[code].skills for code, _ in order.items))
    choices = [code for code, _ in order.items if facts.items[code].any_skills]
    asked |= {staffing.able_to(code) for code in choices[1:]}
    if care.language is not None and care.language_required:
        asked.add(staffing.speaks(care.language))
    if order.preferred_only and order.preferred_practitioner_id is not None:
        asked.add(staffing.himself(order.preferred_practitioner_id))
    any_skills = facts.items[choices[0]].any_skills if choices else frozenset[str]()
    return Service(visit.timing.duration, frozenset(asked), any_skills)


def _lost(facts: DayFacts, order: OrderFacts) -> Unplannable | None:
    """Return what is not to be had any more that an order needs: the view of its home, or what it is pinned to."""
    if order.home_id not in facts.homes:
        return Unplannable.home_unseen
    return Unplannable.promise_gone if order.id in facts.pins and facts.pins[order.id] is None else None


def _impossible(order: OrderFacts, crew: Crew, parts: Sequence[Part]) -> Unplannable | None:
    """Return why the services of an order cannot be given together at any time, None when they can."""
    if not crew.is_possible:
        return Unplannable.crew_impossible
    if parts and (order.staff_count > 1 or not all(each.is_possible for each in parts)):
        return Unplannable.parts_impossible
    return None


def _has_room(timing: Timing, crew: Crew, order: OrderFacts) -> bool:
    """Tell whether a beginning is open to each of the crew: to the last one after that of the first."""
    if not timing.windows:
        return False
    opens, closes = min(each.start for each in timing.windows), max(each.end for each in timing.windows)
    return closes - opens >= crew.spread_minutes(order.staff_count) * 60


def _is_timed(facts: DayFacts, order: OrderFacts) -> bool:
    """Tell whether a service says itself when it begins (限时): no lateness of such a visit is for sale."""
    items = [facts.items[code] for code, _ in order.items]
    return any(each.latest_start is not None or each.tolerance_minutes is not None for each in items)


def _paces_differ(facts: DayFacts) -> bool:
    return any(each.pace_percent != staffing.USUAL_PACE for each in facts.staff)


def _engaged(facts: DayFacts, order: OrderFacts) -> list[tuple[int, int]]:
    gap = facts.policy(order.institution_id).minimum_gap_minutes * 60
    spans = facts.engaged.get(order.person_id, ())
    return [(facts.seconds(start) - gap, facts.seconds(end) + gap) for start, end in spans]


def _tolerance(facts: DayFacts, order: OrderFacts) -> int | None:
    asked = (facts.items[code].tolerance_minutes for code, _ in order.items)
    return min((each for each in asked if each is not None), default=None)


def _open_to(facts: DayFacts, order: OrderFacts, crew: Crew) -> Timing:
    """Return when the order may begin; one that is pinned, when it was promised to, unless it must not any more. Of a
    crew whose members come apart nobody begins before that.
    """
    wished, pin = _wished(facts, order), facts.pins.get(order.id)
    if pin is None:
        return wished
    at = facts.seconds(pin.start)
    if _is_timed(facts, order) and not any(each.start <= at <= each.end for each in wished.windows):
        return replace(wished, windows=())
    return replace(wished, windows=(Window(at, WHOLE_DAY.end if crew.is_apart else at),))


def _wished(facts: DayFacts, order: OrderFacts) -> Timing:
    """Return when the order may begin: the services end within one of its windows, each begins by its latest start.

    Services with a tolerance begin so near to the middle of a window's beginnings. The way through the gate, up and
    down the stairs makes the stay longer, and may reach beyond the window.
    """
    minutes = orders.minutes_of(order.items, facts.items)
    open_ = (_beginnings(facts, order, each, minutes) for each in order.windows)
    return Timing(tuple(each for each in open_ if each.start <= each.end), _stay(facts, order, minutes))


def _beginnings(facts: DayFacts, order: OrderFacts, wished: orders.Window, minutes: int) -> Window:
    """Return when services of so many minutes may begin in a window of the order's; none where it ends before."""
    starts = facts.seconds(wished.start) + (1 if wished.start.microsecond else 0)  # rounded up
    latest = facts.seconds(wished.end) - minutes * 60
    for code, _ in order.items:
        bound = facts.items[code].latest_start
        if bound is not None:
            latest = min(latest, facts.seconds(at_local(facts.on, bound)))
    tolerance = _tolerance(facts, order)
    if tolerance is not None:
        middle = (starts + latest) // 2
        starts, latest = max(starts, middle - tolerance * 60), min(latest, middle + tolerance * 60)
    return Window(starts, latest)


def _any_time(facts: DayFacts, order: OrderFacts, part: Part) -> Timing:
    return Timing((WHOLE_DAY,), _stay(facts, order, part.minutes))


def _stay(facts: DayFacts, order: OrderFacts, minutes: int) -> int:
    return minutes * 60 + _stairs(facts, order) + facts.homes[order.home_id].entry_minutes * 60


def _stairs(facts: DayFacts, order: OrderFacts) -> int:
    home = facts.homes[order.home_id]
    flights = patients.floors_on_foot(home.floor, home.has_lift)
    return math.ceil(facts.stairs[order.institution_id] * flights * 60)
