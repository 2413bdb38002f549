"""The fence beneath the application: plain SQL as the application's own role sees, and changes, only its own people."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts.rules import Role
from service.core.dates import moments
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence, Principal
from service.patients.models import CareRelation, Coverage, KeyGroupRow
from tests.patients.fence import inside
from tests.world import World

TABLES = ("patients", "homes", "key_group_rows", "care_relations", "coverages")


@pytest.fixture
async def person(world):
    """An elder of the world's institution, with a home, a key group and an insurance."""
    person_id = await world.add_patient()
    await world.add(
        KeyGroupRow(region_id=world.region_id, person_id=person_id, key_group="chronic", valid_from=date(2026, 1, 1)),
        Coverage(region_id=world.region_id, person_id=person_id, plan_code="resident", valid_from=date(2026, 1, 1)),
    )
    return person_id


async def counts(world: World, principal: Principal) -> list[int]:
    async with inside(world, principal) as session:
        return [(await session.execute(text(f"select count(*) from {table}"))).scalar_one() for table in TABLES]


async def changed(world: World, principal: Principal, sql: str) -> int:
    async with inside(world, principal) as session:
        return (await session.execute(text(sql))).rowcount


class TestWhoSeesAPerson:
    async def test_the_institution_that_cares_sees_every_part_once(self, world, person):
        assert await counts(world, world.principal(Role.dispatcher)) == [1, 1, 1, 1, 1]

    async def test_another_institution_sees_nothing(self, world, person):
        other = await world.add_institution()
        assert await counts(world, world.principal(Role.dispatcher, institution_ids=(other,))) == [0] * 5

    async def test_the_same_institution_id_in_another_region_sees_nothing(self, world, person):
        abroad = Principal(new_id(), new_id(), Role.dispatcher, frozenset(), (world.institution_id,))
        assert await counts(world, abroad) == [0] * 5

    @pytest.mark.parametrize("role", [Role.region_admin, Role.service_client, Role.elder])
    async def test_neither_region_nor_service_client_nor_a_stranger_sees_anything(self, world, person, role):
        assert await counts(world, world.principal(role)) == [0] * 5

    async def test_no_fence_sees_nothing(self, world, person):
        async with transaction(world.house.sessions, Fence(), world.clock.now()) as session:
            for table in TABLES:
                assert (await session.execute(text(f"select count(*) from {table}"))).scalar_one() == 0

    async def test_the_elder_sees_himself_and_who_cares_for_him(self, world, person):
        account_id = await world.add_account(Role.elder)
        await world.add_relation(person, account_id)
        await world.add_patient()
        assert await counts(world, world.principal(Role.elder, account_id)) == [1, 1, 1, 2, 1]

    async def test_a_relation_that_has_ended_shows_only_that_it_was(self, world, person):
        other = await world.add_institution()
        ended = moments(world.clock.now().replace(hour=0), world.clock.now())
        await world.add(
            CareRelation(
                region_id=world.region_id,
                person_id=person,
                kind="institution",
                institution_id=other,
                during=ended,
                because="",
            )
        )
        assert await counts(world, world.principal(Role.dispatcher, institution_ids=(other,))) == [0, 0, 0, 1, 0]


class TestWhoChangesAPerson:
    async def test_another_institution_changes_nothing(self, world, person):
        elsewhere = world.principal(Role.dispatcher, institution_ids=(await world.add_institution(),))
        for sql in (
            "update patients set name = 'x'",
            "update homes set floor = 2",
            "update key_group_rows set valid_to = '2026-01-01'",
            "update coverages set valid_to = '2026-01-01'",
            "update care_relations set during = tstzrange(lower(during), null)",
        ):
            assert await changed(world, elsewhere, sql) == 0
            assert await changed(world, world.principal(Role.dispatcher), sql) == 1

    async def test_another_institution_adds_nothing_to_a_person(self, world, person):
        elsewhere = world.principal(Role.dispatcher, institution_ids=(await world.add_institution(),))
        with pytest.raises(DBAPIError, match="row-level security"):
            await changed(
                world,
                elsewhere,
                "insert into key_group_rows (region_id, id, person_id, key_group, valid_from) values"
                f" ('{world.region_id}', '{new_id()}', '{person}', 'disabled', '2026-01-01')",
            )

    async def test_nobody_registers_in_another_institutions_name(self, world):
        elsewhere = world.principal(Role.dispatcher, institution_ids=(await world.add_institution(),))
        with pytest.raises(DBAPIError, match="row-level security"):
            await changed(
                world,
                elsewhere,
                "insert into homes (region_id, id, registered_by_institution_id, address_sealed, lon, lat, datum,"
                f" floor, has_lift) values ('{world.region_id}', '{new_id()}', '{world.institution_id}', '', 0, 0,"
                " 'wgs84', 1, false)",
            )

    async def test_nobody_writes_a_care_relation_or_removes_anything_himself(self, world, person):
        desk = world.principal(Role.dispatcher)
        with pytest.raises(DBAPIError, match="permission denied"):
            await changed(
                world,
                desk,
                "insert into care_relations (region_id, id, person_id, kind, institution_id, rights, during, because)"
                f" values ('{world.region_id}', '{new_id()}', '{person}', 'institution', '{world.institution_id}',"
                " '{}', tstzrange(now(), null), '')",
            )
        with pytest.raises(DBAPIError, match="permission denied"):
            await changed(world, desk, "update care_relations set rights = '{view,book,pay,grant}'")
        for table in TABLES:
            with pytest.raises(DBAPIError, match="permission denied"):
                await changed(world, desk, f"delete from {table}")


class TestNarrowFunctions:
    async def relate(self, world: World, principal: Principal, person_id: object, institution_id: object) -> None:
        await self.call(
            world, principal, f"patients_relate_institution('{new_id()}', '{person_id}', '{institution_id}', 'x')"
        )

    async def call(self, world: World, principal: Principal, call: str) -> object:
        async with inside(world, principal) as session:
            return (await session.execute(text(f"select {call}"))).scalar_one()

    async def test_an_institution_cannot_relate_itself_to_a_person_it_did_not_register(self, world, person):
        other = await world.add_institution()
        elsewhere = world.principal(Role.dispatcher, institution_ids=(other,))
        await self.relate(world, elsewhere, person, other)
        await self.relate(world, elsewhere, person, world.institution_id)
        await self.relate(world, world.principal(Role.dispatcher), person, other)
        assert await counts(world, elsewhere) == [0] * 5

    async def test_an_ended_relation_comes_back_only_through_the_institution_itself(self, world, person):
        desk = world.principal(Role.dispatcher)
        await changed(world, desk, "update care_relations set during = tstzrange(lower(during), app_now())")
        assert (await counts(world, desk))[0] == 0
        elsewhere = world.principal(Role.dispatcher, institution_ids=(await world.add_institution(),))
        await self.relate(world, elsewhere, person, world.institution_id)
        assert (await counts(world, desk))[0] == 0
        await self.relate(world, desk, person, world.institution_id)
        assert (await counts(world, desk))[0] == 1

    async def test_the_elder_relates_the_institution_he_chooses_once(self, world, person):
        other, account_id = await world.add_institution(), await world.add_account(Role.elder)
        await world.add_relation(person, account_id)
        elder = world.principal(Role.elder, account_id)
        for _ in range(2):
            await self.relate(world, elder, person, other)
        assert await counts(world, world.principal(Role.dispatcher, institution_ids=(other,))) == [1, 1, 1, 3, 1]

    async def test_admitting_needs_number_and_name_and_ones_own_institution(self, world, person):
        async with inside(world) as session:
            index, name = (await session.execute(text("select id_number_index, name from patients"))).one()
        other = await world.add_institution()
        elsewhere = world.principal(Role.dispatcher, institution_ids=(other,))

        async def admit(index: bytes, name: str, institution_id: object) -> object:
            call = f"patients_admit('{new_id()}', '\\x{index.hex()}', '{name}', '{institution_id}', 'x')"
            return await self.call(world, elsewhere, call)

        assert await admit(index, name + "x", other) is None
        assert await admit(bytes(32), name, other) is None
        assert await admit(index, name, world.institution_id) is None
        abroad = Principal(new_id(), new_id(), Role.dispatcher, frozenset(), (other,))
        call = f"patients_admit('{new_id()}', '\\x{index.hex()}', '{name}', '{other}', 'x')"
        assert await self.call(world, abroad, call) is None
        assert await counts(world, elsewhere) == [0] * 5
        assert await admit(index, name, other) == person
        assert (await counts(world, elsewhere))[0] == 1

    async def test_only_who_sees_a_person_grants_a_proxy(self, world, person):
        account_id = await world.add_account(Role.family_proxy)
        call = f"patients_grant_proxy('{new_id()}', '{person}', '{account_id}', 'child', '{{view}}', null, 'x')"
        elsewhere = world.principal(Role.dispatcher, institution_ids=(await world.add_institution(),))
        assert await self.call(world, elsewhere, call) is False
        assert await self.call(world, world.principal(Role.family_proxy, account_id), call) is False
        assert await self.call(world, world.principal(Role.dispatcher), call) is True

    async def test_questions_about_another_region_are_answered_no(self, world, person):
        for question in ("app_sees_person", "app_acts_for"):
            call = f"{question}('{new_id()}', '{person}')"
            assert await self.call(world, world.principal(Role.dispatcher), call) is False
        call = f"app_sees_person('{world.region_id}', '{person}')"
        assert await self.call(world, world.principal(Role.dispatcher), call) is True
