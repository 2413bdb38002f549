"""Transactions: opened behind a fence, committed by the one who opened them, nobody else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from service.core.db import refusals
from service.core.principal import Fence

# One round trip; `true` = until the end of the transaction, so a pooled connection never keeps a fence.
_RAISE_FENCE: Final = text(
    "select set_config('app.region_id', :region, true), set_config('app.institution_ids', :institutions, true),"
    " set_config('app.account_id', :account, true), set_config('app.region_wide', :wide, true),"
    " set_config('app.now', :now, true)"
)


async def raise_fence(session: AsyncSession, fence: Fence, now: datetime) -> None:
    """Tell the transaction's row-level security who is asking, and what time it is in the world served."""
    await session.execute(
        _RAISE_FENCE,
        {
            "region": str(fence.region_id or ""),
            "institutions": "{" + ",".join(str(each) for each in fence.institution_ids) + "}",
            "account": str(fence.account_id or ""),
            "wide": "on" if fence.region_wide else "off",
            "now": now.isoformat(),
        },
    )


@asynccontextmanager
async def transaction(
    sessions: async_sessionmaker[AsyncSession], fence: Fence, now: datetime
) -> AsyncIterator[AsyncSession]:
    """Open a transaction behind `fence`; commit at the end, roll back when anything is raised.

    Raises:
        Refusal: a constraint that a room has named said no, at a flush or at the commit.
    """
    async with sessions() as session:
        try:
            async with session.begin():
                await raise_fence(session, fence, now)
                yield session
        except DBAPIError as error:
            refusal = refusals.refusal_of(error)
            if refusal is None:
                raise
            raise refusal from error
