"""The level (等级) of an institution over HTTP: dated, said by the region alone; without a day, from today."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts.rules import Role
from service.core.db.session import transaction
from service.core.principal import Fence
from service.institutions import usecases
from service.institutions.models import Institution
from tests.contracts.forms import refused
from tests.world import CENTRE, World

PRIMARY, SECONDARY = "primary", "secondary"


def house(world: World) -> str:
    return f"/institutions/{world.institution_id}"


async def told(world: World, *days: str) -> list[str | None]:
    async with transaction(world.house.sessions, Fence(world.region_id), world.clock.now()) as session:
        return [
            await usecases.level_on(
                session, region_id=world.region_id, institution_id=world.institution_id, on=date.fromisoformat(day)
            )
            for day in days
        ]


async def rows(client: AsyncClient, world: World) -> list[tuple[Any, ...]]:
    items = (await client.get(f"{house(world)}/levels")).json()["items"]
    return sorted((each["valid_from"], each["valid_to"], each["level"]) for each in items)


class TestSaidWithADay:
    async def test_a_later_level_ends_the_running_one_and_earlier_days_keep_theirs(self, world: World) -> None:
        region, path = await world.as_role(Role.region_admin), f"{house(world)}/levels"
        first = await region.post(path, json={"level": PRIMARY, "valid_from": "2026-01-01"})
        assert first.status_code == 201, first.text
        second = await region.post(path, json={"level": SECONDARY, "valid_from": "2026-04-01"})
        assert second.status_code == 201, second.text
        assert await rows(region, world) == [
            ("2026-01-01", "2026-03-31", PRIMARY), ("2026-04-01", None, SECONDARY),
        ]  # fmt: skip
        days = ("2025-12-31", "2026-01-01", "2026-03-31", "2026-04-01")
        assert await told(world, *days) == [None, PRIMARY, PRIMARY, SECONDARY]
        assert (await region.get(house(world))).json()["level"] == PRIMARY
        world.clock.shows += timedelta(days=30)
        assert (await region.get(house(world))).json()["level"] == SECONDARY
        listed = (await region.get("/institutions")).json()["items"]
        assert [each["level"] for each in listed] == [SECONDARY]

    async def test_it_may_be_taken_away_and_ended(self, world: World) -> None:
        region, path = await world.as_role(Role.region_admin), f"{house(world)}/levels"
        first = (await region.post(path, json={"level": PRIMARY, "valid_from": "2026-01-01"})).json()
        ended = await region.patch(f"{path}/{first['id']}", json={"valid_to": "2026-02-28"})
        assert ended.json() == first | {"valid_to": "2026-02-28"}
        await region.post(path, json={"level": None, "valid_from": "2026-03-01"})
        assert await told(world, "2026-02-28", "2026-03-01") == [PRIMARY, None]

    async def test_two_at_once_are_refused_and_so_is_what_is_none(self, world: World) -> None:
        region, path = await world.as_role(Role.region_admin), f"{house(world)}/levels"
        body = {"level": PRIMARY, "valid_from": "2026-03-01"}
        first = (await region.post(path, json=body)).json()
        refused(await region.post(path, json=body), 409, "levels-overlap")
        refused(await region.post(path, json=body | {"valid_from": "2026-02-01"}), 409, "levels-overlap")
        refused(await region.post(path, json=body | {"valid_to": "2026-02-28"}), 422, "period-reversed")
        refused(await region.patch(f"{path}/{first['id']}", json={"valid_to": "2026-02-01"}), 422, "period-reversed")
        await region.post(path, json={"level": SECONDARY, "valid_from": "2026-04-01"})
        refused(await region.patch(f"{path}/{first['id']}", json={"valid_to": None}), 409, "levels-overlap")
        refused(await region.post(f"/institutions/{uuid4()}/levels", json=body), 404, "not-found")
        refused(await region.get(f"/institutions/{uuid4()}/levels"), 404, "not-found")
        other = f"/institutions/{await world.add_institution()}/levels"
        refused(await region.patch(f"{other}/{first['id']}", json={"valid_to": None}), 404, "not-found")

    @pytest.mark.parametrize("role", [Role.institution_admin, Role.finance])
    async def test_the_institution_does_not_say_its_own_but_reads_it(self, world: World, role: Role) -> None:
        client, body = await world.as_role(role), {"level": SECONDARY, "valid_from": "2026-03-01"}
        refused(await client.post(f"{house(world)}/levels", json=body), 403, "forbidden")
        assert (await client.get(f"{house(world)}/levels")).json()["items"] == []


class TestSaidWithoutADay:
    async def test_the_first_holds_from_the_beginning_and_the_next_from_today(self, world: World) -> None:
        region = await world.as_role(Role.region_admin)
        said = await region.patch(house(world), json={"level": PRIMARY})
        assert said.json()["level"] == PRIMARY
        assert await rows(region, world) == [("1900-01-01", None, PRIMARY)]
        world.clock.shows += timedelta(days=1)
        assert (await region.patch(house(world), json={"level": SECONDARY})).json()["level"] == SECONDARY
        assert await rows(region, world) == [("1900-01-01", "2026-03-02", PRIMARY), ("2026-03-03", None, SECONDARY)]

    async def test_the_same_again_changes_nothing_and_the_same_day_corrects(self, world: World) -> None:
        region = await world.as_role(Role.region_admin)
        await region.patch(house(world), json={"level": PRIMARY})
        for level in (PRIMARY, SECONDARY, "tertiary", None):
            assert (await region.patch(house(world), json={"level": level})).json()["level"] == level
        assert await rows(region, world) == [("1900-01-01", "2026-03-01", PRIMARY), ("2026-03-02", None, None)]

    async def test_a_level_that_was_said_to_come_still_comes(self, world: World) -> None:
        region = await world.as_role(Role.region_admin)
        await region.patch(house(world), json={"level": PRIMARY})
        await region.post(f"{house(world)}/levels", json={"level": SECONDARY, "valid_from": "2026-05-01"})
        await region.patch(house(world), json={"level": "tertiary"})
        days = ("2026-03-01", "2026-03-02", "2026-04-30", "2026-05-01")
        assert await told(world, *days) == [PRIMARY, "tertiary", "tertiary", SECONDARY]

    async def test_what_has_come_meanwhile_gives_way_although_the_column_says_the_same(self, world: World) -> None:
        region = await world.as_role(Role.region_admin)
        await region.patch(house(world), json={"level": PRIMARY})
        await region.post(f"{house(world)}/levels", json={"level": SECONDARY, "valid_from": "2026-03-03"})
        world.clock.shows += timedelta(days=5)
        await region.patch(house(world), json={"level": PRIMARY})
        assert await told(world, "2026-03-02", "2026-03-06", "2026-03-07") == [PRIMARY, SECONDARY, PRIMARY]


class TestTheTable:
    async def test_an_institution_that_is_registered_with_a_level_has_it_on_every_day(self, world: World) -> None:
        row = Institution(
            region_id=world.region_id, code="NEW", name="新机构", kind="hospital", district_id=world.district_id,
            address="朝阳街", lon=CENTRE[0], lat=CENTRE[1], level=SECONDARY,
        )  # fmt: skip
        await world.add(row)
        async with transaction(world.house.sessions, Fence(world.region_id), world.clock.now()) as session:
            of = {"region_id": world.region_id, "institution_ids": [row.id, world.institution_id]}
            assert await usecases.levels_on(session, **of, on=date(2020, 1, 1)) == {row.id: SECONDARY}

    async def test_an_institution_cannot_raise_its_own_level_past_the_application(self, world: World) -> None:
        await (await world.as_role(Role.region_admin)).patch(house(world), json={"level": PRIMARY})
        chief = world.principal(Role.institution_admin)
        for sql in (
            "update institutions set level = 'tertiary' where id = :id",
            "insert into institution_levels (region_id, institution_id, id, level, valid_from)"
            " values (:region, :id, gen_random_uuid(), 'tertiary', '1800-01-01')",
        ):
            with pytest.raises(DBAPIError, match="row-level security"):
                async with transaction(world.house.sessions, chief.fence, world.clock.now()) as session:
                    values = {"id": world.institution_id, "region": world.region_id}
                    await session.execute(text(sql), {name: values[name] for name in values if f":{name}" in sql})
        assert await told(world, "2026-03-02") == [PRIMARY]
