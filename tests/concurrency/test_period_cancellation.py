"""Periods cancelled just when their answer is stored, on real connections: one of the two is done, and done whole."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from service.core.db.refusals import constraint_of
from service.core.db.session import raise_fence
from service.core.ids import new_id
from service.routing.period import apart, repository, storing, working
from service.routing.period.gathering import Gathered
from service.routing.period.problem import Answer
from tests.routing.period.scene import Rounds
from tests.world import World

RACES = 6
_CANCEL = text(
    "update period_plans set state = 'cancelled', cancelled_at = :now, cancelled_by_account_id = :by"
    " where region_id = :region and id = :id"
)


@pytest.fixture
async def scene(world: World) -> Rounds:
    made = await Rounds.set_up(world)
    await made.nurse(3, 5)
    for _ in range(2):
        await made.add_plan(await made.elder())
    return made


async def found(world: World, asked: dict[str, Any]) -> tuple[str, int]:
    """Return a period's state, and how many rounds the table holds of it."""
    query = text(
        "select state, (select count(*) from period_rounds where period_plan_id = :id) from period_plans where id = :id"
    )
    async with world.owner.connect() as connection:
        row = (await connection.execute(query, {"id": asked["id"]})).one()
        return row[0], row[1]


@asynccontextmanager
async def session_of(scene: Rounds, asked: dict[str, Any]) -> AsyncIterator[AsyncSession]:
    async with scene.world.house.sessions() as session:
        await raise_fence(session, scene.job(asked).fence, scene.world.clock.now())
        yield session


async def answer_of(scene: Rounds, asked: dict[str, Any]) -> tuple[Gathered, Answer]:
    """Do what the worker does up to the moment at which it would store."""
    gathered = await working._begin(scene.world.house, scene.job(asked))
    assert gathered is not None
    return gathered, await apart.solve_apart(gathered.period)


async def store(session: AsyncSession, scene: Rounds, asked: dict[str, Any], answer: tuple[Gathered, Answer]) -> None:
    """Store an answer without the worker's lock and without its look at the state."""
    job = scene.job(asked)
    row = await repository.find_period(
        session, region_id=job.region_id, period_plan_id=job.subject_id, institution_ids=job.institution_ids
    )
    assert row is not None
    await storing.store(session, row, *answer, scene.world.clock.now())


async def cancel(session: AsyncSession, scene: Rounds, asked: dict[str, Any]) -> None:
    """Cancel without the application's lock and without its look at the state."""
    world = scene.world
    named = {"region": world.region_id, "id": UUID(asked["id"]), "now": world.clock.now(), "by": new_id()}
    await session.execute(_CANCEL, named)


class TestWithoutTheApplicationSCheck:
    async def test_nothing_is_stored_of_a_period_whose_cancellation_is_committed_first(
        self, scene: Rounds, world: World
    ) -> None:
        asked = (await scene.request()).json()
        answer = await answer_of(scene, asked)
        async with session_of(scene, asked) as cancelling, session_of(scene, asked) as answering:
            await cancel(cancelling, scene, asked)
            waiting = asyncio.create_task(store(answering, scene, asked, answer))
            await asyncio.sleep(0.3)
            assert not waiting.done()
            await cancelling.commit()
            with pytest.raises(DBAPIError) as refused:
                await waiting
            assert constraint_of(refused.value) == "period_plans_state_moves"
            await answering.rollback()
        assert await found(world, asked) == ("cancelled", 0)

    async def test_a_period_that_is_stored_first_is_cancelled_no_more(self, scene: Rounds, world: World) -> None:
        asked = (await scene.request()).json()
        answer = await answer_of(scene, asked)
        async with session_of(scene, asked) as cancelling, session_of(scene, asked) as answering:
            await store(answering, scene, asked, answer)
            waiting = asyncio.create_task(cancel(cancelling, scene, asked))
            await asyncio.sleep(0.3)
            assert not waiting.done()
            await answering.commit()
            with pytest.raises(DBAPIError) as refused:
                await waiting
            assert constraint_of(refused.value) == "period_plans_state_moves"
        assert await found(world, asked) == ("solved", 2)

    @pytest.mark.parametrize("state", ["queued", "solved", "failed"])
    async def test_a_cancelled_period_moves_no_more(self, scene: Rounds, world: World, state: str) -> None:
        asked = (await scene.request()).json()
        assert (await scene.cancel(asked)).status_code == 200
        moved = text("update period_plans set state = :state where id = :id")
        async with world.owner.connect() as connection:
            with pytest.raises(DBAPIError) as refused:
                await connection.execute(moved, {"state": state, "id": asked["id"]})
        assert constraint_of(refused.value) == "period_plans_state_moves"

    @pytest.mark.parametrize(
        "written", ["state = 'cancelled'", "state = 'cancelled', cancelled_at = now()", "cancelled_at = now()"]
    )
    async def test_nobody_cancels_without_saying_when_and_who(self, scene: Rounds, world: World, written: str) -> None:
        asked = (await scene.request()).json()
        async with world.owner.connect() as connection:
            with pytest.raises(DBAPIError) as refused:
                await connection.execute(text(f"update period_plans set {written} where id = :id"), {"id": asked["id"]})
        assert constraint_of(refused.value) == "ck_period_plans_cancelled"


@pytest.mark.parametrize("number", range(RACES))
async def test_over_http_a_period_is_cancelled_and_empty_or_solved_and_whole(
    scene: Rounds, world: World, number: int
) -> None:
    """The dispatcher's request falls anywhere between the beginning and the moment at which the answer is stored."""
    asked = (await scene.request()).json()
    chance = random.Random(f"cancel {number}")

    async def cancel_late() -> int:
        await asyncio.sleep(chance.uniform(0, 0.4))
        return (await scene.cancel(asked)).status_code

    said, _ = await asyncio.gather(cancel_late(), working.distribute(world.house, scene.job(asked)))
    assert await found(world, asked) == {200: ("cancelled", 0), 409: ("solved", 2)}[said]
