"""Races about a person, on connections of their own, as the application's role, past every check of the application."""

import asyncio
from collections import Counter
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import text

from service.accounts.rules import Role
from service.core import problems
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Principal
from service.patients import errors, relation_repository
from service.patients.diagnosis_models import Diagnosis
from service.patients.models import KeyGroupRow, Patient
from tests.patients.proxies import add_ended, allow
from tests.world import World


async def race(world: World, principal: Principal, *acts) -> Counter:
    """Carry out acts at once, each in its own transaction; return how often each outcome came."""
    start = asyncio.Barrier(len(acts))

    async def one(act):
        try:
            async with transaction(world.house.sessions, principal.fence, world.clock.now()) as session:
                await start.wait()
                await act(session)
        except problems.Refusal as refusal:
            return type(refusal)
        return None

    return Counter(await asyncio.gather(*(one(act) for act in acts)))


class TestRegistering:
    @pytest.mark.requirement("R181")
    async def test_one_number_makes_one_person_however_many_register_it_at_once(self, world):
        index = world.house.cipher.blind(world.id_number(), context="patients.id_number")

        async def register(session):
            session.add(
                Patient(
                    region_id=world.region_id,
                    registered_by_institution_id=world.institution_id,
                    name="居民甲",
                    sex="female",
                    born_on=date(1945, 5, 1),
                    id_number_sealed=b"-",
                    id_number_index=index,
                    registered_at=world.clock.now(),
                )
            )
            await session.flush()

        outcome = await race(world, world.principal(Role.dispatcher), *[register] * 4)
        assert outcome == {None: 1, errors.PersonAlreadyRegistered: 3}


class TestKeyGroups:
    async def test_a_group_is_registered_once_for_a_day(self, world):
        person = await world.add_patient()

        async def add(session):
            session.add(
                KeyGroupRow(
                    region_id=world.region_id, person_id=person, key_group="disabled", valid_from=date(2026, 1, 1)
                )
            )
            await session.flush()

        outcome = await race(world, world.principal(Role.dispatcher), *[add] * 3)
        assert outcome == {None: 1, errors.KeyGroupAlready: 2}


class TestDiagnoses:
    async def test_a_code_is_recorded_once_for_a_day_and_again_once_it_was_withdrawn(self, world):
        person, doctor = await world.add_patient(), world.principal(Role.doctor)

        async def add(session):
            session.add(
                Diagnosis(
                    region_id=world.region_id,
                    person_id=person,
                    code="E11.900",
                    name="2型糖尿病",
                    valid_from=date(2026, 1, 1),
                    recorded_by_institution_id=world.institution_id,
                    recorded_by_account_id=doctor.account_id,
                    recorded_at=world.clock.now(),
                )
            )
            await session.flush()

        async def withdraw(session):
            mistake = text(
                "update diagnoses set withdrawn_at = now(), withdrawn_by_account_id = :account, withdrawn_because = 'x'"
                " where person_id = :person"
            )
            await session.execute(mistake, {"account": doctor.account_id, "person": person})

        assert await race(world, doctor, *[add] * 3) == {None: 1, errors.DiagnosisAlready: 2}
        assert await race(world, doctor, *[withdraw] * 2) == {None: 1, errors.DiagnosisWithdrawn: 1}
        assert await race(world, doctor, *[add] * 3) == {None: 1, errors.DiagnosisAlready: 2}


class TestBinding:
    async def test_a_person_is_bound_to_one_account(self, world):
        number = world.id_number()
        index = world.house.cipher.blind(number, context="patients.id_number")
        person = Patient(
            region_id=world.region_id,
            registered_by_institution_id=world.institution_id,
            name="居民甲",
            sex="female",
            born_on=date(1945, 5, 1),
            id_number_sealed=b"-",
            id_number_index=index,
            registered_at=world.clock.now(),
        )
        await world.add(person)
        accounts = [await world.add_account(Role.elder) for _ in range(3)]

        def bind(account_id: UUID):
            async def act(session):
                await relation_repository.bind_account(session, index, "居民甲", account_id, "")

            return act

        outcome = await race(world, world.principal(Role.service_client), *map(bind, accounts))
        assert outcome == {None: 1, errors.AlreadyBound: 2}


class TestProxies:
    """Plain SQL on connections of its own: nobody has counted before, and no limit is handed to the database."""

    def grant(self, person_id: UUID, account_id: UUID):
        async def act(session):
            assert await session.scalar(
                text("select patients_grant_proxy(:id, :person, :account, 'child', '{view}', null, '')"),
                {"id": new_id(), "person": person_id, "account": account_id},
            )

        return act

    def revive(self, proxy_id: UUID):
        async def act(session):
            done = await session.execute(
                text("update care_relations set during = tstzrange(lower(during), null) where id = :id"),
                {"id": proxy_id},
            )
            assert done.rowcount == 1

        return act

    async def test_the_free_places_of_an_elder_are_given_once(self, world):
        await allow(world, "proxy.max_per_elder", 2)
        person = await world.add_patient()
        accounts = [await world.add_account(Role.family_proxy) for _ in range(6)]
        acts = [self.grant(person, each) for each in accounts]
        outcome = await race(world, world.principal(Role.dispatcher), *acts)
        assert outcome == {None: 2, errors.TooManyProxies: 4}

    async def test_the_free_places_of_an_account_are_given_once(self, world):
        await allow(world, "proxy.max_elders", 2)
        account = await world.add_account(Role.family_proxy)
        people = [await world.add_patient() for _ in range(6)]
        acts = [self.grant(each, account) for each in people]
        outcome = await race(world, world.principal(Role.dispatcher), *acts)
        assert outcome == {None: 2, errors.TooManyElders: 4}

    async def test_ended_proxies_of_an_elder_do_not_all_come_back(self, world):
        person = await world.add_patient()
        ended = [await add_ended(world, person, await world.add_account(Role.family_proxy)) for _ in range(6)]
        outcome = await race(world, world.principal(Role.dispatcher), *map(self.revive, ended))
        assert outcome == {None: 3, errors.TooManyProxies: 3}

    async def test_ended_proxies_of_an_account_do_not_all_come_back(self, world):
        account = await world.add_account(Role.family_proxy)
        ended = [await add_ended(world, await world.add_patient(), account) for _ in range(8)]
        outcome = await race(world, world.principal(Role.dispatcher), *map(self.revive, ended))
        assert outcome == {None: 5, errors.TooManyElders: 3}

    async def test_a_new_and_a_revived_proxy_do_not_both_take_the_last_place(self, world):
        await allow(world, "proxy.max_per_elder", 1)
        person, account = await world.add_patient(), await world.add_account(Role.family_proxy)
        ended = await add_ended(world, person, await world.add_account(Role.family_proxy))
        acts = [self.grant(person, account), self.revive(ended)]
        outcome = await race(world, world.principal(Role.dispatcher), *acts)
        assert outcome == {None: 1, errors.TooManyProxies: 1}

    async def test_one_account_is_granted_once(self, world):
        person, account = await world.add_patient(), await world.add_account(Role.family_proxy)
        acts = [self.grant(person, account)] * 3
        outcome = await race(world, world.principal(Role.dispatcher), *acts)
        assert outcome == {None: 1, errors.AlreadyActsForPerson: 2}
