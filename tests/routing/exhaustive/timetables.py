"""The timetables of given orders that may be best: each the least fixed point of "not before"."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product

from service.routing.problem import LUNCH, Carer, Problem, Sync
from tests.routing import reading
from tests.routing.exhaustive.words import NEVER, Node, Spot, Spots


def every(problem: Problem, routes: Sequence[Spots]) -> Iterator[Mapping[Node, int]]:
    """Go through the timetables that may be best: by which job comes first, and what is not begun before when."""
    choices = [list(_directions(problem, link)) for link in range(len(problem.links))]
    nodes = [(row, at) for row, spots in enumerate(routes) for at in range(len(spots))]
    holds = [_holds(problem, row, routes[row][at]) for row, at in nodes]
    for directions in product(*choices):
        for held in product(*holds):
            found = earliest(problem, routes, dict(zip(nodes, held, strict=True)), directions)
            if found is not None:
                yield found


def _holds(problem: Problem, row: int, spot: Spot) -> list[int]:
    """Return the moments from which a stop may be held back to begin, to anybody's good."""
    found, person = {-NEVER}, problem.staff[row]
    if problem.traffic:
        found |= {band.start - reading.length(problem, row, spot) for band in problem.traffic[person.matrix]}
    if spot[1] == LUNCH:
        return sorted(found)
    job, rules = problem.jobs[spot[0]], problem.rules
    if len(job.windows) > 1 and (rules.waiting or reading.may_be_late(problem, spot[0])):
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


def earliest(
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
        return max(0, begin) + reading.leg(
            problem, row, person.start_point, reading.point(problem, row, spots[0]), begin
        )
    end = starts[row, at - 1] + reading.length(problem, row, spots[at - 1])
    here, there = (reading.point(problem, row, spot) for spot in spots[at - 1 : at + 1])
    return end + reading.leg(problem, row, here, there, end)


def _open(problem: Problem, spot: Spot, row: int, start: int) -> int:
    """Return the first moment from `start` on at which the stop may begin, NEVER when there is none."""
    length = reading.length(problem, row, spot)
    if spot[1] == LUNCH:
        lunch = problem.staff[row].lunch
        assert lunch is not None
        begin = max(start, lunch.start)
        return begin if begin + length <= lunch.end else NEVER
    windows = problem.jobs[spot[0]].windows
    if not windows:
        return start
    if reading.may_be_late(problem, spot[0]):
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
    for link, (earlier, later, closing) in zip(problem.links, directions, strict=True):
        if (earlier, 0) not in where or (later, 0) not in where:
            continue
        first = [where[earlier, service] for service in range(len(problem.jobs[earlier].services))]
        second = [where[later, service] for service in range(len(problem.jobs[later].services))]
        lengths = [reading.length(problem, row, (earlier, service)) for service, (row, _) in enumerate(first)]
        if link.carer is Carer.same and problem.jobs[earlier].sync is not Sync.simultaneous:
            first = first[:1]  # the others assist
        last = closing if len(first) > 1 else 0
        over = max(starts[node] + length for node, length in zip(first, lengths, strict=False))
        for node in second:
            starts[node] = max(starts[node], over + link.low)
        if link.high is not None:
            begin = min(starts[node] for node in second) - link.high - lengths[last]
            starts[first[last]] = max(starts[first[last]], begin)
