"""The limit of open orders as the database keeps it: plain SQL as the application's role, no rule asked before."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts.rules import Role
from service.core.db.session import raise_fence, transaction
from service.institutions.rules import settings
from service.orders import errors
from tests.orders import plain
from tests.world import NOW, World


class TestLimit:
    """However it is written, no person has more open orders than the setting allows."""

    async def elder(self, world: World) -> dict[str, UUID]:
        home_id = await world.add_home()
        return {"person_id": await world.add_patient(home_id=home_id), "home_id": home_id}

    async def test_is_the_default_s_the_region_s_or_the_institution_s(self, world: World) -> None:
        elder = await self.elder(world)
        assert await fill(world, elder) == settings.ORDERS_MAX_OPEN_PER_PERSON.default == 3
        await plain.allow(world, 5)
        assert await fill(world, elder) == 2
        await plain.allow(world, 6, institution_id=world.institution_id)
        assert await fill(world, elder) == 1
        # a setting of another institution, or of another day, is not asked
        await plain.allow(world, 9, institution_id=await world.add_institution())
        assert await fill(world, elder) == 0

    async def test_is_the_setting_of_the_local_day(self, world: World) -> None:
        elder = await self.elder(world)
        await plain.allow(world, 5, since=timedelta(days=1))
        assert await fill(world, elder, at=NOW) == 3
        # in Shanghai the next day begins at 16:00 UTC
        assert await fill(world, elder, at=NOW.replace(hour=15, minute=59)) == 0
        assert await fill(world, elder, at=NOW.replace(hour=16)) == 2

    async def test_counts_what_is_open_and_nothing_else(self, world: World) -> None:
        elder = await self.elder(world)
        start = NOW + timedelta(days=1)
        for state in ("draft", "done", "closed", "cancelled", "rejected", "noshow"):
            await world.add_order(**elder, start=start, end=start + timedelta(hours=1), state=state)
        assert await fill(world, elder) == 3

    async def test_an_open_order_moves_on_though_the_limit_was_lowered(self, world: World) -> None:
        elder = await self.elder(world)
        start = NOW + timedelta(days=1)
        ids = [await world.add_order(**elder, start=start, end=start + timedelta(hours=1)) for _ in range(3)]
        await plain.allow(world, 1)
        for state in ("scheduled", "in_progress", "done", "closed", "done"):
            await alter(world, "state = :value", ids[0], state)
        assert await fill(world, elder) == 0

    async def test_an_order_does_not_become_open_or_another_s_beyond_the_limit(self, world: World) -> None:
        elder, neighbour = await self.elder(world), await self.elder(world)
        other = await world.add_institution()
        start = NOW + timedelta(days=1)
        window = {"start": start, "end": start + timedelta(hours=1)}
        draft = await world.add_order(**elder, **window, state="draft")
        theirs = await world.add_order(**neighbour, **window)
        own = [await world.add_order(**elder, **window) for _ in range(3)]
        await plain.allow(world, 2, institution_id=other)
        for change, order_id, value in (
            ("state = :value", draft, "submitted"),
            ("person_id = :value", theirs, elder["person_id"]),
            ("institution_id = :value", own[0], other),
        ):
            with pytest.raises(errors.TooManyOpenOrders):
                await alter(world, change, order_id, value, other)
        await alter(world, "state = :value", own[1], "cancelled")
        await alter(world, "state = :value", draft, "submitted")

    async def test_is_not_got_around_by_an_older_snapshot(self, world: World) -> None:
        elder = await self.elder(world)
        for level in ("repeatable read", "serializable"):
            async with world.house.sessions() as session:
                await session.execute(text(f"set transaction isolation level {level}"))
                await raise_fence(session, world.principal(Role.dispatcher).fence, NOW)
                with pytest.raises(DBAPIError, match="read committed only"):
                    await plain.write(session, world, **elder)

    async def test_one_statement_is_counted_row_by_row(self, world: World) -> None:
        elder = await self.elder(world)
        start = NOW + timedelta(days=1)
        for _ in range(4):
            await world.add_order(**elder, start=start, end=start + timedelta(hours=1), state="draft")
        with pytest.raises(errors.TooManyOpenOrders):
            async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, NOW) as session:
                await session.execute(text("update orders set state = 'submitted'"))

    async def test_nobody_hangs_it_on_a_table_of_his_own(self, world: World) -> None:
        async with world.house.sessions() as session:
            allowed = text("select has_function_privilege(current_user, 'orders_within_limit()', 'execute')")
            assert await session.scalar(allowed) is False


async def fill(world: World, elder: dict[str, UUID], *, at: datetime = NOW) -> int:
    """Write open orders of an elder by plain SQL until the database refuses; return how many it let in."""
    for let_in in range(20):
        try:
            async with transaction(world.house.sessions, world.principal(Role.dispatcher).fence, at) as session:
                await plain.write(session, world, **elder)
        except errors.TooManyOpenOrders:
            return let_in
    raise AssertionError("no limit")


async def alter(world: World, change: str, order_id: UUID, value: object, *also_at: UUID) -> None:
    """Change an order by plain SQL as staff of the world's institution (and of others)."""
    staff = world.principal(Role.dispatcher, institution_ids=(world.institution_id, *also_at))
    async with transaction(world.house.sessions, staff.fence, NOW) as session:
        done = await session.execute(
            text(f"update orders set {change} where id = :id"), {"value": value, "id": order_id}
        )
        assert done.rowcount == 1
