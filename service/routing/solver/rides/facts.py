"""A day of riders laid out for the search: one number for everything that has a time.

Nodes are the services of all jobs, then each row's lunch (where it is had at a point of its own), then each row's
coming back. The way into a node is known by the node; a ride on it is two calls of a vehicle, `2 · node` where the row
gets on and `2 · node + 1` where it gets off.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

from service.routing import rules
from service.routing.problem import Carer, Problem
from service.routing.referee.people import human_being

FAR: Final = 2**60
"""Later than anything."""


class Facts:
    """What does not change while a day is searched. Times and travel are in the problem's unit."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        spots = [(job, at) for job, each in enumerate(problem.jobs) for at in range(len(each.services))]
        self.spots = spots
        self.jobs = [job for job, _ in spots]
        self.nodes_of = _grouped(((job, at) for at, (job, _) in enumerate(spots)), len(problem.jobs))
        self.rows = range(len(problem.staff))
        self.first_lunch, self.first_end = len(spots), len(spots) + len(problem.staff)
        self.count = self.first_end + len(problem.staff)
        self.prices = [[rules.service_price(problem, job, at, row) for row in self.rows] for job, at in spots]
        self.lengths = [[rules.lasts(problem, job, at, row) for job, at in spots] for row in self.rows]
        self._lay_out_ways(problem)
        self._lay_out_people(problem)
        self._lay_out_jobs(problem)

    def _lay_out_ways(self, problem: Problem) -> None:
        self.ways = [matrix.tolist() for matrix in problem.matrices]
        self.bands = problem.traffic if any(problem.traffic) else ()
        self.begins = [[band.start for band in bands] for bands in self.bands]
        self.factors = [[band.factor for band in bands] for bands in self.bands]
        self.fastest = [min((band.factor for band in bands), default=1000) for bands in self.bands]
        self.leaves = [max(0, each.shift.start) if each.shift else 0 for each in problem.vehicles]
        self.back_by = [each.shift.end if each.shift else FAR for each in problem.vehicles]

    def _lay_out_people(self, problem: Problem) -> None:
        self.earliest = [max(0, who.shift.start) if who.shift else 0 for who in problem.staff]
        self.latest = [_latest(problem, row) for row in self.rows]
        self.humans = [human_being(problem, row) for row in self.rows]
        self.lunches = [
            (who.lunch.start, who.lunch.end, who.lunch.duration) if who.lunch else None for who in problem.staff
        ]
        self.places = [
            *(problem.jobs[job].point for job in self.jobs),
            *(
                who.start_point if who.lunch is None or who.lunch.point is None else who.lunch.point
                for who in problem.staff
            ),
            *(who.end_point for who in problem.staff),
        ]
        self.origins = [who.start_point for who in problem.staff]
        self.modes = [who.matrix for who in problem.staff]
        self.rides = [who.rides for who in problem.staff]
        cars = {each.matrix for each in problem.vehicles}
        self.matrices = [sorted({who.matrix} | cars) if who.rides else [who.matrix] for who in problem.staff]

    def _lay_out_jobs(self, problem: Problem) -> None:
        self.punctual = [rules.is_punctual(problem, job) for job in range(len(problem.jobs))]
        self.by_end = [rules.ends_in_window(problem, job) for job in range(len(problem.jobs))]
        self.windows = [sorted((each.start, each.end) for each in job.windows) for job in problem.jobs]
        self.links_of = _grouped(
            [(job, at) for at, link in enumerate(problem.links) for job in (link.first, link.second)], len(problem.jobs)
        )
        self.groups = _groups(problem)
        self.synced = [each.sync for each in problem.jobs]

    def leg(self, matrix: int, here: int, there: int, free: int) -> int:
        """Tell how long a way takes in the traffic of the moment from which one is free to leave.

        Raises: nothing.
        """
        travel: int = self.ways[matrix][here][there]
        if not self.bands or not self.begins[matrix]:
            return travel
        factor = self.factors[matrix][max(0, bisect_right(self.begins[matrix], free) - 1)]
        return -(-travel * factor // 1000)

    def quick(self, matrix: int, here: int, there: int) -> int:
        """Tell how long a way takes at least, whatever the traffic.

        Raises: nothing.
        """
        travel: int = self.ways[matrix][here][there]
        return travel * self.fastest[matrix] // 1000 if self.bands else travel

    def least(self, row: int, here: int, there: int) -> int:
        """Tell how long a row's way takes at least, on its own or in any vehicle.

        Raises: nothing.
        """
        return min(self.quick(matrix, here, there) for matrix in self.matrices[row])

    def begin(self, node: int, row: int, at: int) -> int:
        """Tell when a service that somebody is ready for at `at` can begin; FAR when it is too late.

        Raises: nothing.
        """
        job = self.jobs[node]
        windows = self.windows[job]
        if not windows:
            return at
        if not self.punctual[job]:
            return max(at, windows[0][0])
        length = self.lengths[row][node] if self.by_end[job] else 0
        best = FAR
        for opening, closing in windows:
            start = max(at, opening)
            if start + length <= closing:
                best = min(best, start)
        return best

    def closes(self, node: int, row: int) -> int:
        """Tell until when a service may begin at the latest.

        Raises: nothing.
        """
        job = self.jobs[node]
        if not self.windows[job] or not self.punctual[job]:
            return FAR
        last = max(closing for _, closing in self.windows[job])
        return last - (self.lengths[row][node] if self.by_end[job] else 0)

    def late(self, node: int, row: int, start: int) -> int:
        """Price the lateness of a service that begins at `start`.

        Raises: nothing.
        """
        job = self.jobs[node]
        if self.punctual[job] or not self.windows[job]:
            return 0
        mark = start + (self.lengths[row][node] if self.by_end[job] else 0)
        opened = [closing for opening, closing in self.windows[job] if opening <= start]
        wanted = self.problem.jobs[job].tardiness
        price = self.problem.rules.tardiness if wanted is None else wanted
        return max(0, mark - opened[-1]) * (price or 0) if opened else 0

    def is_apart(self, node: int, row: int, given: dict[int, int]) -> bool:
        """Tell whether nobody would give two services of a job, and each link has the people that it asks for, when
        `row` gives the node; `given` says who gives the others.

        Raises: nothing.
        """
        job, human = self.jobs[node], self.humans[row]
        crew = {self.humans[given[each]] for each in self.nodes_of[job] if each != node and each in given}
        return human not in crew and all(self._suits(link, job, human, crew, given) for link in self.links_of[job])

    def _suits(
        self, at: int, job: int, human: tuple[str, int], crew: set[tuple[str, int]], given: dict[int, int]
    ) -> bool:
        link = self.problem.links[at]
        other = link.second if link.first == job else link.first
        there = {self.humans[given[each]] for each in self.nodes_of[other] if each in given}
        if not there or link.carer is Carer.anybody:
            return True
        if link.carer is Carer.other:
            return human not in there
        # the last of a crew is held against all of it by the referee
        return human in there or len(self.nodes_of[other]) > len(there)


def _grouped(pairs: Iterable[tuple[int, int]], count: int) -> list[list[int]]:
    """Return the second numbers of the pairs by the first."""
    found: list[list[int]] = [[] for _ in range(count)]
    for key, value in pairs:
        found[key].append(value)
    return found


def _latest(problem: Problem, row: int) -> int:
    who = problem.staff[row]
    hard = who.punctual or problem.rules.overtime is None
    return who.shift.end if who.shift is not None and hard else FAR


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
