"""What other rooms are told of staff, and what the fence shows of them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts.rules import Role
from service.core import problems
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Principal
from service.practitioners import rules, usecases
from tests.world import CENTRE, World

START = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
DAY = date(2026, 3, 3)


def inside(world: World, principal: Principal | None = None):
    fence = (principal or world.principal(Role.dispatcher)).fence
    return transaction(world.house.sessions, fence, world.clock.now())


async def staff_of(world: World, *institution_ids, on: date = DAY, principal: Principal | None = None):
    async with inside(world, principal) as session:
        asked = institution_ids or (world.institution_id,)
        return await usecases.day_staff(session, region_id=world.region_id, institution_ids=asked, on=on)


class TestDayStaff:
    async def test_tells_who_works_with_what_from_where(self, world):
        nurse = await world.add_practitioner(skills=("wound_care", "blood_draw"), travel_mode="car")
        lunch = (START + timedelta(hours=3), START + timedelta(hours=5), 60)
        await world.add_shift(nurse, START, START + timedelta(hours=9), lunch=lunch)
        await world.add_practitioner()  # no shift, no duty
        (found,) = await staff_of(world)
        assert found == rules.StaffDay(
            practitioner_id=nurse,
            institution_id=world.institution_id,
            name=found.name,
            role=rules.PractitionerRole.nurse,
            sex=found.sex,
            skills=frozenset({"wound_care", "blood_draw", "role:nurse", "title:assistant", "title:junior"}),
            licensed=True,
            lon=CENTRE[0],
            lat=CENTRE[1],
            travel_mode=found.travel_mode,
            shift_start=START,
            shift_end=START + timedelta(hours=9),
            lunch_from=lunch[0],
            lunch_to=lunch[1],
            lunch_minutes=60,
        )
        assert (found.sex, found.travel_mode) == ("female", "car")
        assert await staff_of(world, on=DAY + timedelta(days=1)) == []

    async def test_shows_no_one_of_institutions_outside_the_fence(self, world):
        other, station = new_id(), new_id()
        await world.add_institution(other, station_id=station, lon=106.5)
        stranger = await world.add_practitioner(institution_id=other, station_id=station)
        await world.add_shift(stranger, START, START + timedelta(hours=9), institution_id=other)
        assert await staff_of(world, world.institution_id, other) == []
        both = world.principal(Role.dispatcher, institution_ids=(world.institution_id, other))
        (found,) = await staff_of(world, world.institution_id, other, principal=both)
        assert (found.practitioner_id, found.institution_id, found.lon) == (stranger, other, 106.5)
        assert await staff_of(world, principal=both) == []


class TestPeople:
    async def test_an_account_leads_to_its_practitioner(self, world):
        account_id = await world.add_account(Role.nurse, world.institution_id)
        nurse = await world.add_practitioner(account_id=account_id)
        async with inside(world) as session:
            found = await usecases.find_of_account(session, region_id=world.region_id, account_id=account_id)
            assert found == await usecases.get_practitioner(session, region_id=world.region_id, practitioner_id=nurse)
            assert found is not None
            assert (found.id, found.role, found.station_id) == (nurse, "nurse", world.station_id)
            assert await usecases.find_of_account(session, region_id=world.region_id, account_id=new_id()) is None
            with pytest.raises(problems.NotFound):
                await usecases.get_practitioner(session, region_id=world.region_id, practitioner_id=new_id())

    async def test_licences_are_told_for_everyone_asked_for(self, world):
        nurse, nobody = await world.add_practitioner(skills=("rehab",)), new_id()
        async with inside(world) as session:
            found = await usecases.licences(session, region_id=world.region_id, practitioner_ids=[nurse, nobody])
        licence = rules.LicenceFacts(date(2020, 1, 1), date(2030, 12, 31))
        assert found == {nurse: (licence,), nobody: ()}


class TestFence:
    TABLES = ("practitioners", "qualifications", "shifts")

    async def counts(self, world: World, principal: Principal) -> list[int]:
        async with inside(world, principal) as session:
            return [(await session.execute(text(f"select count(*) from {each}"))).scalar_one() for each in self.TABLES]

    async def test_only_the_own_institution_sees_its_staff(self, world):
        nurse = await world.add_practitioner()
        await world.add_shift(nurse, START, START + timedelta(hours=9))
        assert await self.counts(world, world.principal(Role.nurse)) == [1, 1, 1]
        elsewhere = world.principal(Role.dispatcher, institution_ids=(await world.add_institution(),))
        abroad = Principal(new_id(), new_id(), Role.dispatcher, frozenset(), (world.institution_id,))
        for stranger in (elsewhere, abroad, world.principal(Role.region_admin), world.principal(Role.elder)):
            assert await self.counts(world, stranger) == [0, 0, 0]

    async def test_no_other_institution_changes_or_adds_staff(self, world):
        await world.add_practitioner()
        elsewhere = world.principal(Role.dispatcher, institution_ids=(await world.add_institution(),))
        async with inside(world, elsewhere) as session:
            assert (await session.execute(text("update practitioners set active = false"))).rowcount == 0
        insert = (
            "insert into practitioners (region_id, id, institution_id, staff_no, name, sex, role, title, station_id,"
            f" travel_mode, active) values ('{world.region_id}', '{new_id()}', '{world.institution_id}', 'X', 'x',"
            f" 'male', 'nurse', 'none', '{world.station_id}', 'car', true)"
        )
        with pytest.raises(DBAPIError, match="row-level security"):
            async with inside(world, elsewhere) as session:
                await session.execute(text(insert))
