"""A tour of all places of a job: what comes in, in which order its choices are made, and which were best so far."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel.layout import Day, Real, Whole

STAFF: Final = 0
PLACE: Final = 1
MEALS: Final = 2
"""Kinds of choices: who gives a part, where in the global order a unit comes, when the person of a part has lunch."""

STAY: Final = 0
SKIP: Final = 1
MOVE: Final = 2
"""What a lunch does: it stays where it is, is missed, or goes elsewhere."""

FIRST: Final = 1
LAST: Final = 2
"""Columns of `Tour.units`, behind the item: the first part, and the one behind the last."""

ALIKE: Final = 1
UNIT: Final = 2
"""Columns of `Tour.parts`, behind the service: whether it could change its person with the part before; its unit."""

LEVEL: Final = 0
BEST: Final = 1
DINING: Final = 2
FAR: Final = 3
"""Entries of `Tour.state`: the choice that is made next, the lowest price so far, whether lunches move, and how far
behind everything else the last place is.
"""

UNKNOWN: Final = c.NEVER << 1
"""The price where no place is known."""


class Tour(NamedTuple):
    """Units are items that come in together, parts their services. `levels` are the choices in their order (kind, unit
    or part), `digits` the number of each as it stands. What they come to, in column 0 as it stands, in 1 at the best
    place: `staff[part]`, `meals[part]`, `keys[unit]` and, behind these, the keys of the parts' lunches. `marks` is work
    space.
    """

    units: Whole
    parts: Whole
    levels: Whole
    digits: Whole
    staff: Whole
    meals: Whole
    keys: Real
    marks: Real
    state: Whole


def begin(day: Day, job: int, *, dining: bool) -> Tour:
    """Begin the tour of a job, with those that come and go with it; `dining` says that lunches may move.

    Raises: nothing.
    """
    units, parts = list[list[int]](), list[list[int]]()
    for item in items(day, job):
        first, count = int(day.items[item, c.I_FIRST]), int(day.items[item, c.I_COUNT])
        units.append([item, len(parts), len(parts) + count])
        parts += [[first + at, int(_alike(day, item, at)), len(units) - 1] for at in range(count)]
    levels = list(_levels(units, len(parts)))
    width = len(parts) * (len(day.services) + 1) + len(day.rare) + len(units) + len(parts)
    return Tour(
        units=np.array(units, dtype=np.int64),
        parts=np.array(parts, dtype=np.int64),
        levels=np.array(levels, dtype=np.int64),
        digits=np.full(len(levels), -1, dtype=np.int64),
        staff=np.zeros((len(parts), 2), dtype=np.int64),
        meals=np.zeros((len(parts), 2), dtype=np.int64),
        keys=np.zeros((len(units) + len(parts), 2)),
        marks=np.zeros(width),
        state=np.array([0, UNKNOWN, dining, day.rules[0, c.R_SPREAD]], dtype=np.int64),
    )


def members(day: Day, job: int) -> list[int]:
    """List the first items of a job and of those that come and go with it.

    Raises: nothing.
    """
    first = int(day.items_of[job, 0])
    place, number = (int(day.items[first, column]) for column in (c.I_BUNDLE, c.I_BUNDLED))
    return [int(item) for item in day.rare[place : place + number, c.U_ITEM]] or [first]


def items(day: Day, job: int) -> list[int]:
    """List all items of a job and of those that come with it.

    Raises: nothing.
    """
    jobs = [int(day.items[item, c.I_JOB]) for item in members(day, job)]
    return [item for each in jobs for item in range(day.items_of[each, 0], day.items_of[each].sum())]


def _alike(day: Day, item: int, at: int) -> bool:
    """Whether a service of people who come together is the same to everybody as the one before it."""
    if not at or day.items[item, c.I_KIND] != c.TOGETHER:
        return False
    one, two = (int(day.items[item, c.I_FIRST]) + at - back for back in (1, 0))
    return bool((day.price[one] == day.price[two]).all() and (day.time[one] == day.time[two]).all())


def _levels(units: list[list[int]], parts: int) -> Iterator[tuple[int, int]]:
    for unit, (_, first, last) in enumerate(units):
        yield from ((STAFF, part) for part in range(first, last))
        yield PLACE, unit
    yield from ((MEALS, part) for part in range(parts))
