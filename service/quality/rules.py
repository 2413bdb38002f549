"""Ratios of a month, and when a count is too small to be told (a ratio of few people speaks of one of them)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from service.quality import errors

LONGEST_MONTHS: Final = 24
_PLACES: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class MonthCounts:
    """How many orders fell due in a month, and what became of them."""

    month: date
    orders: int
    planned: int
    unassigned: int
    visited: int
    on_time: int


@dataclass(frozen=True, slots=True)
class MonthRatios:
    """Shares of a month, four places; None where too few are behind one."""

    month: date
    planned: Decimal | None
    unassigned: Decimal | None
    visited: Decimal | None
    on_time: Decimal | None


def refuse_months(first: date, last: date, today: date) -> None:
    """Refuse a report of too many months, of none, or of one that has not begun; both days are firsts of a month.

    Raises:
        MonthsDoNotFit: it is so.
    """
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if not 1 <= months <= LONGEST_MONTHS or last > today:
        raise errors.MonthsDoNotFit


def ratios(counts: Sequence[MonthCounts], minimum: int) -> list[MonthRatios]:
    """Return the ratios of months: of the orders that fell due, and on-time visits of those that were made."""
    return [
        MonthRatios(
            month=each.month,
            planned=_share(each.planned, each.orders, minimum),
            unassigned=_share(each.unassigned, each.orders, minimum),
            visited=_share(each.visited, each.orders, minimum),
            on_time=_share(each.on_time, each.visited, minimum),
        )
        for each in counts
    ]


def _share(part: int, whole: int, minimum: int) -> Decimal | None:
    if whole < max(minimum, 1):
        return None
    return (Decimal(part) / whole).quantize(_PLACES, ROUND_HALF_UP)
