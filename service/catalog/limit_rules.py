"""The words of how often something may be charged to a person: per day, week, bed cycle or year."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class LimitPer(StrEnum):
    """For how long a limit counts: a day, Monday to Sunday, one stay in a home bed (建床周期), a calendar year."""

    day = "day"
    week = "week"
    bed_cycle = "bed_cycle"
    year = "year"


@dataclass(frozen=True, slots=True)
class LimitFacts:
    """At most `maximum` units of all `codes` together per person and period, at whatever institution of the region.

    Several codes exclude one another (护理级别互斥). Both days included; `valid_to` None = open.
    """

    id: UUID
    code: str
    title: str
    codes: frozenset[str]
    per: LimitPer
    maximum: int
    valid_from: date
    valid_to: date | None
