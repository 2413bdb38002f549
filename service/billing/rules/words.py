"""The facts of a settlement: what the caller knows and passes in, frozen.

The same words describe a case file, a quote and a visit settled from the database. Dates are local dates; balances
(`Used`) are what has been used of each entitlement so far, reservations of others included.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias

VISIT_FEE: Final = "VISIT_FEE"
"""The code of the fee line (上门服务费); never a code of a price book."""
BED_DAY: Final = "BED_DAY"
"""The code of a line of bed days (家庭病床床日); never a code of a price book."""


class FeeSharing(StrEnum):
    """How one trip to one home is charged."""

    once_per_home = "once_per_home"
    per_patient = "per_patient"


class Leniency(StrEnum):
    """Whether the visit fee is waived (免收) or charged in a special situation."""

    waive = "waive"
    charge = "charge"


class FeePolicy(StrEnum):
    """Whether the institution charges a visit fee at all."""

    charge = "charge"
    none = "none"


class FeeUnit(StrEnum):
    """What a tariff's price is for: a visit, or each member of staff of it."""

    visit = "visit"
    visit_staff = "visit_staff"


class InsuranceClass(StrEnum):
    """甲类, 乙类, 丙类 of the medical insurance catalogue."""

    A = "A"
    B = "B"
    C = "C"


class Counting(StrEnum):
    """How a contract counts: each unit, or one use for all units of a line."""

    quantity = "quantity"
    visit = "visit"


class Balance(StrEnum):
    """The kinds of balances that a bill uses; `…_units` count units or uses, `…_fen` money."""

    program_units = "program_units"
    contract_units = "contract_units"
    ltci_fen = "ltci_fen"
    deductible_fen = "deductible_fen"
    fund_fen = "fund_fen"
    per_diem_fen = "per_diem_fen"


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One balance of one patient: programme (ref, code, year), contract (ref, code), LTCI (month), insurance (year)."""

    balance: Balance
    patient: str
    ref: str | None = None
    code: str | None = None
    period: str | None = None


Used: TypeAlias = Mapping[Entitlement, int]
"""What is used of each entitlement; one that is not named has been used 0 times."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included; `last` None = open."""

    first: date
    last: date | None = None

    def covers(self, on: date) -> bool:
        """Return whether the day lies in the period."""
        return self.first <= on and (self.last is None or on <= self.last)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A patient's enrolment in a programme."""

    programme: str
    valid: Period


@dataclass(frozen=True, slots=True)
class ContractItem:
    """What a contract grants of one code."""

    quantity: int
    counting: Counting


@dataclass(frozen=True, slots=True)
class Contract:
    """A family-doctor contract (家庭医生签约) of a patient; `terminated_on` is the first day without it."""

    id: str
    signed_on: date
    valid: Period
    terminated_on: date | None = None
    covers_visit_fee: bool = False
    capitated_codes: frozenset[str] = frozenset()
    items: Mapping[str, ContractItem] = field(default_factory=dict)

    def is_active(self, on: date) -> bool:
        """Return whether the contract is in force on a day."""
        return self.valid.covers(on) and (self.terminated_on is None or on < self.terminated_on)


@dataclass(frozen=True, slots=True)
class Pause:
    """Days [first, until) on which a bed is paused; `until` None = until further notice."""

    first: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class PerDiem:
    """按床日付费: yuan per day, the insurance's share and its yearly cap."""

    daily_rate: Decimal
    pay_ratio: Decimal
    year_cap_fen: int
    excluded_codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bed:
    """An episode of 家庭病床, days [opened_on, closed_on); `per_diem` None = paid per item."""

    id: str
    opened_on: date
    closed_on: date | None = None
    pauses: tuple[Pause, ...] = ()
    per_diem: PerDiem | None = None

    def is_open(self, on: date) -> bool:
        """Return whether the episode is open, and not paused, on a day."""
        if on < self.opened_on or (self.closed_on is not None and on >= self.closed_on):
            return False
        return not any(pause.first <= on and (pause.until is None or on < pause.until) for pause in self.pauses)


@dataclass(frozen=True, slots=True)
class Patient:
    """Who is visited, and everything that may pay: enrolments and beds in the order in which they are asked."""

    id: str
    enrolments: tuple[Enrolment, ...] = ()
    ltci_grade: int | None = None
    insured: Period | None = None
    contracts: tuple[Contract, ...] = ()
    beds: tuple[Bed, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """Something performed on a visit."""

    code: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit; `service_on` and `starts_at` are the local date and time of its start, `verified` its proof.

    Visits with the same `trip` and `home` share one fee; without either a visit stands alone.
    """

    id: str
    patient: str
    mode: str
    service_on: date
    starts_at: time
    verified: bool
    staff: tuple[str, ...]
    distance_km: Decimal
    items: tuple[Item, ...]
    home: str | None = None
    trip: str | None = None


def year_of(on: date) -> str:
    """Return the calendar year of a day as a balance's period, four digits."""
    return f"{on.year:04d}"


def month_of(on: date) -> str:
    """Return the calendar month of a day as a balance's period, `YYYY-MM`."""
    return f"{on.year:04d}-{on.month:02d}"
