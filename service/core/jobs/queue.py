"""Enqueueing: `await enqueue(session, NEWS, job)` in the transaction whose news it is."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from pgqueuer.queries import Queries
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from service.core.db.steps import Step
from service.core.jobs.driver import SessionDriver
from service.core.principal import Fence, Principal

_AT_ONCE: Final = 1000
# what pgqueuer's own statement leaves of one job without a key, a priority and a delay; a test compares the two
_ADD: Final = """
insert into pgqueuer (priority, entrypoint, payload, execute_after, status)
values (0, :news, :payload, now(), 'queued') returning id
"""
_LOG: Final = """
insert into pgqueuer_log (job_id, status, entrypoint, priority)
select id, 'queued', :news, 0 from added returning 1
"""


class Job(BaseModel):
    """What every job carries: the fence behind which it works, and the id of what it is about."""

    region_id: UUID
    institution_ids: tuple[UUID, ...]
    subject_id: UUID
    account_id: UUID | None = None

    @property
    def fence(self) -> Fence:
        """Return the fence that the job's transactions stand behind."""
        return Fence(self.region_id, self.institution_ids, self.account_id)

    @classmethod
    def of(cls, principal: Principal, subject_id: UUID, institution_ids: Sequence[UUID] = ()) -> "Job":
        """Return a job that works with a principal's rights, or on named institutions of his region."""
        return cls(
            region_id=principal.region_id,
            institution_ids=tuple(institution_ids) or principal.institution_ids,
            subject_id=subject_id,
            account_id=principal.account_id,
        )


async def enqueue(
    session: AsyncSession,
    news: str,
    job: Job,
    *,
    dedupe: str | None = None,
    after: timedelta | None = None,
    priority: int = 0,
) -> None:
    """Add a job that exists if and only if the session's transaction commits.

    `dedupe`: while a job with the same key waits, another is not added.
    """
    queries = Queries(SessionDriver(session))
    await queries.enqueue([news], [job.model_dump_json().encode()], [priority], [after], [dedupe], on_conflict="skip")


def step(news: str, job: Job) -> Step:
    """Return the step that adds a job as `enqueue` does, to be taken together with others."""
    return Step(_LOG, {"news": news, "payload": job.model_dump_json().encode()}, first={"added": _ADD})


async def enqueue_many(session: AsyncSession, news: str, jobs: Sequence[Job]) -> None:
    """Add a job for each of many subjects, like `enqueue` for one, a thousand to a statement."""
    queries = Queries(SessionDriver(session))
    for at in range(0, len(jobs), _AT_ONCE):
        payloads: list[bytes | None] = [job.model_dump_json().encode() for job in jobs[at : at + _AT_ONCE]]
        await queries.enqueue([news] * len(payloads), payloads, [0] * len(payloads))
