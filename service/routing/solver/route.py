"""One person's route: an immutable list of stops with its times, its cost, and what inserting a service would cost.

A route is never changed, only replaced; that is why the trials of insertions may be remembered in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from service.routing.solver.tables import Node, Person, Tables
from service.routing.solver.walk import BROKEN, Closing, LunchMode, Walk

Stops = tuple[Node, ...]

PLACES: Final = 8
"""How many places of a route are tried for a service."""


@dataclass(slots=True, frozen=True)
class Trial:
    """Inserting a service before stop `at`: what the route would then cost more, and its new extremes."""

    at: int
    start: int
    delta: int
    idle: int
    late: int
    load: int


@dataclass(slots=True)
class Route:
    """`snaps[i]` is the walk before stop `i`, `snaps[-1]` the one after the last; `floors[i]` the start that a meeting
    asks of stop `i` (0 = none).
    """

    person: Person
    mode: int
    stops: Stops
    floors: tuple[int, ...]
    starts: list[int]
    snaps: list[Walk]
    closing: Closing
    synced: bool
    trials: dict[tuple[int, int], list[Trial]] = field(default_factory=dict)

    @property
    def late(self) -> int:
        """The worst tardiness of the route."""
        return self.snaps[-1].late


def build(tables: Tables, person: Person, mode: int, stops: Stops, floors: tuple[int, ...]) -> Route | None:
    """Walk the stops from the start of the day. None when a hard rule is broken.

    Raises: nothing.
    """
    return _go_on(Walk(tables, person, mode), [], [], (stops, floors))


def rebuild(route: Route, at: int, floor: int) -> Route | None:
    """Walk a route again from stop `at`, of which a meeting now asks to start at `floor`.

    Raises: nothing.
    """
    floors = (*route.floors[:at], floor, *route.floors[at + 1 :])
    return _go_on(route.snaps[at].fork(), route.starts[:at], route.snaps[:at], (route.stops, floors))


def _go_on(walk: Walk, starts: list[int], snaps: list[Walk], way: tuple[Stops, tuple[int, ...]]) -> Route | None:
    stops, floors = way
    for at in range(len(starts), len(stops)):
        snaps.append(walk.fork())
        start = walk.visit(stops[at], floors[at])
        if start == BROKEN:
            return None
        starts.append(start)
    snaps.append(walk)
    closing = walk.close()
    if closing is None:
        return None
    return Route(walk.person, walk.mode, stops, floors, starts, snaps, closing, any(node.synced for node in stops))


def modes(tables: Tables, person: Person) -> tuple[LunchMode, ...]:
    """List the ways in which this person's lunch may be placed.

    Raises: nothing.
    """
    if person.lunch is None:
        return (LunchMode.late,)
    if tables.missed is None:
        return (LunchMode.late, LunchMode.early)
    return (LunchMode.late, LunchMode.early, LunchMode.skip)


def build_best(tables: Tables, person: Person, stops: Stops, floors: tuple[int, ...]) -> Route | None:
    """Walk the stops in every lunch mode and keep the cheapest route; None when each breaks a hard rule.

    Raises: nothing.
    """
    best: Route | None = None
    for mode in modes(tables, person):
        route = build(tables, person, mode, stops, floors)
        if route is not None and (best is None or route.closing.cost < best.closing.cost):
            best = route
    return best


def trials(route: Route, node: Node) -> list[Trial]:
    """Try the node at every place of the route; places that break a hard rule are left out.

    Raises: nothing.
    """
    key = (node.job, node.service)
    known = route.trials.get(key)
    if known is None:
        found = (_try(route, node, at) for at in _places(route, node))
        known = [trial for trial in found if trial is not None]
        route.trials[key] = known
    return known


def _places(route: Route, node: Node) -> Sequence[int]:
    """Under soft windows the most promising places by how late the node would be and how far it would push the next
    stop, and always the end, where there is room; under hard ones all that are reached before the last window closes.
    """
    count = len(route.stops) + 1
    if route.snaps[0].tables.strict:
        while count > 1 and route.snaps[count - 1].free > node.closes[-1]:
            count -= 1
        return range(count)
    if count <= PLACES:
        return range(count)
    kept = [at for _, at in sorted((_pressure(route, node, at), at) for at in range(count))[:PLACES]]
    return kept if count - 1 in kept else [*kept, count - 1]


def _pressure(route: Route, node: Node, at: int) -> int:
    free = route.snaps[at].free
    late = max(0, free - node.closes[-1])
    if at == len(route.stops):
        return late
    return late + max(0, node.begin(free) + node.duration - route.starts[at])


def _try(route: Route, node: Node, at: int) -> Trial | None:
    walk = route.snaps[at].fork()
    start = walk.visit(node, 0)
    if start == BROKEN:
        return None
    stops, floors = route.stops, route.floors
    for later in range(at, len(stops)):
        if walk.visit(stops[later], floors[later]) == BROKEN:
            return None
    closing = walk.close()
    if closing is None:
        return None
    return Trial(at, start, closing.cost - route.closing.cost, closing.idle, walk.late, closing.load)


def with_stop(stops: Stops, at: int, node: Node) -> Stops:
    """Put a node before stop `at`.

    Raises: nothing.
    """
    return (*stops[:at], node, *stops[at:])
