"""The problem laid out for the search: plain lists and slotted objects, everything that can be known beforehand."""

from dataclasses import dataclass
from typing import Final

from service.routing import rules
from service.routing.problem import Job, Problem, Sync
from service.routing.solver.mandatory import MUST

NEVER: Final = 1 << 60
"""A time that no day reaches."""


@dataclass(slots=True, eq=False)
class Node:
    """One service of one job. `opens[w]`/`closes[w]` are the first and last start in time of window `w`; `prices` maps
    the staff who may give it to what that costs beyond travel; `synced` says that its start depends on other staff;
    `patient` that its windows are hard, `tardy` what a unit of lateness costs.
    """

    job: int
    service: int
    point: int
    duration: int
    opens: tuple[int, ...]
    closes: tuple[int, ...]
    prices: dict[int, int]
    synced: bool
    patient: bool
    load: int
    tardy: int
    rank: int

    def begin(self, earliest: int) -> int:
        """Choose the start at or after `earliest`: in the first window that is open or opens next, or late in the
        last one whose start has passed (`patient` nodes wait for the next window instead of being late).

        Raises: nothing.
        """
        opens = self.opens
        if earliest <= opens[0]:
            return opens[0]
        if len(opens) == 1 or earliest <= self.closes[0]:
            return earliest
        return self._later(earliest)

    def _later(self, earliest: int) -> int:
        for at in range(1, len(self.opens)):
            opening = self.opens[at]
            if earliest < opening:
                late = earliest - self.closes[at - 1]
                return opening if self.patient or late > opening - earliest else earliest
            if earliest <= self.closes[at]:
                return earliest
        return earliest

    def close(self, start: int) -> int:
        """Tell the last start in time of the window that a service begun at `start` belongs to.

        Raises: nothing.
        """
        found = self.closes[0]
        if len(self.opens) == 1:
            return found
        for opening, closing in zip(self.opens, self.closes, strict=True):
            if opening > start:
                break
            found = closing
        return found


@dataclass(slots=True, eq=False)
class Person:
    """One member of staff: `travel[from][to]` of the person's mode, `earliest` departure, `latest` hard return,
    `lunch` = (window start, last start, duration).
    """

    index: int
    travel: list[list[int]]
    start: int
    end: int
    earliest: int
    latest: int
    shift_start: int
    shift_end: int | None
    lunch: tuple[int, int, int] | None
    capacity: int


@dataclass(slots=True)
class Tables:
    """All of it: `nodes[job][service]`, `drops[job]`, and the prices of the rules with None replaced by flags. `strict`
    says that all windows are hard.
    """

    problem: Problem
    people: list[Person]
    nodes: list[list[Node]]
    synced: list[bool]
    drops: list[int]
    strict: bool
    overtime: int
    missed: int | None


class _Prices:
    """What each person costs beyond travel, asked once for all services that ask and wish for the same."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._known: dict[object, dict[int, int]] = {}

    def of(self, job: int, service: int) -> dict[int, int]:
        wanted = self.problem.jobs[job]
        what = wanted.services[service]
        wishes = wanted.allowed_staff, wanted.forbidden_staff, wanted.preferred_staff, wanted.promised_staff
        alike = what.skills, what.any_skills, wishes
        if alike not in self._known:
            staff = range(len(self.problem.staff))
            priced = ((who, rules.service_price(self.problem, job, service, who)) for who in staff)
            self._known[alike] = {who: price for who, price in priced if price is not None}
        return self._known[alike]


def _node(problem: Problem, prices: _Prices, job: int, service: int) -> Node:
    wanted = problem.jobs[job]
    what = wanted.services[service]
    early = what.duration if rules.ends_in_window(problem, job) else 0
    windows = sorted(wanted.windows, key=lambda window: (window.start, window.end))
    return Node(
        job=job,
        service=service,
        point=wanted.point,
        duration=what.duration,
        opens=tuple(window.start for window in windows) or (0,),
        closes=tuple(window.end - early for window in windows) or (NEVER,),
        prices=prices.of(job, service),
        synced=_is_synced(wanted),
        patient=rules.is_punctual(problem, job),
        load=wanted.load,
        tardy=(problem.rules.tardiness if wanted.tardiness is None else wanted.tardiness) or 0,
        rank=wanted.rank,
    )


def _is_synced(job: Job) -> bool:
    return len(job.services) > 1 and job.sync is not Sync.independent


def _person(problem: Problem, index: int, travel: list[list[int]]) -> Person:
    who = problem.staff[index]
    hard_end = who.shift is not None and (who.punctual or problem.rules.overtime is None)
    lunch = who.lunch
    return Person(
        index=index,
        travel=travel,
        start=who.start_point,
        end=who.end_point,
        earliest=max(0, who.shift.start) if who.shift else 0,
        latest=who.shift.end if who.shift and hard_end else NEVER,
        shift_start=who.shift.start if who.shift else 0,
        shift_end=who.shift.end if who.shift else None,
        lunch=(lunch.start, lunch.end - lunch.duration, lunch.duration) if lunch else None,
        capacity=NEVER if who.capacity is None else who.capacity,
    )


def build(problem: Problem) -> Tables:
    """Lay the problem out.

    Raises: nothing.
    """
    units, prices = problem.rules, _Prices(problem)
    unpriced = units.tardiness is None or units.max_tardiness is None
    travel = [matrix.tolist() for matrix in problem.matrices]
    return Tables(
        problem=problem,
        people=[_person(problem, at, travel[who.matrix]) for at, who in enumerate(problem.staff)],
        nodes=[
            [_node(problem, prices, at, service) for service in range(len(job.services))]
            for at, job in enumerate(problem.jobs)
        ],
        synced=[_is_synced(job) for job in problem.jobs],
        drops=[MUST if job.drop_penalty is None else job.drop_penalty for job in problem.jobs],
        strict=all(rules.is_punctual(problem, at) for at in range(len(problem.jobs))) if problem.jobs else unpriced,
        overtime=units.overtime or 0,
        missed=units.missed_lunch,
    )
