"""Tables of practitioners. Their calendars belong to the region: no one can be in two institutions at once."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from service.core.db import fences, rows, turns
from service.practitioners import rules


class Practitioner(rows.InstitutionRow, table=True):
    """A doctor, nurse, therapist …; `institution_id` is where he is registered, `station_id` where his day begins.

    A service takes him `pace_percent` of its minutes; `languages` are those that he speaks with elders.
    `team` is his family-doctor team in the institution (家庭医生团队), `grids` are those that he looks after (网格).
    Where his day begins and ends elsewhere (at home), `start_…` and `end_…` say where (WGS-84): nobody else's to know.
    He carries `carries` units of supplies in a shift, null = any amount.
    """

    __tablename__ = "practitioners"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        rows.refers("station_id", to="stations"),
        rows.refers("account_id", to="accounts"),
        UniqueConstraint("region_id", "institution_id", "staff_no", name="practitioners_staff_no_once"),
        UniqueConstraint("region_id", "account_id", name="practitioners_account_once"),
        CheckConstraint(f"travel_mode in ({', '.join(repr(str(each)) for each in rules.Travels)})", name="travel_mode"),
        CheckConstraint("sex in ('female', 'male')", name="sex"),
        CheckConstraint("pace_percent between 50 and 300", name="pace_percent"),
        CheckConstraint("carries between 0 and 10000", name="carries"),
        CheckConstraint("(start_lon is null) = (start_lat is null)", name="start_whole"),
        CheckConstraint("(end_lon is null) = (end_lat is null)", name="end_whole"),
        CheckConstraint(f"role in ({', '.join(repr(str(each)) for each in rules.PractitionerRole)})", name="role"),
        CheckConstraint(f"title in ({', '.join(repr(str(each)) for each in rules.Title)})", name="title"),
    )

    staff_no: str
    name: str
    sex: str
    role: str
    title: str
    station_id: UUID
    travel_mode: str
    account_id: UUID | None = None
    active: bool = True
    pace_percent: int = Field(default=100, sa_column_kwargs={"server_default": "100"})
    languages: list[str] = rows.texts(sa_column_kwargs={"server_default": text("'{}'")})
    team: str | None = None
    grids: list[str] = rows.texts(sa_column_kwargs={"server_default": text("'{}'")})
    start_lon: float | None = None
    start_lat: float | None = None
    end_lon: float | None = None
    end_lat: float | None = None
    carries: int | None = None


class Qualification(rows.InstitutionRow, table=True):
    """A licence (`kind` licence) or a skill, valid from … to; `code` is the licence's or the skill's.

    A certificate is one person's at a time, whatever the institution; one certificate may prove several codes.
    """

    __tablename__ = "qualifications"
    __table_args__ = (
        rows.refers("practitioner_id", to="practitioners"),
        CheckConstraint("kind in ('licence', 'skill')", name="kind"),
        rows.one_holder(
            "qualifications_one_holder",
            "region_id",
            "kind",
            "certificate_no",
            holder="practitioner_id",
            period=rows.DATED,
        ),
        rows.one_at_a_time("qualifications_once", "region_id", "practitioner_id", "kind", "code", period=rows.DATED),
    )

    practitioner_id: UUID
    kind: str
    code: str
    certificate_no: str
    valid_from: date
    valid_to: date | None = None


class Shift(rows.InstitutionRow, table=True):
    """A working span with its lunch break, one of a day's; the region's constraint lets nobody work two at once."""

    __tablename__ = "shifts"
    __table_args__ = (
        rows.refers("practitioner_id", to="practitioners"),
        rows.one_at_a_time("shifts_no_overlap", "region_id", "practitioner_id", period="during"),
        CheckConstraint("(lunch_from is null) = (lunch_to is null)", name="lunch_whole"),
        CheckConstraint("lunch_minutes between 0 and 180", name="lunch_minutes"),
        Index("ix_shifts_on", "region_id", "institution_id", "service_on"),  # the day's staff for a plan
        Index("ix_shifts_of", "region_id", "practitioner_id", "service_on"),  # a person's shifts of some days
    )

    practitioner_id: UUID
    service_on: date
    during: object = rows.span()
    lunch_from: datetime | None = rows.moment(nullable=True, default=None)
    lunch_to: datetime | None = rows.moment(nullable=True, default=None)
    lunch_minutes: int = 0
    lunch_at_station: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


fences.fence(Practitioner, fences.Fence.institution)
fences.fence(Qualification, fences.Fence.institution)
fences.fence(Shift, fences.Fence.institution, verbs="select, insert, update, delete")
# an exclusion constraint alone would let two inserts at once wait for each other
turns.take_turns(Qualification, "region_id", "practitioner_id")
turns.take_turns(Qualification, "region_id", "kind", "certificate_no", of="certificates")
turns.take_turns(Shift, "region_id", "practitioner_id")
