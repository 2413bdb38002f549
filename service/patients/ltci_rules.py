"""The words of long-term care insurance (长期护理保险) that belong to a person: his grade, and since when."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

GRADES: Final = ("基本正常", "轻度失能", "中度失能", "重度失能Ⅰ级", "重度失能Ⅱ级", "重度失能Ⅲ级")
"""The names of the grades 0–5."""


@dataclass(frozen=True, slots=True)
class LtciFacts:
    """A person's grade (0–5), both days included; `valid_to` None = open."""

    grade: int
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class AssessmentFacts:
    """An assessment: grade and days, and the district in which it was done."""

    id: UUID
    grade: int
    district_id: UUID
    district_name: str
    valid_from: date
    valid_to: date | None


def ends_before(running_from: date, new_from: date) -> date | None:
    """Return the last day of a running assessment which a later one replaces; None: it does not give way."""
    return new_from - timedelta(days=1) if running_from < new_from else None
