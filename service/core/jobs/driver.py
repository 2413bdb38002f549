"""pgqueuer's driver on a SQLAlchemy session: what is enqueued lives and dies with the sender's transaction."""

import asyncio
from collections.abc import Callable
from typing import Any, Self

from pgqueuer.core.tm import TaskManager
from sqlalchemy.ext.asyncio import AsyncSession


class SessionDriver:
    """Runs pgqueuer's statements inside the session's transaction.

    Taking the raw asyncpg connection out of the session instead would run them before SQLAlchemy has begun: the job
    then survives the rollback.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._shutdown = asyncio.Event()

    async def fetch(self, query: str, *args: object) -> list[dict[str, Any]]:
        """Run a query with `$1` parameters; return its rows."""
        result = await (await self._session.connection()).exec_driver_sql(query, args)
        return [dict(row) for row in result.mappings()] if result.returns_rows else []

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement with `$1` parameters."""
        await (await self._session.connection()).exec_driver_sql(query, args)
        return ""

    async def notify(self, channel: str, payload: str) -> None:
        """Tell the listeners; PostgreSQL delivers it at the commit."""
        await self.execute("select pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: Callable[[str | bytes | bytearray], None]) -> None:
        """Refuse: a session is a transaction, not a subscription.

        Raises:
            TypeError: always.
        """
        raise TypeError("a session cannot listen; the worker's own connection does")

    @property
    def shutdown(self) -> asyncio.Event:
        """Return the event pgqueuer asks of every driver."""
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        """Return the task manager pgqueuer asks of every driver."""
        return TaskManager()

    async def __aenter__(self) -> Self:
        """Enter; the session is the caller's."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave; the session is the caller's."""
