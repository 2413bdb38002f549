"""What holds for every visit of an institution: its policy, registrations, prices, tariffs and its region's payers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal

from service.billing.rules import words


@dataclass(frozen=True, slots=True)
class Policy:
    """The switches of an institution; the defaults are the safest for the patient."""

    min_staff: int = 1
    fee: words.FeePolicy = words.FeePolicy.charge
    fee_sharing: words.FeeSharing = words.FeeSharing.once_per_home
    fee_in_bed_cycle: words.Leniency = words.Leniency.waive
    fee_when_fully_funded: words.Leniency = words.Leniency.waive


@dataclass(frozen=True, slots=True)
class ServiceMode:
    """A way of serving that the institution is registered for."""

    mode: str
    valid: words.Period


@dataclass(frozen=True, slots=True)
class PriceRow:
    """The price of a code in a period; `includes` are its 项目内涵, `excludes` what may not be billed beside it.

    `national_code` and `unit` (计价单位) are printed with its line; nothing is decided by them.
    """

    code: str
    name: str
    unit_price: Decimal
    valid: words.Period
    insurance_class: words.InsuranceClass
    self_ratio: Decimal = Decimal(0)
    per_visit_max: int | None = None
    includes: frozenset[str] = frozenset()
    excludes: frozenset[str] = frozenset()
    national_code: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """A price in yuan up to a distance, bound included; None = without end."""

    up_to_km: Decimal | None
    price: Decimal

    def reaches(self, distance_km: Decimal) -> bool:
        """Return whether the distance lies within the tier's upper bound."""
        return self.up_to_km is None or distance_km <= self.up_to_km


@dataclass(frozen=True, slots=True)
class Night:
    """Local times [starts_at, ends_at), over midnight when it starts later than it ends, never when they are equal."""

    starts_at: time
    ends_at: time
    multiplier: Decimal

    def covers(self, at: time) -> bool:
        """Return whether a local time lies in the night."""
        if self.starts_at <= self.ends_at:
            return self.starts_at <= at < self.ends_at
        return at >= self.starts_at or at < self.ends_at


@dataclass(frozen=True, slots=True)
class Tariff:
    """A visit-fee tariff (上门服务费标准) in a period; `tiers` ascend, only the last may be without end."""

    valid: words.Period
    unit: words.FeeUnit
    tiers: tuple[Tier, ...]
    night: Night | None = None
    insurance_class: words.InsuranceClass = words.InsuranceClass.C
    self_ratio: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class LtciTerms:
    """长期护理保险 of a region."""

    eligible_grades: frozenset[int]
    catalog: frozenset[str]
    pay_ratio: Decimal
    monthly_cap_fen: int


@dataclass(frozen=True, slots=True)
class InsuranceTerms:
    """Medical insurance (基本医保) of a region."""

    deductible_fen: int
    pay_ratio: Decimal
    yearly_cap_fen: int


@dataclass(frozen=True, slots=True)
class Programme:
    """A public programme (基本公共卫生服务等): code → units per person and calendar year."""

    id: str
    valid: words.Period
    per_year: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every visit of an institution: policy, registrations, prices, region, programmes by id."""

    policy: Policy
    service_modes: tuple[ServiceMode, ...]
    licences: Mapping[str, tuple[words.Period, ...]]
    prices: Mapping[str, tuple[PriceRow, ...]]
    tariffs: tuple[Tariff, ...] = ()
    ltci: LtciTerms | None = None
    insurance: InsuranceTerms | None = None
    programmes: Mapping[str, Programme] = field(default_factory=dict)

    def find_price(self, code: str, on: date) -> PriceRow | None:
        """Return the price row of a code in force on a day, or None."""
        return next((row for row in self.prices.get(code, ()) if row.valid.covers(on)), None)

    def find_tariff(self, on: date) -> Tariff | None:
        """Return the tariff in force on a day; None also when the policy charges no visit fee."""
        if self.policy.fee is words.FeePolicy.none:
            return None
        return next((tariff for tariff in self.tariffs if tariff.valid.covers(on)), None)
