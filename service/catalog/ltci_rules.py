"""The words of what long-term care insurance (长期护理保险) of a region pays."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class LtciRule:
    """What LTCI pays: the services `codes`, at `pay_ratio`, up to the month's cap in fen of a person's grade.

    A grade without a cap is not eligible. Both days included; `valid_to` None = open.
    """

    name: str
    codes: frozenset[str]
    pay_ratio: Decimal
    monthly_caps: Mapping[int, int]
    valid_from: date
    valid_to: date | None

    @property
    def eligible_grades(self) -> frozenset[int]:
        """The grades for which it pays."""
        return frozenset(self.monthly_caps)
