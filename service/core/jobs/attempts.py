"""How often a job was begun, and when that is too often: its row says so before the work begins.

A job that kills its worker leaves no failure behind, so every beginning is counted in a transaction of its own. One
whose PostgreSQL ended in the middle of it is no fault of the job: the database itself says whether it has begun anew
since. Those are counted apart, for a job may be what ends the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pgqueuer.models import JobId
from pgqueuer.queries import Queries
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from service.core.jobs.driver import SessionDriver

Sessions = async_sessionmaker[AsyncSession]

MOST_ATTEMPTS: Final = 5
"""A job that was begun this often without an end is parked for a human."""
MOST_OUTAGES: Final = 50
"""So is one in the middle of which the database went away this often."""

_ORPHANED: Final = timedelta(days=1)

# a crash of one connection begins the server anew under the same postmaster, but not its counters
_BEGIN: Final = text(
    """
with server as (select concat_ws(' ', pg_postmaster_start_time(), stats_reset) as life from pg_stat_wal)
insert into job_attempts (job_id, news, attempts, outages, last_at, parked, begun_under)
select :job, :news, 1, 0, :at, false, life from server
on conflict (job_id) do update set
    attempts = job_attempts.attempts
        + case when job_attempts.begun_under <> excluded.begun_under then 0 else 1 end,
    outages = job_attempts.outages
        + case when job_attempts.begun_under <> excluded.begun_under then 1 else 0 end,
    last_at = excluded.last_at, begun_under = excluded.begun_under
returning attempts, outages
"""
)
_FAILED: Final = text("update job_attempts set failure = :failure, begun_under = null where job_id = :job")
_FORGIVEN: Final = text(
    "update job_attempts set attempts = greatest(attempts - 1, 0), outages = outages + 1, begun_under = null"
    " where job_id = :job"
)
_PARKED: Final = text("update job_attempts set parked = true where job_id = :job")
_DONE: Final = text("delete from job_attempts where job_id = :job")
_ORPHANS: Final = text(
    "delete from job_attempts a where a.last_at < :before"
    " and not exists (select 1 from pgqueuer q where q.id = a.job_id)"
)
_LIST: Final = text(
    "select a.job_id, a.news, a.attempts, a.outages, a.last_at, a.failure from job_attempts a"
    " where a.parked and exists (select 1 from pgqueuer q where q.id = a.job_id and q.status = 'failed')"
    " order by a.job_id"
)


@dataclass(frozen=True, slots=True)
class Begun:
    """How often a job was begun, this time included, without those that the database did not outlive."""

    attempts: int
    outages: int

    @property
    def too_often(self) -> bool:
        """Whether the job must not be begun again."""
        return self.attempts > MOST_ATTEMPTS or self.outages > MOST_OUTAGES


@dataclass(frozen=True, slots=True)
class ParkedJob:
    """A job that waits for a human; `failure` is the kind of its last error, if it lived to see one."""

    job_id: int
    news: str
    attempts: int
    outages: int
    last_at: datetime
    failure: str | None


async def begin(sessions: Sessions, job: int, *, news: str, at: datetime) -> Begun:
    """Write down that a job is begun; return how often it was."""
    async with sessions() as session, session.begin():
        row = (await session.execute(_BEGIN, {"job": job, "news": news, "at": at})).one()
        return Begun(row.attempts, row.outages)


async def end_failed(sessions: Sessions, job: int, *, failure: str) -> None:
    """Write down that the attempt ended with an error of this kind."""
    await _say(sessions, _FAILED, job=job, failure=failure)


async def end_done(sessions: Sessions, job: int) -> None:
    """Forget a job that is done."""
    await _say(sessions, _DONE, job=job)


async def forgive(sessions: Sessions, job: int) -> None:
    """Take the attempt back: the database was away, and the worker lived to say so."""
    await _say(sessions, _FORGIVEN, job=job)


async def park(sessions: Sessions, job: int) -> None:
    """Write down that a job waits for a human."""
    await _say(sessions, _PARKED, job=job)


async def list_parked(session: AsyncSession) -> Sequence[ParkedJob]:
    """Return the jobs that wait for a human, in the order in which they were enqueued."""
    return [ParkedJob(**row) for row in (await session.execute(_LIST)).mappings()]


async def take_up_again(session: AsyncSession, jobs: Sequence[int]) -> None:
    """Let the workers have parked jobs again, as if they had never been begun."""
    await session.execute(text("delete from job_attempts where job_id = any(:jobs)"), {"jobs": list(jobs)})
    await Queries(SessionDriver(session)).requeue_jobs([JobId(each) for each in jobs])


async def forget_orphans(sessions: Sessions, *, now: datetime) -> None:
    """Forget attempts at jobs that the queue no longer has: two workers had one, and one died when it was done."""
    await _say(sessions, _ORPHANS, before=now - _ORPHANED)


async def _say(sessions: Sessions, statement: TextClause, **values: object) -> None:
    async with sessions() as session, session.begin():
        await session.execute(statement, values)
