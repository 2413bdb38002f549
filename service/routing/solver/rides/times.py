"""The earliest times of everything: what waits for what is followed until nothing moves any more.

A stop waits for the one before it and the way, or for the vehicle; a vehicle for its way and who gets on; a crew for
its last, a linked job for another. Where something would be too late there is no timetable of that order.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

from service.routing.problem import Sync
from service.routing.solver.rides.facts import FAR
from service.routing.solver.rides.state import BEFORE, NOBODY, OPEN, State

STEPS: Final = 40
"""Who moves more often than so many times for each node waits for himself."""


def afresh(state: State) -> bool:
    """Set all times anew; false when the order has no timetable.

    Raises: nothing.
    """
    facts = state.facts
    nodes = [node for node in range(facts.count) if state.row[node] != NOBODY and not _rests(state, node)]
    calls = [call for each in state.calls for call in each]
    when = sorted([(state.start[node], 0, node) for node in nodes] + [(state.arrive[call], 1, call) for call in calls])
    for node in nodes:
        state.start[node] = NOBODY
    for call in calls:
        state.arrive[call] = state.depart[call] = NOBODY
    return follow(state, [(kind, each) for _, kind, each in when])


def _rests(state: State, node: int) -> bool:
    return node >= state.facts.first_end and state.before[node] == NOBODY


def follow(state: State, moved: Iterable[tuple[int, int]]) -> bool:
    """Move what must be later since something changed at the nodes (0, node) and calls (1, call); false when something
    would be too late. Nothing becomes earlier.

    Raises: nothing.
    """
    ahead = deque(moved)
    waiting = set(ahead)
    left = STEPS * (state.facts.count + len(ahead))
    while ahead:
        left -= 1
        kind, each = found = ahead.popleft()
        waiting.discard(found)
        then = _call(state, each) if kind else _node(state, each)
        if then is None or left < 0:
            return False
        for one in then:
            if one not in waiting:
                waiting.add(one)
                ahead.append(one)
    return True


def _call(state: State, call: int) -> list[tuple[int, int]] | None:
    """Set a call's times; return what waits for it, None when the vehicle would be too late."""
    facts, node = state.facts, call >> 1
    vehicle = state.by[node]
    one, before = facts.problem.vehicles[vehicle], state.earlier[call]
    if before == NOBODY:
        free, here = facts.leaves[vehicle], one.start_point
    else:
        free, here = state.depart[before], state.place(before)
        if free == NOBODY:
            return []
    place = state.place(call)
    arrive = free + facts.leg(one.matrix, here, place, free)
    depart = arrive if call & 1 else max(arrive, state.free(node))
    if depart >= FAR or depart > facts.back_by[vehicle]:
        return None
    if arrive <= state.arrive[call] and depart <= state.depart[call]:
        return []
    state.arrive[call], state.depart[call] = max(arrive, state.arrive[call]), max(depart, state.depart[call])
    then = [(0, node)] if call & 1 else []
    if state.later[call] != NOBODY:
        then.append((1, state.later[call]))
    elif depart + facts.leg(one.matrix, place, one.end_point, depart) > facts.back_by[vehicle]:
        return None
    return then


def _node(state: State, node: int) -> list[tuple[int, int]] | None:
    """Set when a node begins; return what waits for it, None when it would be too late."""
    start = arrival(state, node)
    if start is None:
        return []
    facts, row = state.facts, state.row[node]
    if start < FAR and node < facts.first_lunch:
        start = facts.begin(node, row, max(start, _held(state, node, start)))
    elif start < FAR and node < facts.first_end:
        start = max(start, (facts.lunches[row] or (0, 0, 0))[0])
        start = start if state.eaten(row, start) < FAR else FAR
    elif start > facts.latest[row]:
        return None
    if start >= FAR:
        return None
    if start <= state.start[node]:
        return []
    state.start[node] = start
    return _waiting_for(state, node)


def arrival(state: State, node: int) -> int | None:
    """Tell when somebody is ready at a node, lunch before it had; None while the vehicle is not known to come.

    Raises: nothing.
    """
    row = state.row[node]
    if state.by[node] == OPEN:
        return None
    if state.by[node] != NOBODY:
        at = state.arrive[2 * node + 1]
        if at == NOBODY:
            return None
    else:
        if state.before[node] != NOBODY and state.start[state.before[node]] == NOBODY:
            return None
        at = state.free(node)
        if at >= FAR:
            return FAR
        at += state.facts.leg(state.facts.modes[row], state.origin(node), state.point(node), at)
    how, where = state.lunch[row]
    return state.eaten(row, at) if how == BEFORE and where == node else at


def _waiting_for(state: State, node: int) -> list[tuple[int, int]]:
    facts, after = state.facts, state.after[node]
    if node >= facts.first_end:
        return []
    then = [(1, 2 * after) if state.by[after] >= 0 else (0, after)]
    if node < facts.first_lunch:
        job = facts.jobs[node]
        then += [(0, each) for each in facts.nodes_of[job] if each != node and state.row[each] != NOBODY]
        for at in facts.links_of[job]:
            link = facts.problem.links[at]
            other = link.second if link.first == job else link.first
            then += [(0, each) for each in facts.nodes_of[other] if state.row[each] != NOBODY]
    return then


def _held(state: State, node: int, ready: int) -> int:
    """Tell before when a service that could begin when `ready` does not, because of others of its job and of linked
    jobs.
    """
    facts = state.facts
    job, held = facts.jobs[node], 0
    if len(facts.nodes_of[job]) > 1:
        held = _held_by_crew(state, node)
    for at in facts.links_of[job]:
        held = max(held, _held_by_link(state, node, at, ready))
    return held


def _held_by_crew(state: State, node: int) -> int:
    facts = state.facts
    job = facts.jobs[node]
    crew, sync, lag = facts.nodes_of[job], facts.synced[job], facts.problem.jobs[job].lag
    known = {each: state.start[each] for each in crew if state.row[each] != NOBODY and state.start[each] != NOBODY}
    if sync is Sync.simultaneous:
        return max(known.values(), default=0)
    held = 0
    if sync is Sync.sequential:
        if node - 1 in known:
            held = known[node - 1] + lag.start
        if node + 1 in known:
            held = max(held, known[node + 1] - lag.end)
    return held


def _held_by_link(state: State, node: int, at: int, ready: int) -> int:
    facts = state.facts
    link = facts.problem.links[at]
    job = facts.jobs[node]
    other = link.second if link.first == job else link.first
    there = [each for each in facts.nodes_of[other] if state.row[each] != NOBODY and state.start[each] != NOBODY]
    if not there:
        return 0
    first, over = (
        min(state.start[each] for each in there),
        max(state.start[each] + state.length(each) for each in there),
    )
    if link.first == job if link.ordered else ready < first:
        # the other one follows: not so early that it could not follow in time
        return first - link.high - state.length(node) if link.high is not None else 0
    return over + link.low
