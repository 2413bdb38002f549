"""From the search's day to a plan: stops with times, lunches in their places, departures as late as waiting allows."""

from service.routing.problem import LUNCH, Route, Stop
from service.routing.solver.route import Route as Walked
from service.routing.solver.state import State
from service.routing.solver.tables import Node
from service.routing.solver.walk import BROKEN


def routes(state: State) -> tuple[Route, ...]:
    """Write out everybody's stops with their times.

    Raises: nothing.
    """
    return tuple(Route(at, tuple(_stops(route))) for at, route in enumerate(state.routes))


def _stops(route: Walked) -> list[Stop]:
    stops = [
        Stop(node.job, node.service, start, start + node.duration)
        for node, start in zip(route.stops, route.starts, strict=True)
    ]
    lunch = _lunch(route)
    if lunch is not None:
        at, stop = lunch
        stops.insert(at, stop)
    return _later(route, stops)


def _lunch(route: Walked) -> tuple[int, Stop] | None:
    """The lunch and its place in the route; had at the next address, or at the one before it, or at the start."""
    walk, duration = route.snaps[-1], route.person.lunch[2] if route.person.lunch else 0
    if walk.lunch_at != BROKEN:
        at = walk.lunch_before
        job = route.stops[at - 1 if walk.lunch_here else at].job
        return at, Stop(job, LUNCH, walk.lunch_at, walk.lunch_at + duration)
    last = route.closing.lunch_at
    if last == BROKEN:
        return None
    job = route.stops[-1].job if route.stops else -1
    return len(route.stops), Stop(job, LUNCH, last, last + duration)


def _later(route: Walked, stops: list[Stop]) -> list[Stop]:
    """Depart as much later as takes back waiting without making anybody late; the stops after follow as they must."""
    rules = route.snaps[0].rules
    if not stops or not rules.waiting or rules.leave_at_shift_start or stops[0].service == LUNCH:
        return stops
    nodes = {(node.job, node.service): node for node in route.stops}
    latest = stops[-1].start
    for here, after in zip(stops[-2::-1], stops[:0:-1], strict=True):
        latest = min(_limit(route, nodes, here), latest - _leg(route, here, after) - (here.end - here.start))
    moved: list[Stop] = []
    for stop in stops:
        start = max(stop.start, moved[-1].end + _leg(route, moved[-1], stop)) if moved else max(latest, stop.start)
        moved.append(Stop(stop.job, stop.service, start, start + stop.end - stop.start))
    return moved


def _leg(route: Walked, here: Stop, after: Stop) -> int:
    return route.person.travel[_point(route, here)][_point(route, after)]


def _limit(route: Walked, nodes: dict[tuple[int, int], Node], stop: Stop) -> int:
    if stop.service == LUNCH:
        return route.person.lunch[1] if route.person.lunch else stop.start
    node = nodes[stop.job, stop.service]
    return stop.start if node.synced else max(stop.start, node.close(stop.start))


def _point(route: Walked, stop: Stop) -> int:
    job = stop.job
    return next(node.point for node in route.stops if node.job == job)
