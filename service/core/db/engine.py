"""Engines and session makers: one pool per process, rows kept readable after the commit."""

import time
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from service.core.audit import trail

RESTED_SECONDS: Final = 30.0
"""A connection that rested longer is asked whether it still stands: a network in between may have forgotten it."""
_SINCE: Final = "rests_since"


def make_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """Return an engine for an asyncpg URL; connections are checked before use and the server's clock is UTC."""
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        hide_parameters=True,  # an error that is logged must not carry what a row holds
        connect_args={"server_settings": {"timezone": "UTC", "application_name": "xunzhen"}},
    )
    _check_before_use(engine)
    return engine


def _check_before_use(engine: AsyncEngine) -> None:
    """Replace a connection that the server has closed, without a round trip for each that it has not.

    A server that goes away closes its sockets, which the driver knows by itself; SQLAlchemy's own check asks each time.
    """
    dialect = engine.sync_engine.dialect

    def answers(dbapi_connection: Any) -> bool:
        try:
            return dialect.do_ping(dbapi_connection)
        except dialect.loaded_dbapi.Error:
            return False

    def rest(dbapi_connection: Any, record: Any) -> None:
        record.info[_SINCE] = time.monotonic()

    def use(dbapi_connection: Any, record: Any, fairy: Any) -> None:
        since = record.info.pop(_SINCE, None)
        if since is None:  # made for whoever asks now
            return
        rested = time.monotonic() - since
        if dbapi_connection.driver_connection.is_closed() or (
            rested > RESTED_SECONDS and not answers(dbapi_connection)
        ):
            # what else rests in the pool is as old: all of it is thrown away, and a new connection made
            raise InvalidatePoolError

    event.listen(engine.sync_engine, "checkin", rest)
    event.listen(engine.sync_engine, "checkout", use)


def make_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Return a maker of sessions that never reload behind one's back and keep a trail of what they touch."""
    trail.watch(engine)
    return async_sessionmaker(engine, expire_on_commit=False, sync_session_class=trail.TrackedSession)
