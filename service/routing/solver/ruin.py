"""Which jobs to take out of a day: neighbours in space and time, strings of routes, and unlucky ones."""

import random

import numpy as np

from service.routing.solver.state import State
from service.routing.solver.tables import NEVER, Tables

KIN = 60
"""How many neighbours of a job are known."""


def neighbours(tables: Tables) -> list[list[int]]:
    """List each job's nearest other jobs, by travel there and back plus how far apart the windows are.

    Raises: nothing.
    """
    jobs = tables.problem.jobs
    points = np.array([job.point for job in jobs], dtype=np.int64)
    travel = tables.problem.matrices[0][np.ix_(points, points)]
    opens = np.array([nodes[0].opens[0] for nodes in tables.nodes], dtype=np.int64)
    closes = np.array([min(nodes[0].closes[-1], NEVER >> 2) for nodes in tables.nodes], dtype=np.int64)
    apart = np.maximum(0, np.maximum(opens[:, None] - closes[None, :], opens[None, :] - closes[:, None]))
    nearness = travel + travel.T + apart
    ranked = np.argsort(nearness, axis=1, kind="stable")[:, : KIN + 1].tolist()
    return [[other for other in row if other != job] for job, row in enumerate(ranked)]


class Ruin:
    """Chooses jobs to remove; knows the neighbours."""

    def __init__(self, tables: Tables, chance: random.Random) -> None:
        self.near = neighbours(tables)
        self.chance = chance

    def pick(self, state: State, size: int) -> list[int]:
        """Choose about `size` assigned jobs, in one of three ways at random.

        Raises: nothing.
        """
        if not state.order:
            return []
        way = self.chance.random()
        if way < 0.5:
            return self._strings(state, size)
        if way < 0.85:
            return self._cluster(state, size)
        return self.chance.sample(state.order, min(size, len(state.order)))

    def _cluster(self, state: State, size: int) -> list[int]:
        seed = self.chance.choice(state.order)
        found = [seed]
        for other in self.near[seed]:
            if len(found) >= size:
                break
            if other in state.who and self.chance.random() < 0.7:
                found.append(other)
        return found

    def _strings(self, state: State, size: int) -> list[int]:
        """Take a string of consecutive stops out of the seed's route and of the routes of its neighbours."""
        seed = self.chance.choice(state.order)
        found: set[int] = set()
        ruined: set[int] = set()
        length = self.chance.randint(1, max(1, min(4, size)))
        for job in [seed, *self.near[seed]]:
            if len(found) >= size:
                break
            if job not in state.who or job in found:
                continue
            staff = self.chance.choice(state.who[job])
            if staff not in ruined:
                ruined.add(staff)
                found.update(self._string(state, staff, job, length))
        return sorted(found)

    def _string(self, state: State, staff: int, job: int, length: int) -> list[int]:
        jobs = [node.job for node in state.routes[staff].stops]
        at = jobs.index(job)
        first = max(0, min(at - self.chance.randrange(length), len(jobs) - length))
        return jobs[first : first + length]
