"""Steps of rooms: taken together they are carried out in their order, in one round trip, or not at all."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from service.accounts.rules import Role
from service.billing import errors
from service.billing.models import VisitFee
from service.core.db import steps
from service.core.db.session import transaction
from service.core.db.steps import Step, take_together
from service.core.ids import new_id
from service.core.jobs import queue
from service.core.jobs.queue import Job
from service.institutions import repository as institutions
from service.visits.models import Trip
from tests.core.test_questions import statements
from tests.world import NOW, World

pytestmark = pytest.mark.database


def trip(world: World, home_id: UUID) -> Trip:
    own = {"region_id": world.region_id, "institution_id": world.institution_id}
    return Trip(**own, home_id=home_id, crew_key=new_id().hex, arrived_at=NOW, left_at=NOW)


def fee(stay: Trip, shares: Any) -> VisitFee:
    own = {"region_id": stay.region_id, "institution_id": stay.institution_id, "trip_id": stay.id}
    return VisitFee(**own, home_id=stay.home_id, round=1, fee_fen=None, shares=shares)


async def count(world: World, table: str) -> int:
    async with world.owner.connect() as connection:
        query = text(f"select count(*) from {table} where region_id = :region")
        return int((await connection.execute(query, {"region": world.region_id})).scalar_one())


class TestTakenTogether:
    async def test_each_finds_what_the_ones_before_have_done(self, world: World) -> None:
        said = Step(
            "select set_config('test.said', concat(current_setting('test.said', true), cast(:word as text)), true)", {}
        )
        words = [Step(said.sql, {"word": word}) for word in "abcdefgh"]
        async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, NOW) as session:
            await take_together(session, words)
            assert await session.scalar(text("select current_setting('test.said')")) == "abcdefgh"

    async def test_a_step_uses_what_its_own_first_statements_answer(self, world: World) -> None:
        both = [
            Step(
                "select set_config('test.' || :name, word, true) from given",
                {"name": name, "word": word},
                first={"given": "select cast(:word as text) as word"},
            )
            for name, word in (("one", "first"), ("two", "second"))
        ]
        async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, NOW) as session:
            await take_together(session, both)
            told = "select current_setting('test.one'), current_setting('test.two')"
            assert tuple((await session.execute(text(told))).one()) == ("first", "second")

    async def test_what_one_of_them_is_refused_none_has_done(self, world: World) -> None:
        home_id = await world.add_home()
        stay = trip(world, home_id)
        twice = [vars(fee(stay, {}))] * 2
        with pytest.raises(errors.TripSettled):
            async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, NOW) as session:
                await take_together(session, [steps.rows(Trip, [vars(stay)]), steps.rows(VisitFee, twice)])
        assert await count(world, "trips") == 0

    async def test_what_was_at_hand_is_asked_anew(self, world: World, app_engine: AsyncEngine) -> None:
        home_id = await world.add_home()
        at = {"region_id": world.region_id, "institution_id": world.institution_id}
        async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, NOW) as session:
            await institutions.INSTITUTION.ask(session, **at)
            await take_together(session, [steps.rows(Trip, [vars(trip(world, home_id))])])
            with statements(app_engine) as seen:
                await institutions.INSTITUTION.ask(session, **at)
        assert len(seen) == 1


class TestRows:
    async def test_are_written_as_the_mapper_writes_them(self, world: World) -> None:
        home_id, shares = await world.add_home(), {"甲": 3900, "list": [None, "x"]}
        stays = [trip(world, home_id) for _ in range(2)]
        fees = [fee(each, shares) for each in stays]
        async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, NOW) as session:
            session.add(stays[0])
            await session.flush()
            session.add(fees[0])
            await session.flush()
            left_out = {"left_at"}
            row = {name: value for name, value in vars(stays[1]).items() if name not in left_out}
            await take_together(session, [steps.rows(Trip, [row]), steps.rows(VisitFee, [vars(fees[1])])])
        async with AsyncSession(world.owner) as owner:
            for stay, expected in zip(stays, fees, strict=True):
                found = await owner.get_one(VisitFee, (stay.region_id, stay.id, home_id, 1))
                assert (found.shares, found.fee_fen, found.institution_id) == (shares, None, expected.institution_id)
            written = await owner.get_one(Trip, (world.region_id, stays[1].id))
        assert (written.arrived_at, written.left_at, written.crew_key) == (NOW, None, stays[1].crew_key)

    async def test_of_several_tables_are_one_round_trip_and_named_in_the_audit_trail(
        self, world: World, app_engine: AsyncEngine
    ) -> None:
        stay = trip(world, await world.add_home())
        written = [steps.rows(Trip, [vars(stay)]), steps.rows(VisitFee, [vars(fee(stay, {}))])]
        with statements(app_engine) as seen:
            async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, NOW) as session:
                await take_together(session, written)
        assert len(seen) == 1
        async with world.owner.connect() as connection:
            query = text("select changes from audit_entries where region_id = :region order by seq desc limit 1")
            changes = (await connection.execute(query, {"region": world.region_id})).scalar_one()
        assert changes == [
            {"table": "trips", "verb": "insert", "ids": [str(stay.id)]},
            {"table": "visit_fees", "verb": "insert", "ids": [f"{stay.id}/{stay.home_id}/1"]},
        ]


class TestJob:
    async def test_is_enqueued_as_the_queue_s_own_statement_enqueues_it(self, world: World) -> None:
        job = Job(region_id=world.region_id, institution_ids=(world.institution_id,), subject_id=new_id())
        async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, NOW) as session:
            await queue.enqueue(session, "test.news", job)
            await take_together(session, [queue.step("test.news", job)])
        for table, own in (("pgqueuer", ["id"]), ("pgqueuer_log", ["id", "job_id"])):
            ids = "select id from pgqueuer where payload = :payload"
            where = "payload = :payload" if table == "pgqueuer" else f"job_id in ({ids})"
            async with world.owner.connect() as connection:
                query = text(f"select to_jsonb(t) as row from {table} t where {where}")
                found = await connection.execute(query, {"payload": job.model_dump_json().encode()})
                one, other = [{name: value for name, value in each.row.items() if name not in own} for each in found]
            assert one == other
