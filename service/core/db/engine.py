"""Engines and session makers: one pool per process, rows kept readable after the commit."""

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from service.core.audit import trail


def make_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """Return an engine for an asyncpg URL; connections are checked before use and the server's clock is UTC."""
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,  # an error that is logged must not carry what a row holds
        connect_args={"server_settings": {"timezone": "UTC", "application_name": "xunzhen"}},
    )


def make_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Return a maker of sessions that never reload behind one's back and keep a trail of what they touch."""
    trail.watch(engine)
    return async_sessionmaker(engine, expire_on_commit=False, sync_session_class=trail.TrackedSession)
