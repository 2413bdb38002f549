"""What leaves a row, and what stands in it: however a statement was written, and never what a row holds."""

import dataclasses
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col

from service.accounts.rules import Role
from service.core.audit import doing
from service.core.db import fences
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.institutions.models import Station
from service.orders.models import Order
from service.patients.models import Coverage, KeyGroupRow, Patient
from service.practitioners.models import Practitioner, Shift
from tests.world import NOW, World

pytestmark = pytest.mark.database


class Scribe:
    """Carries something out behind the institution's fence, and reads the rows it left."""

    def __init__(self, world: World, owner: AsyncEngine) -> None:
        self.world = world
        self._owner = owner

    async def act(self, deed: Callable[[AsyncSession], Awaitable[Any]]) -> list[Row[Any]]:
        """Do it in a transaction; return the rows of the region."""
        fence = Fence(self.world.region_id, (self.world.institution_id,), new_id())
        async with transaction(self.world.house.sessions, fence, NOW) as session:
            await deed(session)
        return await self.rows()

    async def rows(self) -> list[Row[Any]]:
        """Return the region's rows, the oldest first."""
        query = text("select * from audit_entries where region_id = :region order by at")
        async with self._owner.connect() as connection:
            return list((await connection.execute(query, {"region": self.world.region_id})).all())


@pytest.fixture
async def scribe(world: World, owner_engine: AsyncEngine) -> Scribe:
    """A scribe of the test's own region."""
    return Scribe(world, owner_engine)


class TestReads:
    async def test_a_person_loaded_as_a_row(self, scribe: Scribe) -> None:
        person = await scribe.world.add_patient()
        [row] = await scribe.act(lambda session: session.get(Patient, (scribe.world.region_id, person)))
        assert (row.person_ids, row.reads, row.changes) == ([person], ["patients"], [])

    async def test_a_single_column_of_a_person_s_row(self, scribe: Scribe) -> None:
        person = await scribe.world.add_patient()
        query = select(col(Patient.born_on)).where(col(Patient.id) == person)
        [row] = await scribe.act(lambda session: session.execute(query))
        assert row.reads == ["patients"]

    async def test_a_column_asked_for_by_person_names_the_person(self, scribe: Scribe) -> None:
        person = await scribe.world.add_patient()
        await scribe.world.add(_group(scribe.world, person))
        query = select(col(KeyGroupRow.key_group)).where(col(KeyGroupRow.person_id) == person)
        [row] = await scribe.act(lambda session: session.execute(query))
        assert (row.person_ids, row.reads) == ([person], ["key_group_rows"])

    async def test_several_people_in_one_list(self, scribe: Scribe) -> None:
        people = [await scribe.world.add_patient() for _ in range(3)]
        await scribe.world.add(*(_group(scribe.world, each) for each in people))
        query = select(col(KeyGroupRow.key_group)).where(col(KeyGroupRow.person_id).in_(people))
        [row] = await scribe.act(lambda session: session.execute(query))
        assert set(row.person_ids) == set(people)

    @pytest.mark.parametrize(
        "sql",
        [
            "select count(*) from patients",
            "select 1 where exists (select from Patients)",
            'select born_on from public."patients"',
            "with them as (select id from patients) select * from them",
            "select s.code from stations s join patients p on p.region_id = s.region_id",
        ],
    )
    async def test_plain_sql_however_it_names_the_table(self, scribe: Scribe, sql: str) -> None:
        await scribe.world.add_patient()
        [row] = await scribe.act(lambda session: session.execute(text(sql)))
        assert row.reads == ["patients"]

    async def test_a_function_that_answers_from_people_s_rows(self, scribe: Scribe) -> None:
        person = await scribe.world.add_patient()
        asked = select(func.orders_count_open(person, ["accepted"]))
        [row] = await scribe.act(lambda session: session.execute(asked))
        assert row.reads == ["orders"]

    async def test_a_list_that_shows_nobody_leaves_none(self, scribe: Scribe) -> None:
        assert await scribe.act(lambda session: session.execute(select(Patient))) == []

    async def test_what_is_about_nobody_leaves_none(self, scribe: Scribe) -> None:
        assert await scribe.act(lambda session: session.execute(select(Station))) == []
        assert await scribe.act(lambda session: session.execute(text("select 'patients'"))) == []


class TestChanges:
    async def test_a_row_put_in_changed_and_taken_out(self, scribe: Scribe) -> None:
        person = await scribe.world.add_patient()
        group = _group(scribe.world, person)

        async def put_in(session: AsyncSession) -> None:
            session.add(group)

        async def change(session: AsyncSession) -> None:
            row = await session.get_one(KeyGroupRow, (group.region_id, group.id))
            row.key_group, row.valid_from = "dementia", row.valid_from

        first, second = (await scribe.act(put_in))[0], (await scribe.act(change))[1]
        ids = [str(group.id)]
        assert first.changes == [{"table": "key_group_rows", "verb": "insert", "ids": ids}]
        assert second.changes == [{"table": "key_group_rows", "verb": "update", "columns": ["key_group"], "ids": ids}]
        assert first.person_ids == second.person_ids == [person]

    async def test_a_row_deleted(self, scribe: Scribe) -> None:
        world = scribe.world
        practitioner = await world.add_practitioner()
        await world.add_shift(practitioner, NOW, NOW + timedelta(hours=8))

        async def remove(session: AsyncSession) -> None:
            await session.delete((await session.execute(select(Shift))).scalar_one())

        [row] = await scribe.act(remove)
        [change] = row.changes
        assert (change["table"], change["verb"], len(change["ids"])) == ("shifts", "delete", 1)

    @pytest.mark.parametrize("written", ["orm", "core", "text", "upsert"])
    async def test_an_update_however_it_is_written(self, scribe: Scribe, written: str) -> None:
        practitioner = await scribe.world.add_practitioner()
        table = fences.table_of(Practitioner)
        where = "where id = :id"
        statements: dict[str, Any] = {
            "orm": update(Practitioner).where(col(Practitioner.id) == practitioner).values(name="张三丰"),
            "core": update(table).where(table.c.id == practitioner).values(name="张三丰"),
            "text": text(f"UPDATE practitioners AS p SET name = '张三丰' {where}").bindparams(id=practitioner),
            "upsert": text(
                f"insert into practitioners select * from practitioners {where}"
                " on conflict (region_id, id) do update set name = '张三丰'"
            ).bindparams(id=practitioner),
        }
        [row] = await scribe.act(lambda session: session.execute(statements[written]))
        verb = "insert" if written == "upsert" else "update"
        assert [(each["table"], each["verb"]) for each in row.changes] == [("practitioners", verb)]
        assert written == "upsert" or row.changes[0]["columns"] == ["name"]
        assert "张三丰" not in json.dumps(row.changes, ensure_ascii=False)

    async def test_an_insert_that_no_session_flushed(self, scribe: Scribe) -> None:
        person = await scribe.world.add_patient()
        row = _group(scribe.world, person)
        statement = insert(KeyGroupRow).values(row.model_dump())
        [left] = await scribe.act(lambda session: session.execute(statement))
        assert left.changes == [{"table": "key_group_rows", "verb": "insert", "ids": [str(row.id)]}]
        assert left.person_ids == [person]

    async def test_a_function_that_writes(self, scribe: Scribe) -> None:
        person = await scribe.world.add_patient()
        asked = select(func.patients_relate_institution(new_id(), person, scribe.world.institution_id, "test"))
        [row] = await scribe.act(lambda session: session.execute(asked))
        assert row.changes == [{"table": "patients_relate_institution", "verb": "call"}]

    async def test_an_update_that_met_no_row_leaves_none(self, scribe: Scribe) -> None:
        statement = update(Order).where(col(Order.id) == new_id()).values(state="closed")
        assert await scribe.act(lambda session: session.execute(statement)) == []

    async def test_what_was_flushed_only_by_the_commit_is_in_the_row(self, scribe: Scribe) -> None:
        person = await scribe.world.add_patient()

        async def cover(session: AsyncSession) -> None:
            session.add(
                Coverage(region_id=scribe.world.region_id, person_id=person, plan_code="A", valid_from=NOW.date())
            )

        [row] = await scribe.act(cover)
        assert [each["table"] for each in row.changes] == ["coverages"]


class TestWho:
    async def test_a_request_says_who_why_and_from_where(self, scribe: Scribe) -> None:
        world = scribe.world
        person, account = await world.add_patient(), await world.add_account(Role.dispatcher, world.institution_id)
        client = world.client(world.principal(Role.dispatcher, account))
        said = {"X-Purpose": "complaint", "X-Request-Id": "request-0001", "User-Agent": "王小明的手机"}
        headers = {name: value.encode() for name, value in said.items()}
        assert (await client.get(f"/patients/{person}", headers=headers)).status_code == 200
        [row] = await scribe.rows()
        assert (row.account_id, row.role, row.institution_ids) == (account, "dispatcher", [world.institution_id])
        assert (row.operation, row.subject, row.purpose) == ("read_patient", f"person_id={person}", "complaint")
        assert (row.address, row.request_id, row.world_at) == (scribe.world.address, "request-0001", NOW)
        assert "王" not in str(row)
        assert row.person_ids == [person]

    async def test_a_purpose_is_a_code_and_nothing_else(self, scribe: Scribe) -> None:
        client = await scribe.world.as_role(Role.dispatcher)
        answer = await client.get("/patients", headers={"X-Purpose": "curious"})
        assert answer.status_code == 422

    async def test_whoever_acts_for_somebody_is_named_beside_him(self, scribe: Scribe) -> None:
        world = scribe.world
        person, elder, backend = await world.add_patient(), await world.add_account(Role.elder), new_id()
        await world.add_relation(person, elder)
        own = world.principal(Role.elder, elder)
        client = world.client(dataclasses.replace(own, client_id=backend))
        assert (await client.get(f"/patients/{person}")).status_code == 200
        [row] = await scribe.rows()
        assert (row.account_id, row.client_id) == (elder, backend)

    async def test_a_job_is_named_by_its_news(self, scribe: Scribe) -> None:
        person, subject = await scribe.world.add_patient(), new_id()
        with doing.work("visit.final", f"subject_id={subject}"):
            [row] = await scribe.act(lambda session: session.get(Patient, (scribe.world.region_id, person)))
        assert (row.operation, row.subject, row.address) == ("visit.final", f"subject_id={subject}", None)

    async def test_a_key_shown_again_shows_the_answer_again_and_leaves_a_row_again(self, scribe: Scribe) -> None:
        client = await scribe.world.as_role(Role.dispatcher)
        body = {
            "institution_id": str(scribe.world.institution_id), "name": "张桂兰", "sex": "female",
            "born_on": "1945-05-01", "id_number": scribe.world.id_number(),
        }  # fmt: skip
        for _ in range(2):
            answer = await client.post("/patients", json=body, headers={"Idempotency-Key": "张桂兰".encode().hex()})
            assert answer.status_code == 201
        first, second = await scribe.rows()
        assert first.person_ids == [UUID(answer.json()["id"])]
        assert (second.changes, second.reads) == ([], ["idempotent_answers"])
        for never in ("张桂兰", body["id_number"], "张桂兰".encode().hex()):
            assert never not in str(first) + str(second)


class TestRefusals:
    async def test_somebody_refused_a_person_s_data_leaves_a_row_of_the_refusal(self, scribe: Scribe) -> None:
        world = scribe.world
        person = await world.add_patient()
        stranger = await world.as_role(Role.dispatcher, await world.add_institution())
        assert (await stranger.get(f"/patients/{person}")).status_code == 404
        [row] = await scribe.rows()
        assert (row.operation, row.subject, row.refused) == ("read_patient", f"person_id={person}", "not-found")
        assert row.changes == []

    async def test_what_the_refused_request_had_changed_is_not_told_as_a_change(self, scribe: Scribe) -> None:
        client = await scribe.world.as_role(Role.dispatcher)
        answer = await client.post(f"/orders/{new_id()}/acceptance")
        assert answer.status_code == 404
        [row] = await scribe.rows()
        assert (row.operation, row.refused, row.changes) == ("accept_order", "not-found", [])


def _group(world: World, person_id: UUID) -> KeyGroupRow:
    return KeyGroupRow(region_id=world.region_id, person_id=person_id, key_group="chronic", valid_from=NOW.date())
