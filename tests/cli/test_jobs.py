"""`xunzhen jobs`: what was given up is listed with its error, and handed to the workers again."""

import asyncpg
import pytest

from service.core.backup import postgres
from tests.cli.test_backup import Site
from tests.cli.test_doctor import here, sql

__all__ = ["here"]
pytestmark = [pytest.mark.database, pytest.mark.processes]

_JOB = (
    "with job as (insert into pgqueuer (entrypoint, payload, priority, status, execute_after)"
    " values ('visit.final', '', 0, 'failed', now()) returning id)"
    " insert into job_attempts (job_id, news, attempts, last_at, parked, failure)"
    " select id, 'visit.final', 6, '2026-03-05 02:03:04+00', true, 'ValueError' from job returning job_id"
)


async def test_a_job_that_was_given_up_is_listed_and_queued_again(here: Site) -> None:
    assert "没有搁置的作业" in await here.run("jobs", "list")
    connection = await asyncpg.connect(postgres.plain_url(here.installation.owner_url))
    try:
        first, second = [await connection.fetchval(_JOB) for _ in range(2)]
        said = await here.run("jobs", "list")
        for each in (str(first), str(second), "visit.final", "2026-03-05", "ValueError"):
            assert each in said
        assert "没有改动" in await here.run("jobs", "again", str(first), str(second + 1), code=2)
        query = "select id, status::text from pgqueuer order by id"
        assert [tuple(row) for row in await connection.fetch(query)] == [(first, "failed"), (second, "failed")]
        assert "1 个作业已重新排队" in await here.run("jobs", "again", str(first))
        assert [tuple(row) for row in await connection.fetch(query)] == [(first, "queued"), (second, "failed")]
        assert "1 个作业已重新排队" in await here.run("jobs", "again")
        assert [tuple(row) for row in await connection.fetch(query)] == [(first, "queued"), (second, "queued")]
        assert await connection.fetch("select 1 from job_attempts") == []
    finally:
        await connection.close()
    await sql(here, "delete from pgqueuer")
