"""Races about a home's position, on connections of their own, past every check of the application."""

from collections import Counter

from sqlalchemy import text

from service.accounts.rules import Role
from service.core.ids import new_id
from service.patients import errors
from service.patients.models import Home, HomeReview
from tests.concurrency.test_patients import race
from tests.world import World


class TestPlacing:
    async def test_of_many_who_looked_at_one_position_one_places_the_home(self, world: World) -> None:
        home_id = await world.add_home()

        async def move(session):
            row = await session.get(Home, (world.region_id, home_id))  # looked at without a lock
            row.lon, row.placing_revision = row.lon + 0.01, row.placing_revision + 1
            await session.flush()

        outcome = await race(world, world.principal(Role.dispatcher), *[move] * 4)
        assert outcome[None] >= 1
        assert outcome == Counter({None: outcome[None], errors.HomePlacedMeanwhile: 4 - outcome[None]})
        async with world.owner.connect() as connection:
            query = text("select lon, placing_revision from homes where id = :id")
            lon, revision = (await connection.execute(query, {"id": home_id})).one()
        assert revision == 1 + outcome[None]
        assert round(lon, 4) == round(106.38 + 0.01 * outcome[None], 4)  # nobody wrote over another's place

    async def test_a_machine_never_takes_a_persons_pin(self, world: World) -> None:
        home_id = await world.add_home()

        async def take(session):
            await session.execute(
                text(
                    "update homes set placed = 'located', source = 'amap', placing_revision = placing_revision + 1"
                    " where id = :id"
                ),
                {"id": home_id},
            )

        outcome = await race(world, world.principal(Role.dispatcher), take)
        assert outcome == {errors.HomePlacedMeanwhile: 1}

    async def test_one_question_about_a_home_is_open_at_a_time(self, world: World) -> None:
        home_id = await world.add_home()

        async def ask(session):
            session.add(
                HomeReview(
                    region_id=world.region_id, id=new_id(), home_id=home_id, cause="not_found", label="none",
                    raised_at=world.clock.now(),
                )
            )  # fmt: skip
            await session.flush()

        outcome = await race(world, world.principal(Role.dispatcher), *[ask] * 4)
        assert outcome == {None: 1, errors.HomePlacedMeanwhile: 3}

    async def test_of_many_lists_at_once_one_gives_a_home_its_number(self, world: World) -> None:
        homes = [await world.add_home() for _ in range(4)]

        def number(home_id):
            async def act(session):
                home = await session.get(Home, (world.region_id, home_id))
                home.home_no = "H01"
                await session.flush()

            return act

        outcome = await race(world, world.principal(Role.institution_admin), *map(number, homes))
        assert outcome == {None: 1, errors.HomeNoTaken: 3}
