"""The table of shared vehicles (共用车辆): several staff ride in one, each to his own visits."""

from datetime import date, time
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint

from service.core.db import fences, rows


class Vehicle(rows.InstitutionRow, table=True):
    """A vehicle with a driver, who sits on none of the `seats`; it stands at a station, is away from there only between
    two times of a day, and is out of service from one day to another, both included (None = not, or open).
    """

    __tablename__ = "vehicles"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        rows.refers("station_id", to="stations"),
        UniqueConstraint("region_id", "institution_id", "plate_no", name="vehicles_plate_once"),
        CheckConstraint("seats between 1 and 60", name="seats"),
        CheckConstraint("away_to > away_from", name="away"),
        CheckConstraint("out_to is null or (out_from is not null and out_to >= out_from)", name="out"),
    )

    station_id: UUID
    plate_no: str
    seats: int
    away_from: time
    away_to: time
    out_from: date | None = None
    out_to: date | None = None


fences.fence(Vehicle, fences.Fence.institution)
