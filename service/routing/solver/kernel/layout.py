"""The arrays of the compiled search: what is given (`Day`, see `drawing`), the plan as it stands (`Now`), a change
that is proposed (`Change`) and what it would lead to (`Trial`).
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from service.routing.solver.kernel import columns as c

Whole: TypeAlias = NDArray[np.int64]
Real: TypeAlias = NDArray[np.float64]

CHANGES: Final = 64
"""At most so many items are changed at a time."""


class Day(NamedTuple):
    """What is given. `price[service, staff]` is -1 where a hard rule forbids it, `able[service, :ables[service]]` lists
    who may; `opens`/`ends` are all windows in a row; `near[job]` lists other jobs, nearest first; `items_of[job]` is
    (first item, number of items). `time[service, staff]` is how long it takes the person. `rare` holds what few
    days have: links, bands of traffic, bundles of jobs that come and go together (every array more makes calls dearer).
    """

    services: Whole
    items: Whole
    people: Whole
    rules: Whole
    travel: NDArray[np.int32]
    price: Whole
    able: Whole
    ables: Whole
    opens: Whole
    ends: Whole
    near: Whole
    items_of: Whole
    fresh: Whole
    time: Whole
    rare: Whole


class Now(NamedTuple):
    """The plan as it stands: `keys[item]` is its place in the global order, `staff[service]` who gives it; `route`,
    `length`, `at` (place in the route), `start` and `snap` (the state after it) follow from these. `total[0]` is the
    cost, `total[1]` the prices of what is left out, `total[2]` the sum of the people's own costs.
    """

    keys: Real
    staff: Whole
    route: Whole
    length: Whole
    at: Whole
    start: Whole
    snap: Whole
    day: Whole
    total: Whole


class Change(NamedTuple):
    """Items with their new keys and, per service, new staff. `number[0]` items; `changed[item]` is its number in
    the order of entering, from 1, and 0 where nothing changes.
    """

    number: Whole
    items: Whole
    keys: Real
    staff: Whole
    changed: Whole


class Trial(NamedTuple):
    """The routes that a change touches, one row each, evaluated from stop `since` on; `slot[staff]` finds the row.
    `number[0]` rows; `number[1]` numbers the trial. `when[service]` is the start that was found and in which trial.
    """

    number: Whole
    who: Whole
    slot: Whole
    route: Whole
    length: Whole
    since: Whole
    at: Whole
    start: Whole
    state: Whole
    snap: Whole
    day: Whole
    meet: Whole
    when: Whole


def nothing_planned(day: Day) -> Now:
    """Make the plan in which nobody does anything; its costs are not yet known (see `settle.settle_all`).

    Raises: nothing.
    """
    services, staff = len(day.services), max(1, len(day.people))
    return Now(
        keys=np.zeros(len(day.items)),
        staff=np.full(services, c.NOBODY, dtype=np.int64),
        route=np.zeros((staff, services + 1), dtype=np.int64),
        length=np.zeros(staff, dtype=np.int64),
        at=np.zeros(services, dtype=np.int64),
        start=np.zeros(services, dtype=np.int64),
        snap=np.zeros((services, c.STATE_COLUMNS), dtype=np.int64),
        day=np.zeros((staff, c.DAY_COLUMNS), dtype=np.int64),
        total=np.zeros(3, dtype=np.int64),
    )


def no_change(day: Day) -> Change:
    """Make room for changes.

    Raises: nothing.
    """
    return Change(
        number=np.zeros(1, dtype=np.int64),
        items=np.zeros(len(day.items) + 1, dtype=np.int64),
        keys=np.zeros(len(day.items)),
        staff=np.full(len(day.services), c.NOBODY, dtype=np.int64),
        changed=np.zeros(len(day.items), dtype=np.int64),
    )


def no_trial(day: Day) -> Trial:
    """Make room for trials.

    Raises: nothing.
    """
    services, staff = len(day.services) + 1, max(1, len(day.people))
    widest = max([1, *(int(row[c.I_COUNT]) for row in day.items)])
    return Trial(
        number=np.zeros(2, dtype=np.int64),
        who=np.zeros(staff, dtype=np.int64),
        slot=np.full(staff, -1, dtype=np.int64),
        route=np.zeros((staff, services), dtype=np.int64),
        length=np.zeros(staff, dtype=np.int64),
        since=np.zeros(staff, dtype=np.int64),
        at=np.zeros(staff, dtype=np.int64),
        start=np.zeros((staff, services), dtype=np.int64),
        state=np.zeros((staff, c.STATE_COLUMNS), dtype=np.int64),
        snap=np.zeros((staff, services, c.STATE_COLUMNS), dtype=np.int64),
        day=np.zeros((staff, c.DAY_COLUMNS), dtype=np.int64),
        meet=np.zeros((widest, 3), dtype=np.int64),
        when=np.full((services, 2), -1, dtype=np.int64),
    )
