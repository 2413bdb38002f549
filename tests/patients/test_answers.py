"""What other rooms are told: rights, homes, carers, and nothing across the fence."""

import pytest

from service.accounts.rules import Role
from service.core import problems
from service.core.ids import new_id
from service.patients import errors, usecases
from service.patients.rules import Right
from tests import canaries
from tests.patients.fence import inside


async def rights(world, principal, person_id):
    """Return the rights for which `require_right` lets a principal through."""
    held = set()
    async with inside(world, principal) as session:
        for right in Right:
            try:
                await usecases.require_right(
                    session, principal=principal, person_id=person_id, right=right, now=world.clock.now()
                )
            except (problems.NotFound, errors.RightMissing):
                continue
            held.add(right)
    return held


class TestRequireRight:
    async def test_self_all_proxy_his_own_staff_view_and_book_strangers_none(self, world):
        person, self_id, proxy_id = await world.add_patient(), await world.add_account(Role.elder), new_id()
        await world.add_relation(person, self_id)
        await world.add_relation(person, proxy_id, kind="proxy", rights=["view", "pay"])
        other = await world.add_institution()
        cases = [
            (world.principal(Role.elder, self_id), {*Right}),
            (world.principal(Role.family_proxy, proxy_id), {Right.view, Right.pay}),
            (world.principal(Role.nurse), {Right.view, Right.book}),
            (world.principal(Role.nurse, institution_ids=(other,)), set()),
            (world.principal(Role.elder), set()),
            (world.principal(Role.region_admin), set()),
        ]
        assert [await rights(world, principal, person) for principal, _ in cases] == [held for _, held in cases]

    async def test_a_stranger_is_told_there_is_no_such_person(self, world):
        person, stranger = await world.add_patient(), world.principal(Role.elder)
        async with inside(world, stranger) as session:
            with pytest.raises(problems.NotFound):
                await usecases.require_right(
                    session, principal=stranger, person_id=person, right=Right.view, now=world.clock.now()
                )


class TestGetPerson:
    async def test_tells_the_facts_and_nothing_across_the_fence(self, world):
        person = await world.add_patient()
        async with inside(world) as session:
            found = await usecases.get_person(session, region_id=world.region_id, person_id=person)
            assert (found.id, found.sex, found.deceased_on) == (person, "female", None)
            with pytest.raises(problems.NotFound):
                await usecases.get_person(session, region_id=new_id(), person_id=person)
        elsewhere = world.principal(Role.nurse, institution_ids=(await world.add_institution(),))
        async with inside(world, elsewhere) as session:
            with pytest.raises(problems.NotFound):
                await usecases.get_person(session, region_id=world.region_id, person_id=person)


class TestHomes:
    async def test_tells_several_at_once_and_the_address_in_the_clear(self, world):
        one, two = await world.add_home(floor=3), await world.add_home(has_lift=True)
        async with inside(world) as session:
            found = await usecases.homes(session, region_id=world.region_id, ids=[one, two, new_id()])
            assert {each.id: (each.floor, each.has_lift) for each in found.values()} == {
                one: (3, False),
                two: (1, True),
            }
            assert (await usecases.get_home(session, region_id=world.region_id, home_id=one)) == found[one]
            address = await usecases.open_address(session, house=world.house, region_id=world.region_id, home_id=one)
            assert address == canaries.ADDRESS
            for ask in (
                usecases.get_home(session, region_id=world.region_id, home_id=new_id()),
                usecases.open_address(session, house=world.house, region_id=world.region_id, home_id=new_id()),
            ):
                with pytest.raises(problems.NotFound):
                    await ask


class TestRelateInstitution:
    async def test_an_elder_who_orders_elsewhere_lets_that_institution_see_him(self, world):
        person, account_id, other = await world.add_patient(), await world.add_account(Role.elder), None
        await world.add_relation(person, account_id)
        other = await world.add_institution()
        nurse = world.principal(Role.nurse, institution_ids=(other,))
        assert await rights(world, nurse, person) == set()
        async with inside(world, world.principal(Role.elder, account_id)) as session:
            await usecases.relate_institution(
                session, region_id=world.region_id, person_id=person, institution_id=other, because="预约"
            )
        assert await rights(world, nurse, person) == {Right.view, Right.book}

    async def test_a_stranger_relates_nobody(self, world):
        person, other = await world.add_patient(), await world.add_institution()
        async with inside(world, world.principal(Role.nurse, institution_ids=(other,))) as session:
            with pytest.raises(problems.NotFound):
                await usecases.relate_institution(
                    session, region_id=world.region_id, person_id=person, institution_id=other, because=""
                )


class TestGroupsOf:
    async def test_everyone_asked_for_has_an_answer(self, world):
        person, nobody = await world.add_patient(), new_id()
        async with inside(world) as session:
            found = await usecases.groups_of(
                session, region_id=world.region_id, person_ids=[person, nobody], on=world.clock.now().date()
            )
        assert found == {person: frozenset(), nobody: frozenset()}
