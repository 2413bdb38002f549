"""Goes through who gives what in which order, and keeps the cheapest plan that the referee lets pass."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, permutations, product

from service.routing import referee
from service.routing.problem import LUNCH, Plan, Problem, Route, Stop, Unassigned
from tests.routing import reading
from tests.routing.exhaustive import timetables, waiting
from tests.routing.exhaustive.words import Node, Spot, Spots

MOST_SERVICES = 7


@dataclass(frozen=True)
class Best:
    plan: Plan
    cost: int


def solve(problem: Problem) -> Best | None:
    """Return the cheapest plan that breaks no rule, None when what must be done cannot be."""
    assert sum(len(job.services) for job in problem.jobs) <= MOST_SERVICES, "this takes years"
    return _Search(problem).run()


class _Search:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.best: Best | None = None
        self.waits: list[tuple[int, int, Plan]] = []
        self.orders = cache(self._orders)

    def run(self) -> Best | None:
        for team in _teams(self.problem):
            out = tuple(job for job, rows in enumerate(team) if rows is None)
            given: list[set[Spot]] = [set() for _ in self.problem.staff]
            for job, rows in enumerate(team):
                for service, row in enumerate(rows or ()):
                    given[row].add((job, service))
            for routes in product(*(self.orders(row, frozenset(spots)) for row, spots in enumerate(given))):
                if self._may_be_cheaper(routes, out):
                    for starts in timetables.every(self.problem, routes):
                        self._judge(_plan(self.problem, routes, starts, out))
        for least, _, plan in sorted(self.waits, key=lambda each: each[:2]):
            if self.best is None or least >= self.best.cost:
                break
            self._judge(waiting.with_less(self.problem, plan))
        return self.best

    def _may_be_cheaper(self, routes: Sequence[Spots], out: Sequence[int]) -> bool:
        if self.best is None:
            return True
        floor = sum(self.problem.jobs[job].drop_penalty or 0 for job in out)
        floor += self.problem.rules.travel * sum(_travel(self.problem, row, spots) for row, spots in enumerate(routes))
        return floor < self.best.cost

    def _judge(self, plan: Plan) -> None:
        verdict = referee.check_plan(self.problem, plan)
        if not verdict.feasible:
            return
        if self.best is None or verdict.total < self.best.cost:
            self.best = Best(plan, verdict.total)
        least = verdict.total - verdict.costs["waiting"]
        if verdict.costs["waiting"] and not self.problem.traffic:
            least += self.problem.rules.waiting * sum(waiting.least(self.problem, route) for route in plan.routes)
        if least < self.best.cost:  # with less waiting it may yet be the best
            self.waits.append((least, len(self.waits), plan))

    def _orders(self, row: int, spots: frozenset[Spot]) -> list[Spots]:
        """Return the orders, with and without lunch, that the row could keep if it were alone in the world."""
        found = [route for order in permutations(sorted(spots)) for route in _with_lunch(self.problem, row, order)]
        if self.problem.traffic:  # earliest is not always best there
            return found
        alone = [[route if at == row else () for at in range(len(self.problem.staff))] for route in found]
        return [
            routes[row]
            for routes in alone
            if timetables.earliest(self.problem, routes, {}, (), linked=False) is not None
        ]


def _teams(problem: Problem) -> Iterator[tuple[tuple[int, ...] | None, ...]]:
    """Go through who gives what: for each job the row of each service, or None."""
    for team in product(*(_teams_of(problem, job) for job in range(len(problem.jobs)))):
        if not any(link.bound and (team[link.first] is None) != (team[link.second] is None) for link in problem.links):
            yield team


def _teams_of(problem: Problem, job: int) -> list[tuple[int, ...] | None]:
    wanted, rules = problem.jobs[job], problem.rules
    found: list[tuple[int, ...] | None] = [] if wanted.drop_penalty is None else [None]
    for rows in permutations(range(len(problem.staff)), len(wanted.services)):
        people = [(problem.staff[row].person, None if problem.staff[row].person is not None else row) for row in rows]
        admitted = wanted.allowed_staff is None or wanted.allowed_staff.issuperset(rows)
        refused = rules.forbidden is None and wanted.forbidden_staff.intersection(rows)
        able = rules.unqualified is not None or all(
            reading.is_able(problem.staff[row], service) for row, service in zip(rows, wanted.services, strict=True)
        )
        if len(set(people)) == len(people) and admitted and not refused and able:
            found.append(rows)
    return found


def _with_lunch(problem: Problem, row: int, order: Spots) -> Iterator[Spots]:
    lunch = problem.staff[row].lunch
    if lunch is None or not order or problem.rules.missed_lunch is not None:
        yield order
    if lunch is None or (not order and problem.rules.missed_lunch is None):
        return
    for at in range(len(order) + 1):
        around = {job for job, _ in order[max(0, at - 1) : at + 1]} | ({-1} if at == 0 else set())
        for place in sorted({-1} if lunch.point is not None else around):
            yield (*order[:at], (place, LUNCH), *order[at:])


def _plan(problem: Problem, routes: Sequence[Spots], starts: Mapping[Node, int], out: Sequence[int]) -> Plan:
    return Plan(
        tuple(
            Route(
                row,
                tuple(
                    Stop(*spot, starts[row, at], starts[row, at] + reading.length(problem, row, spot))
                    for at, spot in enumerate(spots)
                ),
            )
            for row, spots in enumerate(routes)
        ),
        tuple(Unassigned(job, "left_out") for job in out),
    )


def _travel(problem: Problem, row: int, spots: Spots) -> int:
    """Return the least travel of a route, whatever the traffic."""
    if not spots:
        return 0
    person = problem.staff[row]
    points = [person.start_point, *(reading.point(problem, row, spot) for spot in spots), person.end_point]
    factors = [band.factor for band in (problem.traffic[person.matrix] if problem.traffic else ())]
    return sum(int(problem.matrices[person.matrix][leg]) for leg in pairwise(points)) * min(factors or [1000]) // 1000
