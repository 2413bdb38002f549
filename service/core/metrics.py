"""What Prometheus is told: counts and durations by operation id, job and outcome; never a path, an id or a name.

One registry per process. The API serves it at `/metrics`, a worker on a port of its own.
"""

import hmac
import ipaddress
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.pool import QueuePool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.core import problems
from service.core.http import TheHouse

REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_REQUESTS: Final = Histogram(
    "xunzhen_http_request_seconds",
    "Requests by operation id and status; 'none' is no operation of the contract",
    ("operation", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
_IN_FLIGHT: Final = Gauge("xunzhen_http_requests_in_flight", "Requests being answered", registry=REGISTRY)
_JOBS: Final = Histogram(
    "xunzhen_job_seconds",
    "Jobs and routines by name and outcome (done, failed, parked)",
    ("job", "outcome"),
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900),
    registry=REGISTRY,
)
_SOLVER: Final = Histogram(
    "xunzhen_solver_seconds",
    "Time a plan took in the solver, by outcome (solved, infeasible, invalid, died, cancelled)",
    ("outcome",),
    buckets=(1, 2, 5, 10, 20, 40, 60, 120, 300, 600),
    registry=REGISTRY,
)
_SETTLEMENTS: Final = Counter(
    "xunzhen_settlements",
    "Settlements by outcome (settled, reversed, refused, parked)",
    ("outcome",),
    registry=REGISTRY,
)
_QUEUED: Final = Gauge(
    "xunzhen_jobs_waiting", "Jobs in the queue by name and state", ("job", "state"), registry=REGISTRY
)
_POOL: Final = Gauge(
    "xunzhen_database_connections", "Connections of the pool (in_use, idle)", ("state",), registry=REGISTRY
)
_WAITING: Final = text("select entrypoint, status::text, count(*) from pgqueuer group by 1, 2")

router = APIRouter(include_in_schema=False)


def watch_pool(engine: AsyncEngine) -> None:
    """Let the registry tell how many connections of an engine's pool are in use."""
    pool = engine.sync_engine.pool
    if isinstance(pool, QueuePool):
        _POOL.labels("in_use").set_function(pool.checkedout)
        _POOL.labels("idle").set_function(pool.checkedin)


@contextmanager
def job(name: str) -> Iterator[None]:
    """Time a job: done, or failed when something is raised."""
    started = time.perf_counter()
    try:
        yield
    except BaseException:
        _JOBS.labels(name, "failed").observe(time.perf_counter() - started)
        raise
    _JOBS.labels(name, "done").observe(time.perf_counter() - started)


def solved(outcome: str, seconds: float) -> None:
    """Count a plan that the solver had in hand: solved, infeasible by the referee, invalid, died, or cancelled."""
    _SOLVER.labels(outcome).observe(seconds)


def parked(name: str) -> None:
    """Count a job that was put aside for a human."""
    _JOBS.labels(name, "parked").observe(0)


def count_settlement(session: AsyncSession, outcome: str) -> None:
    """Count a settlement once the session's transaction is committed; nothing of one that is rolled back."""

    def count(_: Any) -> None:
        _SETTLEMENTS.labels(outcome).inc()

    event.listen(session.sync_session, "after_commit", count, once=True)


async def render(sessions: async_sessionmaker[AsyncSession]) -> bytes:
    """Return what Prometheus reads; without the database everything but the queue."""
    _QUEUED.clear()
    try:
        async with sessions() as session:
            for name, state, count in await session.execute(_WAITING):
                _QUEUED.labels(name, state).set(count)
    except (OSError, DBAPIError):
        pass  # that the database is away is told by the missing series, and by /readyz
    return generate_latest(REGISTRY)


def serve(port: int) -> Callable[[], None]:
    """Serve a worker's registry on a port of the loopback address, from a thread; return what ends it. 0: nothing.

    Raises:
        ValueError: the port is taken.
    """
    if not port:
        return lambda: None
    try:
        server, thread = start_http_server(port, addr="127.0.0.1", registry=REGISTRY)
    except OSError as error:
        raise ValueError(f"指标端口 {port} 不能监听（XUNZHEN_WORKER_METRICS_PORT）：{error.strerror}。") from error

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


class Requests:
    """ASGI middleware: counts and times every request by its operation id and status."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; what ends without an answer counts as a 500."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def heard(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started = time.perf_counter()
        _IN_FLIGHT.inc()
        try:
            await self._app(scope, receive, heard)
        finally:
            _IN_FLIGHT.dec()
            # only a route's name: a path would make a series of every id, and a caller could write in it what he likes
            operation = getattr(scope.get("route"), "name", "none")
            _REQUESTS.labels(operation, status).observe(time.perf_counter() - started)


@router.get("/metrics")
async def read_metrics(request: Request, house: TheHouse) -> Response:
    """Return the process's metrics: to the bearer of XUNZHEN_METRICS_TOKEN, or without one to the machine itself.

    Raises:
        problems.NotFound: to everybody else.
    """
    if not _may_read(request, house.settings.metrics_token.get_secret_value()):
        raise problems.NotFound(what="页面")
    return Response(await render(house.sessions), media_type=CONTENT_TYPE_LATEST)


def _may_read(request: Request, token: str) -> bool:
    if token:
        said = request.headers.get("authorization", "").encode()
        return hmac.compare_digest(said, f"Bearer {token}".encode())
    # a proxy on this machine passes strangers on: whoever comes through one is not from here
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers or request.client is None:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
