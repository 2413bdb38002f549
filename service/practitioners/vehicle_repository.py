"""Every query of shared vehicles."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import refusals
from service.core.paging import PageRequest
from service.practitioners import errors
from service.practitioners.vehicle_models import Vehicle

refusals.name_constraints({"vehicles_plate_once": errors.PlateTaken})


async def find_vehicle(
    session: AsyncSession, region_id: UUID, vehicle_id: UUID, *, lock: bool = False
) -> Vehicle | None:
    """Return a vehicle whom the fence lets through; with `lock`, of two changes the second sees the first one's."""
    return await session.get(Vehicle, (region_id, vehicle_id), with_for_update=lock or None, populate_existing=lock)


async def list_vehicles(
    session: AsyncSession, region_id: UUID, institution_ids: Collection[UUID], page: PageRequest | None = None
) -> Sequence[Vehicle]:
    """Return the vehicles of some institutions by id; of a page one more than it holds."""
    query = select(Vehicle).where(col(Vehicle.region_id) == region_id, col(Vehicle.institution_id).in_(institution_ids))
    if page is not None and page.after is not None:
        query = query.where(col(Vehicle.id) > page.after)
    query = query.order_by(col(Vehicle.id))
    return (await session.execute(query if page is None else query.limit(page.limit + 1))).scalars().all()
