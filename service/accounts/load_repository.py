"""The queries of a bulk load: accounts by the names with which people log in."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.accounts.models import Account


async def find_named(session: AsyncSession, region_id: UUID, usernames: Collection[str]) -> Sequence[Account]:
    """Return those of the accounts with these names that the fence shows."""
    query = select(Account).where(col(Account.region_id) == region_id, col(Account.username).in_(usernames))
    return (await session.execute(query)).scalars().all()
