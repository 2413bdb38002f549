"""Limits (限次) as entitlements: the person's in the region, whatever the institution; the ledger has the last word."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.contracts import repository, rules
from service.contracts.tracing_repository import Entry, entries_of


async def grant_limits(session: AsyncSession, *, person_id: UUID, grants: Iterable[rules.Grant]) -> None:
    """Write the limits that a bill is about to use; one that the ledger knows stays as it was granted."""
    # in a fixed order: two bills that grant the same wait for each other, and never in a circle
    await repository.grant(session, person_id=person_id, grants=sorted(grants, key=lambda grant: grant.key))


async def entries_of_settlement(session: AsyncSession, *, region_id: UUID, settlement_id: UUID) -> list[Entry]:
    """Return what a settlement and its reversal did to the person's entitlements, with the balances around it."""
    return await entries_of(session, region_id=region_id, settlement_id=settlement_id)
