"""How late everything may be at the latest, about: never too early, so that what is ruled out by it is ruled out."""

from service.routing.solver.rides.facts import FAR
from service.routing.solver.rides.state import NOBODY, State


class Latest:
    """`node[node]` is the latest beginning, `call[call]` the latest arrival of a vehicle, where it is known."""

    __slots__ = ("call", "node")

    def __init__(self, state: State) -> None:
        facts = state.facts
        self.node = [FAR] * facts.count
        self.call = [FAR] * (2 * facts.count)
        found = [(state.start[node], 1, node) for node in range(facts.count) if state.row[node] != NOBODY]
        found += [(state.arrive[call], 0, call) for calls in state.calls for call in calls]
        for _, kind, each in sorted(found, reverse=True):
            if kind:
                self.node[each] = self._of_node(state, each)
            else:
                self.call[each] = self._of_call(state, each)

    def _of_node(self, state: State, node: int) -> int:
        facts, row = state.facts, state.row[node]
        if node >= facts.first_end:
            return facts.latest[row]
        latest = facts.closes(node, row) if node < facts.first_lunch else (facts.lunches[row] or (0, 0, 0))[1]
        after = state.after[node]
        if state.by[after] >= 0:
            follows = self.call[2 * after]
        elif state.by[after] == NOBODY:
            follows = self.node[after] - facts.quick(facts.modes[row], state.point(node), state.point(after))
        else:
            follows = FAR
        return min(latest, follows - state.length(node))

    def _of_call(self, state: State, call: int) -> int:
        facts, node = state.facts, call >> 1
        vehicle = state.by[node]
        one, here, later = facts.problem.vehicles[vehicle], state.place(call), state.later[call]
        if later == NOBODY:
            latest = facts.back_by[vehicle] - facts.quick(one.matrix, here, one.end_point)
        else:
            latest = self.call[later] - facts.quick(one.matrix, here, state.place(later))
        return min(latest, self.node[node]) if call & 1 else latest
