"""Draws up what only some days have: links between jobs, jobs that come and go together, traffic, one human's rows."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final

import numpy as np

from service.routing import rules
from service.routing.problem import Carer, Link, Problem, Sync
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel.layout import Whole

CARERS: Final = {Carer.anybody: c.ANYBODY, Carer.same: c.SAME, Carer.other: c.OTHER}


def humans(problem: Problem) -> list[tuple[int, int]]:
    """Tell each row's human being, and the next row of the same, in a ring.

    Raises: nothing.
    """
    alike: dict[object, list[int]] = defaultdict(list)
    keys = [("row", at) if who.person is None else ("person", who.person) for at, who in enumerate(problem.staff)]
    for at, key in enumerate(keys):
        alike[key].append(at)
    rings = {row: (rows[0], rows[(at + 1) % len(rows)]) for rows in alike.values() for at, row in enumerate(rows)}
    return [rings[at] for at in range(len(keys))]


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
    for link in problem.links:
        _draw(link, items_of, found)
        several = max(items_of[link.first][1], items_of[link.second][1]) > 1
        if several and (link.high is not None or not link.ordered):
            wide.append([link.first, link.second, link.low, c.NEVER if link.high is None else link.high])
    _raise_floors(problem, items, items_of)
    for item, own in enumerate(found):
        items[item, c.I_LINK], items[item, c.I_LINKS] = rare.add(own)
        items[item, c.I_FIXED] |= int(bool(own))
    _draw_bundles(problem, items, items_of, rare)
    return rare.add(wide)


def _draw(link: Link, items_of: list[tuple[int, int]], found: list[list[list[int]]]) -> None:
    """A row for each item of either job and each item of the other."""
    (first, count), (second, number) = items_of[link.first], items_of[link.second]
    high = c.NEVER if link.high is None or max(count, number) > 1 else link.high
    more = [link.low, high, CARERS[link.carer], int(link.bound)]
    for one, two in product(range(first, first + count), range(second, second + number)):
        found[one].append([two, c.AFTER if link.ordered else c.EITHER, *more])
        found[two].append([one, c.BEFORE if link.ordered else c.EITHER, *more])


def _raise_floors(problem: Problem, items: Whole, items_of: list[tuple[int, int]]) -> None:
    """Let no job begin so early that one which follows it, before its window opens, would already be too late."""
    tight = [link for link in problem.links if link.ordered and link.high is not None]
    tight = [link for link in tight if max(items_of[link.first][1], items_of[link.second][1]) == 1]
    for _ in tight:
        floors = items[:, c.I_FLOOR].copy()
        for link in tight:
            item = items_of[link.first][0]
            items[item, c.I_FLOOR] = max(int(items[item, c.I_FLOOR]), _floor(problem, link, items, items_of))
        if (floors == items[:, c.I_FLOOR]).all():
            return


def _floor(problem: Problem, link: Link, items: Whole, items_of: list[tuple[int, int]]) -> int:
    job, after = problem.jobs[link.first], problem.jobs[link.second]
    opening = max(
        min((window.start for window in after.windows), default=0), int(items[items_of[link.second][0], c.I_FLOOR])
    )
    longest = max(
        rules.lasts(problem, link.first, service, staff)
        for service in range(len(job.services))
        for staff in range(len(problem.staff))
    )
    lags = (len(job.services) - 1) * max(0, job.lag.end) if job.sync is Sync.sequential else 0
    return opening - (link.high or 0) - longest - lags


def _draw_bundles(problem: Problem, items: Whole, items_of: list[tuple[int, int]], rare: Rare) -> None:
    """Add each bundle once, and write where it stands into the columns of all its items."""
    bound: dict[int, set[int]] = defaultdict(set)
    for link in problem.links:
        if link.bound:
            bound[link.first].add(link.second)
            bound[link.second].add(link.first)
    for job in sorted(bound):
        if items[items_of[job][0], c.I_BUNDLED]:
            continue
        group = _in_order(problem, _reached(bound, job))
        place, number = rare.add([items_of[member][0]] for member in group)
        for member in group:
            first, count = items_of[member]
            items[first : first + count, c.I_BUNDLE] = place
            items[first : first + count, c.I_BUNDLED] = number


def _reached(bound: dict[int, set[int]], job: int) -> set[int]:
    found, front = {job}, [job]
    while front:
        fresh = bound[front.pop()] - found
        found |= fresh
        front += sorted(fresh)
    return found


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
