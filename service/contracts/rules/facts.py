"""The words of contracts and of the entitlement ledger: facts for the rooms above."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

from service.catalog.rules import IncomeClass

CONTRACT_PERIOD: Final = "contract"
"""The period of what a contract grants: the contract itself."""


class Source(StrEnum):
    """Who grants an entitlement. `ref_id` is the contract, the programme, the limit, or (insurances) the person.

    The `code` of medical insurance is the plan's, that of long-term care insurance (长期护理保险) and of bed days is
    empty, and the units of all three are fen; otherwise the code is the service's. The period is `CONTRACT_PERIOD`, a
    calendar year, or (LTCI) a calendar month.
    """

    contract = "contract"
    public_program = "public_program"
    insurance_fund = "insurance_fund"
    insurance_deductible = "insurance_deductible"
    ltci = "ltci"
    per_diem = "per_diem"
    limit = "limit"


class Counting(StrEnum):
    """How an entitlement counts: each unit, or one use for all units of a line."""

    quantity = "quantity"
    visit = "visit"


class TerminationReason(StrEnum):
    """Why a contract ends early (解约原因)."""

    lost_contact = "lost_contact"
    moved_away = "moved_away"
    died = "died"
    person_declined = "person_declined"
    signed_anew = "signed_anew"
    other = "other"


Key: TypeAlias = tuple[Source, UUID, str, str]
"""What tells a person's entitlements apart: source, ref, code, period."""


@dataclass(frozen=True, slots=True)
class ContractCover:
    """What an active contract covers: `items` are (code, quantity, counting); on `terminated_on` it is no more."""

    contract_id: UUID
    institution_id: UUID
    signed_on: date
    valid_from: date
    valid_to: date
    terminated_on: date | None
    covers_visit_fee: bool
    capitated_codes: frozenset[str]
    items: tuple[tuple[str, int, Counting], ...]
    income_class: IncomeClass = IncomeClass.unified


@dataclass(frozen=True, slots=True)
class EnrolmentFacts:
    """A person's enrolment in a programme, both days included; None = open.

    `automatic`: he meets the programme's criteria on the day that was asked for, and nobody enrolled him by hand.
    """

    programme_id: UUID
    valid_from: date
    valid_to: date | None
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Balance:
    """Where an entitlement stands: `used` and `reserved` of `cap`, in units, uses or fen as it counts.

    From `closed_on` on it pays no more (None = not closed yet).
    """

    entitlement_id: UUID
    source: Source
    ref_id: UUID
    code: str
    period: str
    cap: int
    counting: Counting
    used: int
    reserved: int
    closed_on: date | None = None

    @property
    def remaining(self) -> int:
        """What is neither used nor reserved."""
        return max(0, self.cap - self.used - self.reserved)

    @property
    def key(self) -> Key:
        """What a claim names."""
        return self.source, self.ref_id, self.code, self.period


@dataclass(frozen=True, slots=True)
class Claim:
    """Units (uses, fen) wanted of an entitlement of a person."""

    source: Source
    ref_id: UUID
    code: str
    period: str
    units: int

    @property
    def key(self) -> Key:
        """Which of the person's entitlements is meant."""
        return self.source, self.ref_id, self.code, self.period


@dataclass(frozen=True, slots=True)
class Grant:
    """An entitlement that a person has by right, whether or not the ledger knows it already."""

    source: Source
    ref_id: UUID
    code: str
    period: str
    cap: int
    counting: Counting = Counting.quantity

    @property
    def key(self) -> Key:
        """What tells it from the person's other entitlements."""
        return self.source, self.ref_id, self.code, self.period


def year_of(on: date) -> str:
    """Return the period of a yearly entitlement: the calendar year of a day."""
    return f"{on.year:04d}"


def month_of(on: date) -> str:
    """Return the period of a monthly entitlement: the calendar month of a day, `YYYY-MM`."""
    return f"{on.year:04d}-{on.month:02d}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a grant on a day, whether the ledger knows it already or not."""

    grant: Grant
    used: int
    reserved: int

    @property
    def remaining(self) -> int:
        """What is neither used nor reserved."""
        return max(0, self.grant.cap - self.used - self.reserved)
