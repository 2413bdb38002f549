"""A plan while it is searched: who gives what in which order, and the calls of each vehicle in order."""

from service.routing.solver.rides import cells as fields
from service.routing.solver.rides import scratch
from service.routing.solver.rides.cells import (
    AFTER,
    ARRIVE,
    BEFORE,
    BY,
    DEPART,
    HEAD,
    HOW,
    LATER,
    NOBODY,
    NONE,
    OPEN,
    ROW,
    START,
    WHERE,
)
from service.routing.solver.rides.effort import TRIED, Effort
from service.routing.solver.rides.facts import Facts
from service.routing.solver.rides.scratch import Scratch
from service.routing.solver.rides.tables import Longs


class State:
    """`cells` are the plan, as compiled code changes it (see `cells`)."""

    __slots__ = ("cells", "facts", "rooms")

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.cells = fields.empty(facts.tables)
        self.rooms: dict[int, Scratch] = {}

    def fork(self, cells: Longs | None = None) -> "State":
        """Copy the state, or make one of other cells of the same day.

        Raises: nothing.
        """
        twin = State.__new__(State)
        twin.facts, twin.rooms = self.facts, self.rooms
        twin.cells = (self.cells if cells is None else cells).copy()
        return twin

    def room(self, effort: Effort) -> Scratch:
        """Return room to work in: for as many ways as are tried, which on a whole tour may be many.

        Raises: nothing.
        """
        ways = TRIED
        if effort.ways > TRIED:
            vehicles = range(len(self.facts.problem.vehicles))
            longest = 2 + max((len(self.calls(vehicle)) for vehicle in vehicles), default=0)
            ways = 1 << (len(vehicles) * (longest + 1) * (longest + 2) // 2 + 1).bit_length()
        if ways not in self.rooms:
            self.rooms[ways] = scratch.room(self.facts.count, self.cells.shape[1], ways)
        return self.rooms[ways]

    def row(self, node: int) -> int:
        """Return whose a node is; NOBODY when it is nobody's.

        Raises: nothing.
        """
        return int(self.cells[ROW, node])

    def before(self, node: int) -> int:
        """Return the node before one; NOBODY when it is its row's first.

        Raises: nothing.
        """
        return int(self.cells[BEFORE, node])

    def start(self, node: int) -> int:
        """Return when a node begins at the earliest.

        Raises: nothing.
        """
        return int(self.cells[START, node])

    def comes(self, call: int) -> tuple[int, int]:
        """Return when a vehicle comes for a call and when it leaves, at the earliest.

        Raises: nothing.
        """
        return int(self.cells[ARRIVE, call]), int(self.cells[DEPART, call])

    def lunch(self, row: int) -> tuple[int, int]:
        """Return how a row's lunch is had, and at which node.

        Raises: nothing.
        """
        return int(self.cells[HOW, row]), int(self.cells[WHERE, row])

    def calls(self, vehicle: int) -> list[int]:
        """List the calls of a vehicle in order.

        Raises: nothing.
        """
        found, call = [], int(self.cells[HEAD, vehicle])
        while call != NOBODY:
            found.append(call)
            call = int(self.cells[LATER, call])
        return found

    def end_of(self, row: int) -> int:
        """Return the node of a row's coming back.

        Raises: nothing.
        """
        return self.facts.first_end + row

    def route(self, row: int) -> list[int]:
        """List a row's nodes in order, without the coming back.

        Raises: nothing.
        """
        found, node = [], self.before(self.end_of(row))
        while node != NOBODY:
            found.append(node)
            node = self.before(node)
        return found[::-1]

    def is_idle(self, row: int) -> bool:
        """Tell whether a row has nothing to do.

        Raises: nothing.
        """
        return self.before(self.end_of(row)) == NOBODY

    def has(self, job: int) -> bool:
        """Tell whether a job is given.

        Raises: nothing.
        """
        return self.row(self.facts.nodes_of[job][0]) != NOBODY

    def owes_lunch(self, row: int) -> bool:
        """Tell whether a row with work to do has no lunch yet.

        Raises: nothing.
        """
        if self.facts.problem.staff[row].lunch is None or self.is_idle(row):
            return False
        return self.lunch(row)[0] == NONE and self.row(self.facts.first_lunch + row) == NOBODY

    def place(self, call: int) -> int:
        """Return where a vehicle stands for a call.

        Raises: nothing.
        """
        node = call >> 1
        before = self.before(node)
        if call & 1 or before != NOBODY:
            return self.facts.point(node if call & 1 else before)
        return self.facts.problem.staff[self.row(node)].start_point

    def append(self, node: int, row: int) -> None:
        """Put a node at the end of a row.

        Raises: nothing.
        """
        fields.attach(self.cells, node, row, self.end_of(row))

    def unlink(self, node: int) -> int:
        """Take a node, whose ways in and out are not ridden any more, out of its row; return the one after it.

        Raises: nothing.
        """
        cells, before, after, row = self.cells, self.before(node), int(self.cells[AFTER, node]), self.row(node)
        cells[BEFORE, after] = before
        if before != NOBODY:
            cells[AFTER, before] = after
        if self.lunch(row)[1] == node or self.is_idle(row):
            cells[HOW, row], cells[WHERE, row] = NONE, NOBODY
        cells[ROW, node] = cells[BEFORE, node] = cells[AFTER, node] = cells[BY, node] = NOBODY
        return after

    def open(self, node: int) -> None:
        """Let the way into a node be neither walked nor ridden for now.

        Raises: nothing.
        """
        fields.off(self.cells, node)
        self.cells[BY, node] = OPEN
