"""The limits of proxies as the database keeps them, whoever writes: plain SQL as the application's role."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts.rules import Role
from service.core.db.session import raise_fence, transaction
from service.core.ids import new_id
from service.patients import errors
from tests.patients.proxies import add_ended, add_proxy, allow
from tests.world import NOW, World

DAY = timedelta(days=1)


async def grant(world: World, person_id: object, account_id: object, *, at=NOW, until=None) -> None:
    """Grant a proxy by the narrow function, at a moment that the caller names."""
    async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, at) as session:
        assert await session.scalar(
            text("select patients_grant_proxy(:id, :person, :account, 'child', '{view}', :until, '')"),
            {"id": new_id(), "person": person_id, "account": account_id, "until": until},
        )


async def alter(world: World, relation_id: object, during: str) -> None:
    """Change when a relation is in force; `during`: the new range in SQL."""
    async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, NOW) as session:
        done = await session.execute(
            text(f"update care_relations set during = {during} where id = :id"), {"id": relation_id}
        )
        assert done.rowcount == 1


class TestLimits:
    async def accounts(self, world: World, count: int):
        return [await world.add_account(Role.family_proxy) for _ in range(count)]

    async def test_are_what_the_region_says_or_the_default_says(self, world):
        person = await world.add_patient()
        first, second, third, fourth, fifth = await self.accounts(world, 5)
        for each in (first, second, third):
            await grant(world, person, each)
        with pytest.raises(errors.TooManyProxies):
            await grant(world, person, fourth)
        await allow(world, "proxy.max_per_elder", 4)
        await grant(world, person, fourth)
        with pytest.raises(errors.TooManyProxies):
            await grant(world, person, fifth)

    async def test_a_proxy_of_another_day_takes_no_place_today(self, world):
        await allow(world, "proxy.max_per_elder", 1)
        person = await world.add_patient()
        today, past, future = await self.accounts(world, 3)
        await add_ended(world, person, past)
        await add_proxy(world, person, future, NOW + DAY, None)
        await grant(world, person, today, until=NOW + DAY)

    async def test_nobody_makes_room_by_naming_another_time(self, world):
        """Granted in a future of the caller's own, they would all be in force when it comes."""
        await allow(world, "proxy.max_per_elder", 2)
        person = await world.add_patient()
        accounts = await self.accounts(world, 3)
        await grant(world, person, accounts[0], at=NOW + 3 * DAY)
        await grant(world, person, accounts[1], at=NOW + 5 * DAY)
        # before the fifth day there is one besides him, from the fifth day on there are two
        with pytest.raises(errors.TooManyProxies):
            await grant(world, person, accounts[2])
        await grant(world, person, accounts[2], until=NOW + 5 * DAY)

    async def test_those_who_take_turns_are_not_counted_together(self, world):
        await allow(world, "proxy.max_elders", 2)
        account = (await self.accounts(world, 1))[0]
        people = [await world.add_patient() for _ in range(3)]
        await add_proxy(world, people[0], account, NOW + DAY, NOW + 2 * DAY)
        await add_proxy(world, people[1], account, NOW + 2 * DAY, NOW + 3 * DAY)
        await grant(world, people[2], account)

    @pytest.mark.parametrize(
        "during", ["tstzrange(lower(during), null)", "tstzrange(null, null)", "tstzrange(null, app_now(), '[]')"]
    )
    async def test_an_ended_proxy_does_not_come_back_into_a_taken_place(self, world, during):
        await allow(world, "proxy.max_per_elder", 1)
        person = await world.add_patient()
        before, now = await self.accounts(world, 2)
        ended = await add_ended(world, person, before)
        await grant(world, person, now)
        with pytest.raises(errors.TooManyProxies):
            await alter(world, ended, during)

    async def test_a_proxy_without_a_beginning_is_counted(self, world):
        await allow(world, "proxy.max_per_elder", 1)
        person = await world.add_patient()
        always, now = await self.accounts(world, 2)
        await add_proxy(world, person, always, None, None)
        with pytest.raises(errors.TooManyProxies):
            await grant(world, person, now)

    async def test_a_proxy_ends_though_the_limit_was_lowered(self, world):
        person = await world.add_patient()
        ids = [await add_proxy(world, person, each, NOW - DAY, None) for each in await self.accounts(world, 3)]
        await allow(world, "proxy.max_per_elder", 1)
        await alter(world, ids[0], "tstzrange(lower(during), app_now())")
        with pytest.raises(errors.TooManyProxies):
            await alter(world, ids[0], "tstzrange(lower(during), null)")
        await alter(world, ids[1], "'empty'")

    async def test_another_region_has_limits_of_its_own(self, world):
        await allow(world, "proxy.max_per_elder", 1)
        abroad = World(world.owner, world.house, world.clock, world.app)
        await abroad.start()
        person, accounts = await abroad.add_patient(), await self.accounts(abroad, 3)
        for each in accounts:
            await grant(abroad, person, each)

    async def test_are_not_got_around_by_an_older_snapshot(self, world):
        person, account = await world.add_patient(), (await self.accounts(world, 1))[0]
        ended = await add_ended(world, person, account)
        for level in ("repeatable read", "serializable"):
            async with world.house.sessions() as session:
                await session.execute(text(f"set transaction isolation level {level}"))
                await raise_fence(session, world.principal(Role.dispatcher).fence, NOW)
                with pytest.raises(DBAPIError, match="read committed only"):
                    await session.execute(
                        text("update care_relations set during = tstzrange(lower(during), null) where id = :id"),
                        {"id": ended},
                    )

    async def test_nobody_hangs_them_on_a_table_of_his_own(self, world):
        async with world.house.sessions() as session:
            allowed = text("select has_function_privilege(current_user, 'care_relations_within_limits()', 'execute')")
            assert await session.scalar(allowed) is False
