"""Tables of uses that were not a visit's: what the clinic, the phone desk or the institution's HIS has posted."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.core.db import fences, rows


class EntitlementUse(rows.InstitutionRow, table=True):
    """A use under the institution's own number; the ledger's entries name it as their settlement. Units or fen."""

    __tablename__ = "entitlement_uses"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        rows.refers("person_id", to="patients"),
        # a message that comes twice is one use
        UniqueConstraint("region_id", "institution_id", "external_no", name="entitlement_uses_once"),
        CheckConstraint("units > 0", name="units"),
        Index("ix_entitlement_uses_person", "region_id", "person_id"),  # a person's uses
    )

    external_no: str
    person_id: UUID
    source: str
    ref_id: UUID
    code: str
    period: str
    units: int = Field(sa_type=BigInteger)
    service_on: date
    recorded_by_account_id: UUID
    recorded_at: datetime = rows.moment()


class EntitlementUseReversal(SQLModel, table=True):
    """A use taken back, once."""

    __tablename__ = "entitlement_use_reversals"
    __table_args__ = (rows.refers("use_id", to="entitlement_uses"),)

    region_id: UUID = Field(primary_key=True)
    use_id: UUID = Field(primary_key=True)
    institution_id: UUID
    reason: str
    reversed_by_account_id: UUID
    reversed_at: datetime = rows.moment()


fences.fence(EntitlementUse, fences.Fence.institution_or_person, adds=fences.Fence.institution, verbs="select, insert")
fences.fence(
    EntitlementUseReversal,
    "exists (select 1 from entitlement_uses u"
    " where u.region_id = entitlement_use_reversals.region_id and u.id = use_id)",
    adds=fences.Fence.institution,
    verbs="select, insert",
)
