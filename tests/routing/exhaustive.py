"""The cheapest plan of a tiny day, found by trying everything: the judge of cleverer searches. Slow on purpose.

Tried are: which jobs stay out, who gives each service, in which order, where in the route and at whose address lunch is
had, which of two free jobs comes first. Each of these has an earliest timetable, the least fixed point of "not before".
Where it may pay to begin later (a later window, a promised start, another band of the traffic, less waiting), later
timetables are tried as well. Every plan is judged and priced by the referee; nothing of the solver is used.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise, permutations, product

from service.routing import referee
from service.routing.problem import LUNCH, Plan, Problem, Route, Service, Staff, Stop, Sync, Unassigned

MOST_SERVICES = 7
NEVER = 10**9

Spot = tuple[int, int]
"""Job and service, as in a `Stop`."""
Spots = tuple[Spot, ...]
Node = tuple[int, int]
"""Row and position in its route."""


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
                    for starts in _timetables(self.problem, routes):
                        self._judge(routes, starts, out)
        return self.best

    def _may_be_cheaper(self, routes: Sequence[Spots], out: Sequence[int]) -> bool:
        if self.best is None:
            return True
        floor = sum(self.problem.jobs[job].drop_penalty or 0 for job in out)
        floor += self.problem.rules.travel * sum(_travel(self.problem, row, spots) for row, spots in enumerate(routes))
        return floor < self.best.cost

    def _judge(self, routes: Sequence[Spots], starts: Mapping[Node, int], out: Sequence[int]) -> None:
        plan = _plan(self.problem, routes, starts, out)
        verdict = referee.check_plan(self.problem, plan)
        least = verdict.total - verdict.costs["waiting"]
        if not verdict.feasible or (self.best is not None and least >= self.best.cost):
            return
        if verdict.costs["waiting"]:
            plan = _with_less_waiting(self.problem, routes, dict(starts), out)
            verdict = referee.check_plan(self.problem, plan)
        if self.best is None or verdict.total < self.best.cost:
            self.best = Best(plan, verdict.total)

    def _orders(self, row: int, spots: frozenset[Spot]) -> list[Spots]:
        """Return the orders, with and without lunch, that the row could keep if it were alone in the world."""
        found = [route for order in permutations(sorted(spots)) for route in _with_lunch(self.problem, row, order)]
        if self.problem.traffic:  # earliest is not always best there
            return found
        alone = [[route if at == row else () for at in range(len(self.problem.staff))] for route in found]
        return [routes[row] for routes in alone if _earliest(self.problem, routes, {}, (), linked=False) is not None]


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
            _able(problem.staff[row], service) for row, service in zip(rows, wanted.services, strict=True)
        )
        if len(set(people)) == len(people) and admitted and not refused and able:
            found.append(rows)
    return found


def _able(person: Staff, service: Service) -> bool:
    needed, one_of = service.skills, service.any_skills
    return needed <= person.skills and (not one_of or bool(one_of & person.skills))


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


def _timetables(problem: Problem, routes: Sequence[Spots]) -> Iterator[Mapping[Node, int]]:
    """Go through the timetables that may be best: by which job comes first, and what is not begun before when."""
    choices = [list(_directions(problem, link)) for link in range(len(problem.links))]
    nodes = [(row, at) for row, spots in enumerate(routes) for at in range(len(spots))]
    holds = [_holds(problem, row, routes[row][at]) for row, at in nodes]
    for directions in product(*choices):
        for held in product(*holds):
            found = _earliest(problem, routes, dict(zip(nodes, held, strict=True)), directions)
            if found is not None:
                yield found


def _holds(problem: Problem, row: int, spot: Spot) -> list[int]:
    """Return the moments from which a stop may be held back to begin, to anybody's good."""
    found, person = {-NEVER}, problem.staff[row]
    if problem.traffic:
        found |= {band.start - _length(problem, row, spot) for band in problem.traffic[person.matrix]}
    if spot[1] == LUNCH:
        return sorted(found)
    job, rules = problem.jobs[spot[0]], problem.rules
    if len(job.windows) > 1 and (rules.waiting or _may_be_late(problem, spot[0])):
        found |= {window.start for window in job.windows}
    if job.promised is not None and rules.moved:
        opening = max(
            person.shift.start if person.shift else 0, min((window.start for window in job.windows), default=0)
        )
        found |= set(range(job.promised - rules.moved_step + 1, opening, -rules.moved_step))
    return sorted(found)


def _directions(problem: Problem, link: int) -> Iterator[tuple[int, int, int]]:
    """Go through (earlier job, later job, the service of the earlier one that ends last)."""
    one = problem.links[link]
    for earlier, later in (
        [(one.first, one.second)] if one.ordered else [(one.first, one.second), (one.second, one.first)]
    ):
        for last in range(len(problem.jobs[earlier].services) if one.high is not None else 1):
            yield earlier, later, last


def _earliest(
    problem: Problem,
    routes: Sequence[Spots],
    held: Mapping[Node, int],
    directions: Sequence[tuple[int, int, int]],
    *,
    linked: bool = True,
) -> dict[Node, int] | None:
    """Return the least starts that keep every "not before", None when one of them passes a "not after"."""
    nodes = [(row, at) for row, spots in enumerate(routes) for at in range(len(spots))]
    starts = {node: held.get(node, -NEVER) for node in nodes}
    where = {routes[row][at]: (row, at) for row, at in nodes if routes[row][at][1] != LUNCH}
    latest = _latest(problem)
    while True:
        before = dict(starts)
        for row, at in nodes:
            starts[row, at] = max(starts[row, at], _free(problem, routes[row], row, at, starts))
            starts[row, at] = _open(problem, routes[row][at], row, starts[row, at])
        if linked:
            _keep_together(problem, where, starts)
            _keep_links(problem, where, starts, directions)
        if any(start > latest for start in starts.values()):
            return None
        if starts == before:
            return starts


def _latest(problem: Problem) -> int:
    """Return a moment after which nothing sensible begins."""
    spans = [window for job in problem.jobs for window in job.windows]
    spans += [person.shift for person in problem.staff if person.shift]
    ends = [span.end for span in spans] + [span.start for span in spans]
    ends += [person.lunch.end for person in problem.staff if person.lunch]
    stops = sum(len(job.services) for job in problem.jobs) + len(problem.staff)
    slowest = max([1000, *(person.pace for person in problem.staff)])
    lengths = sum(service.duration * slowest // 1000 + 1 for job in problem.jobs for service in job.services)
    lengths += sum(person.lunch.duration for person in problem.staff if person.lunch)
    factor = max([1000, *(band.factor for bands in problem.traffic for band in bands)])
    leg = max((int(matrix.max(initial=0)) for matrix in problem.matrices), default=0) * factor // 1000 + 1
    delays = sum(link.low for link in problem.links) + sum(abs(job.lag.end) for job in problem.jobs)
    return max([0, *ends]) + lengths + delays + stops * leg


def _free(problem: Problem, spots: Spots, row: int, at: int, starts: Mapping[Node, int]) -> int:
    """Return when one can be at a stop after the one before it."""
    person = problem.staff[row]
    if at == 0:
        begin = person.shift.start if person.shift else 0
        return max(0, begin) + _leg(problem, row, person.start_point, _point(problem, row, spots[0]), begin)
    end = starts[row, at - 1] + _length(problem, row, spots[at - 1])
    here, there = (_point(problem, row, spot) for spot in spots[at - 1 : at + 1])
    return end + _leg(problem, row, here, there, end)


def _open(problem: Problem, spot: Spot, row: int, start: int) -> int:
    """Return the first moment from `start` on at which the stop may begin, NEVER when there is none."""
    length = _length(problem, row, spot)
    if spot[1] == LUNCH:
        lunch = problem.staff[row].lunch
        assert lunch is not None
        begin = max(start, lunch.start)
        return begin if begin + length <= lunch.end else NEVER
    windows = problem.jobs[spot[0]].windows
    if not windows:
        return start
    if _may_be_late(problem, spot[0]):
        return max(start, min(window.start for window in windows))
    by_end = problem.rules.window_end_at_service_end or problem.jobs[spot[0]].ends_in_window
    for begin in sorted({start, *(window.start for window in windows)}):
        opened = [(window.start, window.end) for window in windows if window.start <= begin]
        if begin >= start and opened and begin + (length if by_end else 0) <= max(opened)[1]:
            return begin
    return NEVER


def _keep_together(problem: Problem, where: Mapping[Spot, Node], starts: dict[Node, int]) -> None:
    for index, job in enumerate(problem.jobs):
        nodes = [where[index, service] for service in range(len(job.services)) if (index, service) in where]
        if job.sync is Sync.simultaneous and nodes:
            start = max(starts[node] for node in nodes)
            starts.update(dict.fromkeys(nodes, start))
        if job.sync is Sync.sequential:
            for first, second in pairwise(nodes):
                starts[second] = max(starts[second], starts[first] + job.lag.start)
                starts[first] = max(starts[first], starts[second] - job.lag.end)


def _keep_links(
    problem: Problem,
    where: Mapping[Spot, Node],
    starts: dict[Node, int],
    directions: Sequence[tuple[int, int, int]],
) -> None:
    for link, (earlier, later, last) in zip(problem.links, directions, strict=True):
        if (earlier, 0) not in where or (later, 0) not in where:
            continue
        first = [where[earlier, service] for service in range(len(problem.jobs[earlier].services))]
        second = [where[later, service] for service in range(len(problem.jobs[later].services))]
        lengths = [_length(problem, row, (earlier, service)) for service, (row, _) in enumerate(first)]
        over = max(starts[node] + length for node, length in zip(first, lengths, strict=True))
        for node in second:
            starts[node] = max(starts[node], over + link.low)
        if link.high is not None:
            begin = min(starts[node] for node in second) - link.high - lengths[last]
            starts[first[last]] = max(starts[first[last]], begin)


def _with_less_waiting(problem: Problem, routes: Sequence[Spots], starts: dict[Node, int], out: Sequence[int]) -> Plan:
    """Return the plan with stops moved together, by ever smaller steps, until no set of them is better anywhere else.

    A timetable's price is a sum of convex functions of starts and of their differences: where no set of stops is better
    a unit later or earlier, none is anywhere.
    """
    plan = _plan(problem, routes, starts, out)
    verdict = referee.check_plan(problem, plan)
    cost = verdict.total
    groups = [set(group) for size in range(1, len(starts) + 1) for group in combinations(starts, size)]
    step = 1 << verdict.component("waiting").amount.bit_length()
    while step:
        better = None
        for group, by in product(groups, (step, -step)):
            moved = {node: start + by * (node in group) for node, start in starts.items()}
            tried = _plan(problem, routes, moved, out)
            verdict = referee.check_plan(problem, tried)
            if verdict.feasible and verdict.total < cost:
                better, cost, plan = moved, verdict.total, tried
        starts = better or starts
        step = step if better else step // 2
    return plan


def _plan(problem: Problem, routes: Sequence[Spots], starts: Mapping[Node, int], out: Sequence[int]) -> Plan:
    return Plan(
        tuple(
            Route(
                row,
                tuple(
                    Stop(*spot, starts[row, at], starts[row, at] + _length(problem, row, spot))
                    for at, spot in enumerate(spots)
                ),
            )
            for row, spots in enumerate(routes)
        ),
        tuple(Unassigned(job, "left_out") for job in out),
    )


def _may_be_late(problem: Problem, job: int) -> bool:
    wanted, rules = problem.jobs[job], problem.rules
    priced = wanted.tardiness is not None or rules.tardiness is not None
    return priced and rules.max_tardiness is not None and not wanted.punctual


def _length(problem: Problem, row: int, spot: Spot) -> int:
    person = problem.staff[row]
    if spot[1] == LUNCH:
        return person.lunch.duration if person.lunch else 0
    return -(-problem.jobs[spot[0]].services[spot[1]].duration * person.pace // 1000)


def _point(problem: Problem, row: int, spot: Spot) -> int:
    person = problem.staff[row]
    if spot[0] >= 0:
        return problem.jobs[spot[0]].point
    return person.start_point if person.lunch is None or person.lunch.point is None else person.lunch.point


def _leg(problem: Problem, row: int, here: int, there: int, free: int) -> int:
    matrix = problem.staff[row].matrix
    travel = int(problem.matrices[matrix][here, there])
    for band in reversed(problem.traffic[matrix] if problem.traffic else ()):
        if band.start <= free or band is problem.traffic[matrix][0]:
            return -(-travel * band.factor // 1000)
    return travel


def _travel(problem: Problem, row: int, spots: Spots) -> int:
    """Return the least travel of a route, whatever the traffic."""
    if not spots:
        return 0
    person = problem.staff[row]
    points = [person.start_point, *(_point(problem, row, spot) for spot in spots), person.end_point]
    factors = [band.factor for band in (problem.traffic[person.matrix] if problem.traffic else ())]
    return sum(int(problem.matrices[person.matrix][leg]) for leg in pairwise(points)) * min(factors or [1000]) // 1000
