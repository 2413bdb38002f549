"""Services in parts (分次服务): whoever gives the first part leaves and comes back for each further one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from service.catalog import errors

MOST: Final = 3
"""How many further parts a service may have."""


@dataclass(frozen=True, slots=True)
class PartFacts:
    """A further part of a service: it begins at least and at most so many minutes after the end of the one before."""

    duration_minutes: int
    after_min_minutes: int
    after_max_minutes: int


def parts_of(rows: Iterable[Mapping[str, Any]]) -> tuple[PartFacts, ...]:
    """Return the further parts as they stand in a service's row."""
    return tuple(PartFacts(row["duration_minutes"], row["after_min_minutes"], row["after_max_minutes"]) for row in rows)


def refuse_parts(parts: Sequence[object], *, staff_count: int) -> None:
    """Refuse parts of a service for several people, whom a plan cannot bring back together.

    Raises:
        errors.PartsNeedOnePerson: says for how many.
    """
    if parts and staff_count > 1:
        raise errors.PartsNeedOnePerson(staff_count=staff_count)
