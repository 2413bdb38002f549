"""Visits that a dispatcher has pinned: they keep the crew and the start that were promised, or are left out; pure.

A pin says more than a promise, which has its price: who was told comes when he was told, for further parts as well, and
hands in when he was told what was taken. What else is asked of the visit is asked as ever: who is away or has no
licence any more does not come, and then nobody does.
"""

from collections.abc import Set
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from service.routing.building.facts import DayFacts, Promise
from service.routing.building.together import Behind
from service.routing.building.wishes import Rows
from service.routing.problem import Job, Sync, Window

PINNED: Final = 100
"""Leaving a pinned visit out costs as much as leaving out so many of its kind."""


def pinned(facts: DayFacts, order_id: UUID, job: Job, rows: Rows, behind: Behind | None) -> Job:
    """Return the job of an order's visit, or of what comes `behind` it, pinned where the order is.

    `rows` are the positions of people's segments.
    """
    promise = facts.pins.get(order_id)
    if promise is None:
        return job
    start, people = _promised(promise, behind)
    crew = frozenset[int]().union(*(rows.get(each, frozenset()) for each in people))
    allowed = crew if job.allowed_staff is None else job.allowed_staff & crew
    drop = job.drop_penalty * PINNED if job.drop_penalty is not None else None
    if start is None:  # it was not promised when this is
        return replace(job, allowed_staff=allowed, drop_penalty=drop)
    at = facts.seconds(start)
    is_open = any(each.start <= at <= each.end for each in job.windows)
    # of a crew whose members come apart the first one's start was promised
    last = at if job.sync is Sync.simultaneous else max((each.end for each in job.windows), default=at)
    return replace(
        job,
        windows=(Window(at, max(at, last)),),
        punctual=True,
        ends_in_window=False,
        allowed_staff=allowed if is_open else frozenset(),
        drop_penalty=drop,
    )


def _promised(promise: Promise, behind: Behind | None) -> tuple[datetime | None, Set[UUID]]:
    """Return when a visit, or what comes `behind` it, was to begin, and whose it was; None: nobody was told of it."""
    crew = promise.practitioner_ids
    if behind is None:
        return promise.start, crew
    if behind.part is not None:
        return promise.later.get(behind.part), crew
    start, who = promise.deliveries.get(behind.of, (None, None))
    return start, crew if who is None else frozenset({who})
