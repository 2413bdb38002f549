"""The routes seen, person by person. What several people share (a meeting, jobs that are linked) is remembered with the
moments at which all of it happened: a route fits only beside others of the same moments.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from service.routing.problem import LUNCH, Carer, Plan, Problem, Stop
from service.routing.solver import dividing

ANYBODY: Final = -1

MOST: Final = 5000
"""So many routes are kept; those seen first are forgotten first."""

Moments = tuple[tuple[int, int, int, int], ...]
"""Of each service that a group of jobs is given: job, service, start, and the person where a link asks who it is."""


@dataclass(frozen=True, slots=True)
class Column:
    """One person's day: the stops of each of the person's rows (in the order of `Pool.people`), and the moments of
    each group that has a job in it.
    """

    person: int
    stops: tuple[tuple[Stop, ...], ...]
    shared: tuple[tuple[int, Moments], ...]

    def visits(self) -> Iterator[Stop]:
        """Yield all stops but the lunches.

        Raises: nothing.
        """
        return (stop for row in self.stops for stop in row if stop.service != LUNCH)


class Pool:
    """Routes of plans that break no rule. `people[person]` are a person's rows, `groups` the jobs that several people
    share or that are linked, `group_of` says which a job belongs to.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.people = dividing.people(problem)
        self._person_of = {row: person for person, rows in enumerate(self.people) for row in rows}
        pairs = [(link.first, link.second) for link in problem.links]
        joined = dividing.joined(range(len(problem.jobs)), pairs).values()
        self.groups = [jobs for jobs in joined if len(jobs) > 1 or len(problem.jobs[jobs[0]].services) > 1]
        self.group_of = {job: group for group, jobs in enumerate(self.groups) for job in jobs}
        self._named = {self.group_of[link.first] for link in problem.links if link.carer is not Carer.anybody}
        self._seen: dict[Column, None] = {}

    def see(self, plan: Plan) -> None:
        """Remember the routes of a plan that breaks no rule.

        Raises: nothing.
        """
        for column in self.columns_of(plan):
            self._seen.pop(column, None)
            self._seen[column] = None
        for column in list(self._seen)[: max(0, len(self._seen) - MOST)]:
            del self._seen[column]

    def columns(self) -> list[Column]:
        """List the routes seen, each once.

        Raises: nothing.
        """
        return list(self._seen)

    def columns_of(self, plan: Plan) -> list[Column]:
        """Take a plan apart, one column per person.

        Raises: nothing.
        """
        stops = {route.staff: route.stops for route in plan.routes}
        given: dict[int, list[tuple[int, int, int, int]]] = {}
        for staff, own in stops.items():
            for stop in own:
                group = None if stop.service == LUNCH else self.group_of.get(stop.job)
                if group is not None:
                    who = self._person_of[staff] if group in self._named else ANYBODY
                    given.setdefault(group, []).append((stop.job, stop.service, stop.start, who))
        moments = {group: tuple(sorted(each)) for group, each in given.items()}
        persons = [tuple(stops[row] for row in rows) for rows in self.people]
        return [self._column(person, own, moments) for person, own in enumerate(persons)]

    def _column(self, person: int, stops: tuple[tuple[Stop, ...], ...], moments: dict[int, Moments]) -> Column:
        visited = (stop.job for row in stops for stop in row if stop.service != LUNCH)
        groups = sorted({self.group_of[job] for job in visited if job in self.group_of})
        return Column(person, stops, tuple((group, moments[group]) for group in groups))
