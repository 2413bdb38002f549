"""Whether something failed for want of PostgreSQL: stopped, starting, gone in the middle of it, or taken by others."""

from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

_GONE: Final = ("08", "57P")
"""SQLSTATE classes: connection exceptions; operator intervention (shutdown, crash, cannot connect now)."""
_STEPS: Final = 20


def is_outage(error: BaseException) -> bool:
    """Return whether an error, or what it was raised from or while handling, is the database's absence."""
    cause: BaseException | None = error
    for _ in range(_STEPS):
        if cause is None:
            return False
        if _is_absence(cause):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _is_absence(error: BaseException) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, asyncpg.InterfaceError | asyncpg.PostgresConnectionError | NoConnectionFree):
        return True
    # a socket that is not there: whoever reads files handles his own errors long before
    if isinstance(error, ConnectionError | FileNotFoundError):
        return True
    return str(getattr(error, "sqlstate", None) or "").startswith(_GONE)
