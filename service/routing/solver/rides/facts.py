"""A day of riders laid out for the search: one number for everything that has a time.

Nodes are the services of all jobs, then each row's lunch (where it is had at a point of its own), then each row's
coming back. The way into a node is known by the node; a ride on it is two calls of a vehicle, `2 · node` where the row
gets on and `2 · node + 1` where it gets off.
"""

from service.routing import rules
from service.routing.problem import Problem
from service.routing.solver.rides import laying
from service.routing.solver.rides.tables import POINT


class Facts:
    """What does not change while a day is searched, and what the compiled search has of it (`tables`)."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.tables = laying.lay_out(problem)
        self.spots = [(job, at) for job, each in enumerate(problem.jobs) for at in range(len(each.services))]
        self.nodes_of: list[list[int]] = [[] for _ in problem.jobs]
        for node, (job, _) in enumerate(self.spots):
            self.nodes_of[job].append(node)
        self.rows = range(len(problem.staff))
        self.first_lunch, self.first_end = len(self.spots), len(self.spots) + len(problem.staff)
        self.count = self.first_end + len(problem.staff)
        self.windows = [laying.windows_of(problem, job) for job in range(len(problem.jobs))]
        self.groups = _groups(problem)

    def point(self, node: int) -> int:
        """Return where a node is.

        Raises: nothing.
        """
        return int(self.tables.nodes[node, POINT])

    def lasts(self, node: int, row: int) -> int:
        """Tell how long what is done at a node takes a row; 0 for coming back.

        Raises: nothing.
        """
        if node < self.first_lunch:
            return rules.lasts(self.problem, *self.spots[node], row)
        lunch = self.problem.staff[row].lunch
        return lunch.duration if node < self.first_end and lunch is not None else 0


def _groups(problem: Problem) -> list[list[int]]:
    """Return for each job those that are done with it or not at all, itself first."""
    found = []
    for job in range(len(problem.jobs)):
        group = [job]
        for each in group:
            for link in problem.links:
                if link.bound and each in (link.first, link.second):
                    group += [one for one in (link.first, link.second) if one not in group]
        found.append(group)
    return found
