"""What has ended lapses (额度到期): every night, contracts, years and months gone by are closed in the ledger."""

from typing import Final
from uuid import UUID

from service.contracts import closing_repository
from service.core.clock import local_date
from service.core.db.session import transaction
from service.core.http import House
from service.core.principal import Fence
from service.institutions import usecases as institutions

ROUTINE: Final = "contracts.lapse"
EVERY_NIGHT: Final = "37 16 * * *"
"""00:37 in Shanghai; the queue's times are UTC."""
_BATCH: Final = 500


async def lapse(house: House, *, batch: int = _BATCH) -> None:
    """Close what has ended by today in every region, in short transactions; what is closed already stays."""
    now = house.clock.now()
    for region_id, _ in await institutions.fences_of_all(house.sessions, now):
        last: UUID | None = None
        while True:
            async with transaction(house.sessions, Fence(region_id), now) as session:
                last = await closing_repository.close_due(session, today=local_date(now), after=last, limit=batch)
            if last is None:
                break
