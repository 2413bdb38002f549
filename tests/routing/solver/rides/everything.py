"""Goes through everything on a tiny day with one vehicle: who gives what in which order, which ways are ridden, and in
which order the vehicle lets people on and off. Each is timed as early as it can be and judged by the referee.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise, permutations, product

from service.routing import referee
from service.routing.problem import Plan, Problem, Route, Stop, Sync, Tour, TourStop, Unassigned

NEVER = 10**9

Spot = tuple[int, int]
Routes = tuple[tuple[Spot, ...], ...]
Call = tuple[int, int, bool]
"""A row, the position of the way in its day, and whether it gets off."""


class Search:
    """`cost` is that of the cheapest plan there is."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.cost: int | None = None
        self.plan: Plan | None = None
        for routes, out in _routes(problem):
            for ridden in _ridden(problem, routes):
                self._drive(routes, out, ridden)

    def _drive(self, routes: Routes, out: Sequence[int], ridden: frozenset[tuple[int, int]]) -> None:
        """Go through the tours that carry who rides, unless they cost too much already."""
        problem = self.problem
        spent = sum(problem.jobs[job].drop_penalty or 0 for job in out)
        for row, route in enumerate(routes):
            ends = _points(problem, row, route)
            for way, leg in enumerate(pairwise(ends) if route else ()):
                if (row, way) not in ridden:
                    spent += int(problem.matrices[problem.staff[row].matrix][leg])
        lines = {
            row: [way for way in range(len(routes[row]) + 1) if (row, way) in ridden] for row in range(len(routes))
        }
        self._on(routes, out, lines, [], spent)

    def _on(
        self, routes: Routes, out: Sequence[int], lines: dict[int, list[int]], calls: list[Call], spent: int
    ) -> None:
        problem, car = self.problem, self.problem.vehicles[0]
        go = problem.matrices[car.matrix]
        here = _place(problem, routes, calls[-1]) if calls else car.start_point
        if self.cost is not None and spent + (int(go[here, car.end_point]) if calls else 0) >= self.cost:
            return
        aboard = [call for call in calls if not call[2] and (*call[:2], True) not in calls]
        done = {row: sum(1 for call in calls if call[0] == row and call[2]) for row in lines}
        nexts = [(*call[:2], True) for call in aboard]
        if len(aboard) < car.seats:
            riding = {call[0] for call in aboard}
            nexts += [
                (row, ways[done[row]], False)
                for row, ways in lines.items()
                if row not in riding and done[row] < len(ways)
            ]
        if not nexts:
            self._judge(routes, out, calls)
        for call in nexts:
            there = _place(problem, routes, call)
            self._on(routes, out, lines, [*calls, call], spent + int(go[here, there]))

    def _judge(self, routes: Routes, out: Sequence[int], calls: list[Call]) -> None:
        plan = timed(self.problem, routes, out, calls)
        if plan is None:
            return
        verdict = referee.check_plan(self.problem, plan)
        if verdict.feasible and (self.cost is None or verdict.total < self.cost):
            self.cost, self.plan = verdict.total, plan


def _routes(problem: Problem) -> Iterator[tuple[Routes, tuple[int, ...]]]:
    rows = range(len(problem.staff))
    teams = [[None, *permutations(rows, len(job.services))] for job in problem.jobs]
    for team in product(*teams):
        out = tuple(job for job, crew in enumerate(team) if crew is None)
        spots: list[list[Spot]] = [[] for _ in rows]
        for job, crew in enumerate(team):
            for service, row in enumerate(crew or ()):
                spots[row].append((job, service))
        for routes in product(*(permutations(each) for each in spots)):
            yield routes, out


def _ridden(problem: Problem, routes: Routes) -> Iterator[frozenset[tuple[int, int]]]:
    ways = []
    for row, route in enumerate(routes):
        ends = _points(problem, row, route)
        if problem.staff[row].rides and route:
            ways += [(row, way) for way in range(len(route) + 1) if ends[way] != ends[way + 1]]
    for number in range(len(ways) + 1):
        for chosen in combinations(ways, number):
            yield frozenset(chosen)


def _points(problem: Problem, row: int, route: Sequence[Spot]) -> list[int]:
    who = problem.staff[row]
    return [who.start_point, *(problem.jobs[job].point for job, _ in route), who.end_point]


def _place(problem: Problem, routes: Routes, call: Call) -> int:
    row, way, off = call
    return _points(problem, row, routes[row])[way + off]


def timed(problem: Problem, routes: Routes, out: Sequence[int], calls: list[Call]) -> Plan | None:
    starts = {(row, at): 0 for row, route in enumerate(routes) for at in range(len(route))}
    car = problem.vehicles[0]
    go = problem.matrices[car.matrix]
    while True:
        before = dict(starts)
        stops = [TourStop(car.start_point, car.shift.start if car.shift else 0, car.shift.start if car.shift else 0)]
        arrives: dict[tuple[int, int], int] = {}
        for row, way, off in calls:
            point, last = _place(problem, routes, (row, way, off)), stops[-1]
            arrive = last.depart + int(go[last.point, point])
            free = arrive if off else _free(problem, routes, row, way, starts)
            stops.append(TourStop(point, arrive, max(arrive, free), (row,) * off, (row,) * (not off)))
            if off:
                arrives[row, way] = arrive
        last = stops[-1]
        back = last.depart + int(go[last.point, car.end_point])
        stops.append(TourStop(car.end_point, back, back))
        for (row, at), start in before.items():
            points = _points(problem, row, routes[row])
            walk = int(problem.matrices[problem.staff[row].matrix][points[at], points[at + 1]])
            there = arrives.get((row, at), _free(problem, routes, row, at, starts) + walk)
            job = problem.jobs[routes[row][at][0]]
            together = max(
                starts[other, k]
                for other, route in enumerate(routes)
                for k, spot in enumerate(route)
                if spot[0] == routes[row][at][0]
            )
            begin = max(start, there, together if job.sync is Sync.simultaneous else 0)
            opens = [max(begin, each.start) for each in job.windows if begin <= each.end]
            starts[row, at] = min(opens, default=begin if not job.windows else NEVER)
        if max(starts.values(), default=0) > 100_000:
            return None
        if starts == before:
            return _plan(problem, routes, out, (starts, stops if calls else []))


def _free(problem: Problem, routes: Routes, row: int, way: int, starts: dict[tuple[int, int], int]) -> int:
    who = problem.staff[row]
    if way == 0:
        return who.shift.start if who.shift else 0
    job, service = routes[row][way - 1]
    return starts[row, way - 1] + problem.jobs[job].services[service].duration


def _plan(
    problem: Problem, routes: Routes, out: Sequence[int], times: tuple[dict[tuple[int, int], int], list[TourStop]]
) -> Plan:
    starts, stops = times
    told = [
        Route(
            row,
            tuple(
                Stop(job, service, starts[row, at], starts[row, at] + problem.jobs[job].services[service].duration)
                for at, (job, service) in enumerate(route)
            ),
        )
        for row, route in enumerate(routes)
    ]
    tours = (Tour(0, tuple(stops)),) if stops else ()
    return Plan(tuple(told), tuple(Unassigned(job, "x") for job in out), tours)
