"""Tables of routing: dispatch areas, plans and what is in them, appointments that no one can double-book."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, literal_column, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field, SQLModel

from service.core.db import fences, moves, rows
from service.routing import functions, overflow_functions, states


def _one() -> Any:
    """Return the field of a part: what is done at once is the first of one, in older rows too."""
    return Field(default=1, sa_column_kwargs={"server_default": text("1")})


class DispatchArea(rows.RegionRow, table=True):
    """Institutions whose orders and staff are planned together."""

    __tablename__ = "dispatch_areas"
    __table_args__ = (UniqueConstraint("region_id", "code", name="dispatch_areas_code_once"),)

    code: str
    name: str
    institution_ids: list[UUID] = rows.uuids()


class Plan(rows.RegionRow, table=True):
    """One run of the solver for one dispatch area and one day."""

    __tablename__ = "plans"
    __table_args__ = (
        rows.refers("area_id", to="dispatch_areas"),
        rows.refers("repairs_plan_id", to="plans"),
        CheckConstraint(f"state in ({', '.join(repr(str(each)) for each in states.PlanState)})", name="state"),
        CheckConstraint("seconds_limit between 0 and 600", name="seconds_limit"),
        CheckConstraint("cancelled_at is null or state = 'cancelled'", name="cancelled"),
        # one plan in force per area and day; the one before is superseded in the same transaction
        Index(
            "plans_one_published",
            "region_id",
            "area_id",
            "service_on",
            unique=True,
            postgresql_where=text("state = 'published'"),
        ),
    )

    area_id: UUID
    service_on: date
    institution_ids: list[UUID] = rows.uuids()
    state: str
    seconds_limit: int
    seed: int
    requested_by_account_id: UUID
    requested_at: datetime = rows.moment()
    solved_at: datetime | None = rows.moment(nullable=True, default=None)
    published_at: datetime | None = rows.moment(nullable=True, default=None)
    cancelled_at: datetime | None = rows.moment(nullable=True, default=None)
    cancelled_by_account_id: UUID | None = None
    progress: Any = rows.document(nullable=True, default=None)
    summary: Any = rows.document(nullable=True, default=None)
    publication: Any = rows.document(nullable=True, default=None)
    travel_source: str | None = None
    failure: str | None = None
    repairs_plan_id: UUID | None = None
    repair: Any = rows.document(nullable=True, default=None)
    pinned_order_ids: list[UUID] = rows.uuids(sa_column_kwargs={"server_default": "{}"})


class PlanRoute(SQLModel, table=True):
    """One member of staff's route of a plan, as GeoJSON, with its sums; `home_seconds`: the way after the last stop."""

    __tablename__ = "plan_routes"
    __table_args__ = (rows.refers("plan_id", to="plans"), rows.refers("practitioner_id", to="practitioners"))

    region_id: UUID = Field(primary_key=True)
    plan_id: UUID = Field(primary_key=True)
    practitioner_id: UUID = Field(primary_key=True)
    practitioner_name: str
    geojson: Any = rows.document()
    travel_metres: int
    travel_seconds: int
    service_seconds: int
    home_seconds: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    home_ride: Any = rows.document(nullable=True, default=None)


class PlanStop(SQLModel, table=True):
    """One stop of a route; a lunch break, and a specimen's delivery, have no order. `specimen_of` is the order at whose
    visit the specimen was taken, `overflow_agreement_id` by which agreement a neighbour institution's staff come;
    `ride` the shared vehicle in which one comes, and when. Of an order in parts the stop is the `part`-th of `parts`.
    What `stands` is of a visit that had begun when the plan was made, as a plan before it had promised it.
    """

    __tablename__ = "plan_stops"
    __table_args__ = (
        rows.refers("plan_id", to="plans"),
        rows.refers("order_id", to="orders"),
        rows.refers("specimen_of", to="orders"),
        rows.refers("overflow_agreement_id", to="overflow_agreements"),
        CheckConstraint(f"kind in ({', '.join(repr(str(each)) for each in states.StopKind)})", name="kind"),
        CheckConstraint("(kind = 'visit') = (order_id is not null)", name="order"),
        CheckConstraint("specimen_of is null or kind = 'delivery'", name="specimen_of"),
        CheckConstraint("part between 1 and parts", name="part"),
    )

    region_id: UUID = Field(primary_key=True)
    plan_id: UUID = Field(primary_key=True)
    practitioner_id: UUID = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    kind: str = Field(default=states.StopKind.visit, sa_column_kwargs={"server_default": states.StopKind.visit})
    order_id: UUID | None = None
    specimen_of: UUID | None = None
    institution_id: UUID | None = None
    start_at: datetime = rows.moment()
    end_at: datetime = rows.moment()
    travel_seconds: int
    travel_metres: int
    overflow_agreement_id: UUID | None = None
    part: int = _one()
    parts: int = _one()
    ride: Any = rows.document(nullable=True, default=None)
    stands: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class PlanUnassigned(SQLModel, table=True):
    """An order a plan leaves out, with the checked reason."""

    __tablename__ = "plan_unassigned"
    __table_args__ = (rows.refers("plan_id", to="plans"), rows.refers("order_id", to="orders"))

    region_id: UUID = Field(primary_key=True)
    plan_id: UUID = Field(primary_key=True)
    order_id: UUID = Field(primary_key=True)
    reason: str
    facts: Any = rows.document()


class Appointment(rows.InstitutionRow, table=True):
    """One member of staff's promise to be at one order's door; `trip_key` is equal for visits proposed as one trip.

    The institution is the order's. Who works for another one comes by an agreement: `overflow_agreement_id`; who shares
    a vehicle comes by a `ride` in it. An order in parts has an appointment for each of them, of one person.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        rows.refers("plan_id", to="plans"),
        rows.refers("order_id", to="orders"),
        rows.refers("person_id", to="patients"),
        rows.refers("practitioner_id", to="practitioners"),
        rows.refers("overflow_agreement_id", to="overflow_agreements"),
        CheckConstraint("state in ('booked', 'released')", name="state"),
        CheckConstraint("part between 1 and parts", name="part"),
        # somebody is promised once for each part of an order
        Index(
            "appointments_part_once",
            "region_id",
            "order_id",
            "practitioner_id",
            "part",
            unique=True,
            postgresql_where=text("state = 'booked'"),
        ),
        rows.one_at_a_time(
            "appointments_staff_once", "region_id", "practitioner_id", period="during", where="state = 'booked'"
        ),
        # an elder is not visited for two orders at once; a two-person visit is one order
        ExcludeConstraint(
            (literal_column("region_id"), "="),
            (literal_column("person_id"), "="),
            (literal_column("order_id"), "<>"),
            (literal_column("during"), "&&"),
            name="appointments_person_once",
            using="gist",
            where=literal_column("state = 'booked'"),
        ),
        Index("ix_appointments_plan", "region_id", "plan_id"),  # what a publication takes back
        Index("ix_appointments_order", "region_id", "order_id"),  # the crew of an order
        Index("ix_appointments_person_day", "region_id", "person_id", "service_on"),  # who came last to each of many
        Index("ix_appointments_staff_day", "region_id", "practitioner_id", "service_on"),  # a nurse's day
    )

    plan_id: UUID
    order_id: UUID
    person_id: UUID
    practitioner_id: UUID
    practitioner_name: str
    service_on: date
    during: object = rows.span()
    trip_key: UUID
    state: str = "booked"
    overflow_agreement_id: UUID | None = None
    part: int = _one()
    parts: int = _one()
    ride: Any = rows.document(nullable=True, default=None)


_MINE = f"{fences.Fence.region} and institution_ids <@ (select app_institutions())::uuid[]"
_PART = "exists (select 1 from plans p where p.region_id = {table}.region_id and p.id = plan_id)"

fences.fence(DispatchArea, fences.Fence.region, adds=fences.Fence.region_owned, changes=fences.Fence.region_owned)
fences.fence(Plan, _MINE)
fences.fence(PlanRoute, _PART.format(table="plan_routes"), verbs="select, insert, delete")
fences.fence(PlanStop, _PART.format(table="plan_stops"), verbs="select, insert, delete")
fences.fence(PlanUnassigned, _PART.format(table="plan_unassigned"), verbs="select, insert, delete")
# an elder who cancels releases what was promised to him; only an institution promises
fences.fence(Appointment, fences.Fence.institution_or_person, adds=fences.Fence.institution)
# of a plan that is cancelled just when its answer comes nothing stays: routes and stops are written with the move
moves.hold_to(Plan, states.MOVES)
functions.create(Appointment)
overflow_functions.create(Appointment)

# Is this person free then? Another institution's bookings count; the order is not shown, the place to a kilometre. Of
# whoever is visited only the precaution is told, to the one who employs this person: what he carries from there binds
# to whom he may go that day.
# A plan that takes the place of another one (`asked_but`) has back what that one promised and nobody has begun.
fences.definer(
    Appointment,
    "appointments_busy(asked_practitioners uuid[], asked_from timestamptz, asked_to timestamptz, asked_but uuid)",
    "table (practitioner_id uuid, busy tstzrange, near_lon double precision, near_lat double precision,"
    " precaution varchar)",
    """
select a.practitioner_id, a.during, round(h.lon::numeric, 2)::float8, round(h.lat::numeric, 2)::float8, t.precaution
from appointments a
join patients t on t.region_id = a.region_id and t.id = a.person_id
join orders o on o.region_id = a.region_id and o.id = a.order_id
join homes h on h.region_id = o.region_id and h.id = o.home_id
where a.region_id = app_region() and a.practitioner_id = any(asked_practitioners) and a.state = 'booked'
  and a.during && tstzrange(asked_from, asked_to)
  and not (asked_but is not null and a.plan_id = asked_but and o.state = 'scheduled')
  and exists (select 1 from practitioners p where p.region_id = a.region_id and p.id = a.practitioner_id
              and p.institution_id = any(app_institutions()))
""",
)
# Where is this person to hand in what was taken at such a visit? Where that is is no secret, whose specimen it is stays
# with the institution of the order.
fences.definer(
    Appointment,
    "handovers_busy(asked_practitioners uuid[], asked_from timestamptz, asked_to timestamptz, asked_but uuid)",
    "table (practitioner_id uuid, order_id uuid, start_at timestamptz, end_at timestamptz, travel_seconds integer,"
    " lon double precision, lat double precision, precaution varchar)",
    """
select s.practitioner_id, case when o.institution_id = any(app_institutions()) then o.id end, s.start_at, s.end_at,
  s.travel_seconds, i.lon, i.lat, t.precaution
from plan_stops s
join appointments a on a.region_id = s.region_id and a.plan_id = s.plan_id and a.order_id = s.specimen_of
  and a.practitioner_id = s.practitioner_id and a.state = 'booked' and a.part = 1
join patients t on t.region_id = a.region_id and t.id = a.person_id
join orders o on o.region_id = s.region_id and o.id = s.specimen_of
join institutions i on i.region_id = o.region_id and i.id = o.institution_id
where s.region_id = app_region() and s.practitioner_id = any(asked_practitioners)
  and s.start_at < asked_to and s.end_at >= asked_from
  and not (asked_but is not null and a.plan_id = asked_but and o.state = 'scheduled')
  and exists (select 1 from practitioners p where p.region_id = s.region_id and p.id = s.practitioner_id
              and p.institution_id = any(app_institutions()))
""",
)
# Does somebody visit this elder then? Only the time is told, to those who care for him; who that is is asked last, of
# the few who are left: of each of a day's hundreds it takes longer than all the rest.
fences.definer(
    Appointment,
    "appointments_engaged(asked_persons uuid[], asked_from timestamptz, asked_to timestamptz, asked_but uuid)",
    "table (person_id uuid, engaged tstzrange)",
    """
with elsewhere as materialized (
    select a.region_id, a.person_id, a.during from appointments a
    join orders o on o.region_id = a.region_id and o.id = a.order_id
    where a.region_id = app_region() and a.person_id = any(asked_persons) and a.state = 'booked'
      and a.during && tstzrange(asked_from, asked_to)
      and not (asked_but is not null and a.plan_id = asked_but and o.state = 'scheduled'))
select distinct e.person_id, e.during from elsewhere e where app_sees_person(e.region_id, e.person_id)
""",
)
