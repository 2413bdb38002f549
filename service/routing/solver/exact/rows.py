"""One row of staff in the model: its stops as a circuit, its lunch, its way, when it leaves and is back."""

from collections.abc import Mapping
from itertools import product
from typing import Any

from ortools.sat.python import cp_model

from service.routing import rules
from service.routing.problem import Lunch, Problem, Staff
from service.routing.solver.exact import scope as scoping
from service.routing.solver.exact.scope import Key

BASE = -1, -1
"""Where a row begins and ends, as a stop."""


class Row:
    """`takes[key]`: the row gives the service; `arcs[key, key]`: one directly follows the other; `after[key]`: lunch is
    had between that stop and the next; `way`, `busy`, `back`, `leaves` are linear in the variables.
    """

    def __init__(
        self,
        model: cp_model.CpModel,
        problem: Problem,
        at: int,
        keys: list[Key],
        starts: Mapping[Key, Any],
    ) -> None:
        self.model, self.problem, self.at, self.keys, self.starts = model, problem, at, keys, starts
        self.person: Staff = problem.staff[at]
        self.travel = problem.matrices[self.person.matrix]
        self.takes = {key: model.new_bool_var(f"{at} takes {key}") for key in keys}
        self.idle = model.new_bool_var(f"{at} idle")
        self.arcs: dict[tuple[Key, Key], Any] = {}
        self.detours: list[tuple[Any, int]] = []
        top = scoping.horizon(problem)
        self.leaves, self.back = (model.new_int_var(0, top, f"{at} {name}") for name in ("leaves", "back"))
        self.lasts = {key: rules.lasts(problem, *key, at) for key in keys}
        self._circuit()
        self.lunch: Lunch | None = self.person.lunch
        self.eats: Any = 0
        self.after: dict[Key, Any] = {}
        self.there: Any = model.new_bool_var(f"{at} eats at the next stop")
        self.meal: Any = 0
        if self.lunch is not None:
            self._lunch(self.lunch)
        self._times()
        self._limits()

    def point(self, key: Key, *, going: bool) -> int:
        """Tell where a stop is; of BASE, where the row starts (`going`) or ends.

        Raises: nothing.
        """
        if key == BASE:
            return self.person.start_point if going else self.person.end_point
        return self.problem.jobs[key[0]].point

    def leg(self, here: Key, there: Key) -> int:
        """Tell the travel from stop to stop.

        Raises: nothing.
        """
        return int(self.travel[self.point(here, going=True), self.point(there, going=False)])

    @property
    def earliest(self) -> int:
        """The first moment to leave."""
        return max(0, self.person.shift.start) if self.person.shift else 0

    @property
    def way(self) -> Any:
        """All travel."""
        legs = [(literal, self.leg(*arc)) for arc, literal in self.arcs.items()] + self.detours
        return sum(literal * leg for literal, leg in legs)

    @property
    def busy(self) -> Any:
        """All service."""
        return sum(self.lasts[key] * literal for key, literal in self.takes.items())

    @property
    def waits(self) -> Any:
        """All waiting between leaving and being back."""
        eaten = self.eats * self.lunch.duration if self.lunch is not None else 0
        return self.back - self.leaves - self.way - self.busy - eaten

    def _circuit(self) -> None:
        number = {key: at + 1 for at, key in enumerate(self.keys)} | {BASE: 0}
        edges = [(0, 0, self.idle)] + [(number[key], number[key], ~self.takes[key]) for key in self.keys]
        rank = {key: self.problem.jobs[key[0]].rank for key in self.keys}
        for here, there in product([BASE, *self.keys], repeat=2):
            if here == there or (BASE not in {here, there} and (rank[here] > rank[there] or here[0] == there[0])):
                continue
            literal = self.model.new_bool_var("")
            self.arcs[here, there] = literal
            edges.append((number[here], number[there], literal))
        self.model.add_circuit(edges)

    def _lunch(self, lunch: Lunch) -> None:
        last = lunch.end - lunch.duration
        self.eats = self.model.new_bool_var(f"{self.at} eats")
        if last < lunch.start:
            self.model.add(self.eats == 0)
        self.meal = self.model.new_int_var(lunch.start, max(lunch.start, last), f"{self.at} meal")
        self.after = {key: self.model.new_bool_var("") for key in [BASE, *self.keys]}
        self.model.add(sum(self.after.values()) == self.eats)
        for key, literal in self.takes.items():
            self.model.add_implication(self.after[key], literal)
        if self.problem.rules.missed_lunch is None:
            self.model.add_bool_or(self.eats, self.idle)
        if lunch.point is not None:
            self.model.add(self.there == 0)

    def _times(self) -> None:
        for (here, there), literal in self.arcs.items():
            plain = [literal, *([~self.after[here]] if self.after else [])]
            self._between(here, there, plain)
            if self.lunch is not None:
                self._with_lunch(here, there, [literal, self.after[here]], self.lunch)
        if self.lunch is None:
            self._rest([self.idle])
            return
        self._rest([self.idle, ~self.eats])
        self._alone(self.lunch)

    def _rest(self, when: list[Any]) -> None:
        """Who has nothing to do does not leave."""
        at = self.person.shift.start if self.person.shift else 0
        self.model.add(self.leaves == max(0, at)).only_enforce_if(when)
        self.model.add(self.back == max(0, at)).only_enforce_if(when)

    def _between(self, here: Key, there: Key, when: list[Any]) -> None:
        """From stop to stop without a lunch."""
        leg = self.leg(here, there)
        if here == BASE:
            self._leave(self.starts[there] - leg, when)
        elif there == BASE:
            self.model.add(self.back == self._end(here) + leg).only_enforce_if(when)
        else:
            self.model.add(self.starts[there] >= self._end(here) + leg).only_enforce_if(when)

    def _leave(self, moment: Any, when: list[Any]) -> None:
        """Leave just in time, or with the shift."""
        if self.problem.rules.leave_at_shift_start and self.person.shift is not None:
            self.model.add(self.leaves == self.earliest).only_enforce_if(when)
            self.model.add(moment >= self.leaves).only_enforce_if(when)
        else:
            self.model.add(self.leaves == moment).only_enforce_if(when)

    def _end(self, key: Key) -> Any:
        return self.starts[key] + self.lasts[key]

    def _with_lunch(self, here: Key, there: Key, when: list[Any], lunch: Lunch) -> None:
        """Lunch at its own point, at the stop before (`there` false) or at the next."""
        if lunch.point is not None:
            legs = self._legs_over(here, there, lunch.point)
            both = self.model.new_bool_var("")
            self.model.add_bool_and(when).only_enforce_if(both)
            self.model.add_bool_or([both, *(~literal for literal in when)])
            self.detours.append((both, sum(legs) - self.leg(here, there)))
            self._meal_between(here, there, when, legs)
        else:
            leg = self.leg(here, there)
            self._meal_between(here, there, [*when, ~self.there], (0, leg))
            if there == BASE:
                self.model.add_bool_or([~self.there, *(~literal for literal in when)])
            else:
                self._meal_between(here, there, [*when, self.there], (leg, 0))

    def _legs_over(self, here: Key, there: Key, point: int) -> tuple[int, int]:
        before, after = self.point(here, going=True), self.point(there, going=False)
        return int(self.travel[before, point]), int(self.travel[point, after])

    def _meal_between(self, here: Key, there: Key, when: list[Any], legs: tuple[int, int]) -> None:
        done = self.meal + (self.lunch.duration if self.lunch else 0)
        if here == BASE:
            self._leave(self.meal - legs[0], when)
        else:
            self.model.add(self.meal >= self._end(here) + legs[0]).only_enforce_if(when)
        if there == BASE:
            self.model.add(self.back == done + legs[1]).only_enforce_if(when)
        else:
            self.model.add(self.starts[there] >= done + legs[1]).only_enforce_if(when)

    def _alone(self, lunch: Lunch) -> None:
        """A lunch and nothing else."""
        alone = self.model.new_bool_var("")
        self.model.add_bool_and(self.idle, self.eats).only_enforce_if(alone)
        self.model.add_bool_or(alone, ~self.idle, ~self.eats)
        legs = self._legs_over(BASE, BASE, self.person.start_point if lunch.point is None else lunch.point)
        self._meal_between(BASE, BASE, [alone], legs)
        self.detours.append((alone, sum(legs)))

    def _limits(self) -> None:
        person = self.person
        self.model.add(self.leaves >= self.earliest)
        if person.shift is not None and (person.punctual or self.problem.rules.overtime is None):
            gone = self.idle if self.lunch is None else None
            limit = self.model.add(self.back <= person.shift.end)
            if gone is not None:
                limit.only_enforce_if(~gone)
        if person.capacity is not None:
            loads = sum(self.problem.jobs[key[0]].load * literal for key, literal in self.takes.items())
            self.model.add(loads <= person.capacity)
