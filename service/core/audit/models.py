"""Tables of the audit trail: hash chains in lanes, their signed heads, and what checking them found.

Ids only, never personal data.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger
from sqlmodel import Field, SQLModel

from service.core.audit import functions
from service.core.db import fences, rows


class AuditEntry(SQLModel, table=True):
    """One transaction that changed something or touched a person's rows: who, for whom, why, from where.

    A region's entries stand in lanes; each holds the hash of its lane's entry before. What was done without a region
    (setting a server up) stands under the nil region.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint("seq > 0", name="seq"),
        CheckConstraint("octet_length(prev_hash) = 32 and octet_length(hash) = 32", name="hashes"),
        Index("ix_audit_entries_persons", "person_ids", postgresql_using="gin"),  # who has looked at a person's data
    )

    region_id: UUID = Field(primary_key=True)
    lane: int = Field(primary_key=True, sa_type=SmallInteger)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    at: datetime = rows.moment()
    world_at: datetime = rows.moment()
    account_id: UUID | None = None
    client_id: UUID | None = None
    session_id: UUID | None = None
    role: str | None = None
    institution_ids: list[UUID] = rows.uuids()
    operation: str
    purpose: str | None = None
    subject: str | None = None
    person_ids: list[UUID] = rows.uuids()
    reads: list[str] = rows.texts()
    changes: Any = rows.document(nullable=False)
    refused: str | None = None
    address: str | None = None
    agent: str | None = None
    request_id: str | None = None
    prev_hash: bytes
    hash: bytes


class AuditSeal(SQLModel, table=True):
    """A lane's head, signed: whoever rewrites the chain before it, or cuts it off, cannot sign the other head."""

    __tablename__ = "audit_seals"

    region_id: UUID = Field(primary_key=True)
    lane: int = Field(primary_key=True, sa_type=SmallInteger)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    hash: bytes
    sealed_at: datetime = rows.moment()
    token: str


class AuditCheck(SQLModel, table=True):
    """What a check of a region's chains found: `entries` recomputed from `since` on (None: from the first one)."""

    __tablename__ = "audit_checks"
    __table_args__ = (CheckConstraint("entries >= 0 and wrong >= 0", name="counts"),)

    region_id: UUID = Field(primary_key=True)
    checked_at: datetime = rows.moment(primary_key=True)
    since: datetime | None = rows.moment(nullable=True, default=None)
    entries: int = Field(sa_type=BigInteger)
    wrong: int = Field(sa_type=BigInteger)
    sound: bool


# an account sees its own deeds; a person's accesses are told by `audit_accesses`, the whole chain is the owner's
fences.fence(AuditEntry, "region_id = (select app_region()) and account_id = (select app_account())", verbs="select")
fences.fence(AuditSeal, fences.Fence.region_owned, verbs="select")
# written by whoever checks, as the owner
fences.fence(AuditCheck, fences.Fence.region_owned, verbs="select")
functions.create(AuditEntry, AuditSeal, AuditCheck)
