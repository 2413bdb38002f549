"""The fences that a routine works behind when it goes through all regions, one after the other."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from service.core.db.session import transaction
from service.core.principal import Fence
from service.institutions.usecases.answers import list_institution_ids, list_region_ids


async def fences_of_all(sessions: async_sessionmaker[AsyncSession], now: datetime) -> list[tuple[UUID, Fence]]:
    """Return each region and its fence, with all its institutions; reads in short transactions of its own."""
    async with transaction(sessions, Fence(), now) as session:
        region_ids = await list_region_ids(session)
    fences = []
    for region_id in region_ids:
        async with transaction(sessions, Fence(region_id), now) as session:
            ids = await list_institution_ids(session, region_id=region_id)
        fences.append((region_id, Fence(region_id, tuple(ids))))
    return fences
