"""The words of 减免: what is taken off a family's own part of a bill."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from service.patients.rules import KeyGroup


@dataclass(frozen=True, slots=True)
class ReductionFacts:
    """What is taken off for people of any of `key_groups` (none named: for everybody), as a share of their own part.

    Of the lines of `codes`; none named: of all services and bed days, without the visit fee. `bill_cap_fen` is the
    most per bill.
    `institution_id` None: it holds at all institutions of the region. Both days included; `valid_to` None = open.
    """

    id: UUID
    institution_id: UUID | None
    code: str
    title: str
    key_groups: frozenset[KeyGroup]
    codes: frozenset[str]
    ratio: Decimal
    bill_cap_fen: int | None
    valid_from: date
    valid_to: date | None
