"""Service modes and settings: the database has the last word, whoever gets past the application's checks."""

import asyncio
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError

from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.core.problems import Refusal
from service.institutions import errors, repository
from tests.world import World

_REGISTER = text(
    "insert into service_modes (region_id, id, institution_id, mode, registration_no, valid_from, valid_to)"
    " values (:region, :id, :institution, 'round', 'x', :start, :end)"
)
_SET = text(
    "insert into setting_rows (region_id, id, institution_id, key, value, valid_from, set_by_account_id, set_at)"
    " values (:region, :id, :institution, 'staff.minimum', '2', :start, :id, now())"
)
_LEVEL = text(
    "insert into institution_levels (region_id, id, institution_id, level, valid_from)"
    " values (:region, :id, :institution, :level, '2026-03-01')"
)
_SAY = text("update institutions set level = :level where region_id = :region and id = :institution")


def inside(world: World, *institution_ids: UUID, region_wide: bool = False) -> Fence:
    return Fence(world.region_id, institution_ids, new_id(), region_wide)


async def register(world: World, institution_id: UUID, start: date, end: date | None, fence: Fence) -> str:
    """Register a mode by plain SQL on a connection of its own; return what came of it."""
    try:
        async with transaction(world.house.sessions, fence, world.clock.now()) as session:
            await session.execute(
                _REGISTER,
                {"region": world.region_id, "id": new_id(), "institution": institution_id, "start": start, "end": end},
            )
            await asyncio.sleep(0.05)
    except Refusal as refused:
        return refused.code()
    except DBAPIError as refused:
        return str(getattr(refused.orig, "sqlstate", ""))
    return "registered"


class TestServiceModes:
    async def test_of_many_that_overlap_at_once_one_is_registered(self, world: World) -> None:
        bare = await world.add_institution(modes=())
        starts = [date(2026, 3, day) for day in range(1, 7)]
        outcomes = await asyncio.gather(*[register(world, bare, each, None, inside(world, bare)) for each in starts])
        assert sorted(outcomes) == ["mode-registered"] * 5 + ["registered"]

    async def test_of_many_institutions_at_once_one_has_the_registration_number(self, world: World) -> None:
        bare = [await world.add_institution(modes=()) for _ in range(4)]
        start = date(2026, 3, 1)
        outcomes = await asyncio.gather(*[register(world, each, start, None, inside(world, each)) for each in bare])
        assert sorted(outcomes) == ["registered"] + ["registration-taken"] * 3

    async def test_periods_that_only_touch_stand_beside_each_other(self, world: World) -> None:
        bare = await world.add_institution(modes=())
        outcomes = await asyncio.gather(
            register(world, bare, date(2026, 3, 1), date(2026, 3, 15), inside(world, bare)),
            register(world, bare, date(2026, 3, 16), None, inside(world, bare)),
        )
        assert list(outcomes) == ["registered", "registered"]
        assert (
            await register(world, bare, date(2026, 3, 15), date(2026, 3, 15), inside(world, bare)) == "mode-registered"
        )

    async def test_the_fence_keeps_other_institutions_and_regions_out(self, world: World) -> None:
        bare, other = await world.add_institution(modes=()), await world.add_institution()
        day = date(2026, 3, 1)
        insufficient_privilege = "42501"
        assert await register(world, bare, day, None, inside(world, other)) == insufficient_privilege
        foreign = Fence(new_id(), (bare,), new_id(), region_wide=True)
        assert await register(world, bare, day, None, foreign) == insufficient_privilege
        assert await register(world, bare, day, None, Fence()) == insufficient_privilege
        assert await register(world, bare, day, None, inside(world, region_wide=True)) == "registered"


class TestSettings:
    @pytest.mark.parametrize("of_region", [True, False])
    async def test_of_many_at_once_one_value_is_set(self, world: World, of_region: bool) -> None:
        institution_id = None if of_region else world.institution_id
        fence = inside(world, world.institution_id, region_wide=of_region)

        async def set_it(start: date) -> str:
            try:
                async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                    await session.execute(
                        _SET,
                        {"region": world.region_id, "id": new_id(), "institution": institution_id, "start": start},
                    )
                    await asyncio.sleep(0.05)
            except errors.SettingOverlaps:
                return "overlaps"
            return "set"

        outcomes = await asyncio.gather(*[set_it(date(2026, 3, day)) for day in range(1, 5)])
        assert sorted(outcomes) == ["overlaps"] * 3 + ["set"]


class TestLevels:
    @pytest.mark.parametrize("sql", [_LEVEL, _SAY])
    async def test_of_many_at_once_one_level_holds_on_a_day(self, world: World, sql: TextClause) -> None:
        async def say(level: str) -> str:
            fence = inside(world, region_wide=True)
            try:
                async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                    named = {"region": world.region_id, "id": new_id(), "institution": world.institution_id}
                    used = {name: value for name, value in named.items() if f":{name}" in sql.text}
                    await session.execute(sql, used | {"level": level})
                    await asyncio.sleep(0.05)
            except errors.LevelsOverlap:
                return "overlaps"
            return "said"

        outcomes = await asyncio.gather(*map(say, ("primary", "secondary", "tertiary", "primary")))
        # whoever says it for today takes the one before away
        assert sorted(outcomes) == (["said"] * 4 if sql is _SAY else ["overlaps"] * 3 + ["said"])
        held = text(
            "select count(*) from institution_levels where institution_id = :id and daterange(valid_from, valid_to,"
            " '[]') @> date '2026-03-02'"
        )
        async with world.owner.connect() as connection:
            assert (await connection.execute(held, {"id": world.institution_id})).scalar_one() == 1


class TestFences:
    async def test_an_institution_changes_itself_only(self, world: World) -> None:
        other = await world.add_institution()
        fence = inside(world, world.institution_id)
        async with transaction(world.house.sessions, fence, world.clock.now()) as session:
            changed = await session.execute(text("update institutions set name = 'x' returning id"))
            assert {row.id for row in changed} == {world.institution_id}
        async with transaction(world.house.sessions, fence, world.clock.now()) as session:
            seen = await repository.list_institutions(session, world.region_id)
        assert {each.id: each.name == "x" for each in seen} == {world.institution_id: True, other: False}

    async def test_nobody_of_another_region_sees_the_directory(self, world: World) -> None:
        async with transaction(world.house.sessions, Fence(new_id()), world.clock.now()) as session:
            assert await repository.list_institutions(session, world.region_id) == []
            assert await repository.list_districts(session, world.region_id) == []

    @pytest.mark.parametrize(
        "table",
        ["institutions", "districts", "stations", "service_modes", "setting_rows", "regions", "institution_levels"],
    )
    async def test_nothing_is_ever_deleted(self, world: World, table: str) -> None:
        fence = inside(world, world.institution_id, region_wide=True)
        with pytest.raises(DBAPIError, match="permission denied"):
            async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                await session.execute(text(f"delete from {table}"))

    async def test_a_code_taken_meanwhile_is_a_refusal_with_a_name(self, world: World) -> None:
        add = text("insert into districts (region_id, id, code, name) values (:region, :id, '640202', 'x')")
        with pytest.raises(errors.DistrictCodeTaken):
            async with transaction(world.house.sessions, inside(world, region_wide=True), world.clock.now()) as session:
                await session.execute(add, {"region": world.region_id, "id": new_id()})


_LICENSE = text("update institutions set licence_no = 'PDY-1' where region_id = :region and id = :id")


class TestLicences:
    async def test_of_many_institutions_at_once_one_has_the_licence_number(self, world: World) -> None:
        bare = [await world.add_institution() for _ in range(4)]

        async def take(institution_id: UUID) -> str:
            fence = inside(world, region_wide=True)
            try:
                async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                    await session.execute(_LICENSE, {"region": world.region_id, "id": institution_id})
                    await asyncio.sleep(0.05)
            except Refusal as refused:
                return refused.code()
            return "licensed"

        assert sorted(await asyncio.gather(*map(take, bare))) == ["licence-taken"] * 3 + ["licensed"]
