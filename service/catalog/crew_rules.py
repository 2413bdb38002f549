"""How the members of a crew work together: begin at once, come one after the other, or each when it suits the day."""

from enum import StrEnum
from typing import Final

from service.catalog import errors

LONGEST_LAG: Final = 600
"""The most minutes that may lie between two beginnings."""


class CrewSync(StrEnum):
    """How those whom a service needs come to the home: 同时、先后、各自。

    `sequential`: the first gives the service; each next one begins so long after the beginning of the one before.
    """

    simultaneous = "simultaneous"
    sequential = "sequential"
    independent = "independent"


def refuse_crew(sync: CrewSync, lag_min_minutes: int | None, lag_max_minutes: int | None, *, staff_count: int) -> None:
    """Refuse what contradicts itself: one person who comes apart from himself, times where they say nothing.

    Raises:
        errors.CrewTooSmall, errors.CrewLagMissing, errors.CrewLagNeedless, errors.CrewLagsContradict: name the field.
    """
    if sync is not CrewSync.simultaneous and staff_count < 2:
        raise errors.CrewTooSmall(field="crew_sync", crew_sync=sync, staff_count=staff_count)
    lags = {"crew_lag_min_minutes": lag_min_minutes, "crew_lag_max_minutes": lag_max_minutes}
    for field, minutes in lags.items():
        if sync is CrewSync.sequential and minutes is None:
            raise errors.CrewLagMissing(field=field)
        if sync is not CrewSync.sequential and minutes is not None:
            raise errors.CrewLagNeedless(field=field, crew_sync=sync)
    if lag_min_minutes is not None and lag_max_minutes is not None and lag_max_minutes < lag_min_minutes:
        raise errors.CrewLagsContradict(
            field="crew_lag_max_minutes",
            crew_lag_min_minutes=lag_min_minutes,
            crew_lag_max_minutes=lag_max_minutes,
        )
