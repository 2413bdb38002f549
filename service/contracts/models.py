"""Tables of contracts and the entitlement ledger: one family doctor at a time, balances that are sums of entries."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.catalog.models import one_of, word
from service.catalog.rules import IncomeClass
from service.contracts import closing, fulfilment, functions, tracing
from service.core.db import fences, rows, turns


class Package(rows.InstitutionRow, table=True):
    """A service package an institution offers. Never changed once signed: a new version is a new row.

    It pays at the institution that offers it, at those of `valid_at`, or (`valid_region_wide`) everywhere.
    """

    __tablename__ = "packages"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        rows.one_at_a_time("packages_one_version", "region_id", "institution_id", "code", period=rows.DATED),
        one_of("income_class", IncomeClass),
    )

    code: str
    name: str
    covers_visit_fee: bool = False
    capitated_codes: list[str] = rows.texts()
    valid_from: date
    valid_to: date | None = None
    valid_at: list[UUID] = rows.uuids(sa_column_kwargs={"server_default": text("'{}'")})
    valid_region_wide: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    income_class: str = word(IncomeClass.unified)


class PackageItem(SQLModel, table=True):
    """Units of one service in a package; `counting`: each unit counts, or each visit does."""

    __tablename__ = "package_items"
    __table_args__ = (
        rows.refers("package_id", to="packages"),
        CheckConstraint("counting in ('quantity', 'visit')", name="counting"),
        CheckConstraint("quantity >= 0", name="quantity"),
    )

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID
    package_id: UUID = Field(primary_key=True)
    code: str = Field(primary_key=True)
    quantity: int
    counting: str


class Contract(rows.InstitutionRow, table=True):
    """A signed family-doctor contract, both days included, cut short on `terminated_on` (that day excluded)."""

    __tablename__ = "contracts"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        rows.refers("person_id", to="patients"),
        rows.refers("package_id", to="packages"),
        rows.refers("doctor_id", to="practitioners"),
        # one family doctor at a time, whatever the institution
        rows.one_at_a_time(
            "contracts_one_family_doctor",
            "region_id",
            "person_id",
            period="daterange(valid_from, least(valid_to + 1, terminated_on), '[)')",
            where="terminated_on is null or terminated_on > valid_from",
        ),
        CheckConstraint("valid_to >= valid_from", name="ends_after_it_starts"),
        CheckConstraint("(terminated_on is null) = (termination_reason is null)", name="terminated_for_a_reason"),
        Index("ix_contracts_person", "region_id", "person_id"),  # what covers a person on a day
    )

    person_id: UUID
    package_id: UUID
    doctor_id: UUID
    signed_on: date
    valid_from: date
    valid_to: date
    terminated_on: date | None = None
    termination_reason: str | None = None


class ProgrammeEnrolment(rows.RegionRow, table=True):
    """A person's enrolment in a public programme, dated."""

    __tablename__ = "programme_enrolments"
    __table_args__ = (
        rows.refers("person_id", to="patients"),
        rows.refers("programme_id", to="programmes"),
        rows.one_at_a_time("programme_enrolments_once", "region_id", "person_id", "programme_id", period=rows.DATED),
    )

    person_id: UUID
    programme_id: UUID
    valid_from: date
    valid_to: date | None = None


class Entitlement(rows.RegionRow, table=True):
    """A right to units (or fen) of one source: contract item, programme item of a year, insurance fund, deductible or
    per-diem cap of a year, long-term care insurance of a month. `cap` is frozen from what grants it.
    """

    __tablename__ = "entitlements"
    __table_args__ = (
        rows.refers("person_id", to="patients"),
        UniqueConstraint("region_id", "person_id", "source", "ref_id", "code", "period", name="entitlements_once"),
        CheckConstraint(
            "source in ('contract', 'public_program', 'insurance_fund', 'insurance_deductible', 'ltci', 'per_diem',"
            " 'limit')",
            name="source",
        ),
        CheckConstraint("cap >= 0", name="cap"),
    )

    person_id: UUID
    source: str
    ref_id: UUID
    code: str
    period: str
    cap: int = Field(sa_type=BigInteger)
    counting: str = "quantity"


class EntitlementEntry(SQLModel, table=True):
    """One append to an entitlement's chain; balances stand on it as sums and are checked against the predecessor.

    `opening` is what was used before the go-live, with its source (`because`, `document_no`); it alone may lie above
    the cap. `expire` says what lapsed: from its `service_on` on nothing is reserved or used any more. A use that was
    posted from outside stands under its id as `settlement_id`.
    """

    __tablename__ = "entitlement_entries"
    __table_args__ = (
        rows.refers("entitlement_id", to="entitlements"),
        CheckConstraint("kind in ('reserve', 'release', 'consume', 'reverse', 'opening', 'expire')", name="kind"),
        CheckConstraint("units > 0 or (units = 0 and kind = 'expire')", name="units"),
        CheckConstraint("(kind = 'opening') = (because is not null)", name="opening_has_a_source"),
        Index(
            "entitlement_entries_opened_once",
            "region_id",
            "entitlement_id",
            unique=True,
            postgresql_where=text("kind = 'opening'"),
        ),
        # also finds the day from which an entitlement is closed
        Index(
            "entitlement_entries_expires_once",
            "region_id",
            "entitlement_id",
            unique=True,
            postgresql_where=text("kind = 'expire'"),
        ),
        CheckConstraint("used_after >= 0 and reserved_after >= 0", name="never_negative"),
        # one consumption per visit and item: a settlement consumes an entitlement once, a reversal returns it once
        Index(
            "entitlement_entries_settled_once",
            "region_id",
            "entitlement_id",
            "settlement_id",
            "kind",
            unique=True,
            postgresql_where=text("settlement_id is not null and kind in ('consume', 'reverse')"),
        ),
        Index("ix_entitlement_entries_order", "region_id", "order_id"),  # release_order: what an order holds
        Index("ix_entitlement_entries_settlement", "region_id", "settlement_id"),  # return_settlement: what it used
    )

    region_id: UUID = Field(primary_key=True)
    entitlement_id: UUID = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    kind: str
    units: int = Field(sa_type=BigInteger)
    used_after: int = Field(sa_type=BigInteger)
    reserved_after: int = Field(sa_type=BigInteger)
    order_id: UUID | None = None
    visit_id: UUID | None = None
    settlement_id: UUID | None = None
    service_on: date
    posted_at: datetime = rows.moment()
    because: str | None = None
    document_no: str | None = None


fences.fence(Package, fences.Fence.region, adds=fences.Fence.institution, changes=fences.Fence.institution)
fences.fence(PackageItem, fences.Fence.region, adds=fences.Fence.institution, verbs="select, insert")
# the elder and his proxies may read what was signed; only the institution signs and ends
fences.fence(
    Contract, fences.Fence.institution_or_person, adds=fences.Fence.institution, changes=fences.Fence.institution
)
fences.fence(ProgrammeEnrolment, fences.Fence.person)
# the ledger is the region's: read by the elder, written and asked by everyone else through the functions only
fences.fence(Entitlement, f"{fences.Fence.region} and app_acts_for(region_id, person_id)", verbs="select")
fences.fence(
    EntitlementEntry,
    " and ".join(
        (
            fences.Fence.region,
            "exists (select 1 from entitlements e"
            " where e.region_id = entitlement_entries.region_id and e.id = entitlement_id)",
        )
    ),
    verbs="select",
)
functions.create(Contract, Entitlement, EntitlementEntry)
closing.create(Contract, EntitlementEntry)
fulfilment.create(EntitlementEntry)
tracing.create(EntitlementEntry)
turns.take_turns(Package, "region_id", "institution_id", "code")
turns.take_turns(Contract, "region_id", "person_id")
turns.take_turns(ProgrammeEnrolment, "region_id", "person_id", "programme_id")
