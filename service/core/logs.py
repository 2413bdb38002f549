"""Structured logs without personal data: ids, codes and durations; never a name, a number, an address or a body."""

import logging
from typing import Final

import structlog

_PERSONAL: Final = frozenset({"id_number", "phone", "name", "address", "password", "secret", "token", "body", "detail"})


def _drop_personal(_: object, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Blank out fields that could name a person, whoever logged them."""
    return {key: ("[removed]" if key in _PERSONAL else value) for key, value in event.items()}


def configure(level: str) -> None:
    """Write one JSON object a line to stdout, at `level` and above."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _drop_personal,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
        ),
    )


def get_logger(room: str) -> structlog.stdlib.BoundLogger:
    """Return a room's logger."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(room=room)
    return logger
