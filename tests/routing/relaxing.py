"""Bends one rule of a day as the reason of a job left out says that it would have to be, in the problem itself."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from service.routing.problem import LUNCH, Carer, Job, Link, Plan, Problem, Staff

EVER: Final = 1 << 30

Bend = Callable[[Problem, Collection[int], int], Problem]
"""Problem, jobs that come and go together, amount → the problem with the rule bent by so much."""


def relaxed(
    problem: Problem, plan: Plan, jobs: Collection[int], rule: str, amount: int, told: Sequence[str]
) -> tuple[Problem, Plan]:
    """Return the day with a rule bent for some jobs, and its plan; those `told` of who may miss lunch have none."""
    if rule != "lunch":
        return BENDS[rule](problem, jobs, amount), plan
    rows = {at for at, who in enumerate(problem.staff) if who.id in told}
    staff = tuple(replace(who, lunch=None) if at in rows else who for at, who in enumerate(problem.staff))
    routes = tuple(
        replace(route, stops=tuple(stop for stop in route.stops if stop.service != LUNCH))
        if route.staff in rows
        else route
        for route in plan.routes
    )
    return replace(problem, staff=staff), replace(plan, routes=routes)


def _with_jobs(problem: Problem, jobs: Collection[int], change: Callable[[Job], Job]) -> Problem:
    changed = (change(each) if at in jobs else each for at, each in enumerate(problem.jobs))
    return replace(problem, jobs=tuple(changed))


def _with_staff(problem: Problem, change: Callable[[Staff], Staff]) -> Problem:
    return replace(problem, staff=tuple(map(change, problem.staff)))


def _time_window(problem: Problem, jobs: Collection[int], amount: int) -> Problem:
    def later(wanted: Job) -> Job:
        return replace(wanted, windows=tuple(replace(each, end=each.end + amount) for each in wanted.windows))

    return _with_jobs(problem, jobs, later)


def _shift_end(problem: Problem, jobs: Collection[int], amount: int) -> Problem:
    def longer(who: Staff) -> Staff:
        return replace(who, shift=replace(who.shift, end=who.shift.end + amount)) if who.shift else who

    return _with_staff(problem, longer)


def _staff(problem: Problem, jobs: Collection[int], amount: int) -> Problem:
    def anybody(wanted: Job) -> Job:
        services = (replace(each, skills=frozenset(), any_skills=frozenset()) for each in wanted.services)
        return replace(
            wanted,
            services=tuple(services),
            allowed_staff=None,
            forbidden_staff=frozenset(),
            preferred_staff=None,
        )

    return _with_jobs(problem, jobs, anybody)


def _capacity(problem: Problem, jobs: Collection[int], amount: int) -> Problem:
    return _with_staff(problem, lambda who: replace(who, capacity=None))


def _max_work(problem: Problem, jobs: Collection[int], amount: int) -> Problem:
    return _with_staff(problem, lambda who: replace(who, max_work=None))


def _rank(problem: Problem, jobs: Collection[int], amount: int) -> Problem:
    return replace(problem, jobs=tuple(replace(each, rank=0) for each in problem.jobs))


def _link(problem: Problem, jobs: Collection[int], amount: int) -> Problem:
    def loose(link: Link) -> Link:
        if not {link.first, link.second} & set(jobs):
            return link
        return replace(link, low=-EVER, high=None, ordered=False, carer=Carer.anybody)

    return replace(problem, links=tuple(map(loose, problem.links)))


BENDS: Final[Mapping[str, Bend]] = {
    "time_window": _time_window,
    "shift_end": _shift_end,
    "staff": _staff,
    "capacity": _capacity,
    "max_work": _max_work,
    "rank": _rank,
    "link": _link,
}
