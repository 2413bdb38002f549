"""What a settlement did to the person's entitlements, limits (限次) among them."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.contracts.tracing_repository import Entry, entries_of


async def entries_of_settlement(session: AsyncSession, *, region_id: UUID, settlement_id: UUID) -> list[Entry]:
    """Return what a settlement and its reversal did to the person's entitlements, with the balances around it."""
    return await entries_of(session, region_id=region_id, settlement_id=settlement_id)
