"""Races of notices, on real connections, with the application's own checks switched off."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from service.core.db.refusals import constraint_of
from service.core.db.session import raise_fence
from service.core.ids import new_id
from service.core.principal import Fence
from tests.notices.conftest import Desk, desk

__all__ = ["desk"]
pytestmark = pytest.mark.database

INSERT = text(
    "insert into notices (region_id, institution_id, id, person_id, recipient_id, kind, channel, cause, subject_id,"
    " parameters_sealed, said, state, suppressed, created_at, due_at, expires_at, attempts) values (:region,"
    " :institution, :id, :person, :person, 'bill_ready', 'sms', 'bill/1', :id, '', '', 'suppressed', 'no_mobile',"
    " now(), now(), now(), 0)"
)
TEMPLATE = text(
    "insert into notice_templates (region_id, id, kind, provider_code, text, valid_from, valid_to)"
    " values (:region, :id, 'bill_ready', 'SMS_1', 'x', date '2001-01-01', date '2001-12-31')"
)


async def alone(engine: AsyncEngine, desk: Desk, sql: Any, values: dict[str, Any]) -> str:
    """Run a statement as the application's role in a transaction of its own; return what said no."""
    async with AsyncSession(engine) as session:
        try:
            async with session.begin():
                await raise_fence(session, desk.fence, desk.world.clock.now())
                await session.execute(sql, values)
        except DBAPIError as error:
            return constraint_of(error) or "permission denied"
    return ""


class TestTheDatabaseAlone:
    async def test_lets_a_cause_be_told_once_to_each_recipient(self, desk: Desk, app_engine: AsyncEngine) -> None:
        world = desk.world
        values = [
            {"region": world.region_id, "institution": world.institution_id, "id": new_id(), "person": desk.person_id}
            for _ in range(8)
        ]
        refused = await asyncio.gather(*(alone(app_engine, desk, INSERT, each) for each in values))
        assert sorted(refused) == ["", *["notices_once"] * 7]

    async def test_lets_one_text_of_a_kind_be_in_force(self, desk: Desk, app_engine: AsyncEngine) -> None:
        region_id, now = desk.world.region_id, desk.world.clock.now()

        async def put() -> str:
            try:
                async with AsyncSession(app_engine) as session, session.begin():
                    await raise_fence(session, Fence(region_id, account_id=new_id(), region_wide=True), now)
                    await session.execute(TEMPLATE, {"region": region_id, "id": new_id()})
                    await asyncio.sleep(0.05)  # so that the others stand at the same door
            except DBAPIError as error:
                return constraint_of(error) or str(getattr(error.orig, "sqlstate", ""))
            return "put"

        found = Counter(await asyncio.gather(*(put() for _ in range(6))))
        # those who wait for each other in a ring are parted by PostgreSQL (40P01), and are refused as well
        assert found["put"] == 1
        assert set(found) <= {"put", "notice_templates_one_text", "40P01"}

    async def test_lets_nobody_change_what_was_told_or_to_whom(self, desk: Desk, app_engine: AsyncEngine) -> None:
        [notice] = await desk.notify()
        for change in ("parameters_sealed = ''", "phone_sealed = null", "cause = 'x'", "person_id = id"):
            sql = text(f"update notices set {change} where id = :id")
            assert await alone(app_engine, desk, sql, {"id": notice}) == "permission denied"
        sql = text("delete from notices where id = :id")
        assert await alone(app_engine, desk, sql, {"id": notice}) == "permission denied"

    async def test_shows_another_institution_neither_notices_nor_contacts(
        self, desk: Desk, app_engine: AsyncEngine
    ) -> None:
        await desk.proxy(phone="13800000002", rights=["view", "pay"])
        await desk.notify()
        other = await desk.world.add_institution()
        async with AsyncSession(app_engine) as session, session.begin():
            await raise_fence(session, Fence(desk.world.region_id, (other,)), desk.world.clock.now())
            for sql in (
                "select count(*) from notices",
                "select count(*) from notice_contacts",
                f"select count(*) from notices_contacts('{desk.person_id}')",
            ):
                assert (await session.execute(text(sql))).scalar_one() == 0, sql

    async def test_lets_a_report_end_only_what_waits_for_one(self, desk: Desk, app_engine: AsyncEngine) -> None:
        [notice] = await desk.notify()
        report = text("select notices_report(:region, :id, 'b^0', true, 'DELIVERED')")
        values = {"region": desk.world.region_id, "id": notice}
        async with AsyncSession(app_engine) as session, session.begin():
            await raise_fence(session, Fence(), desk.world.clock.now())
            assert (await session.execute(report, values)).scalar_one() is False
        await desk.work(notice)
        await desk.change(notice, "provider_id = 'b^0'")

        async def once() -> bool:
            async with AsyncSession(app_engine) as session, session.begin():
                await raise_fence(session, Fence(), desk.world.clock.now() + timedelta(minutes=1))
                return bool((await session.execute(report, values)).scalar_one())

        assert sorted(await asyncio.gather(*(once() for _ in range(8)))) == [False] * 7 + [True]


class TestManyWhoTell:
    async def test_the_same_at_once_tell_it_once(self, desk: Desk) -> None:
        draft = desk.draft("c1")
        told = await asyncio.gather(*(desk.notify(draft) for _ in range(8)))
        assert sorted(map(len, told)) == [0] * 7 + [1]
