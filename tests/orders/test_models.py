"""What the database itself lets happen to orders, whoever writes: plain SQL as the application's role."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts.rules import Role
from service.core.db.refusals import constraint_of, refusal_of
from service.core.db.session import raise_fence, transaction
from service.core.ids import new_id
from service.core.principal import Principal
from service.orders import errors, repository
from service.orders.rules import FIRST_STATES, OrderState
from tests.orders import plain
from tests.orders.moves import LEGAL
from tests.world import NOW, World


async def an_order(world: World, state: str = "submitted") -> tuple[UUID, UUID]:
    home_id = await world.add_home()
    person_id = await world.add_patient(home_id=home_id)
    start = NOW + timedelta(days=1)
    return person_id, await world.add_order(
        person_id, home_id, start=start, end=start + timedelta(hours=2), state=state
    )


class TestMoves:
    @pytest.mark.parametrize("before", list(OrderState))
    async def test_the_database_lets_through_exactly_the_moves_of_the_table(
        self, world: World, before: OrderState
    ) -> None:
        _, order_id = await an_order(world, before)
        tried = {after: await try_move(world, order_id, after) for after in OrderState}
        let_through = {after for after, refused in tried.items() if refused is None}
        # to stay where it is moves nothing
        assert let_through - {before} == {after for start, after in LEGAL if start is before}
        for refused in filter(None, tried.values()):
            assert constraint_of(refused) == "orders_state_moves"
            assert isinstance(refusal_of(refused), errors.IllegalMove)

    async def test_the_state_is_one_of_the_words(self, world: World) -> None:
        _, order_id = await an_order(world)
        with pytest.raises(DBAPIError):
            async with world.house.sessions() as session, session.begin():
                await raise_fence(session, world.principal(Role.dispatcher).fence, NOW)
                await session.execute(plain.MOVE, {"state": "lost", "region": world.region_id, "id": order_id})


class TestBeginnings:
    @pytest.mark.parametrize("state", list(OrderState))
    async def test_an_order_begins_as_a_draft_or_submitted(self, world: World, state: OrderState) -> None:
        home_id = await world.add_home()
        person_id = await world.add_patient(home_id=home_id)
        principal = world.principal(Role.dispatcher)

        async def begin() -> None:
            async with transaction(world.house.sessions, principal.fence, NOW) as session:
                await plain.write(session, world, person_id=person_id, home_id=home_id, state=state)

        if state in FIRST_STATES:
            await begin()
            return
        with pytest.raises(DBAPIError, match="row-level security"):
            await begin()


class TestFence:
    async def test_another_institution_sees_and_moves_nothing(self, world: World) -> None:
        _, order_id = await an_order(world)
        other = await world.add_institution()
        stranger = world.principal(Role.dispatcher, institution_ids=(other,))
        async with transaction(world.house.sessions, stranger.fence, NOW) as session:
            assert await seen(session, order_id) == 0
            done = await session.execute(plain.MOVE, {"state": "cancelled", "region": world.region_id, "id": order_id})
            assert done.rowcount == 0

    async def test_another_region_sees_nothing(self, world: World) -> None:
        _, order_id = await an_order(world)
        abroad = Principal(new_id(), new_id(), Role.dispatcher, frozenset(), (world.institution_id,))
        async with transaction(world.house.sessions, abroad.fence, NOW) as session:
            assert await seen(session, order_id) == 0

    async def test_an_elder_sees_his_own_items_and_moves_only(self, world: World) -> None:
        person_id, order_id = await an_order(world)
        await an_order(world)
        account_id = await world.add_account(Role.elder)
        await world.add_relation(person_id, account_id)
        elder = world.principal(Role.elder, account_id)
        async with transaction(world.house.sessions, elder.fence, NOW) as session:
            assert await seen(session, order_id) == 1
            for table in ("order_items", "order_moves"):
                owners = await session.execute(text(f"select distinct order_id from {table}"))
                assert [row.order_id for row in owners] == [order_id]

    async def test_nobody_rewrites_the_history(self, world: World) -> None:
        await an_order(world)
        for verb in ("update order_moves set because = 'x'", "delete from order_moves"):
            with pytest.raises(DBAPIError, match="permission denied"):
                async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, NOW) as session:
                    await session.execute(text(verb))


async def next_no(session: AsyncSession, institution_id: UUID, on: date) -> str:
    """Return the number that the next order of an institution gets on a day."""
    return str(await session.scalar(select(func.orders_next_no(institution_id, on))))


class TestNumbers:
    async def test_the_number_of_a_day_goes_on_across_the_fence(self, world: World) -> None:
        _, order_id = await an_order(world)
        await renumber(world, order_id, "20260302-0041")
        account_id = await world.add_account(Role.elder)
        elder = world.principal(Role.elder, account_id)
        async with transaction(world.house.sessions, elder.fence, NOW) as session:
            at = world.institution_id
            assert await next_no(session, at, NOW.date()) == "20260302-0042"
            tomorrow = NOW.date() + timedelta(days=1)
            assert await next_no(session, at, tomorrow) == "20260303-0001"
            assert await next_no(session, new_id(), NOW.date()) == "20260302-0001"

    async def test_goes_on_beyond_four_digits(self, world: World) -> None:
        _, order_id = await an_order(world)
        await renumber(world, order_id, "20260302-9999")
        async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, NOW) as session:
            number = await next_no(session, world.institution_id, NOW.date())
        assert number == "20260302-10000"


class TestCountOpen:
    async def test_counts_open_orders_at_other_institutions_too(self, world: World) -> None:
        home_id = await world.add_home()
        person_id = await world.add_patient(home_id=home_id)
        other = await world.add_institution()
        await plain.allow(world, 4)
        start = NOW + timedelta(days=1)
        for state, at in (
            ("submitted", None), ("accepted", other), ("scheduled", other), ("in_progress", None),
            ("draft", None), ("done", None), ("closed", None), ("cancelled", None), ("rejected", None),
            ("noshow", None),
        ):  # fmt: skip
            await world.add_order(
                person_id, home_id, start=start, end=start + timedelta(hours=1), state=state, institution_id=at
            )
        async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, NOW) as session:
            assert await repository.count_open(session, person_id=person_id) == 4

    async def test_says_nothing_about_a_stranger(self, world: World) -> None:
        person_id, _ = await an_order(world)
        async with transaction(world.house.sessions, world.principal(Role.elder).fence, NOW) as session:
            assert await repository.count_open(session, person_id=person_id) == 0


class TestWorksAt:
    async def test_knows_the_staff_of_an_institution(self, world: World) -> None:
        nurse = await world.add_practitioner()
        other = await world.add_institution()
        async with transaction(world.house.sessions, world.principal(Role.elder).fence, NOW) as session:
            assert await repository.works_at(session, practitioner_id=nurse, institution_id=world.institution_id)
            assert not await repository.works_at(session, practitioner_id=nurse, institution_id=other)


async def try_move(world: World, order_id: UUID, after: OrderState) -> DBAPIError | None:
    """Try a move by plain SQL and roll it back; return how the database refused, None when it did not."""
    async with world.house.sessions() as session:
        await raise_fence(session, world.principal(Role.dispatcher).fence, NOW)
        try:
            done = await session.execute(plain.MOVE, {"state": after, "region": world.region_id, "id": order_id})
        except DBAPIError as refused:
            return refused
        finally:
            await session.rollback()
    assert done.rowcount == 1
    return None


async def renumber(world: World, order_id: UUID, number: str) -> None:
    async with world.owner.begin() as connection:
        await connection.execute(
            text("update orders set order_no = :no where id = :id"), {"no": number, "id": order_id}
        )


async def seen(session: AsyncSession, order_id: UUID) -> int:
    query = text("select count(*) from orders where id = :id")
    return int(await session.scalar(query, {"id": order_id}) or 0)
