"""Draws up what only some days have: links between jobs, jobs that come and go together, traffic, one human's rows."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final

import numpy as np

from service.routing.problem import Carer, Link, Problem, Sync
from service.routing.solver import dividing
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel.layout import Whole

CARERS: Final = {Carer.anybody: c.ANYBODY, Carer.same: c.SAME, Carer.other: c.OTHER}


def humans(problem: Problem) -> list[tuple[int, int]]:
    """Tell each row's human being, and the next row of the same, in a ring.

    Raises: nothing.
    """
    people = dividing.people(problem)
    rings = {row: (rows[0], rows[(at + 1) % len(rows)]) for rows in people for at, row in enumerate(rows)}
    return [rings[at] for at in range(len(problem.staff))]


class Rare:
    """The table of what is rare, as it grows: every part is a run of its rows."""

    def __init__(self) -> None:
        self.rows: list[list[int]] = []

    def add(self, rows: Iterable[Iterable[int]]) -> tuple[int, int]:
        """Add rows; answers the place of the first and how many.

        Raises: nothing.
        """
        first = len(self.rows)
        self.rows += [[*row, *[0] * c.RARE_COLUMNS][: c.RARE_COLUMNS] for row in rows]
        return first, len(self.rows) - first

    def table(self) -> Whole:
        """Make the table.

        Raises: nothing.
        """
        return np.array(self.rows, dtype=np.int64).reshape(-1, c.RARE_COLUMNS)


def draw_bands(problem: Problem, rare: Rare) -> list[tuple[int, int]]:
    """Add the bands of all matrices; per matrix the first and how many (none where nothing is stretched).

    Raises: nothing.
    """
    places: list[tuple[int, int]] = []
    for matrix in range(len(problem.matrices)):
        own = problem.traffic[matrix] if matrix < len(problem.traffic) else ()
        stretched = any(band.factor != 1000 for band in own)
        places.append(rare.add((band.start, band.factor) for band in own if stretched))
    return places


def draw_links(problem: Problem, items: Whole, items_of: list[tuple[int, int]], rare: Rare) -> tuple[int, int]:
    """Add links and bundles, and write where they stand into the items' columns; answers where the wide links are.

    Raises: nothing.
    """
    found: list[list[list[int]]] = [[] for _ in items]
    wide: list[list[int]] = []
    openings = _openings(problem, items, items_of)
    for link in problem.links:
        _draw(link, items_of, found, openings)
        several = max(_items(link, link.first, items_of)[1], _items(link, link.second, items_of)[1]) > 1
        if several and (link.high is not None or not link.ordered):
            wide.append([link.first, link.second, link.low, c.NEVER if link.high is None else link.high])
    for item, own in enumerate(found):
        items[item, c.I_LINK], items[item, c.I_LINKS] = rare.add(own)
        items[item, c.I_FIXED] |= int(bool(own))
    _draw_bundles(problem, items, items_of, rare)
    return rare.add(wide)


def _items(link: Link, job: int, items_of: list[tuple[int, int]]) -> tuple[int, int]:
    """The items of a job that count for a link: where the same person is asked for, of those apart the first."""
    first, count = items_of[job]
    return first, 1 if link.carer is Carer.same else count


def _draw(link: Link, items_of: list[tuple[int, int]], found: list[list[list[int]]], openings: list[int]) -> None:
    """A row for each item of either job and each item of the other; `openings` is when each job can begin."""
    (first, count), (second, number) = _items(link, link.first, items_of), _items(link, link.second, items_of)
    high = c.NEVER if link.high is None or max(count, number) > 1 else link.high
    more = [link.low, high, CARERS[link.carer], int(link.bound)]
    for one, two in product(range(first, first + count), range(second, second + number)):
        found[one].append([two, c.AFTER if link.ordered else c.EITHER, *more, openings[link.second] - high])
        found[two].append([one, c.BEFORE if link.ordered else c.EITHER, *more, openings[link.first] - high])


def _openings(problem: Problem, items: Whole, items_of: list[tuple[int, int]]) -> list[int]:
    """When each job can begin at the earliest: for its windows, its promise, and what comes with it and follows."""
    found = [
        max(min((window.start for window in job.windows), default=0), int(items[items_of[at][0], c.I_FLOOR]))
        for at, job in enumerate(problem.jobs)
    ]
    tight = [link for link in problem.links if link.ordered and link.bound and link.high is not None]
    tight = [link for link in tight if max(items_of[link.first][1], items_of[link.second][1]) == 1]
    longest = {link.first: _longest(problem, link.first) for link in tight}
    for _ in tight:
        for link in tight:
            soonest = found[link.second] - (link.high or 0) - longest[link.first]
            found[link.first] = max(found[link.first], soonest)
    return found


def _longest(problem: Problem, job: int) -> int:
    """How long a job takes at most from its first start to its last end."""
    wanted = problem.jobs[job]
    lags = (len(wanted.services) - 1) * max(0, wanted.lag.end) if wanted.sync is Sync.sequential else 0
    slowest = max((who.pace for who in problem.staff), default=0)
    # rounded up, as `rules.lasts` does
    return lags - (-max(service.duration for service in wanted.services) * slowest // 1000)


def _draw_bundles(problem: Problem, items: Whole, items_of: list[tuple[int, int]], rare: Rare) -> None:
    """Add each bundle once, and write where it stands into the columns of all its items."""
    bound = [(link.first, link.second) for link in problem.links if link.bound]
    bundles = dividing.joined(sorted({job for pair in bound for job in pair}), bound).values()
    for bundle in sorted(bundles, key=min):
        group = _in_order(problem, set(bundle))
        place, number = rare.add([items_of[member][0]] for member in group)
        for member in group:
            first, count = items_of[member]
            items[first : first + count, c.I_BUNDLE] = place
            items[first : first + count, c.I_BUNDLED] = number


def _in_order(problem: Problem, group: set[int]) -> list[int]:
    """The jobs of a bundle, each behind those that must come before it; in a circle nothing comes before the rest."""
    before = {job: set(_earlier(problem, job)) & group for job in group}
    found: list[int] = []
    while before:
        ready = sorted(job for job, waits in before.items() if not waits - set(found)) or [min(before)]
        found.append(ready[0])
        del before[ready[0]]
    return found


def _earlier(problem: Problem, job: int) -> Iterator[int]:
    return (link.first for link in problem.links if link.ordered and link.second == job)
