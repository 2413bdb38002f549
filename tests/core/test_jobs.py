"""Jobs live and die with the transaction that enqueues them, and are run once, or again after a death."""

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.core import embedded
from service.core.clock import SystemClock
from service.core.db.engine import make_engine, make_sessions
from service.core.db.session import transaction
from service.core.http import House
from service.core.ids import new_id
from service.core.jobs import attempts, queue, runner
from service.core.jobs.models import JobAttempt
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

    async def test_poison_is_parked_and_begun_again_when_a_human_says_so(
        self, house: House, app_engine: AsyncEngine
    ) -> None:
        news, seen, stop = f"test.{new_id().hex}", [], asyncio.Event()

        async def handle(told: queue.Job) -> None:
            seen.append(told)
            stop.set()

        await self._tell(house, news, _job())
        await self._begun(app_engine, news, attempts=attempts.MOST_ATTEMPTS)
        running = asyncio.create_task(self._run(house, app_engine, {news: handle}, stop))
        while not (parked := await self._parked(house, news)):
            await asyncio.sleep(0.05)
        assert (seen, [each.attempts for each in parked]) == ([], [attempts.MOST_ATTEMPTS + 1])
        async with house.sessions() as session, session.begin():
            await attempts.take_up_again(session, [each.job_id for each in parked])
        await asyncio.wait_for(running, 20)
        assert len(seen) == 1
        assert await _waiting(app_engine, news) == 0
        assert await self._parked(house, news) == []

    @pytest.mark.parametrize(
        ("under", "outages", "begun"),
        [
            ("another life of the server", 0, True),
            ("another life of the server", attempts.MOST_OUTAGES, False),
            (None, 0, False),
        ],
    )
    async def test_an_attempt_that_the_database_did_not_outlive_is_counted_apart(
        self, house: House, app_engine: AsyncEngine, under: str | None, outages: int, *, begun: bool
    ) -> None:
        news, seen, stop = f"test.{new_id().hex}", [], asyncio.Event()

        async def handle(told: queue.Job) -> None:
            seen.append(told)
            stop.set()

        await self._tell(house, news, _job())
        await self._begun(app_engine, news, attempts=attempts.MOST_ATTEMPTS, outages=outages, under=under)
        running = asyncio.create_task(self._run(house, app_engine, {news: handle}, stop))
        while not (seen or await self._parked(house, news)):
            await asyncio.sleep(0.05)
        stop.set()
        await asyncio.wait_for(running, 20)
        assert (len(seen) == 1) is begun

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
        await self._begun(app_engine, news, attempts=attempts.MOST_ATTEMPTS - 1)
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
        await attempts.forget_orphans(house.sessions, now=now)
        async with app_engine.begin() as connection:
            left = await connection.execute(
                text("delete from job_attempts where news = :n returning job_id"), {"n": news}
            )
            await connection.execute(text("delete from pgqueuer where entrypoint = :n"), {"n": news})
            kept = {min(job, 0) for (job,) in left}
        assert kept == {-3, 0}, "what is new, and what is still to be done"

    async def _begun(
        self, engine: AsyncEngine, news: str, *, attempts: int, outages: int = 0, under: str | None = None
    ) -> None:
        async with engine.begin() as connection:
            await connection.execute(
                text(
                    "insert into job_attempts (job_id, news, attempts, outages, last_at, parked, begun_under)"
                    " select id, entrypoint, :attempts, :outages, now(), false, :under from pgqueuer"
                    " where entrypoint = :news"
                ),
                {"attempts": attempts, "outages": outages, "under": under, "news": news},
            )

    async def _parked(self, house: House, news: str) -> list[attempts.ParkedJob]:
        async with house.sessions() as session:
            return [each for each in await attempts.list_parked(session) if each.news == news]

    async def _tell(self, house: House, news: str, job: queue.Job) -> None:
        async with transaction(house.sessions, Fence(), SystemClock().now()) as session:
            await queue.enqueue(session, news, job)

    async def _run(
        self, house: House, engine: AsyncEngine, handlers: dict[str, runner.Handler], stop: asyncio.Event
    ) -> None:
        url = engine.url.render_as_string(hide_password=False)
        await runner.run_jobs(url, house.sessions, handlers, stop, heartbeat=timedelta(seconds=2))


class TestAttempts:
    async def test_a_crash_of_one_connection_is_another_life_of_the_server(self, tmp_path: Path) -> None:
        with embedded.running(tmp_path / "pg") as server:
            engine = make_engine(server.owner_url)
            sessions = make_sessions(engine)
            async with engine.begin() as connection:
                await connection.run_sync(JobAttempt.metadata.tables["job_attempts"].create)
            counted = [await self._begin(sessions) for _ in range(2)]
            victim = await runner.connect(server.owner_url)
            os.kill(victim.get_server_pid(), signal.SIGKILL)
            await engine.dispose()
            counted += [await self._back(sessions), await self._begin(sessions)]
            await engine.dispose()
        assert [(each.attempts, each.outages) for each in counted] == [(1, 0), (2, 0), (2, 1), (3, 1)]

    async def _begin(self, sessions: attempts.Sessions) -> attempts.Begun:
        return await attempts.begin(sessions, 1, news="test", at=SystemClock().now())

    async def _back(self, sessions: attempts.Sessions) -> attempts.Begun:
        for _ in range(100):
            try:
                return await self._begin(sessions)
            except (SQLAlchemyError, OSError):
                await asyncio.sleep(0.1)
        raise AssertionError("the server did not come back")
