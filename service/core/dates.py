"""Dated rows and half-open ranges: one place that builds a range and refuses naive bounds."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final, Protocol, TypeVar

from pydantic import BeforeValidator, WithJsonSchema
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql.ranges import MultiRange


class Dated(Protocol):
    """A row in force from `valid_from` to `valid_to`, both days included; None = open."""

    @property
    def valid_from(self) -> date:
        """First day in force."""
        ...

    @property
    def valid_to(self) -> date | None:
        """Last day in force, None = open."""
        ...


Row = TypeVar("Row", bound=Dated)
_NUMBER: Final = re.compile(r"\s*[+-]?\d*\.?\d+\s*")


def _refuse_number(value: Any) -> Any:
    if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise ValueError("a day is written YYYY-MM-DD, a moment as in RFC 3339")
    return value


WRITTEN: Final = BeforeValidator(_refuse_number)
"""Beside `date` or `AwareDatetime` in an input: a number is none (it would be read as seconds since 1970)."""

OF_DAY: Final = WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$"})
"""Beside a local `time`: the contract's format `time` would promise an offset."""


def in_force(rows: Iterable[Row], on: date) -> list[Row]:
    """Return the rows in force on a day, in their order."""
    return [row for row in rows if row.valid_from <= on and (row.valid_to is None or on <= row.valid_to)]


def moments(start: datetime, end: datetime | None) -> Range[datetime]:
    """Build the half-open range [start, end); `end` None = open.

    Raises:
        ValueError: a bound is naive, or the range is empty.
    """
    if start.tzinfo is None or (end is not None and end.tzinfo is None):
        raise ValueError("a range of moments needs aware bounds")
    if end is not None and end <= start:
        raise ValueError("a range must end after it starts")
    return Range(start, end, bounds="[)")


def apart(spans: Iterable[tuple[datetime, datetime]]) -> MultiRange[datetime]:
    """Build the half-open ranges [start, end) of spans, the earliest first; the database joins what is not apart.

    Raises:
        ValueError: a bound is naive, or a range is empty.
    """
    return MultiRange(moments(start, end) for start, end in sorted(spans))


def days(first: date, last: date | None) -> Range[date]:
    """Build the range of days from `first` to `last`, both included; `last` None = open.

    Raises:
        ValueError: `last` lies before `first`.
    """
    if last is not None and last < first:
        raise ValueError("a period must not end before it starts")
    return Range(first, last, bounds="[]") if last is not None else Range(first, None, bounds="[)")
