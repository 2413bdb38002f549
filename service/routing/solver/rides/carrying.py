"""The ways in which a way can go: on foot, or with calls put into the tour of a vehicle."""

from collections.abc import Iterator
from itertools import accumulate
from typing import Final, NamedTuple

from service.routing.solver.rides import times
from service.routing.solver.rides.effort import USUAL
from service.routing.solver.rides.facts import FAR
from service.routing.solver.rides.latest import Latest
from service.routing.solver.rides.state import NOBODY, State

DELAY: Final = 0.03
"""What a unit of delay of whoever sits in the vehicle, or waits for it, counts beside a unit of driving."""

TRIED: Final = 6
"""So many of the cheapest ways are tried."""


class Way(NamedTuple):
    """A way to go: what it adds, when one is there about, and with which vehicle, getting on and off where in its tour
    (NOBODY = as one travels without).
    """

    cost: float
    there: int
    vehicle: int = NOBODY
    on: int = 0
    off: int = 0


def ways(state: State, node: int, latest: Latest, most: int = USUAL.calls) -> list[Way]:
    """List how the way into a node could go, cheapest first, nobody sitting in a vehicle for more than `most` calls.

    Raises: nothing.
    """
    facts, row = state.facts, state.row[node]
    here, there, free = state.origin(node), state.point(node), state.free(node)
    if free >= FAR:
        return []
    found = []
    own = facts.leg(facts.modes[row], here, there, free)
    if free + own <= latest.node[node]:
        found.append(Way(own, free + own))
    if facts.rides[row] and here != there:
        asked = _Asked(here, there, free, latest.node[node])
        for vehicle in range(len(state.calls)):
            found += _Tour(state, vehicle, latest, most).rides(asked)
    found.sort()
    return found


class _Asked(NamedTuple):
    """Somebody wants to get from `here`, where he is free, to `there`, by the time that is due."""

    here: int
    there: int
    free: int
    due: int


class _Tour:
    """A vehicle's tour as it is: `free[k]` is when it leaves its k-th place, 0 being where it starts; `until[k]` the
    latest arrival at the place after that; `aboard[k]` how many sit in it in between.
    """

    def __init__(self, state: State, vehicle: int, latest: Latest, most: int) -> None:
        facts, calls = state.facts, state.calls[vehicle]
        one = facts.problem.vehicles[vehicle]
        self.facts, self.vehicle, self.matrix, self.seats = facts, vehicle, one.matrix, one.seats
        self.most = most
        self.places = [one.start_point, *(state.place(call) for call in calls), one.end_point]
        self.free = [facts.leaves[vehicle], *(state.depart[call] for call in calls)]
        self.arrive = [state.arrive[call] for call in calls]
        self.until = [*(latest.call[call] for call in calls), facts.back_by[vehicle]]
        self.aboard = [0, *accumulate(-1 if call & 1 else 1 for call in calls)]

    def rides(self, asked: _Asked) -> Iterator[Way]:
        """Go through the places of the tour at which one could get on and off in time."""
        facts, matrix = self.facts, self.matrix
        waited = 0
        for at, free in enumerate(self.free):
            waited += free > asked.free
            if free > asked.due or waited > self.most:
                return
            on = max(free + facts.leg(matrix, self.places[at], asked.here, free), asked.free)
            possible = on + facts.quick(matrix, asked.here, self.places[at + 1]) <= self.until[at]
            if possible and self.aboard[at] < self.seats:
                yield from self._off(asked, at, on)

    def _off(self, asked: _Asked, first: int, on: int) -> Iterator[Way]:
        """Go through the places at which one could get off who has got on after the place `first`."""
        facts, free, here = self.facts, on, asked.here
        for at in range(first, min(len(self.free), first + self.most)):
            if at > first:
                arrive = free + facts.leg(self.matrix, here, self.places[at], free)
                if arrive > self.until[at - 1] or self.aboard[at] >= self.seats:
                    return
                here, free = self.places[at], max(arrive, self.free[at])
            off = free + facts.leg(self.matrix, here, asked.there, free)
            then = off + facts.leg(self.matrix, asked.there, self.places[at + 1], off)
            if off <= asked.due and then <= self.until[at]:
                delay = max(0, then - self.arrive[at]) if at < len(self.arrive) else 0
                cost = self._added(asked, first, at) + DELAY * (delay + off - on)
                yield Way(cost, off, self.vehicle, first, at + 1)
            if free > asked.due:
                return

    def _added(self, asked: _Asked, first: int, last: int) -> int:
        """Tell by how much longer the tour is, traffic aside, that is left after `first` and after `last`."""
        go, places = self.facts.ways[self.matrix], self.places
        here, there = asked.here, asked.there
        old = 0 if len(self.free) == 1 else go[places[first]][places[first + 1]]
        if first == last:
            return int(go[places[first]][here] + go[here][there] + go[there][places[first + 1]] - old)
        onto = go[places[first]][here] + go[here][places[first + 1]] - old
        out = go[places[last]][there] + go[there][places[last + 1]] - go[places[last]][places[last + 1]]
        return int(onto + out)


def take(state: State, node: int, way: Way) -> list[tuple[int, int]]:
    """Let the way into a node go so; return what moves.

    Raises: nothing.
    """
    if way.vehicle == NOBODY:
        state.by[node] = NOBODY
        return [(0, node)]
    state.board(node, way.vehicle, way.on, way.off)
    moved = [(1, 2 * node), (1, 2 * node + 1)]
    moved += [(1, state.later[call]) for call in (2 * node, 2 * node + 1) if state.later[call] != NOBODY]
    return moved


def carry(state: State, node: int) -> State | None:
    """Find a way into a node that has none, the cheapest of those tried; None when all of them fail.

    Raises: nothing.
    """
    for way in ways(state, node, Latest(state))[:TRIED]:
        twin = state.fork()
        if times.follow(twin, take(twin, node, way)):
            return twin
    return None
