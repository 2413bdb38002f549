"""What a transaction reads once, and when it reads again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from service.accounts.rules import Role
from service.core.db.session import raise_fence, transaction
from service.institutions import repository
from service.institutions.models import Institution
from service.patients import repository as patients
from tests.world import NOW, World

ON = date(2026, 3, 2)


@contextmanager
def asked(engine: AsyncEngine, table: str) -> Iterator[list[str]]:
    """Collect the questions about a table."""
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        if f"FROM {table}" in statement:
            seen.append(statement)

    event.listen(engine.sync_engine, "after_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine.sync_engine, "after_cursor_execute", note)


async def modes(session: AsyncSession, world: World) -> int:
    """Return how many modes the institution has registered."""
    return len(await repository.list_modes(session, world.region_id, [world.institution_id]))


class TestAskedOnce:
    async def test_the_same_question_goes_to_the_database_once_in_a_transaction(
        self, world: World, app_engine: AsyncEngine
    ) -> None:
        fence = world.principal(Role.dispatcher).fence
        with asked(app_engine, "service_modes") as seen:
            async with transaction(world.house.sessions, fence, NOW) as session:
                assert await modes(session, world) == await modes(session, world) == 2
                assert len(seen) == 1
                assert await repository.list_modes(session, world.region_id, []) == []
                assert len(seen) == 2
            async with transaction(world.house.sessions, fence, NOW) as session:
                assert await modes(session, world) == 2
        assert len(seen) == 3

    async def test_a_change_of_ones_own_is_seen_at_the_next_question(self, world: World) -> None:
        fence = world.principal(Role.institution_admin).fence
        async with transaction(world.house.sessions, fence, NOW) as session:
            found = await repository.find_institution(session, world.region_id, world.institution_id)
            assert isinstance(found, Institution)
            assert await modes(session, world) == 2
            # as text: the session does not know what it changed
            await session.execute(
                text("update service_modes set valid_to = :on where institution_id = :this"),
                {"on": ON, "this": world.institution_id},
            )
            found.name = "改了名的中心"
            rows = await repository.list_modes(session, world.region_id, [world.institution_id])
            await session.refresh(rows[0])
            assert rows[0].valid_to == ON
            again = await repository.find_institution(session, world.region_id, world.institution_id)
            assert again is not None
            assert again.name == "改了名的中心"

    async def test_another_fence_sees_with_its_own_eyes(self, world: World) -> None:
        home_id = await world.add_home()
        await world.add_patient(home_id=home_id)
        elsewhere = await world.add_institution()
        theirs = world.principal(Role.dispatcher, institution_ids=(elsewhere,)).fence
        async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, NOW) as session:
            assert len(await patients.find_homes(session, world.region_id, [home_id])) == 1
            await raise_fence(session, theirs, NOW)
            assert await patients.find_homes(session, world.region_id, [home_id]) == []
