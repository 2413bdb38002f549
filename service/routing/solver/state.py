"""A whole day under construction: all routes, who serves what, and one global order of the jobs.

Every route lists its stops in the global order; that is why people who wait for each other can never wait in a circle,
and why one pass in that order settles all meetings.
"""

import heapq
from collections.abc import Iterable

from service.routing.solver import meeting
from service.routing.solver import route as routing
from service.routing.solver.route import Route
from service.routing.solver.tables import Node, Tables


class State:
    """`routes[staff]`, `who[job]` = the staff of its services, `order` = the assigned jobs in global order."""

    __slots__ = ("order", "routes", "tables", "who")

    def __init__(self, tables: Tables, routes: list[Route], who: dict[int, tuple[int, ...]], order: list[int]) -> None:
        self.tables, self.routes, self.who, self.order = tables, routes, who, order

    def fork(self) -> "State":
        """Copy the state; the routes themselves never change and are shared.

        Raises: nothing.
        """
        return State(self.tables, self.routes[:], self.who.copy(), self.order[:])

    def take(self, other: "State") -> None:
        """Become equal to another state.

        Raises: nothing.
        """
        self.routes, self.who, self.order = other.routes, other.who, other.order

    def absent(self) -> list[int]:
        """List the jobs that nobody serves.

        Raises: nothing.
        """
        return [job for job in range(len(self.tables.nodes)) if job not in self.who]

    def total(self) -> int:
        """Price the day.

        Raises: nothing.
        """
        rules = self.tables.problem.rules
        closings = [route.closing for route in self.routes]
        cost = sum(closing.cost for closing in closings)
        cost += sum(self.tables.drops[job] for job in self.absent())
        if rules.max_idle:
            cost += rules.max_idle * max((closing.idle for closing in closings), default=0)
        if rules.max_tardiness:
            cost += rules.max_tardiness * max((route.late for route in self.routes), default=0)
        if rules.balance:
            cost += rules.balance * imbalance([closing.load for closing in closings])
        return cost

    def remove(self, jobs: Iterable[int]) -> bool:
        """Take jobs out of the day; False (and an unusable state) when the rest then breaks a hard rule.

        Raises: nothing.
        """
        gone = {job for job in jobs if job in self.who}
        touched = {staff for job in gone for staff in self.who[job]}
        for job in gone:
            del self.who[job]
        self.order = [job for job in self.order if job not in gone]
        for staff in touched:
            route = self.routes[staff]
            kept = [at for at, node in enumerate(route.stops) if node.job not in gone]
            if not self._replace(staff, [route.stops[at] for at in kept], [route.floors[at] for at in kept]):
                return False
        return self.settle(touched)

    def insert(self, job: int, placed: list[tuple[int, int]], rank: int | None = None) -> bool:
        """Put all services of a job in: `placed[service]` = (staff, place in the route). `rank` is the place in the
        global order; a job of one service is put right behind its predecessor. False: a hard rule broke, nothing done.

        Raises: nothing.
        """
        trial = self.fork()
        trial.order.insert(trial.rank_of(*placed[0]) if rank is None else rank, job)
        trial.who[job] = tuple(staff for staff, _ in placed)
        for node, (staff, at) in zip(self.tables.nodes[job], placed, strict=True):
            route = trial.routes[staff]
            stops = routing.with_stop(route.stops, at, node)
            if not trial._replace(staff, stops, (*route.floors[:at], 0, *route.floors[at:])):
                return False
        if not trial.settle({staff for staff, _ in placed}):
            return False
        self.take(trial)
        return True

    def rank_of(self, staff: int, at: int) -> int:
        """Tell the place in the global order of a stop put before stop `at` of a person's route.

        Raises: nothing.
        """
        stops = self.routes[staff].stops
        if at:
            return self.order.index(stops[at - 1].job) + 1
        return self.order.index(stops[0].job) if stops else len(self.order)

    def _replace(self, staff: int, stops: Iterable[Node], floors: Iterable[int]) -> bool:
        route = routing.build_best(self.tables, self.tables.people[staff], tuple(stops), tuple(floors))
        if route is None:
            return False
        self.routes[staff] = route
        return True

    def settle(self, touched: Iterable[int]) -> bool:
        """Agree all meetings anew after the routes of `touched` changed, in global order; False when one is impossible.

        Raises: nothing.
        """
        dirty = set(touched)
        if not any(self.routes[staff].synced for staff in dirty):
            return True
        for job in self.order:
            if self.tables.synced[job] and not dirty.isdisjoint(self.who[job]) and not self._meet(job, dirty):
                return False
        return True

    def _meet(self, job: int, dirty: set[int]) -> bool:
        nodes, staff = self.tables.nodes[job], self.who[job]
        places = [self.routes[who].stops.index(node) for who, node in zip(staff, nodes, strict=True)]

        def start_of(service: int, floor: int) -> int:
            return self.routes[staff[service]].snaps[places[service]].fork().visit(nodes[service], floor)

        starts = meeting.arrange(self.tables.problem.jobs[job], start_of)
        if starts is None:
            return False
        for who, at, start in zip(staff, places, starts, strict=True):
            if self.routes[who].floors[at] != start or self.routes[who].starts[at] != start:
                if not self._fix(who, at, start):
                    return False
                dirty.add(who)
        return True

    def _fix(self, staff: int, at: int, start: int) -> bool:
        route = routing.rebuild(self.routes[staff], at, start)
        if route is None:
            return False
        self.routes[staff] = route
        return True

    def start_times(self) -> dict[int, int]:
        """Tell when each assigned job starts (its first service to start).

        Raises: nothing.
        """
        found: dict[int, int] = {}
        for route in self.routes:
            for node, start in zip(route.stops, route.starts, strict=True):
                found[node.job] = min(start, found.get(node.job, start))
        return found

    def rerank(self) -> bool:
        """Sort the global order by start as far as the routes allow, so that ranks say what times say. False when some
        jobs follow each other in a circle; these come last.

        Raises: nothing.
        """
        times = self.start_times()
        waiting = dict.fromkeys(self.order, 0)
        followers: dict[int, list[int]] = {job: [] for job in self.order}
        for route in self.routes:
            for before, after in zip(route.stops, route.stops[1:], strict=False):
                followers[before.job].append(after.job)
                waiting[after.job] += 1
        ready = [(times[job], job) for job, count in waiting.items() if not count]
        heapq.heapify(ready)
        self.order = []
        while ready:
            _, job = heapq.heappop(ready)
            self.order.append(job)
            for later in followers[job]:
                waiting[later] -= 1
                if not waiting[later]:
                    heapq.heappush(ready, (times[later], later))
        circular = sorted(set(waiting).difference(self.order), key=times.__getitem__)
        self.order += circular
        return not circular


def imbalance(loads: list[int]) -> int:
    """Sum up how far each workload is from the mean.

    Raises: nothing.
    """
    mean = sum(loads) // max(1, len(loads))
    return sum(abs(load - mean) for load in loads)


def empty(tables: Tables) -> State:
    """Make the day in which nobody does anything.

    Raises: nothing.
    """
    routes = [routing.build_best(tables, person, (), ()) for person in tables.people]
    return State(tables, [route for route in routes if route is not None], {}, [])
