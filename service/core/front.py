"""The front of the house: what every request passes on its way in, and every answer on its way out."""

from typing import Final

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.middleware.cors import CORSMiddleware

from service.core import headers, metrics, problem_handlers, rate_limits, tracing
from service.core.db import slow_queries
from service.core.http import House
from service.core.idempotency import REPLAY_HEADER
from service.core.settings import Settings

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_ASKED: Final = ("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Accept-Language", "X-Purpose")
_TOLD: Final = ("ETag", "Location", "Retry-After", REPLAY_HEADER)


def watch(engine: AsyncEngine, settings: Settings) -> None:
    """Let metrics, the slow-query log and tracing see what an engine does."""
    metrics.watch_pool(engine)
    slow_queries.watch(engine, settings.slow_query_ms)
    tracing.instrument_engine(engine)


def install(app: FastAPI, house: House | None) -> None:
    """Put limits, CORS, headers and metrics around an app, innermost first, and serve `/metrics`."""
    settings = house.settings if house else Settings()
    app.include_router(metrics.router)
    if house is not None:
        app.add_middleware(rate_limits.RateLimits, limits=house.limits)
    app.add_middleware(problem_handlers.LastResort)
    origins = [each.strip() for each in settings.cors_origins.split(",") if each.strip()]
    if origins:
        # a bearer token is no cookie: browsers need not, and may not, send credentials of their own
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_ASKED,
            expose_headers=_TOLD,
            allow_credentials=False,
            max_age=600,
        )
    app.add_middleware(headers.SecurityHeaders, hsts_seconds=settings.hsts_seconds)
    app.add_middleware(metrics.Requests)
    tracing.instrument_app(app)
