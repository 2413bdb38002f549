"""The slow-query log: what took long, in which operation; the statement's text, never a value."""

import re
import time
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from service.core import logs
from service.core.audit import doing

LONGEST_TEXT: Final = 1000
_LITERAL: Final = re.compile(r"'(?:[^']|'')*'")
_NUMBER: Final = re.compile(r"(?<![\w$.])\d+(?:\.\d+)?")
_SPACE: Final = re.compile(r"\s+")
_log = logs.get_logger("core.db")


def normal(statement: str) -> str:
    """Return a statement's text on one line with `?` for every literal, cut at `LONGEST_TEXT`.

    Values travel beside the statement, but a literal written into it could be one.
    """
    without = _NUMBER.sub("?", _LITERAL.sub("?", statement))
    return _SPACE.sub(" ", without).strip()[:LONGEST_TEXT]


def watch(engine: AsyncEngine, milliseconds: int) -> None:
    """Log each statement of an engine that took `milliseconds` or more; 0 logs none."""
    if not milliseconds:
        return

    def before(connection: Any, *_: Any) -> None:
        connection.info["asked_at"] = time.perf_counter()

    def after(connection: Any, _: Any, statement: str, *__: Any) -> None:
        say(connection, statement)

    def failed(error: Any) -> None:
        # a statement that waited for a lock until it was cancelled is the one to hear of
        if error.connection is not None and error.statement:
            say(error.connection, error.statement)

    def say(connection: Any, statement: str) -> None:
        began = connection.info.pop("asked_at", None)
        took = 0.0 if began is None else (time.perf_counter() - began) * 1000
        if took >= milliseconds:
            _log.warning("slow query", ms=round(took), operation=doing.current().named(), sql=normal(statement))

    event.listen(engine.sync_engine, "before_cursor_execute", before)
    event.listen(engine.sync_engine, "after_cursor_execute", after)
    event.listen(engine.sync_engine, "handle_error", failed)
