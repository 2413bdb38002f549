"""The price of a plan, computed again from its written times; a hard rule has no price.

The amounts follow the public definition of the unified home-care problem, so that they can be compared with published
costs. Two details come from there: the wait after a lunch that opens the day counts as idle, not as waiting; and
somebody entitled to lunch who does nothing all day has missed it too.
"""

from collections.abc import Mapping

from service.routing.problem import LUNCH, Problem
from service.routing.referee import jobs
from service.routing.referee.days import Day
from service.routing.referee.jobs import Visit
from service.routing.referee.people import human_being, of_each
from service.routing.referee.verdict import Component


def price(
    problem: Problem, days: tuple[Day, ...], visits: Mapping[int, list[Visit]], driven: int
) -> tuple[Component, ...]:
    """Return the price of a plan by component, in the order of `Rules`, last the jobs left out. `driven` is how long
    the shared vehicles drive, at the price of travel: who sits in one costs nothing more, but works meanwhile.
    """
    rules = problem.rules
    every = [visit for given in visits.values() for visit in given]
    people = of_each(problem, days)
    late = [(jobs.lateness(problem, visit.stop), jobs.lateness_price(problem, visit.stop.job)) for visit in every]
    left_out = [job.drop_penalty or 0 for index, job in enumerate(problem.jobs) if index not in visits]
    return (
        _component("travel", driven + sum(day.own_travel for day in days), rules.travel),
        _component("waiting", sum(_waiting(day) for day in days), rules.waiting),
        _component("max_idle", max((idle(day) for day in days), default=0), rules.max_idle),
        Component("tardiness", sum(by for by, _ in late), sum(by * (unit_price or 0) for by, unit_price in late)),
        _component("max_tardiness", max((by for by, _ in late), default=0), rules.max_tardiness),
        _component("overtime", sum(_overtime(day) for day in days), rules.overtime),
        _component("missed_lunch", sum(bool(day.person.lunch and not day.lunches) for day in days), rules.missed_lunch),
        _component("unqualified", sum(jobs.is_unqualified(problem, visit) for visit in every), rules.unqualified),
        _component("not_preferred", sum(jobs.is_not_preferred(problem, visit) for visit in every), rules.not_preferred),
        _component("forbidden", sum(_is_forbidden(problem, visit) for visit in every), rules.forbidden),
        _component("balance", _imbalance([sum(day.work for day in own) for own in people]), rules.balance),
        _component(
            "travel_balance", _imbalance([sum(day.travel for day in own) for own in people]), rules.travel_balance
        ),
        _component("arrival", sum(_arrivals(day) for day in days), rules.arrival),
        _component("changed", sum(_is_changed(problem, visit) for visit in every), rules.changed),
        _component("moved", sum(_moved(problem, index, given) for index, given in visits.items()), rules.moved),
        Component("left_out", len(left_out), sum(left_out)),
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
