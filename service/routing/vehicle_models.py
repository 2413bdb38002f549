"""Tables of what shared vehicles do: their tours in a plan, and what plans in force have promised of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from service.core.db import fences, rows, turns


class PlanTour(SQLModel, table=True):
    """One shared vehicle's tour of a plan, with its sums; `stops` say when it stands where, who gets off and on."""

    __tablename__ = "plan_tours"
    __table_args__ = (rows.refers("plan_id", to="plans"), rows.refers("vehicle_id", to="vehicles"))

    region_id: UUID = Field(primary_key=True)
    plan_id: UUID = Field(primary_key=True)
    vehicle_id: UUID = Field(primary_key=True)
    plate_no: str
    seats: int
    start_at: datetime = rows.moment()
    end_at: datetime = rows.moment()
    travel_seconds: int
    travel_metres: int
    stops: Any = rows.document()
    geojson: Any = rows.document()


class VehicleBooking(rows.InstitutionRow, table=True):
    """A vehicle's promise to a plan in force, from when it leaves its station until it is back."""

    __tablename__ = "vehicle_bookings"
    __table_args__ = (
        rows.refers("plan_id", to="plans"),
        rows.refers("vehicle_id", to="vehicles"),
        CheckConstraint("state in ('booked', 'released')", name="state"),
        rows.one_at_a_time(
            "vehicle_bookings_once", "region_id", "vehicle_id", period="during", where="state = 'booked'"
        ),
        Index("ix_vehicle_bookings_plan", "region_id", "plan_id"),  # what a publication takes back
    )

    plan_id: UUID
    vehicle_id: UUID
    during: object = rows.span()
    state: str = "booked"


fences.fence(
    PlanTour,
    "exists (select 1 from plans p where p.region_id = plan_tours.region_id and p.id = plan_id)",
    verbs="select, insert, delete",
)
fences.fence(VehicleBooking, fences.Fence.institution)
# an exclusion constraint alone would let two inserts at once wait for each other
turns.take_turns(VehicleBooking, "region_id", "vehicle_id")
