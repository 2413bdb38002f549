"""The last word of the database as a refusal: each room's repository names its constraints once."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy.exc import DBAPIError

from service.core.problems import Collision, Refusal

_DEADLOCK: Final = "40P01"
_BY_CONSTRAINT: dict[str, type[Refusal]] = {}


def name_constraints(constraints: Mapping[str, type[Refusal]]) -> None:
    """Say which refusal each constraint (or `raise … using constraint = …` of a trigger) stands for."""
    _BY_CONSTRAINT.update(constraints)


def constraint_of(error: DBAPIError) -> str | None:
    """Return the name of the constraint that said no, if one did."""
    cause = getattr(error.orig, "__cause__", None)
    name = getattr(cause, "constraint_name", None)
    return name if isinstance(name, str) else None


def refusal_of(error: DBAPIError) -> Refusal | None:
    """Return the refusal that a database error stands for, or None when nobody named it."""
    if getattr(error.orig, "sqlstate", None) == _DEADLOCK:
        return Collision()
    kind = _BY_CONSTRAINT.get(constraint_of(error) or "")
    return kind() if kind else None
