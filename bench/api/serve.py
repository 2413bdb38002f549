"""Serves one contender: `python -m bench.api.serve ours|bare|orm PORT`; all with the same server and the same pool."""

import asyncio
import sys
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from bench.api import bare, bare_booking, orm, orm_booking
from service.core import logs
from service.core.db.engine import make_engine
from service.core.settings import get_settings
from service.main import build_app, build_house


def ours() -> FastAPI:
    """Return the application as `xunzhen serve` builds it."""
    settings = get_settings()
    return build_app(build_house(settings, make_engine(settings.database_url, pool_size=settings.pool_size)))


CONTENDERS = {
    "ours": ours,
    "bare": lambda: bare.build(bare_booking.place_order),
    "orm": lambda: orm.build(orm_booking.place_order),
}


async def main(build: Callable[[], FastAPI], port: int) -> None:
    """Serve until told to stop."""
    logs.configure("ERROR")
    config = uvicorn.Config(
        build(), host="127.0.0.1", port=port, log_config=None, access_log=False, server_header=False
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(main(CONTENDERS[sys.argv[1]], int(sys.argv[2])))
