"""Takes some of a plan apart: visits near each other in place and time, or only the ways that people go."""

import random
from collections.abc import Iterable
from typing import Final

from service.routing.solver.rides import placing
from service.routing.solver.rides.cells import BY, NOBODY
from service.routing.solver.rides.state import State

MOST: Final = 8
"""So many jobs are taken out at most."""


def without_some(state: State, chance: random.Random) -> State:
    """Take jobs out that lie near one drawn at random.

    Raises: nothing.
    """
    facts = state.facts
    there = [job for job in range(len(facts.problem.jobs)) if state.has(job)]
    if not there:
        return state
    middle = chance.randrange(len(facts.problem.jobs))
    drawn = sorted(there, key=lambda job: (_apart(state, middle, job) * (0.5 + chance.random()), job))
    return without(state, drawn[: chance.randint(1, min(MOST, len(there)))])


def _apart(state: State, job: int, other: int) -> float:
    facts = state.facts
    here, there = facts.problem.jobs[job].point, facts.problem.jobs[other].point
    matrix = facts.problem.vehicles[0].matrix
    return float(int(facts.problem.matrices[matrix][here, there]) + 0.3 * abs(_when(state, job) - _when(state, other)))


def _when(state: State, job: int) -> int:
    node = state.facts.nodes_of[job][0]
    if state.row(node) != NOBODY:
        return state.start(node)
    windows = state.facts.windows[job]
    return windows[0][0] if windows else 0


def without(state: State, jobs: Iterable[int]) -> State:
    """Take jobs out, with those that are done with them or not at all, and whom nobody drives on then.

    Raises: nothing.
    """
    facts, twin = state.facts, state.fork()
    gone = {each for job in jobs for each in facts.groups[job]}
    open_ways: set[int] = set()
    for job in sorted(gone):
        for node in facts.nodes_of[job]:
            if twin.row(node) != NOBODY:
                _take_out(twin, node, open_ways)
    return mended(twin, open_ways)


def with_other_ways(state: State, chance: random.Random) -> State:
    """Let some people near each other in time go their ways anew.

    Raises: nothing.
    """
    twin = state.fork()
    nodes = [
        node
        for row in state.facts.rows
        if state.facts.problem.staff[row].rides and not state.is_idle(row)
        for node in (*state.route(row), state.end_of(row))
    ]
    if not nodes:
        return state
    middle = twin.start(chance.choice(nodes))
    nodes.sort(key=lambda node: (abs(twin.start(node) - middle) * (0.5 + chance.random()), node))
    drawn = nodes[: chance.randint(1, min(MOST, len(nodes)))]
    for node in drawn:
        twin.open(node)
    chance.shuffle(drawn)
    return mended(twin, drawn)


def _take_out(state: State, node: int, open_ways: set[int]) -> None:
    row = state.row(node)
    state.open(node)
    after = state.unlink(node)
    state.open(after)
    open_ways.discard(node)
    open_ways.add(after)
    lunch = state.facts.first_lunch + row
    if state.row(lunch) != NOBODY and state.route(row) == [lunch]:
        _take_out(state, lunch, open_ways)
    if state.is_idle(row):
        state.cells[BY, state.end_of(row)] = NOBODY
        open_ways.discard(state.end_of(row))


def mended(state: State, ways: Iterable[int]) -> State:
    """Find ways into the nodes that have none, and lunches; who cannot get on does less.

    Raises: nothing.
    """
    left = list(ways)
    while left:
        node = left.pop(0)
        found = placing.carried(state, node)
        if found is not None:
            state = found
            continue
        # the visit before the way, at its end the last one, is given up
        gone: set[int] = set(left)
        out = node if node < state.facts.first_lunch else state.before(node)
        if out >= state.facts.first_lunch:
            out = state.before(out) if state.before(out) != NOBODY else out
        gone.add(node)
        job = [out] if out >= state.facts.first_lunch else _of_group(state, out)
        for each in job:
            if state.row(each) != NOBODY:
                _take_out(state, each, gone)
        left = [each for each in left if each in gone] + sorted(gone - set(left))
    return _fed(state)


def _of_group(state: State, node: int) -> list[int]:
    facts = state.facts
    return [each for job in facts.groups[facts.spots[node][0]] for each in facts.nodes_of[job]]


def _fed(state: State) -> State:
    for row in state.facts.rows:
        while state.owes_lunch(row):
            found = placing.fed(state, row)
            if found is not None:
                state = found
                break
            open_ways: set[int] = set()
            last = next(each for each in reversed(state.route(row)) if each < state.facts.first_lunch)
            twin = state.fork()
            for each in _of_group(twin, last):
                if twin.row(each) != NOBODY:
                    _take_out(twin, each, open_ways)
            state = mended(twin, sorted(open_ways))
    return placing.timed(state) or state
