"""Meetings: when the people who serve one job together (or one after the other) can start."""

from collections.abc import Callable

from service.routing.problem import Job, Sync

ROUNDS = 8
"""Each round moves somebody later to the next opening or past a lunch; more than a few never help."""


def align(job: Job, starts: list[int]) -> list[int]:
    """Delay the starts as little as possible until they stand in the job's relation.

    simultaneous: all at the latest; sequential: each lag start-to-start inside `lag`. Source: UHHC, synchronisation.

    Raises: nothing.
    """
    if job.sync is Sync.simultaneous:
        return [max(starts)] * len(starts)
    if job.sync is Sync.independent:
        return starts
    found = list(starts)
    for at in range(1, len(found)):
        found[at] = max(found[at], found[at - 1] + job.lag.start)
    for at in range(len(found) - 1, 0, -1):
        found[at - 1] = max(found[at - 1], found[at] - job.lag.end)
    return found


def arrange(job: Job, start_of: Callable[[int, int], int]) -> list[int] | None:
    """Find the earliest starts of all services that keep the relation; `start_of(service, floor)` says when a service
    can start if not before `floor`, negative if a hard rule forbids it. None when there are none.

    Raises: nothing.
    """
    floors = [0] * len(job.services)
    for _ in range(ROUNDS):
        starts = [start_of(service, floor) for service, floor in enumerate(floors)]
        if min(starts) < 0:
            return None
        floors = align(job, starts)
        if floors == starts:
            return starts
    return None
