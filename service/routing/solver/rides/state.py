"""A plan while it is searched: who gives what in which order, and the calls of each vehicle in order."""

from typing import Final

from service.routing.problem import LUNCH
from service.routing.solver.rides.facts import FAR, Facts

NOBODY: Final = -1
"""No node before the first one, no row, no vehicle, no call."""

OPEN: Final = -2
"""The vehicle of a way that is neither walked nor ridden yet."""

NONE, AFTER, BEFORE, FIRST = range(4)
"""How a lunch without a place of its own is had: not at all, at the address of a stop after or before it, or before
leaving.
"""


class State:
    """`before`/`after[node]` are its neighbours in its row's route (of a coming back: the last stop), `row[node]` whose
    it is. `by[node]` is the vehicle in which the way into it is ridden; `calls[vehicle]` are its calls in order, and
    `earlier`/`later[call]` their neighbours. `start[node]`, `arrive[call]` and `depart[call]` are the earliest times.
    `lunch[row]` is (how, node).
    """

    __slots__ = ("after", "arrive", "before", "by", "calls", "depart", "earlier", "facts", "later", "lunch", "row",
                 "start")  # fmt: skip

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        count = facts.count
        self.row = [NOBODY] * count
        self.before = [NOBODY] * count
        self.after = [NOBODY] * count
        self.by = [NOBODY] * count
        self.start = [0] * count
        self.arrive = [0] * (2 * count)
        self.depart = [0] * (2 * count)
        self.earlier = [NOBODY] * (2 * count)
        self.later = [NOBODY] * (2 * count)
        self.calls: list[list[int]] = [[] for _ in facts.problem.vehicles]
        self.lunch = [(NONE, NOBODY)] * len(facts.problem.staff)
        for row in facts.rows:
            self.row[facts.first_end + row] = row

    def fork(self) -> "State":
        """Copy the state.

        Raises: nothing.
        """
        twin = State.__new__(State)
        twin.facts = self.facts
        for name in ("row", "before", "after", "by", "start", "arrive", "depart", "earlier", "later", "lunch"):
            setattr(twin, name, getattr(self, name)[:])
        twin.calls = [each[:] for each in self.calls]
        return twin

    def end_of(self, row: int) -> int:
        """Return the node of a row's coming back.

        Raises: nothing.
        """
        return self.facts.first_end + row

    def route(self, row: int) -> list[int]:
        """List a row's nodes in order, without the coming back.

        Raises: nothing.
        """
        found, node = [], self.before[self.end_of(row)]
        while node != NOBODY:
            found.append(node)
            node = self.before[node]
        return found[::-1]

    def is_idle(self, row: int) -> bool:
        """Tell whether a row has nothing to do.

        Raises: nothing.
        """
        return self.before[self.end_of(row)] == NOBODY

    def has(self, job: int) -> bool:
        """Tell whether a job is given.

        Raises: nothing.
        """
        return self.row[self.facts.nodes_of[job][0]] != NOBODY

    def given(self) -> dict[int, int]:
        """Tell who gives each service that is given.

        Raises: nothing.
        """
        return {node: self.row[node] for node in range(self.facts.first_lunch) if self.row[node] != NOBODY}

    def point(self, node: int) -> int:
        """Return where a node is.

        Raises: nothing.
        """
        return self.facts.places[node]

    def origin(self, node: int) -> int:
        """Return where the way into a node begins.

        Raises: nothing.
        """
        before, facts = self.before[node], self.facts
        return facts.origins[self.row[node]] if before == NOBODY else facts.places[before]

    def place(self, call: int) -> int:
        """Return where a vehicle stands for a call.

        Raises: nothing.
        """
        return self.point(call >> 1) if call & 1 else self.origin(call >> 1)

    def length(self, node: int) -> int:
        """Return how long what is done at a node takes.

        Raises: nothing.
        """
        facts = self.facts
        if node < facts.first_lunch:
            return facts.lengths[self.row[node]][node]
        lunch = facts.lunches[self.row[node]]
        return lunch[2] if node < facts.first_end and lunch is not None else 0

    def free(self, node: int) -> int:
        """Tell from when on one can leave for a node: after the stop before, lunch included; FAR when lunch is over.

        Raises: nothing.
        """
        row, before = self.row[node], self.before[node]
        how, where = self.lunch[row]
        if before == NOBODY:
            free = self.facts.earliest[row]
            return self.eaten(row, free) if how == FIRST else free
        free = self.start[before] + self.length(before)
        return self.eaten(row, free) if how == AFTER and where == before else free

    def eaten(self, row: int, ready: int) -> int:
        """Tell when a row that could have lunch from `ready` on has had it; FAR when it is too late.

        Raises: nothing.
        """
        opens, closes, duration = self.facts.lunches[row] or (0, 0, 0)
        over = max(ready, opens) + duration
        return over if over <= closes else FAR

    def owes_lunch(self, row: int) -> bool:
        """Tell whether a row with work to do has no lunch yet.

        Raises: nothing.
        """
        if self.facts.lunches[row] is None or self.is_idle(row):
            return False
        return self.lunch[row][0] == NONE and self.row[self.facts.first_lunch + row] == NOBODY

    def link(self, node: int, row: int, after: int) -> None:
        """Put a node into a row before the node `after`, whose way must not be ridden any more.

        Raises: nothing.
        """
        before = self.before[after]
        self.row[node], self.before[node], self.after[node] = row, before, after
        self.start[node] = NOBODY
        self.before[after] = node
        if before != NOBODY:
            self.after[before] = node

    def unlink(self, node: int) -> None:
        """Take a node, whose ways in and out are not ridden any more, out of its row.

        Raises: nothing.
        """
        before, after = self.before[node], self.after[node]
        self.before[after] = before
        if before != NOBODY:
            self.after[before] = after
        row = self.row[node]
        if self.lunch[row][1] == node or self.is_idle(row):
            self.lunch[row] = (NONE, NOBODY)
        self.row[node] = self.before[node] = self.after[node] = NOBODY

    def board(self, node: int, vehicle: int, on: int, off: int) -> None:
        """Let the way into a node be ridden: the calls stand at positions `on` and `off` of the tour as it is then.

        Raises: nothing.
        """
        calls = self.calls[vehicle]
        calls.insert(on, 2 * node)
        calls.insert(off, 2 * node + 1)
        self.by[node] = vehicle
        for call in (2 * node, 2 * node + 1):
            self.arrive[call] = self.depart[call] = NOBODY
        self._chain(vehicle)

    def alight(self, node: int) -> bool:
        """Let the way into a node not be ridden any more; tell whether it was.

        Raises: nothing.
        """
        vehicle = self.by[node]
        if vehicle < 0:
            return False
        self.calls[vehicle] = [each for each in self.calls[vehicle] if each >> 1 != node]
        self.by[node] = NOBODY
        self._chain(vehicle)
        return True

    def _chain(self, vehicle: int) -> None:
        last = NOBODY
        for call in self.calls[vehicle]:
            self.earlier[call] = last
            if last != NOBODY:
                self.later[last] = call
            last = call
        if last != NOBODY:
            self.later[last] = NOBODY


def spot(facts: Facts, node: int) -> tuple[int, int]:
    """Return what a plan calls a node: job and service.

    Raises: nothing.
    """
    return facts.spots[node] if node < facts.first_lunch else (-1, LUNCH)
