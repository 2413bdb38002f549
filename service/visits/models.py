"""Tables of visits: events are appended and never changed; `verified` is computed from them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.catalog.crew_rules import CrewSync
from service.core.db import fences, rows
from service.visits import helping, rules


def _one_of(column: str, words: type[StrEnum]) -> str:
    return f"{column} in ({', '.join(repr(str(each)) for each in words)})"


class Trip(rows.InstitutionRow, table=True):
    """One crew's unbroken stay at one home, from arrival until it departs for another place."""

    __tablename__ = "trips"
    __table_args__ = (
        rows.refers("home_id", to="homes"),
        # the crew is at one place at a time: an open trip is unique per crew
        Index(
            "trips_one_open",
            "region_id",
            "crew_key",
            unique=True,
            postgresql_where=text("left_at is null"),
        ),
    )

    home_id: UUID
    crew_key: str
    arrived_at: datetime = rows.moment()
    left_at: datetime | None = rows.moment(nullable=True, default=None)


class Visit(rows.InstitutionRow, table=True):
    """One order's visit. The institution is the order's.

    `in_vain`: its crew set out and came back without a service because of the family. `crew_sync`: how its crew comes,
    with the least and the greatest minutes from one's beginning to the next one's where they come one after the other.
    """

    __tablename__ = "visits"
    __table_args__ = (
        rows.refers("order_id", to="orders"),
        rows.refers("person_id", to="patients"),
        rows.refers("home_id", to="homes"),
        rows.refers("trip_id", to="trips"),
        UniqueConstraint("region_id", "order_id", name="visits_one_per_order"),
        CheckConstraint(_one_of("state", rules.VisitState), name="state"),
        CheckConstraint(_one_of("crew_sync", CrewSync), name="crew_sync"),
        CheckConstraint(
            "not verified or (started_at is not null and ended_at >= started_at)", name="verified_has_times"
        ),
        Index("ix_visits_day", "region_id", "institution_id", "service_on"),  # the board of a day
        Index("ix_visits_trip", "region_id", "trip_id"),  # the visits of a trip, for the shared fee
        Index("ix_visits_trip_key", "region_id", "trip_key"),  # the visits proposed as one trip
    )

    order_id: UUID
    person_id: UUID
    home_id: UUID
    mode: str
    service_on: date
    planned_start_at: datetime = rows.moment()
    planned_end_at: datetime = rows.moment()
    trip_key: UUID
    trip_id: UUID | None = None
    state: str
    started_at: datetime | None = rows.moment(nullable=True, default=None)
    ended_at: datetime | None = rows.moment(nullable=True, default=None)
    verified: bool = False
    crew_sync: str = Field(
        default=str(CrewSync.simultaneous), sa_column_kwargs={"server_default": str(CrewSync.simultaneous)}
    )
    crew_lag_min_minutes: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    crew_lag_max_minutes: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    in_vain: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class VisitStaff(SQLModel, table=True):
    """A member of the crew."""

    __tablename__ = "visit_staff"
    __table_args__ = (rows.refers("visit_id", to="visits"), rows.refers("practitioner_id", to="practitioners"))

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID
    visit_id: UUID = Field(primary_key=True)
    practitioner_id: UUID = Field(primary_key=True)
    practitioner_name: str


class VisitItem(SQLModel, table=True):
    """A service performed at the door; a drug or consumable with the lot (批号) that it was taken from.

    `added`: it was not ordered, or not so much of it.
    """

    __tablename__ = "visit_items"
    __table_args__ = (
        rows.refers("visit_id", to="visits"),
        CheckConstraint("quantity between 1 and 99", name="quantity"),
    )

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID
    visit_id: UUID = Field(primary_key=True)
    code: str = Field(primary_key=True)
    quantity: int
    lot_no: str | None = None
    added: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    performed_by_id: UUID
    performed_at: datetime = rows.moment()


class VisitEvent(rows.InstitutionRow, table=True):
    """What a phone reported: when (its own clock), where, by whom; never changed."""

    __tablename__ = "visit_events"
    __table_args__ = (
        rows.refers("visit_id", to="visits"),
        CheckConstraint(_one_of("kind", rules.EventKind), name="kind"),
        CheckConstraint("part = 1 or kind in ('step_out', 'come_back')", name="part"),
        # a person reports each step once, of each part; the same report again is answered, not stored
        UniqueConstraint("region_id", "visit_id", "practitioner_id", "kind", "part", name="visit_events_once"),
    )

    visit_id: UUID
    kind: str
    practitioner_id: UUID
    happened_at: datetime = rows.moment()
    received_at: datetime = rows.moment()
    lon: float | None = None
    lat: float | None = None
    accuracy_metres: int | None = None
    home_distance_metres: int | None = None
    part: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})


class VisitPart(SQLModel, table=True):
    """A further part of a visit in parts, from 2 on: when it is planned, and how long after the one before it may
    begin, as the list of services said when the visit was prepared.
    """

    __tablename__ = "visit_parts"
    __table_args__ = (
        rows.refers("visit_id", to="visits"),
        CheckConstraint("number >= 2", name="number"),
        CheckConstraint("after_min_minutes <= after_max_minutes", name="between"),
    )

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID
    visit_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    planned_start_at: datetime = rows.moment()
    planned_end_at: datetime = rows.moment()
    after_min_minutes: int | None = None
    after_max_minutes: int | None = None


class VisitException(rows.InstitutionRow, table=True):
    """What keeps a visit from being verified by itself, and the named person's decision with a reason code."""

    __tablename__ = "visit_exceptions"
    __table_args__ = (
        rows.refers("visit_id", to="visits"),
        UniqueConstraint("region_id", "visit_id", "kind", name="visit_exceptions_once"),
        CheckConstraint(_one_of("kind", rules.ExceptionKind), name="kind"),
        CheckConstraint("decision in ('approved', 'refused')", name="decision"),
        CheckConstraint(
            "(decision is null) = (decided_at is null) and (decision is null) = (decided_by_account_id is null)"
            " and (decision is null) = (reason_code is null)",
            name="decided_whole",
        ),
    )

    visit_id: UUID
    kind: str
    facts: Any = rows.document()
    raised_at: datetime = rows.moment()
    decision: str | None = None
    reason_code: str | None = None
    note: str | None = None
    decided_by_account_id: UUID | None = None
    decided_at: datetime | None = rows.moment(nullable=True, default=None)


class VisitEvidence(SQLModel, table=True):
    """A file that shows something of a visit; added, never changed or taken away."""

    __tablename__ = "visit_evidence"
    __table_args__ = (
        rows.refers("visit_id", to="visits"),
        rows.refers("file_id", to="files"),
        rows.refers("added_by_id", to="practitioners"),
        CheckConstraint(_one_of("kind", rules.EvidenceKind), name="kind"),
        Index("ix_visit_evidence_file", "region_id", "file_id"),  # who may read a file
    )

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID
    visit_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    file_id: UUID = Field(primary_key=True)
    added_by_id: UUID
    added_at: datetime = rows.moment()


_PART = "exists (select 1 from visits v where v.region_id = {table}.region_id and v.id = visit_id)"

fences.fence(Trip, fences.Fence.institution)
fences.fence(Visit, fences.Fence.institution_or_person)
helping.create(Visit)
fences.fence(VisitStaff, _PART.format(table="visit_staff"), verbs="select, insert, delete")
fences.fence(VisitPart, _PART.format(table="visit_parts"), verbs="select, insert, delete")
fences.fence(VisitItem, _PART.format(table="visit_items"), verbs="select, insert")
fences.fence(VisitEvent, _PART.format(table="visit_events"), verbs="select, insert")
fences.fence(VisitEvidence, _PART.format(table="visit_evidence"), verbs="select, insert")
# whoever may see a visit may read the files that show it
fences.statement(
    VisitEvidence,
    "create policy files_of_visits on files for select using (exists (select 1 from visit_evidence e"
    " where e.region_id = files.region_id and e.file_id = files.id))",
)
fences.fence(VisitException, _PART.format(table="visit_exceptions"))
fences.statement(
    VisitException,
    """
create function visit_exceptions_decided_for_good() returns trigger language plpgsql as $body$
begin
    if old.decision is not null then
        raise exception 'decided' using errcode = '23514', constraint = 'visit_exceptions_decided_for_good';
    end if;
    return new;
end
$body$
""",
)
fences.statement(
    VisitException,
    "create trigger visit_exceptions_decided_for_good before update on visit_exceptions"
    " for each row execute function visit_exceptions_decided_for_good()",
)
