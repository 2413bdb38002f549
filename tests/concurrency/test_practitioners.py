"""Races about staff, on connections of their own, as the application's role, past every check of the application."""

import asyncio
from collections import Counter
from datetime import date, timedelta

from service.accounts.rules import Role
from service.core import problems
from service.core.clock import local_date
from service.core.dates import moments
from service.core.db.session import transaction
from service.core.ids import new_id
from service.practitioners import absence_repository, errors, repository
from service.practitioners.absence_models import Absence
from service.practitioners.models import Practitioner, Qualification, Shift
from tests.world import NOW, World


async def race(world: World, *rows) -> Counter:
    """Insert rows at once, each in its own transaction; return how often each outcome came."""
    assert repository  # it has named the constraints
    assert absence_repository
    start = asyncio.Barrier(len(rows))

    async def one(row):
        try:
            async with transaction(
                world.house.sessions, world.principal(Role.institution_admin).fence, world.clock.now()
            ) as session:
                await start.wait()
                session.add(row)
                await session.flush()
        except problems.Refusal as refusal:
            return type(refusal)
        return None

    return Counter(await asyncio.gather(*map(one, rows)))


class TestShifts:
    def shift(self, world: World, practitioner_id, start, hours: int) -> Shift:
        return Shift(
            region_id=world.region_id,
            institution_id=world.institution_id,
            practitioner_id=practitioner_id,
            service_on=local_date(start),
            during=moments(start, start + timedelta(hours=hours)),
        )

    async def test_of_overlapping_shifts_at_once_one_stands(self, world):
        nurse = await world.add_practitioner()
        start = NOW + timedelta(days=1)
        rows = [self.shift(world, nurse, start + timedelta(minutes=each), 9) for each in range(4)]
        assert await race(world, *rows) == {None: 1, errors.ShiftOverlaps: 3}

    async def test_shifts_of_one_day_that_do_not_overlap_all_stand(self, world):
        nurse = await world.add_practitioner()
        rows = [self.shift(world, nurse, NOW + timedelta(hours=2 * each), 2) for each in range(3)]
        assert await race(world, *rows) == {None: 3}

    async def test_two_people_work_at_once(self, world):
        rows = [self.shift(world, await world.add_practitioner(), NOW, 8) for _ in range(2)]
        assert await race(world, *rows) == {None: 2}


class TestAbsences:
    def absence(self, world: World, practitioner_id, start, hours: int) -> Absence:
        return Absence(
            region_id=world.region_id,
            institution_id=world.institution_id,
            practitioner_id=practitioner_id,
            during=moments(start, start + timedelta(hours=hours)),
            reason="leave",
            entered_by_account_id=new_id(),
            entered_at=NOW,
        )

    async def test_of_overlapping_absences_at_once_one_stands(self, world):
        nurse = await world.add_practitioner()
        rows = [self.absence(world, nurse, NOW + timedelta(hours=each), 48) for each in range(4)]
        assert await race(world, *rows) == {None: 1, errors.AbsenceOverlaps: 3}

    async def test_one_after_the_other_and_of_two_people_all_stand(self, world):
        nurse = await world.add_practitioner()
        rows = [self.absence(world, nurse, NOW + timedelta(hours=4 * each), 4) for each in range(3)]
        rows.append(self.absence(world, await world.add_practitioner(), NOW, 48))
        assert await race(world, *rows) == {None: 4}


class TestCertificates:
    async def test_a_certificate_becomes_one_practitioners(self, world):
        rows = [
            Qualification(
                region_id=world.region_id,
                institution_id=world.institution_id,
                practitioner_id=await world.add_practitioner(),
                kind="skill",
                code="wound_care",
                certificate_no="技01",
                valid_from=date(2026, 3, 1) + timedelta(days=day),
            )
            for day in range(4)
        ]
        assert await race(world, *rows) == {None: 1, errors.CertificateTaken: 3}


class TestAccounts:
    async def test_an_account_becomes_one_practitioners(self, world):
        account_id = await world.add_account(Role.nurse, world.institution_id)
        rows = [
            Practitioner(
                region_id=world.region_id,
                institution_id=world.institution_id,
                staff_no=f"S{each}",
                name="护士甲",
                sex="female",
                role="nurse",
                title="junior",
                station_id=world.station_id,
                travel_mode="car",
                account_id=account_id,
            )
            for each in range(3)
        ]
        assert await race(world, *rows) == {None: 1, errors.AccountTaken: 2}
