"""Runs the jobs of the queue: picked by one worker at a time, tried again when it died, parked when it keeps failing.

A job that kills its worker leaves no failure behind, so every beginning is counted in a transaction of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job as QueuedJob
from pgqueuer.models import Schedule
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from service.core import logs, metrics
from service.core.audit import doing
from service.core.db import outages
from service.core.jobs.queue import Job

Handler = Callable[[Job], Awaitable[None]]
Routine = Callable[[], Awaitable[None]]

MOST_ATTEMPTS: Final = 5
"""A job that was begun this often without an end is parked for a human."""

_UNCOUNTED: Final = timedelta(seconds=1)
_ORPHANED: Final = timedelta(days=1)

_log = logs.get_logger("core.jobs")
_BEGIN: Final = text(
    "insert into job_attempts (job_id, news, attempts, last_at, parked) values (:job, :news, 1, :at, false)"
    " on conflict (job_id) do update set attempts = job_attempts.attempts + 1, last_at = :at returning attempts"
)
_FAILED: Final = text("update job_attempts set failure = :failure where job_id = :job")
_PARKED: Final = text("update job_attempts set parked = true where job_id = :job")
_DONE: Final = text("delete from job_attempts where job_id = :job")
_FORGIVEN: Final = text("update job_attempts set attempts = greatest(attempts - 1, 0) where job_id = :job")
_ORPHANS: Final = text(
    "delete from job_attempts a where not a.parked and a.last_at < :before"
    " and not exists (select 1 from pgqueuer q where q.id = a.job_id)"
)
_BACK_SOON: Final = (0.5, 1.0, 2.0, 4.0)
"""How many seconds pass between the looks whether a database that went away is back."""


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
        attempts = await _say(sessions, _BEGIN, job=queued.id, news=news, at=datetime.now(UTC))
        if attempts > MOST_ATTEMPTS:
            await _say(sessions, _PARKED, job=queued.id)
            metrics.parked(news)
            _log.error("parked", news=news, job=queued.id, attempts=attempts)
            return
        try:
            job = Job.model_validate_json(queued.payload or b"{}")
            with doing.work(news, f"subject_id={job.subject_id}"), metrics.job(news):
                await handler(job)
        except Exception as error:
            if outages.is_outage(error):
                # no fault of the job: were it counted, a night of restarts would park what is sound
                await _forgive(sessions, queued.id)
                raise RetryRequested(delay=_UNCOUNTED) from error
            await _say(sessions, _FAILED, job=queued.id, failure=type(error).__name__)
            _log.warning("failed", news=news, job=queued.id, attempts=attempts, exc_info=error)
            raise RetryRequested(delay=timedelta(seconds=min(2**attempts, 300))) from error
        await _say(sessions, _DONE, job=queued.id)

    return run


async def _forgive(sessions: async_sessionmaker[AsyncSession], job: int) -> None:
    for pause in _BACK_SOON:
        await asyncio.sleep(pause)
        try:
            await _say(sessions, _FORGIVEN, job=job)
        except (SQLAlchemyError, OSError):
            continue
        return


async def forget_orphans(sessions: async_sessionmaker[AsyncSession], *, now: datetime) -> None:
    """Forget attempts at jobs that the queue no longer has: two workers had one, and one died when it was done."""
    await _say(sessions, _ORPHANS, before=now - _ORPHANED)


async def _say(sessions: async_sessionmaker[AsyncSession], statement: Any, **values: Any) -> int:
    async with sessions() as session, session.begin():
        result: Any = await session.execute(statement, values)
        return int(result.scalar_one()) if result.returns_rows else 0
