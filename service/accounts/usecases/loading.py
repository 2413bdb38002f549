"""What a bulk load asks of accounts: which names are taken, and by whom."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import facts, load_repository, rules


async def accounts_named(
    session: AsyncSession, *, region_id: UUID, usernames: Collection[str]
) -> dict[str, rules.AccountFacts]:
    """Return those of the accounts with these names that the transaction's fence shows, by name."""
    rows = await load_repository.find_named(session, region_id, usernames)
    return {found.username: found for found in await facts.of_rows(session, rows)}
