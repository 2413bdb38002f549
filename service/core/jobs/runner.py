"""Runs the jobs of the queue: one worker at a time has one; it is tried again, and parked when it keeps failing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job as QueuedJob
from pgqueuer.models import Schedule
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from service.core import logs, metrics
from service.core.audit import doing
from service.core.db import outages
from service.core.jobs import attempts
from service.core.jobs.queue import Job

Handler = Callable[[Job], Awaitable[None]]
Routine = Callable[[], Awaitable[None]]

_UNCOUNTED: Final = timedelta(seconds=1)
_log = logs.get_logger("core.jobs")
_BACK_SOON: Final = (0.5, 1.0, 2.0, 4.0)
"""How many seconds pass between the looks whether a database that went away is back."""


class JobParked(Exception):
    """A job was begun too often; the queue holds it until a human lets it go on."""


async def connect(url: str) -> asyncpg.Connection:
    """Return a connection of its own (LISTEN needs one) for a SQLAlchemy URL."""
    address = make_url(url)
    _, arguments = address.get_dialect()().create_connect_args(address)
    return await asyncpg.connect(**arguments)


async def run_jobs(
    url: str,
    sessions: async_sessionmaker[AsyncSession],
    handlers: Mapping[str, Handler],
    stop: asyncio.Event,
    *,
    routines: Mapping[str, tuple[str, Routine]] = MappingProxyType({}),
    heartbeat: timedelta = timedelta(seconds=4),
    concurrency: int = 4,
) -> None:
    """Run jobs until `stop` is set; jobs in hand are finished first.

    `routines`: name → (cron expression in UTC, what to do), done by one of the workers at a time.
    `heartbeat`: a job whose worker was silent for so long is picked up by another.
    """
    connection = await connect(url)
    queue = PgQueuer(AsyncpgDriver(connection))
    for news, handler in handlers.items():
        # hold: whatever goes wrong with a job, the queue must not forget it
        queue.entrypoint(news, on_failure="hold")(_counted(news, handler, sessions))
    for name, (cron, routine) in routines.items():
        queue.schedule(name, cron)(_scheduled(name, routine))
    stopper = asyncio.create_task(_stop_with(queue, stop))
    try:
        await queue.run(
            dequeue_timeout=timedelta(seconds=1),
            batch_size=concurrency,
            max_concurrent_tasks=concurrency * 2,
            heartbeat_timeout=heartbeat,
            shutdown_on_listener_failure=True,
        )
    finally:
        stopper.cancel()
        await connection.close()


def _scheduled(name: str, routine: Routine) -> Callable[[Schedule], Awaitable[None]]:
    async def run(_: Schedule) -> None:
        with doing.work(name), metrics.job(name):
            await routine()

    return run


async def _stop_with(queue: PgQueuer, stop: asyncio.Event) -> None:
    await stop.wait()
    queue.shutdown.set()


def _counted(
    news: str, handler: Handler, sessions: async_sessionmaker[AsyncSession]
) -> Callable[[QueuedJob], Awaitable[None]]:
    async def run(queued: QueuedJob) -> None:
        try:
            await attempt(queued)
        except (SQLAlchemyError, OSError) as error:
            # its beginning or its end could not be written down; to the queue that would be a failure for good
            _log.warning("not counted", news=news, job=queued.id, cause=type(error).__name__)
            raise RetryRequested(delay=_UNCOUNTED) from error

    async def attempt(queued: QueuedJob) -> None:
        begun = await attempts.begin(sessions, queued.id, news=news, at=datetime.now(UTC))
        if begun.too_often:
            await attempts.park(sessions, queued.id)
            metrics.parked(news)
            raise JobParked(f"{news} {queued.id}: {begun.attempts} attempts, {begun.outages} outages")
        try:
            job = Job.model_validate_json(queued.payload or b"{}")
            with doing.work(news, f"subject_id={job.subject_id}"), metrics.job(news):
                await handler(job)
        except Exception as error:
            if outages.is_outage(error):
                # no fault of the job: were it counted, a night of restarts would park what is sound
                await _forgive(sessions, queued.id)
                raise RetryRequested(delay=_UNCOUNTED) from error
            await attempts.end_failed(sessions, queued.id, failure=type(error).__name__)
            _log.warning("failed", news=news, job=queued.id, attempts=begun.attempts, exc_info=error)
            raise RetryRequested(delay=timedelta(seconds=min(2**begun.attempts, 300))) from error
        await attempts.end_done(sessions, queued.id)

    return run


async def _forgive(sessions: async_sessionmaker[AsyncSession], job: int) -> None:
    for pause in _BACK_SOON:
        await asyncio.sleep(pause)
        try:
            await attempts.forgive(sessions, job)
        except (SQLAlchemyError, OSError):
            continue
        return
