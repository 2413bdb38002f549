"""Every query of shared vehicles' tours and bookings, and which refusal their constraint stands for."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import fences, refusals
from service.routing import errors
from service.routing.vehicle_models import PlanTour, VehicleBooking

_DURING = fences.table_of(VehicleBooking).c.during


async def list_tours(session: AsyncSession, *, region_id: UUID, plan_id: UUID) -> Sequence[PlanTour]:
    """Return a plan's tours, by plate."""
    query = (
        select(PlanTour)
        .where(col(PlanTour.region_id) == region_id, col(PlanTour.plan_id) == plan_id)
        .order_by(col(PlanTour.plate_no), col(PlanTour.vehicle_id))
    )
    return (await session.execute(query)).scalars().all()


async def list_bookings(
    session: AsyncSession,
    *,
    region_id: UUID,
    vehicle_ids: Collection[UUID],
    start: datetime,
    end: datetime,
    but: UUID | None,
) -> Sequence[VehicleBooking]:
    """Return what plans in force, but for one of them, have promised of some vehicles in [start, end), by time."""
    query = select(VehicleBooking).where(
        col(VehicleBooking.region_id) == region_id,
        col(VehicleBooking.vehicle_id).in_(vehicle_ids),
        col(VehicleBooking.state) == "booked",
        _DURING.overlaps(func.tstzrange(start, end)),
    )
    if but is not None:
        query = query.where(col(VehicleBooking.plan_id) != but)
    return (await session.execute(query.order_by(_DURING))).scalars().all()


def span_of(row: VehicleBooking) -> tuple[datetime, datetime]:
    """Return when a booking begins and ends; both are always set."""
    during = cast("Range[datetime]", row.during)
    return cast("datetime", during.lower), cast("datetime", during.upper)


async def release(session: AsyncSession, *, region_id: UUID, plan_id: UUID) -> None:
    """Give back the vehicles of a plan that is no longer in force."""
    await session.execute(
        update(VehicleBooking)
        .where(col(VehicleBooking.region_id) == region_id, col(VehicleBooking.plan_id) == plan_id)
        .values(state="released")
    )


refusals.name_constraints({"vehicle_bookings_once": errors.VehicleDoubleBooked})
