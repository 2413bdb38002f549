"""Races at the door, on real connections, with the application's own check switched off."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from service.accounts.rules import Role
from service.core.db.refusals import constraint_of
from service.core.db.session import raise_fence
from service.core.ids import new_id
from service.core.principal import Fence
from tests.visits.conftest import Doors, doors
from tests.world import CENTRE, World

__all__ = ["doors"]
pytestmark = pytest.mark.database

FAR = {"lon": CENTRE[0] + 0.02, "lat": CENTRE[1], "datum": "wgs84", "accuracy_metres": 10}


async def _alone(engine: AsyncEngine, world: World, sql: str, values: dict[str, object]) -> str | None:
    """Run one statement as the application's role, in a transaction of its own; return the constraint that said no."""
    async with AsyncSession(engine) as session:
        try:
            async with session.begin():
                await raise_fence(session, Fence(world.region_id, (world.institution_id,)), world.clock.now())
                await session.execute(text(sql), values)
        except (IntegrityError, DBAPIError) as error:
            return constraint_of(error)
    return None


class TestTheSameStepReportedManyTimesAtOnce:
    async def test_is_stored_once_and_answered_every_time(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        answers = await asyncio.gather(*(door.say("depart") for _ in range(8)))
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert 201 in {answer.status_code for answer in answers}
        async with doors.world.owner.connect() as connection:
            stored = await connection.execute(
                text(
                    "select count(*) from visit_events e join visits v on v.id = e.visit_id where v.order_id = :order"
                ),
                {"order": door.order_id},
            )
            visits = await connection.execute(
                text("select count(*) from visits where order_id = :order"), {"order": door.order_id}
            )
        assert (stored.scalar_one(), visits.scalar_one()) == (1, 1)

    async def test_of_a_visit_in_parts_is_stored_once_for_each_part(
        self, doors: Doors, app_engine: AsyncEngine
    ) -> None:
        ways = [{"duration_minutes": 10, "after_min_minutes": 1, "after_max_minutes": 90}] * 2
        door = await doors.open([await doors.member()], parts=ways)
        visit = await door.until("start")
        sql = (
            "insert into visit_events (region_id, institution_id, id, visit_id, kind, practitioner_id, happened_at,"
            " received_at, part) values (:region, :institution, :id, :visit, 'step_out', :who, now(), now(), :part)"
        )
        values: list[dict[str, object]] = [
            {
                "region": door.world.region_id, "institution": door.world.institution_id, "id": new_id(),
                "visit": UUID(visit["id"]), "who": door.crew[0].practitioner_id, "part": part,
            }
            for part in (1, 2) * 4
        ]  # fmt: skip
        refused = await asyncio.gather(*(_alone(app_engine, door.world, sql, each) for each in values))
        assert sorted(map(str, refused)) == ["None"] * 2 + ["visit_events_once"] * 6


class TestTheDatabaseAlone:
    async def test_keeps_a_crew_in_one_place(self, doors: Doors, app_engine: AsyncEngine) -> None:
        world, home_id = doors.world, await doors.world.add_home()
        await world.add_patient(home_id=home_id)
        sql = (
            "insert into trips (region_id, institution_id, id, home_id, crew_key, arrived_at)"
            " values (:region, :institution, :id, :home, 'a,b', now())"
        )
        values = [
            {"region": world.region_id, "institution": world.institution_id, "id": new_id(), "home": home_id}
            for _ in range(8)
        ]
        refused = await asyncio.gather(*(_alone(app_engine, world, sql, each) for each in values))
        assert sorted(map(str, refused)) == ["None", *["trips_one_open"] * 7]

    async def test_makes_one_visit_of_an_order(self, doors: Doors, app_engine: AsyncEngine) -> None:
        door = await doors.open([await doors.member()])
        world = doors.world
        sql = (
            "insert into visits (region_id, institution_id, id, order_id, person_id, home_id, mode, service_on,"
            " planned_start_at, planned_end_at, trip_key, state, verified) values (:region, :institution, :id, :order,"
            " :person, :home, 'home_visit', :on, now(), now(), :id, 'prepared', false)"
        )
        values = [
            {
                "region": world.region_id, "institution": world.institution_id, "id": new_id(), "order": door.order_id,
                "person": door.person_id, "home": door.home_id, "on": door.start.date(),
            }
            for _ in range(8)
        ]  # fmt: skip
        refused = await asyncio.gather(*(_alone(app_engine, world, sql, each) for each in values))
        assert sorted(map(str, refused)) == ["None", *["visits_one_per_order"] * 7]

    async def test_lets_an_exception_be_decided_once_and_never_changed(
        self, doors: Doors, app_engine: AsyncEngine
    ) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("complete", **FAR)
        sql = (
            "update visit_exceptions set decision = :decision, reason_code = 'no_signal', decided_at = now(),"
            " decided_by_account_id = :who where id = :id"
        )
        values = [
            {
                "decision": "approved" if each % 2 else "refused",
                "who": new_id(),
                "id": UUID(visit["exceptions"][0]["id"]),
            }
            for each in range(8)
        ]
        refused = await asyncio.gather(*(_alone(app_engine, doors.world, sql, each) for each in values))
        assert sorted(map(str, refused)) == ["None", *["visit_exceptions_decided_for_good"] * 7]

    async def test_never_calls_a_visit_verified_that_has_no_times(self, doors: Doors, app_engine: AsyncEngine) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("depart")
        refused = await _alone(
            app_engine, doors.world, "update visits set verified = true where id = :id", {"id": UUID(visit["id"])}
        )
        assert refused == "ck_visits_verified_has_times"

    async def test_does_not_let_an_event_be_changed(self, doors: Doors, app_engine: AsyncEngine) -> None:
        door = await doors.open([await doors.member()])
        await door.until("depart")
        for sql in ("update visit_events set home_distance_metres = 0", "delete from visit_events"):
            with pytest.raises(DBAPIError, match="permission denied"):
                async with app_engine.begin() as connection:
                    await connection.execute(text(sql))


class TestTwoDispatchers:
    async def test_decide_an_exception_once(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("complete", **FAR)
        path = f"/visits/{visit['id']}/exceptions/{visit['exceptions'][0]['id']}/decision"
        clients = [await doors.world.as_role(Role.dispatcher) for _ in range(4)]
        bodies = [{"decision": each, "reason_code": "no_signal"} for each in ("approved", "refused") * 2]
        answers = await asyncio.gather(
            *(client.post(path, json=body) for client, body in zip(clients, bodies, strict=True))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


async def test_a_stay_ends_when_the_crew_departs_even_if_phones_are_late(doors: Doors) -> None:
    crew = [await doors.member()]
    first = await doors.open(crew)
    second = await doors.open(crew, start=first.start + timedelta(minutes=45))
    before = await first.until("complete")
    after = await second.until("leave")
    assert before["trip_id"] != after["trip_id"]
