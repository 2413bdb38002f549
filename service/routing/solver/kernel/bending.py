"""One rule of a day left out, or bent at a price that counts nothing else: for saying what keeps a job out."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import tour
from service.routing.solver.kernel.layout import Day

WORTH: Final = 1800
"""What cannot be counted in seconds is bent as much as so many of them."""

ROOM: Final = 1 << 40
"""The price of leaving the asked job out: above any bending, so that it comes in wherever it can."""

Bend = Callable[[Day, int], None]


def copy(day: Day) -> Day:
    """Copy a day, all but the travel, so that its rules can be changed.

    Raises: nothing.
    """
    return day._replace(
        services=day.services.copy(),
        items=day.items.copy(),
        people=day.people.copy(),
        rules=day.rules.copy(),
        price=day.price.copy(),
        able=day.able.copy(),
        ables=day.ables.copy(),
        rare=day.rare.copy(),
    )


def wanted(day: Day, job: int) -> Day:
    """Copy a day on which a job, and those that come with it, are to come in wherever they can.

    Raises: nothing.
    """
    found = copy(day)
    found.items[tour.members(day, job), c.I_DROP] = ROOM
    return found


def unpromised(day: Day) -> Day:
    """Copy a day on which nobody waits at a door for a promised moment.

    Raises: nothing.
    """
    items = day.items.copy()
    items[:, c.I_FLOOR] = 0
    return day._replace(items=items)


def for_nothing(day: Day, job: int) -> Day:
    """Copy a day on which nothing has a price, but that a job is `wanted`: what may be bent at a price is free.

    Raises: nothing.
    """
    found = wanted(day, job)
    keep = [c.R_MUST_EAT, c.R_STEP, c.R_TRAFFIC, c.R_LINKED, c.R_LIMITED, c.R_SEEN, c.R_SPREAD, c.R_UNUSUAL, c.R_RANKED]
    keep += [c.R_WIDE, c.R_WIDES, c.R_LOOSE, c.R_LOOSES]
    found.rules[0, [column for column in range(c.RULE_COLUMNS) if column not in keep]] = 0
    found.items[:, c.I_TARDY] = 0
    found.items[found.items[:, c.I_KIND] == c.MEAL, c.I_DROP] = 0
    found.price[found.price > 0] = 0
    return found


def _services(day: Day, job: int) -> list[int]:
    return [
        service
        for item in tour.items(day, job)
        for service in range(day.items[item, c.I_FIRST], day.items[item, c.I_FIRST] + day.items[item, c.I_COUNT])
    ]


def time_window(day: Day, job: int) -> None:
    """Let the job be late, at 1 per unit."""
    items = tour.items(day, job)
    day.items[items, c.I_STRICT], day.items[items, c.I_TARDY] = 0, 1


def shift_end(day: Day, job: int) -> None:
    """Let everybody be back late, at 1 per unit."""
    day.people[:, c.P_LATEST] = c.NEVER
    day.rules[0, c.R_OVERTIME] = 1


def lunch(day: Day, job: int) -> None:
    """Let lunches be missed."""
    day.rules[0, c.R_MUST_EAT] = 0
    day.items[day.items[:, c.I_KIND] == c.MEAL, c.I_DROP] = WORTH


def staff(day: Day, job: int) -> None:
    """Let anybody give the job, whatever skills and wishes say."""
    services = _services(day, job)
    count = len(day.people)
    barred = day.price[services] < 0
    day.price[services] = np.where(barred, WORTH, day.price[services])
    day.able[services, :count], day.ables[services] = np.arange(count), count


def capacity(day: Day, job: int) -> None:
    """Let people carry more than they can."""
    day.people[:, c.P_CAPACITY] = c.NEVER


def max_work(day: Day, job: int) -> None:
    """Let people work longer than they may."""
    day.people[:, c.P_WORK] = c.NEVER


def rank(day: Day, job: int) -> None:
    """Let any job come after any other."""
    day.services[:, c.S_RANK] = 0


def link(day: Day, job: int) -> None:
    """Let the job come at any time, by anybody, whatever it is linked to; it still comes and goes with its bundle."""
    items = set(tour.items(day, job))
    for item, about in enumerate(day.items):
        for row in range(about[c.I_LINK], about[c.I_LINK] + about[c.I_LINKS]):
            if item in items or int(day.rare[row, c.L_ITEM]) in items:
                loose = [day.rare[row, c.L_ITEM], c.EITHER, -c.NEVER >> 2, c.NEVER, c.ANYBODY, 0, -c.NEVER]
                day.rare[row] = loose
    day.rules[0, c.R_WIDES] = 0


def alone(day: Day, job: int) -> None:
    """Let the job come in without those that come with it."""
    link(day, job)
    day.items[tour.items(day, job), c.I_BUNDLED] = 0


def travel(day: Day, job: int) -> None:
    """Take the way out of the day: everybody is everywhere at once. The day's travel must be its own."""
    day.travel[:] = 0


BENDS: Final[Mapping[str, Bend]] = MappingProxyType(
    {
        "time_window": time_window,
        "shift_end": shift_end,
        "lunch": lunch,
        "staff": staff,
        "capacity": capacity,
        "max_work": max_work,
        "rank": rank,
        "link": link,
    }
)
"""The rules that are bent for one job, one at a time, each in place on a copy of the day."""
