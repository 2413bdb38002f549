"""Plans cancelled just when their answer is stored, on real connections: one of the two is done, and done whole."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from service.core.db.refusals import constraint_of
from service.core.db.session import raise_fence
from service.routing import repository, solving, storing
from service.routing.storing import Solved
from tests.routing.scene import Scene
from tests.world import World

RACES = 6
_CANCEL = text("update plans set state = 'cancelled' where region_id = :region and id = :id")


@pytest.fixture
async def scene(world: World) -> Scene:
    made = await Scene.set_up(world)
    await made.item("REHAB")
    await made.staff()
    await made.order(1, "08:00", "17:00", "REHAB")
    return made


async def found(world: World, plan_id: str) -> tuple[str, int, int]:
    """Return a plan's state, and how many routes and stops the tables hold of it."""
    query = text(
        "select state, (select count(*) from plan_routes where plan_id = :id),"
        " (select count(*) from plan_stops where plan_id = :id) from plans where id = :id"
    )
    async with world.owner.connect() as connection:
        row = (await connection.execute(query, {"id": plan_id})).one()
        return row[0], row[1], row[2]


async def answer_of(scene: Scene, plan_id: str) -> Solved:
    """Do what the worker does up to the moment at which it would store."""
    house, job = scene.world.house, scene.job(plan_id)
    begun = await solving._begin(house, job)
    assert begun is not None
    return await solving._solve(house, begun, solving._Reporter(house, job), time.monotonic())


@asynccontextmanager
async def session_of(scene: Scene) -> AsyncIterator[AsyncSession]:
    async with scene.world.house.sessions() as session:
        await raise_fence(session, scene.job(str(UUID(int=0))).fence, scene.world.clock.now())
        yield session


async def store(session: AsyncSession, scene: Scene, plan_id: str, solved: Solved) -> None:
    """Store an answer without the worker's lock and without its look at the state."""
    row = await repository.find_plan(
        session, region_id=scene.world.region_id, plan_id=UUID(plan_id), institution_ids=scene.institution_ids
    )
    assert row is not None
    await storing.store(session, row, solved, scene.world.clock.now())


class TestWithoutTheApplicationSCheck:
    async def test_nothing_is_stored_of_a_plan_whose_cancellation_is_committed_first(
        self, scene: Scene, world: World
    ) -> None:
        plan_id = (await scene.request()).json()["id"]
        solved = await answer_of(scene, plan_id)
        async with session_of(scene) as cancelling, session_of(scene) as answering:
            await cancelling.execute(_CANCEL, {"region": world.region_id, "id": plan_id})
            waiting = asyncio.create_task(store(answering, scene, plan_id, solved))
            await asyncio.sleep(0.3)
            assert not waiting.done()
            await cancelling.commit()
            with pytest.raises(DBAPIError) as refused:
                await waiting
            assert constraint_of(refused.value) == "plans_state_moves"
            await answering.rollback()
        assert await found(world, plan_id) == ("cancelled", 0, 0)

    async def test_a_plan_that_is_stored_first_is_cancelled_no_more(self, scene: Scene, world: World) -> None:
        plan_id = (await scene.request()).json()["id"]
        solved = await answer_of(scene, plan_id)
        async with session_of(scene) as cancelling, session_of(scene) as answering:
            await store(answering, scene, plan_id, solved)
            named = {"region": world.region_id, "id": plan_id}
            waiting = asyncio.create_task(cancelling.execute(_CANCEL, named))
            await asyncio.sleep(0.3)
            assert not waiting.done()
            await answering.commit()
            with pytest.raises(DBAPIError) as refused:
                await waiting
            assert constraint_of(refused.value) == "plans_state_moves"
        assert await found(world, plan_id) == ("solved", 1, 1)

    async def test_a_cancelled_plan_is_not_begun_again(self, scene: Scene, world: World) -> None:
        plan_id = (await scene.request()).json()["id"]
        assert (await scene.dispatcher.post(f"/plans/{plan_id}/cancellation")).status_code == 200
        async with world.owner.connect() as connection:
            for state in ("solving", "solved", "published", "queued"):
                async with connection.begin():
                    with pytest.raises(DBAPIError) as refused:
                        async with connection.begin_nested():
                            await connection.execute(
                                text("update plans set state = :state where id = :id"), {"state": state, "id": plan_id}
                            )
                    assert constraint_of(refused.value) == "plans_state_moves"


@pytest.mark.parametrize("number", range(RACES))
async def test_over_http_a_plan_is_cancelled_and_empty_or_solved_and_whole(
    scene: Scene, world: World, number: int
) -> None:
    """The dispatcher's request falls anywhere between the beginning and the moment at which the answer is stored."""
    plan_id = (await scene.request()).json()["id"]
    chance = random.Random(f"cancel {number}")

    async def cancel() -> int:
        await asyncio.sleep(chance.uniform(0, 1.0))
        return (await scene.dispatcher.post(f"/plans/{plan_id}/cancellation")).status_code

    said, _ = await asyncio.gather(cancel(), scene.work(plan_id))
    assert await found(world, plan_id) == {200: ("cancelled", 0, 0), 409: ("solved", 1, 1)}[said]
