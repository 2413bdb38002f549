"""Questions of rooms: asked alone or together they are answered alike, and together they cost one round trip."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.accounts.rules import Role
from service.core.audit import trail
from service.core.db.questions import Asked, ask_together
from service.core.db.session import transaction
from service.institutions import repository as institutions
from service.institutions.models import Station
from service.patients import repository as patients
from tests.world import NOW, World

pytestmark = pytest.mark.database

ON = date(2026, 3, 2)


@contextmanager
def statements(engine: AsyncEngine) -> Iterator[list[str]]:
    """Collect what goes to the database but what every transaction begins and ends with."""
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        if "set_config" not in statement and "audit_append" not in statement:
            seen.append(statement)

    event.listen(engine.sync_engine, "after_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine.sync_engine, "after_cursor_execute", note)


def of(world: World, person_id: UUID) -> list[Asked[Any]]:
    """Return questions of two rooms."""
    at = {"region_id": world.region_id, "institution_id": world.institution_id}
    return [
        institutions.INSTITUTION.of(**at),
        institutions.SETTINGS.of(**at, on=ON),
        institutions.SETTINGS.of(**at, on=date(2026, 3, 3)),
        institutions.MODES.of(region_id=world.region_id, institution_ids=[world.institution_id]),
        patients.PERSON.of(region_id=world.region_id, person_id=person_id),
        patients.HOME_OF.of(region_id=world.region_id, person_id=person_id),
        patients.COVERAGES.of(region_id=world.region_id, person_id=person_id),
    ]


class TestAskedTogether:
    async def test_every_answer_is_the_one_that_the_question_has_alone(
        self, world: World, app_engine: AsyncEngine
    ) -> None:
        person_id = await world.add_patient(home_id=await world.add_home())
        fence = world.principal(Role.dispatcher).fence
        async with transaction(world.house.sessions, fence, NOW) as session:
            alone = [await each.ask(session) for each in of(world, person_id)]
        with statements(app_engine) as seen:
            async with transaction(world.house.sessions, fence, NOW) as session:
                await ask_together(session, of(world, person_id))
                together = [await each.ask(session) for each in of(world, person_id)]
                await ask_together(session, of(world, person_id))
        assert together == alone
        assert together[0] is not None
        assert len(together[3]) == 2
        assert len(seen) == 1

    async def test_an_answer_tells_those_of_further_questions(self, world: World, app_engine: AsyncEngine) -> None:
        home_id = await world.add_home()
        person_id = await world.add_patient(home_id=home_id)
        with statements(app_engine) as seen:
            async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, NOW) as session:
                await ask_together(session, of(world, person_id))
                home = await patients.HOME.ask(session, region_id=world.region_id, home_id=home_id)
        assert home.id == home_id
        assert len(seen) == 1

    async def test_what_was_changed_since_is_asked_again(self, world: World) -> None:
        asked = institutions.MODES.of(region_id=world.region_id, institution_ids=[world.institution_id])
        async with transaction(world.house.sessions, world.principal(Role.institution_admin).fence, NOW) as session:
            await ask_together(session, [asked])
            await session.execute(
                text("update service_modes set valid_to = :on where institution_id = :this"),
                {"on": ON, "this": world.institution_id},
            )
            assert {each.valid_to for each in await asked.ask(session)} == {ON}

    async def test_what_waits_to_be_written_is_written_first(self, world: World) -> None:
        asked = institutions.STATIONS.of(region_id=world.region_id, institution_ids=[world.institution_id])
        async with transaction(world.house.sessions, world.principal(Role.institution_admin).fence, NOW) as session:
            before = len(await asked.ask(session))
            session.add(
                Station(
                    region_id=world.region_id, institution_id=world.institution_id, code="S9", name="九站", lon=1, lat=1
                )
            )
            await ask_together(session, [asked])
            assert len(await asked.ask(session)) == before + 1

    async def test_the_trail_names_what_was_shown_and_nothing_else(self, world: World) -> None:
        person_id = await world.add_patient(home_id=await world.add_home())
        async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, NOW) as session:
            await ask_together(session, of(world, person_id))
            touched = trail.of(session)
            assert touched.person_ids == {person_id}
            assert touched.reads == {"homes", "patients"}, "of coverages none was met"
            assert "coverages" in touched.asked
