"""From the kernel's plan to the solver's answer: stops with times, lunches in their places, departures as late as
waiting allows.
"""

from service.routing.problem import LUNCH, Route, Stop
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import ways
from service.routing.solver.kernel.layout import Day, Now


def routes(day: Day, now: Now) -> tuple[Route, ...]:
    """Write out everybody's stops with their times.

    Raises: nothing.
    """
    return tuple(Route(staff, tuple(_Writer(day, now, staff).stops())) for staff in range(len(day.people)))


class _Writer:
    """Writes one person's day. A stop's place is found by its job; `rows` are the services behind the stops."""

    def __init__(self, day: Day, now: Now, staff: int) -> None:
        self.day, self.now, self.staff = day, now, staff
        self.person = day.people[staff]
        self.travel = day.travel[self.person[c.P_MATRIX]]
        self.rows = [int(service) for service in now.route[staff, : now.length[staff]]]

    def stops(self) -> list[Stop]:
        """List the stops; nobody leaves for a lunch that is only due with work."""
        if all(self._is_lunch(row) for row in self.rows) and self.day.rules[0, c.R_MUST_EAT]:
            return []
        return self._later([self._stop(at) for at in range(len(self.rows))])

    def _is_lunch(self, row: int) -> bool:
        return bool(self.day.services[row, c.S_JOB] < 0)

    def _stop(self, at: int) -> Stop:
        row = self.rows[at]
        start, about = int(self.now.start[row]), self.day.services[row]
        if self._is_lunch(row):
            return Stop(self._host(at, start), LUNCH, start, start + int(self.person[c.P_MEAL_TIME]))
        return Stop(int(about[c.S_JOB]), int(about[c.S_PART]), start, self._end(row))

    def _host(self, at: int, start: int) -> int:
        """The job at whose address a lunch is had: the next one if the person can be there by then, else the one
        before; -1 at the start point, or at the lunch's own point.
        """
        if self.person[c.P_DINES]:
            return -1
        before = self.rows[at - 1] if at else None
        after = self.rows[at + 1] if at + 1 < len(self.rows) else None
        if before is None:
            return -1 if after is None else int(self.day.services[after, c.S_JOB])
        end = self._end(before)
        if after is None or start < end + self._leg(before, after, end):
            return int(self.day.services[before, c.S_JOB])
        return int(self.day.services[after, c.S_JOB])

    def _end(self, row: int) -> int:
        return int(self.now.start[row] + self.day.time[row, self.staff])

    def _leg(self, before: int, after: int, free: int) -> int:
        here, there = (int(self.day.services[row, c.S_POINT]) for row in (before, after))
        return ways.length(self.day, self.staff, here, there, free)

    def _later(self, stops: list[Stop]) -> list[Stop]:
        """Depart as much later as takes back waiting without making anybody late; the stops after follow as they must.
        The wait after an opening lunch costs nothing: there the stop after it is the first to be moved.
        """
        rules = self.day.rules[0]
        if not rules[c.R_WAITING] or rules[c.R_TRAFFIC] or self.person[c.P_LEAVES] or not stops:
            return stops
        base = 1 if stops[0].service == LUNCH else 0
        fixed, chain = stops[:base], stops[base:]
        if not chain:
            return stops
        latest = chain[-1].start
        for here, after in zip(chain[-2::-1], chain[:0:-1], strict=True):
            latest = min(self._limit(here), latest - self._way(here, after) - (here.end - here.start))
        moved: list[Stop] = []
        for stop in chain:
            start = max(stop.start, moved[-1].end + self._way(moved[-1], stop)) if moved else max(latest, stop.start)
            moved.append(Stop(stop.job, stop.service, start, start + stop.end - stop.start))
        return fixed + moved

    def _way(self, here: Stop, after: Stop) -> int:
        return int(self.travel[self._point(here), self._point(after)])

    def _point(self, stop: Stop) -> int:
        if stop.job < 0:
            return int(self.day.services[self.day.items[self.person[c.P_MEAL], c.I_FIRST], c.S_POINT])
        first = self.day.items[self.day.items_of[stop.job, 0], c.I_JOB_FIRST]
        return int(self.day.services[first, c.S_POINT])

    def _limit(self, stop: Stop) -> int:
        if stop.service == LUNCH:
            return int(self.person[c.P_MEAL_LAST])
        first = self.day.items[self.day.items_of[stop.job, 0], c.I_JOB_FIRST]
        about = self.day.items[self.day.services[first + stop.service, c.S_ITEM]]
        if about[c.I_FIXED]:
            return stop.start
        windows = range(about[c.I_WINDOW], about[c.I_WINDOW] + about[c.I_WINDOWS])
        opened = [window for window in windows if self.day.opens[window] <= stop.start]
        length = (stop.end - stop.start) * int(about[c.I_AT_END])
        return max(stop.start, int(self.day.ends[opened[-1]]) - length)
