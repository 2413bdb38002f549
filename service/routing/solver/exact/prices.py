"""What the model minimises: the referee's price, of the free rows and of all that hangs together with them."""

from collections.abc import Mapping
from typing import Any

from ortools.sat.python import cp_model

from service.routing.referee import jobs as refereeing
from service.routing.referee import price as pricing
from service.routing.referee.people import human_being
from service.routing.solver.exact import scope as scoping
from service.routing.solver.exact.rows import BASE, Row
from service.routing.solver.exact.scope import Key, Scope, Standing
from service.routing.solver.exact.visits import Visits


class Bill:
    """Collects terms; what stands and cannot change is left out."""

    def __init__(self, model: cp_model.CpModel, scope: Scope, standing: Standing) -> None:
        self.model, self.problem, self.scope, self.standing = model, scope.problem, scope, standing
        self.rules = scope.problem.rules
        self.top = scoping.horizon(self.problem)
        self.terms: list[Any] = []

    def minimise(self, visits: Visits, rows: list[Row], prices: Mapping[int, Mapping[Key, int]]) -> None:
        """Put the whole price into the model's objective.

        Raises: nothing.
        """
        self._left_out(visits)
        self._late(visits)
        self._moved(visits)
        for row in rows:
            self.terms += [prices[row.at][key] * literal for key, literal in row.takes.items()]
            self._row(row)
        self._idle(rows)
        for unit, loads, standing in (
            (self.rules.balance, [row.way + row.busy for row in rows], [day.work for day in self.standing.days]),
            (self.rules.travel_balance, [row.way for row in rows], [day.travel for day in self.standing.days]),
        ):
            if unit:
                whose = [*(row.at for row in rows), *(day.staff for day in self.standing.days)]
                self._balance(unit, self._by_people(whose, [*loads, *standing]))
        self.model.minimize(sum(self.terms))

    def _left_out(self, visits: Visits) -> None:
        must = scoping.penalty(self.problem, self.scope.jobs)
        for job, done in visits.done.items():
            drop = self.problem.jobs[job].drop_penalty
            self.terms.append((must if drop is None else drop) * (1 - done))

    def _late(self, visits: Visits) -> None:
        for (job, _), late in visits.late.items():
            self.terms.append((refereeing.lateness_price(self.problem, job) or 0) * late)
        if self.rules.max_tardiness and visits.late:
            stops = [visit.stop for given in self.standing.given.values() for visit in given.values()]
            least = max((refereeing.lateness(self.problem, stop) for stop in stops), default=0)
            worst = self.model.new_int_var(least, self.top, "latest")
            self.model.add_max_equality(worst, [least, *visits.late.values()])
            self.terms.append(self.rules.max_tardiness * worst)

    def _moved(self, visits: Visits) -> None:
        for job, done in visits.done.items():
            promised = self.problem.jobs[job].promised
            if promised is None or not self.rules.moved:
                continue
            begin, _ = visits.span(job)
            steps, step = self.model.new_int_var(0, self.top, ""), self.rules.moved_step
            for apart in (begin - promised, promised - begin):
                self.model.add(step * steps >= apart - (step - 1)).only_enforce_if(done)
            self.terms.append(self.rules.moved * steps)

    def _row(self, row: Row) -> None:
        rules, person = self.rules, row.person
        self.terms.append(rules.travel * row.way)
        if rules.waiting:
            self.terms.append(rules.waiting * (row.waits - self._first_wait(row)))
        if rules.overtime and person.shift is not None:
            over = self.model.new_int_var(0, self.top, "")
            self.model.add(over >= row.back - person.shift.end)
            self.terms.append(rules.overtime * over)
        if rules.missed_lunch and row.lunch is not None:
            self.terms.append(rules.missed_lunch * (1 - row.eats))
        if rules.arrival:
            self._arrivals(row)

    def _first_wait(self, row: Row) -> Any:
        """The wait after a lunch that opens the day, which costs nothing."""
        if row.lunch is None:
            return 0
        free = self.model.new_int_var(0, self.top, "")
        opening = row.after[BASE]
        self.model.add(free == 0).only_enforce_if(~opening)
        self.model.add(free == 0).only_enforce_if(row.idle)
        for (here, there), literal in row.arcs.items():
            if here != BASE:
                continue
            wait = row.starts[there] - row.meal - row.lunch.duration
            own = row.lunch.point
            leg = row.leg(here, there) if own is None else int(row.travel[own, row.point(there, going=False)])
            self.model.add(free <= wait - leg).only_enforce_if(literal, opening, ~row.there)
            self.model.add(free <= wait).only_enforce_if(literal, opening, row.there)
        return free

    def _arrivals(self, row: Row) -> None:
        """A stop is an arrival unless the visit before was at the same place and no lunch was had elsewhere between."""
        own = row.lunch.point if row.lunch is not None else None
        for (here, there), literal in row.arcs.items():
            if there == BASE:
                continue
            place = row.point(there, going=False)
            if here == BASE or row.point(here, going=True) != place:
                self.terms.append(self.rules.arrival * literal)
            elif own is not None and own != place:
                left = self.model.new_bool_var("")
                self.model.add(left >= literal + row.after[here] - 1)
                self.terms.append(self.rules.arrival * left)

    def _idle(self, rows: list[Row]) -> None:
        shifts = [(row, row.person.shift) for row in rows if row.person.shift is not None]
        if not self.rules.max_idle or not shifts:
            return
        worst = self.model.new_int_var(max(map(pricing.idle, self.standing.days), default=0), self.top, "idle")
        for row, shift in shifts:
            rest = self.model.new_int_var(0, self.top, "")
            self.model.add(rest >= shift.end - row.back)
            self.model.add(worst >= row.leaves - shift.start + row.waits + rest)
        self.terms.append(self.rules.max_idle * worst)

    def _by_people(self, whose: list[int], loads: list[Any]) -> list[Any]:
        """Add up the rows' loads of each human being."""
        found: dict[object, Any] = {}
        for row, load in zip(whose, loads, strict=True):
            being = human_being(self.problem, row)
            found[being] = found.get(being, 0) + load
        return list(found.values())

    def _balance(self, unit: int, loads: list[Any]) -> None:
        total, count = sum(loads), len(loads)
        for load in loads:
            apart = self.model.new_int_var(0, self.top * count, "")
            self.model.add(count * apart >= count * load - total)
            self.model.add(count * apart >= total - count * load)
            self.terms.append(unit * apart)
