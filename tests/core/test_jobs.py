"""Jobs live and die with the transaction that enqueues them, and are run once, or again after a death."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.core.clock import SystemClock
from service.core.db.session import transaction
from service.core.http import House
from service.core.ids import new_id
from service.core.jobs import queue, runner
from service.core.principal import Fence


def _job() -> queue.Job:
    return queue.Job(region_id=new_id(), institution_ids=(), subject_id=new_id())


async def _waiting(engine: AsyncEngine, news: str) -> int:
    async with engine.connect() as connection:
        return int(
            (
                await connection.execute(text("select count(*) from pgqueuer where entrypoint = :n"), {"n": news})
            ).scalar_one()
        )


class TestEnqueue:
    async def test_a_rolled_back_transaction_leaves_no_job(self, house: House, app_engine: AsyncEngine) -> None:
        news = f"test.{new_id().hex}"
        with pytest.raises(RuntimeError, match="no"):
            async with transaction(house.sessions, Fence(), SystemClock().now()) as session:
                await queue.enqueue(session, news, _job())
                raise RuntimeError("no")
        assert await _waiting(app_engine, news) == 0

    async def test_even_as_the_first_statement_of_a_session_it_dies_with_the_rollback(
        self, house: House, app_engine: AsyncEngine
    ) -> None:
        news = f"test.{new_id().hex}"
        async with house.sessions() as session:
            await queue.enqueue(session, news, _job())
            await session.rollback()
        assert await _waiting(app_engine, news) == 0

    async def test_a_committed_one_leaves_exactly_one(self, house: House, app_engine: AsyncEngine) -> None:
        news = f"test.{new_id().hex}"
        async with transaction(house.sessions, Fence(), SystemClock().now()) as session:
            await queue.enqueue(session, news, _job())
        assert await _waiting(app_engine, news) == 1


class TestRunner:
    async def test_runs_a_job_once_and_forgets_it(self, house: House, app_engine: AsyncEngine) -> None:
        news, job, seen, stop = f"test.{new_id().hex}", _job(), [], asyncio.Event()

        async def handle(told: queue.Job) -> None:
            seen.append(told)
            stop.set()

        await self._tell(house, news, job)
        await asyncio.wait_for(self._run(house, app_engine, {news: handle}, stop), 20)
        assert seen == [job]
        assert await _waiting(app_engine, news) == 0

    async def test_a_failing_job_is_tried_again(self, house: House, app_engine: AsyncEngine) -> None:
        news, seen, stop = f"test.{new_id().hex}", [], asyncio.Event()

        async def handle(told: queue.Job) -> None:
            seen.append(told)
            if len(seen) == 1:
                raise RuntimeError("the first time it fails")
            stop.set()

        await self._tell(house, news, _job())
        await asyncio.wait_for(self._run(house, app_engine, {news: handle}, stop), 30)
        assert len(seen) == 2

    async def test_poison_is_parked_and_not_begun_again(self, house: House, app_engine: AsyncEngine) -> None:
        news, seen, stop = f"test.{new_id().hex}", [], asyncio.Event()

        async def handle(told: queue.Job) -> None:
            seen.append(told)

        await self._tell(house, news, _job())
        async with app_engine.begin() as connection:
            await connection.execute(
                text(
                    "insert into job_attempts (job_id, news, attempts, last_at, parked)"
                    " select id, entrypoint, :most, now(), false from pgqueuer where entrypoint = :news"
                ),
                {"most": runner.MOST_ATTEMPTS, "news": news},
            )
        running = asyncio.create_task(self._run(house, app_engine, {news: handle}, stop))
        while await _waiting(app_engine, news):
            await asyncio.sleep(0.05)
        stop.set()
        await asyncio.wait_for(running, 20)
        async with app_engine.connect() as connection:
            parked = (
                await connection.execute(text("select parked from job_attempts where news = :n"), {"n": news})
            ).scalar_one()
        assert (seen, parked) == ([], True)

    async def test_an_outage_of_the_database_is_no_attempt_of_the_job(
        self, house: House, app_engine: AsyncEngine
    ) -> None:
        news, seen, stop = f"test.{new_id().hex}", [], asyncio.Event()

        async def handle(told: queue.Job) -> None:
            seen.append(told)
            if len(seen) == 1:
                raise ConnectionResetError
            stop.set()

        await self._tell(house, news, _job())
        async with app_engine.begin() as connection:
            await connection.execute(
                text(
                    "insert into job_attempts (job_id, news, attempts, last_at, parked)"
                    " select id, entrypoint, :most - 1, now(), false from pgqueuer where entrypoint = :news"
                ),
                {"most": runner.MOST_ATTEMPTS, "news": news},
            )
        await asyncio.wait_for(self._run(house, app_engine, {news: handle}, stop), 30)
        async with app_engine.connect() as connection:
            left = await connection.execute(text("select parked from job_attempts where news = :n"), {"n": news})
        assert (len(seen), left.all()) == (2, [])

    async def test_attempts_at_jobs_that_are_gone_are_forgotten_after_a_day(
        self, house: House, app_engine: AsyncEngine
    ) -> None:
        now = SystemClock().now()
        news = f"test.{new_id().hex}"
        await self._tell(house, news, _job())
        rows = [(-1, 2, False), (-2, 2, True), (-3, 0, False)]
        async with app_engine.begin() as connection:
            await connection.execute(
                text(
                    "insert into job_attempts (job_id, news, attempts, last_at, parked)"
                    " select id, entrypoint, 1, :old, false from pgqueuer where entrypoint = :news"
                ),
                {"old": now - timedelta(days=2), "news": news},
            )
            for job, days, parked in rows:
                await connection.execute(
                    text(
                        "insert into job_attempts (job_id, news, attempts, last_at, parked)"
                        " values (:job, :news, 1, :at, :parked)"
                    ),
                    {"job": job, "news": news, "at": now - timedelta(days=days), "parked": parked},
                )
        await runner.forget_orphans(house.sessions, now=now)
        async with app_engine.begin() as connection:
            left = await connection.execute(
                text("delete from job_attempts where news = :n returning job_id"), {"n": news}
            )
            await connection.execute(text("delete from pgqueuer where entrypoint = :n"), {"n": news})
            kept = {min(job, 0) for (job,) in left}
        assert kept == {-3, -2, 0}, "what was parked, what is new, and what is still to be done"

    async def _tell(self, house: House, news: str, job: queue.Job) -> None:
        async with transaction(house.sessions, Fence(), SystemClock().now()) as session:
            await queue.enqueue(session, news, job)

    async def _run(
        self, house: House, engine: AsyncEngine, handlers: dict[str, runner.Handler], stop: asyncio.Event
    ) -> None:
        url = engine.url.render_as_string(hide_password=False)
        await runner.run_jobs(url, house.sessions, handlers, stop, heartbeat=timedelta(seconds=2))
