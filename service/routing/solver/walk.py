"""One member of staff's day, walked stop by stop at the earliest times, with its cost and its hard rules.

A walk knows nothing of other people: a stop that waits for a partner is visited with a `floor`, the start that the
meeting asks for. The first departure is just in time, and as much of the waiting as the windows allow is taken back
by leaving later (`gain`); the times written into a plan are shifted in the same way.
"""

from enum import IntEnum
from typing import Final

from service.routing.problem import Rules
from service.routing.solver.tables import Node, Person, Tables

BROKEN: Final = -1
"""What `visit` answers when a hard rule is broken."""


class LunchMode(IntEnum):
    """When lunch is taken if no gap gives it for free: as late as possible, as early as possible, or not at all."""

    late = 0
    early = 1
    skip = 2


PLACED: Final = 3
"""A mode of PLACED + k takes lunch before stop k, or after the last one."""


class Walk:
    """The state of a day after some stops. Forked before every stop, so that an insertion is tried from there."""

    __slots__ = (
        "bent", "count", "door", "free", "gap", "late", "load", "lunch_at", "lunch_before", "lunch_here", "mode",
        "pending", "person", "place", "rank", "rules", "service", "slack", "tables", "travel",
    )  # fmt: skip

    def __init__(self, tables: Tables, person: Person, mode: int) -> None:
        self.tables = tables
        self.rules: Rules = tables.problem.rules
        self.person = person
        self.mode = mode
        self.place = person.start
        self.free = person.earliest
        self.count = 0
        self.pending = person.lunch is not None and mode != LunchMode.skip
        self.travel = 0
        self.service = 0
        self.gap = 0  # waiting that is priced
        self.slack = 0  # how much later the first departure may be without a later stop becoming late
        self.late = 0  # the worst tardiness
        self.load = 0  # what the jobs so far load on the person
        self.bent = 0  # what bent rules have cost so far
        self.rank: int | None = None  # of the last job
        self.door = -1  # the place of the last job
        self.lunch_at = BROKEN
        self.lunch_before = 0  # index of the stop before which lunch is had
        self.lunch_here = False  # at the address of the stop before, not of the next

    def fork(self) -> "Walk":
        """Copy the state.

        Raises: nothing.
        """
        twin = Walk.__new__(Walk)
        twin.tables, twin.rules, twin.person, twin.mode = self.tables, self.rules, self.person, self.mode
        twin.place, twin.free, twin.count, twin.pending = self.place, self.free, self.count, self.pending
        twin.travel, twin.service, twin.gap, twin.slack = self.travel, self.service, self.gap, self.slack
        twin.late, twin.bent, twin.load, twin.lunch_at = self.late, self.bent, self.load, self.lunch_at
        twin.rank, twin.door = self.rank, self.door
        twin.lunch_before, twin.lunch_here = self.lunch_before, self.lunch_here
        return twin

    def visit(self, node: Node, floor: int) -> int:
        """Go to the node and serve it, not before `floor`; answer the start, or BROKEN when a hard rule forbids it.

        Raises: nothing.
        """
        person = self.person
        if self.rank is not None and node.rank < self.rank:
            return BROKEN
        leg = person.travel[self.place][node.point]
        arrival = self.free + leg
        if self.pending:
            arrival = self._lunch_on_the_way(node, floor, arrival)
        start = node.begin(arrival if arrival > floor else floor)
        slack = node.close(start) - start
        if slack < 0:
            if node.patient:
                return BROKEN
            self.bent -= node.tardy * slack
            self.late = max(self.late, -slack)
        if slack < 0 or node.synced:
            slack = 0
        if floor and start > floor:
            # The partner waits: an estimate, gone as soon as the meeting is settled.
            self.bent += (start - floor) * (self.rules.travel + self.rules.waiting + node.tardy)
        self._wait(start - arrival, slack)
        self._go_on(node, leg, start)
        if self.free + person.travel[node.point][person.end] > person.latest or self.load > person.capacity:
            return BROKEN
        return start

    def _go_on(self, node: Node, leg: int, start: int) -> None:
        self.bent += node.prices[self.person.index] + (self.rules.arrival if node.point != self.door else 0)
        self.rank, self.door = node.rank, node.point
        self.travel += leg
        self.service += node.duration
        self.load += node.load
        self.place = node.point
        self.free = start + node.duration

    def _wait(self, wait: int, slack: int) -> None:
        """Book a wait before a stop; the first has none, and the one after a first lunch is not priced (UHHC)."""
        if self.count:
            self.gap += wait
            self.slack = min(self.slack, slack + self.gap)
        elif self.rules.leave_at_shift_start and self.lunch_at == BROKEN:
            self.gap += wait
        elif self.lunch_at == BROKEN:
            self.slack = slack
        self.count += 1

    def _lunch_on_the_way(self, node: Node, floor: int, arrival: int) -> int:
        """Take lunch before the node when a gap gives it, when the mode wants it or when it is the last chance; answer
        the time at which the person stands ready at the node's door.
        """
        opening, last, duration = self.person.lunch or (0, 0, 0)
        there = max(arrival, opening)
        start = node.begin(max(arrival, floor))
        free_of_charge = there + duration <= start
        due = start + node.duration > last
        wanted = self.mode == LunchMode.early and arrival >= opening
        if self.mode >= PLACED:
            free_of_charge, due, wanted = False, False, self.count == self.mode - PLACED
        if not (free_of_charge or due or wanted):
            return arrival
        here = max(self.free, opening)
        if there <= last:
            self._eat(there, there - arrival, here=False)
            return there + duration
        if self.count and here <= last:
            self._eat(here, here - self.free, here=True)
            return here + duration + arrival - self.free
        return arrival

    def _eat(self, at: int, wait: int, *, here: bool) -> None:
        last = (self.person.lunch or (0, 0, 0))[1]
        self.pending = False
        self.lunch_at, self.lunch_before, self.lunch_here = at, self.count, here
        if self.count or self.rules.leave_at_shift_start:
            self.gap += wait
            self.slack = min(self.slack, last - at + self.gap)

    def close(self) -> "Closing | None":
        """End the day: lunch after the last stop if it is still due, the way home, overtime, idle time; None when a
        hard rule is broken.

        Raises: nothing.
        """
        options = [self._closing(lunch_at) for lunch_at in self._last_lunches()]
        possible = [option for option in options if option is not None]
        return min(possible, key=_cost) if possible else None

    def _last_lunches(self) -> list[int]:
        person = self.person
        if person.lunch is None or not self.pending:
            return [BROKEN]
        at = max(self.free, person.lunch[0])
        if at > person.lunch[1]:
            return [BROKEN]
        may_miss = self.tables.missed is not None or not self.count
        return [at, BROKEN] if may_miss else [at]

    def _closing(self, lunch_at: int) -> "Closing | None":
        person, rules = self.person, self.rules
        had = lunch_at if lunch_at != BROKEN else self.lunch_at
        missed = person.lunch is not None and had == BROKEN
        if missed and self.tables.missed is None and self.count:
            return None
        duration = person.lunch[2] if person.lunch and lunch_at != BROKEN else 0
        wait = lunch_at - self.free if duration and (self.count or rules.leave_at_shift_start) else 0
        home = person.travel[self.place][person.end] if self.count else 0
        back = self.free + wait + duration + home
        if back > person.latest and (self.count or duration):
            return None
        gap, slack = self.gap + wait, self.slack
        if duration and person.lunch:
            slack = min(slack, person.lunch[1] - lunch_at + gap)
        cost = self.bent + rules.travel * (self.travel + home) + rules.waiting * (gap - max(0, min(gap, slack)))
        if missed:
            cost += self.tables.missed or 0
        cost += self._overtime(back) if self.count or duration else 0
        return Closing(cost, self._idle(back, had, home), self.travel + home + self.service, lunch_at)

    def _overtime(self, back: int) -> int:
        end = self.person.shift_end
        return self.tables.overtime * max(0, back - end) if end is not None else 0

    def _idle(self, back: int, lunch_at: int, home: int) -> int:
        person = self.person
        if person.shift_end is None:
            return 0
        eaten = person.lunch[2] if person.lunch and lunch_at != BROKEN else 0
        busy = self.travel + home + self.service + eaten
        return (max(back, person.shift_end) if self.count else person.shift_end) - person.shift_start - busy


class Closing:
    """What a whole day comes to: `cost` of the route alone, `idle`, `load` (travel and service), and the start of a
    lunch after the last stop (or BROKEN).
    """

    __slots__ = ("cost", "idle", "load", "lunch_at")

    def __init__(self, cost: int, idle: int, load: int, lunch_at: int) -> None:
        self.cost, self.idle, self.load, self.lunch_at = cost, idle, load, lunch_at


def _cost(closing: Closing) -> int:
    return closing.cost
