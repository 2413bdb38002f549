"""What a settlement says: the bill with its funding and its trace, and what it uses of each balance.

Every line, funding and refusal carries a machine code (`reason`); `explain` says it in Chinese.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from service.billing.rules import terms, words


class Source(StrEnum):
    """Who pays, in the order in which they are asked."""

    public_program = "public_program"
    bed_per_diem = "bed_per_diem"
    capitation = "capitation"
    contract = "contract"
    ltci = "ltci"
    medical_insurance = "medical_insurance"
    self_pay = "self_pay"


class FundingReason(StrEnum):
    """Why a source pays, and why the patient does."""

    program_units = "program_units"
    bed_per_diem = "bed_per_diem"
    capitated = "capitated"
    contract_units = "contract_units"
    contract_use = "contract_use"
    contract_covers_fee = "contract_covers_fee"
    ltci_catalog = "ltci_catalog"
    insurance = "insurance"
    insurance_per_diem = "insurance_per_diem"
    rest_after_insurance = "rest_after_insurance"
    ltci_excludes_insurance = "ltci_excludes_insurance"
    class_c = "class_c"
    insurance_exhausted = "insurance_exhausted"
    nobody_pays = "nobody_pays"


class LineStatus(StrEnum):
    """What became of a line."""

    charged = "charged"
    included = "included"
    excluded = "excluded"
    waived = "waived"


class LineReason(StrEnum):
    """Why a line has its status and its amount."""

    price = "price"
    over_limit = "over_limit"
    included = "included"
    excluded = "excluded"
    fee = "fee"
    fee_shared = "fee_shared"
    fee_covered_by_contract = "fee_covered_by_contract"
    fee_waived_in_bed_cycle = "fee_waived_in_bed_cycle"
    fee_waived_fully_funded = "fee_waived_fully_funded"
    bed_days = "bed_days"


class RefusalReason(StrEnum):
    """Why nothing is settled or reversed."""

    visit_unknown = "visit_unknown"
    visit_not_verified = "visit_not_verified"
    provider_not_qualified = "provider_not_qualified"
    too_few_staff = "too_few_staff"
    price_missing = "price_missing"
    outside_service_area = "outside_service_area"
    not_settled = "not_settled"
    bed_unknown = "bed_unknown"
    bed_not_per_diem = "bed_not_per_diem"
    nothing_to_bill = "nothing_to_bill"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal and the facts that it names."""

    reason: RefusalReason
    facts: Mapping[str, str | int] = field(default_factory=dict)


class Refused(Exception):
    """Settling or reversing is not possible; `refusal` says why."""

    def __init__(self, reason: RefusalReason, **facts: str | int) -> None:
        super().__init__(reason.value)
        self.refusal = Refusal(reason, facts)


@dataclass(frozen=True, slots=True)
class Funding:
    """What one source pays of a line; `left` is what its balance holds afterwards (units, uses or fen)."""

    source: Source
    amount_fen: int
    reason: FundingReason
    ref: str | None = None
    units: int | None = None
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One code of one visit; `price` is the row that it keeps, `marked_by` the code that includes or excludes it."""

    code: str
    quantity: int
    charged_quantity: int
    status: LineStatus
    reason: LineReason
    price: terms.PriceRow
    gross_fen: int
    marked_by: str | None = None
    funding: tuple[Funding, ...] = ()

    @property
    def patient_fen(self) -> int:
        """What the patient pays of the line."""
        return self_pay_fen(self.funding)


@dataclass(frozen=True, slots=True)
class OwnFee:
    """The fee of a visit on its own data: `price` (yuan) × `units` × the night's multiplier, rounded once."""

    tariff: terms.Tariff
    price: Decimal
    units: int
    multiplier: Decimal | None
    amount_fen: int


@dataclass(frozen=True, slots=True)
class FeeShare:
    """A visit's share of the fee of its trip and home: `home_fen` split in proportion to `fees`.

    `fees` are the visits counted, this one among them, with their own fees in fen, in the order of their ids.
    """

    own: OwnFee
    fees: tuple[tuple[str, int], ...]
    home_fen: int
    amount_fen: int

    @property
    def sharers(self) -> int:
        """How many visits the fee is split among."""
        return len(self.fees)


@dataclass(frozen=True, slots=True)
class FeeLine:
    """上门服务费, the last line of a bill; `share` is how its amount came about, also when it is waived."""

    status: LineStatus
    reason: LineReason
    share: FeeShare
    gross_fen: int
    funding: tuple[Funding, ...] = ()

    @property
    def patient_fen(self) -> int:
        """What the patient pays of the fee."""
        return self_pay_fen(self.funding)


@dataclass(frozen=True, slots=True)
class Bill:
    """A visit's bill: 医药服务价格 (`lines`) + 上门服务费 (`fee`)."""

    visit: str
    patient: str
    service_on: date
    lines: tuple[Line, ...]
    fee: FeeLine | None

    @property
    def services_fen(self) -> int:
        """The gross of the services, without the visit fee."""
        return sum(line.gross_fen for line in self.lines)

    @property
    def visit_fee_fen(self) -> int:
        """The gross of the visit fee, 0 when there is none."""
        return self.fee.gross_fen if self.fee else 0

    @property
    def gross_fen(self) -> int:
        """The whole bill."""
        return self.services_fen + self.visit_fee_fen

    @property
    def patient_fen(self) -> int:
        """What the patient pays of the whole bill."""
        return sum(line.patient_fen for line in self.lines) + (self.fee.patient_fen if self.fee else 0)


@dataclass(frozen=True, slots=True)
class Consumption:
    """What the line `code` of a bill uses of a balance: units, uses or fen, as the balance counts."""

    entitlement: words.Entitlement
    code: str
    amount: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """A bill and everything that a ledger must post for it."""

    bill: Bill
    consumptions: tuple[Consumption, ...]


@dataclass(frozen=True, slots=True)
class Reversal:
    """What is returned: the amounts (positive) and the negative of what was consumed."""

    gross_fen: int
    patient_fen: int
    consumptions: tuple[Consumption, ...]


@dataclass(frozen=True, slots=True)
class BedLine:
    """The bed days of one calendar year."""

    year: str
    days: int
    gross_fen: int
    funding: tuple[Funding, ...] = ()
    reason: LineReason = LineReason.bed_days

    @property
    def patient_fen(self) -> int:
        """What the patient pays of the line."""
        return self_pay_fen(self.funding)


@dataclass(frozen=True, slots=True)
class BedDay:
    """One billed day of a bed, with the part of the line that it added."""

    bed: str
    patient: str
    on: date
    gross_fen: int
    fund_fen: int


@dataclass(frozen=True, slots=True)
class BedSettlement:
    """The lines of a bed's bill, the days that they bill and everything that a ledger must post for it."""

    bed: str
    patient: str
    lines: tuple[BedLine, ...]
    days: tuple[BedDay, ...]
    consumptions: tuple[Consumption, ...]

    @property
    def gross_fen(self) -> int:
        """The whole bill."""
        return sum(line.gross_fen for line in self.lines)

    @property
    def patient_fen(self) -> int:
        """What the patient pays of the whole bill."""
        return sum(line.patient_fen for line in self.lines)


def self_pay_fen(funding: Iterable[Funding]) -> int:
    """Return the money that the patient pays."""
    return sum(paid.amount_fen for paid in funding if paid.source is Source.self_pay)


def negate(consumptions: Iterable[Consumption]) -> tuple[Consumption, ...]:
    """Return the consumptions that give back what `consumptions` used, in their order."""
    return tuple(replace(used, amount=-used.amount) for used in consumptions)
