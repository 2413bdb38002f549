"""The price of a plan, computed again from its written times; a hard rule has no price.

The amounts follow the public definition of the unified home-care problem, so that they can be compared with published
costs. Two details come from there: the wait after a lunch that opens the day counts as idle, not as waiting; and
somebody entitled to lunch who does nothing all day has missed it too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from service.routing.problem import LUNCH, Problem
from service.routing.referee import jobs
from service.routing.referee.days import Day, once
from service.routing.referee.jobs import Visit
from service.routing.referee.people import human_being, of_each
from service.routing.referee.verdict import Component


class OfJob(NamedTuple):
    """What the services given to one job come to: how late they are together and what that costs, how late the latest
    is, how many are of each kind, how many steps the job has been moved.
    """

    late: int
    price_of_lateness: int
    latest: int
    unqualified: int
    not_preferred: int
    forbidden: int
    changed: int
    moved: int


class OfRow(NamedTuple):
    """What a row's day comes to: its own travel and all of it, its waiting, its idle time, its overtime, all its work,
    whether its lunch is missed, how often one comes to a door.
    """

    own_travel: int
    travel: int
    waiting: int
    idle: int
    overtime: int
    work: int
    missed_lunch: bool
    arrivals: int


Billed = dict[int, tuple[list[Visit], OfJob]]
"""The services given to a job, and what they come to."""


@dataclass(slots=True)
class Counted:
    """What need not be counted again: what jobs and what rows' days come to."""

    jobs: Billed = field(default_factory=dict)
    rows: dict[int, tuple[Day, OfRow]] = field(default_factory=dict)


def price(
    problem: Problem,
    days: tuple[Day, ...],
    visits: Mapping[int, list[Visit]],
    driven: int,
    known: Counted | None = None,
) -> tuple[Component, ...]:
    """Return the price of a plan by component, in the order of `Rules`, last the jobs left out. `driven` is how long
    the shared vehicles drive, at the price of travel: who sits in one costs nothing more, but works meanwhile. `known`
    is added to.
    """
    rules = problem.rules
    known = Counted() if known is None else known
    of_row = {day.staff: once(known.rows, day, _of_row) for day in days}
    rows = of_row.values()
    people = [[of_row[day.staff] for day in own] for own in of_each(problem, days)]
    bills = [_known(problem, index, given, known.jobs) for index, given in visits.items()]
    left_out = [job.drop_penalty or 0 for index, job in enumerate(problem.jobs) if index not in visits]
    return (
        _component("travel", driven + sum(each.own_travel for each in rows), rules.travel),
        _component("waiting", sum(each.waiting for each in rows), rules.waiting),
        _component("max_idle", max((each.idle for each in rows), default=0), rules.max_idle),
        Component("tardiness", sum(bill.late for bill in bills), sum(bill.price_of_lateness for bill in bills)),
        _component("max_tardiness", max((bill.latest for bill in bills), default=0), rules.max_tardiness),
        _component("overtime", sum(each.overtime for each in rows), rules.overtime),
        _component("missed_lunch", sum(each.missed_lunch for each in rows), rules.missed_lunch),
        _component("unqualified", sum(bill.unqualified for bill in bills), rules.unqualified),
        _component("not_preferred", sum(bill.not_preferred for bill in bills), rules.not_preferred),
        _component("forbidden", sum(bill.forbidden for bill in bills), rules.forbidden),
        _component("balance", _imbalance([sum(each.work for each in own) for own in people]), rules.balance),
        _component(
            "travel_balance", _imbalance([sum(each.travel for each in own) for own in people]), rules.travel_balance
        ),
        _component("arrival", sum(each.arrivals for each in rows), rules.arrival),
        _component("changed", sum(bill.changed for bill in bills), rules.changed),
        _component("moved", sum(bill.moved for bill in bills), rules.moved),
        Component("left_out", len(left_out), sum(left_out)),
    )


def _of_row(day: Day) -> OfRow:
    return OfRow(
        own_travel=day.own_travel,
        travel=day.travel,
        waiting=_waiting(day),
        idle=idle(day),
        overtime=_overtime(day),
        work=day.work,
        missed_lunch=bool(day.person.lunch and not day.lunches),
        arrivals=_arrivals(day),
    )


def _known(problem: Problem, index: int, given: list[Visit], known: Billed) -> OfJob:
    before = known.get(index)
    if before is not None and before[0] == given:
        return before[1]
    bill = _of_job(problem, index, given)
    known.setdefault(index, (given, bill))
    return bill


def _of_job(problem: Problem, index: int, given: list[Visit]) -> OfJob:
    late = [jobs.lateness(problem, visit.stop) for visit in given]
    return OfJob(
        late=sum(late),
        price_of_lateness=sum(late) * (jobs.lateness_price(problem, index) or 0),
        latest=max(late),
        unqualified=sum(jobs.is_unqualified(problem, visit) for visit in given),
        not_preferred=sum(jobs.is_not_preferred(problem, visit) for visit in given),
        forbidden=sum(_is_forbidden(problem, visit) for visit in given),
        changed=sum(_is_changed(problem, visit) for visit in given),
        moved=_moved(problem, index, given),
    )


def _component(name: str, amount: int, unit_price: int | None) -> Component:
    return Component(name, amount, amount * (unit_price or 0))


def _waiting(day: Day) -> int:
    opens_with_lunch = bool(day.stops) and day.stops[0] in day.lunches
    return sum(wait for position, wait in enumerate(day.waits) if not (opens_with_lunch and position == 1))


def idle(day: Day) -> int:
    """Return the part of the shift with nothing to do: before leaving, waiting, after coming back."""
    shift = day.person.shift
    if shift is None:
        return 0
    return max(0, day.departure - shift.start) + sum(day.waits) + max(0, shift.end - day.back)


def _overtime(day: Day) -> int:
    shift = day.person.shift
    return max(0, day.back - shift.end) if shift is not None and day.stops else 0


def _imbalance(loads: list[int]) -> int:
    """Return Σ ⌈|load − mean|⌉ over everybody, each term rounded up."""
    total = sum(loads)
    return sum(-(-abs(len(loads) * load - total) // len(loads)) for load in loads)


def _is_forbidden(problem: Problem, visit: Visit) -> bool:
    return visit.staff in problem.jobs[visit.stop.job].forbidden_staff


def _arrivals(day: Day) -> int:
    """Return how often one comes to a door: not when the visit before was behind it, unless one left it for a lunch."""
    arrivals, here, left = 0, -1, False
    for place, stop, then in zip(day.places, day.stops, (*day.places[1:], -1), strict=False):
        if stop.service == LUNCH:
            left = left or place not in {here, then}
            continue
        arrivals += left or place != here
        here, left = place, False
    return arrivals


def _is_changed(problem: Problem, visit: Visit) -> bool:
    promised = problem.jobs[visit.stop.job].promised_staff
    if promised is None or visit.staff in promised:
        return False
    return human_being(problem, visit.staff) not in {human_being(problem, staff) for staff in promised}


def _moved(problem: Problem, index: int, given: list[Visit]) -> int:
    return steps_moved(problem, index, min(visit.stop.start for visit in given))


def steps_moved(problem: Problem, index: int, start: int) -> int:
    """Return how many whole steps a job that begins at `start` has been moved from what was promised."""
    promised = problem.jobs[index].promised
    return 0 if promised is None else abs(start - promised) // problem.rules.moved_step
