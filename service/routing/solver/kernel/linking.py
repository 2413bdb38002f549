"""Draws up what only some days have: links between jobs, jobs that come and go together, traffic, one human's rows."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import Final

import numpy as np

from service.routing import rules
from service.routing.problem import Carer, Link, Problem, Sync
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel.layout import Whole

CARERS: Final = {Carer.anybody: c.ANYBODY, Carer.same: c.SAME, Carer.other: c.OTHER}


def humans(problem: Problem) -> tuple[list[int], Whole]:
    """Tell each row's human being, and per row all rows of the same (-1 = no more).

    Raises: nothing.
    """
    alike: dict[object, list[int]] = defaultdict(list)
    keys = [("row", at) if who.person is None else ("person", who.person) for at, who in enumerate(problem.staff)]
    for at, key in enumerate(keys):
        alike[key].append(at)
    rows = np.full((max(1, len(keys)), max(map(len, alike.values()), default=1)), -1, dtype=np.int64)
    for at, key in enumerate(keys):
        rows[at, : len(alike[key])] = alike[key]
    return [alike[key][0] for key in keys], rows


def bands(problem: Problem) -> tuple[list[tuple[int, int]], Whole]:
    """Lay the bands of all matrices in a row; per matrix the first and how many (none where nothing is stretched).

    Raises: nothing.
    """
    places: list[tuple[int, int]] = []
    found: list[tuple[int, int]] = []
    for matrix in range(len(problem.matrices)):
        own = problem.traffic[matrix] if matrix < len(problem.traffic) else ()
        kept = [(band.start, band.factor) for band in own] if any(band.factor != 1000 for band in own) else []
        places.append((len(found), len(kept)))
        found += kept
    return places, np.array(found, dtype=np.int64).reshape(-1, c.BAND_COLUMNS)


def draw_links(problem: Problem, items: Whole, items_of: list[tuple[int, int]]) -> tuple[Whole, Whole, Whole]:
    """Write links and bundles into the items' columns; answers the tables of links, of wide links and of bundles.

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
    rows: list[list[int]] = []
    for item, own in enumerate(found):
        items[item, c.I_LINK], items[item, c.I_LINKS] = len(rows), len(own)
        items[item, c.I_FIXED] |= int(bool(own))
        rows += own
    return (
        np.array(rows, dtype=np.int64).reshape(-1, c.LINK_COLUMNS),
        np.array(wide, dtype=np.int64).reshape(-1, c.WIDE_COLUMNS),
        _bundles(problem, items, items_of),
    )


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


def _bundles(problem: Problem, items: Whole, items_of: list[tuple[int, int]]) -> Whole:
    """Write each bundle once, and where it stands into the columns of all its items."""
    bound: dict[int, set[int]] = defaultdict(set)
    for link in problem.links:
        if link.bound:
            bound[link.first].add(link.second)
            bound[link.second].add(link.first)
    rows: list[int] = []
    for job in sorted(bound):
        if items[items_of[job][0], c.I_BUNDLED]:
            continue
        group = _in_order(problem, _reached(bound, job))
        for member in group:
            first, count = items_of[member]
            items[first : first + count, c.I_BUNDLE] = len(rows)
            items[first : first + count, c.I_BUNDLED] = len(group)
        rows += [items_of[member][0] for member in group]
    return np.array(rows, dtype=np.int64)


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
