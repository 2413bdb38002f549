"""Transactions: opened behind a fence, committed by the one who opened them, nobody else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from service.core import problems
from service.core.audit import append
from service.core.db import asked_once, refusals
from service.core.principal import Fence

# One round trip; `true` = until the end of the transaction, so a pooled connection never keeps a fence.
_RAISE_FENCE: Final = text(
    "select set_config('app.region_id', :region, true), set_config('app.institution_ids', :institutions, true),"
    " set_config('app.account_id', :account, true), set_config('app.region_wide', :wide, true),"
    " set_config('app.now', :now, true)"
)
# In the same round trip: whether the log-in that asks still goes on (a function of the room of accounts).
_OF_SESSION: Final = text(f"{_RAISE_FENCE.text}, app_session_lives(:of_region, :of_account, :of_session)").bindparams(
    bindparam("of_region", type_=Uuid), bindparam("of_account", type_=Uuid), bindparam("of_session", type_=Uuid)
)


async def raise_fence(session: AsyncSession, fence: Fence, now: datetime) -> None:
    """Tell the transaction's row-level security who is asking, and what time it is in the world served.

    Raises:
        problems.Unauthenticated: the log-in that asks was ended, or its account disabled or given another password.
    """
    asked_once.forget(session)
    asked = {
        "region": str(fence.region_id or ""),
        "institutions": "{" + ",".join(str(each) for each in fence.institution_ids) + "}",
        "account": str(fence.account_id or ""),
        "wide": "on" if fence.region_wide else "off",
        "now": now.isoformat(),
    }
    if fence.session_id is None:
        await session.execute(_RAISE_FENCE, asked)
        return
    login = {"of_region": fence.region_id, "of_account": fence.account_id, "of_session": fence.session_id}
    *_, lives = (await session.execute(_OF_SESSION, asked | login)).one()
    if not lives:
        raise problems.Unauthenticated


@asynccontextmanager
async def transaction(
    sessions: async_sessionmaker[AsyncSession], fence: Fence, now: datetime
) -> AsyncIterator[AsyncSession]:
    """Open a transaction behind `fence`; commit at the end, roll back when anything is raised.

    Raises:
        problems.Unauthenticated: the log-in that the fence names is over.
        Refusal: a constraint that a room has named said no, at a flush or at the commit.
    """
    async with sessions() as session:
        try:
            async with session.begin():
                await raise_fence(session, fence, now)
                yield session
                await append.leave_row(session)
        except DBAPIError as error:
            refusal = refusals.refusal_of(error)
            if refusal is None:
                raise
            raise refusal from error
