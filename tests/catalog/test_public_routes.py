"""The published list, without a log-in."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from service.core.ids import new_id
from service.institutions.models import District, Institution
from tests.world import World


def path(world: World) -> str:
    return f"/public/regions/{world.region_code}/institutions"


async def names(world: World, **query: Any) -> list[str]:
    answer = await world.client().get(path(world), params=query)
    assert answer.status_code == 200, answer.text
    return [each["code"] for each in answer.json()["items"]]


async def change(world: World, sql: str) -> None:
    async with world.owner.begin() as connection:
        await connection.execute(text(sql), {"institution": world.institution_id})


@pytest.mark.requirement("R006")
class TestPublishedList:
    async def test_shows_without_a_token_where_to_go_and_what_for(self, world: World) -> None:
        answer = await world.client().get(path(world), params={"district": "640202"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "public, max-age=60"
        body = answer.json()
        assert body["on"] == "2026-03-02"
        assert body["published_at"] == "2026-03-02T01:00:00Z"
        [shown] = body["items"]
        assert shown == {
            "id": str(world.institution_id),
            "code": "I1",
            "name": "第1社区卫生服务中心",
            "district_code": "640202",
            "district_name": "大武口区",
            "address": "朝阳街",
            "phone": None,
            "licence_no": "L1",
            "modes": [
                {"mode": "home_bed", "registration_no": "home_bed-1", "valid_from": "2020-01-01", "valid_to": None},
                {"mode": "round", "registration_no": "round-1", "valid_from": "2020-01-01", "valid_to": None},
            ],
        }

    async def test_an_expired_licence_is_gone_the_day_after(self, world: World) -> None:
        await change(world, "update institutions set licence_to = '2026-03-02' where id = :institution")
        assert await names(world) == ["I1"]
        world.clock.shows += timedelta(days=1)
        assert await names(world) == []
        assert await names(world, on="2026-03-02") == ["I1"]

    async def test_a_mode_counts_on_the_days_it_is_registered_for(self, world: World) -> None:
        await change(
            world,
            "update service_modes set valid_to = '2026-03-05' where institution_id = :institution and mode = 'round'",
        )
        assert await names(world, mode="round", on="2026-03-05") == ["I1"]
        assert await names(world, mode="round", on="2026-03-06") == []
        assert await names(world, mode="home_bed", on="2026-03-06") == ["I1"]
        assert await names(world, on="2019-12-31") == []

    async def test_a_licence_without_a_registered_mode_is_not_enough(self, world: World) -> None:
        await world.add_institution(modes=())
        assert await names(world) == ["I1"]

    async def test_is_of_one_region_and_one_district(self, world: World) -> None:
        next_door = World(world.owner, world.house, world.clock, world.app)
        await next_door.start()
        assert await names(world) == ["I1"]
        other_district = new_id()
        await world.add(District(region_id=world.region_id, id=other_district, code="640205", name="惠农区"))
        moved = await world.add_institution()
        async with world.owner.begin() as connection:
            await connection.execute(
                text("update institutions set district_id = :district where id = :id"),
                {"district": other_district, "id": moved},
            )
        assert await names(world, district="640205") == ["I2"]
        assert await names(world, district="640202") == ["I1"]
        assert await names(world, district="999999") == []
        assert await names(world) == ["I1", "I2"]

    async def test_keeps_its_etag_within_the_minute_and_changes_with_what_it_says(self, world: World) -> None:
        client = world.client()
        first = await client.get(path(world))
        world.clock.shows += timedelta(seconds=59)
        again = await client.get(path(world), headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["cache-control"] == "public, max-age=60"
        await world.add_institution()
        changed = await client.get(path(world), headers={"If-None-Match": first.headers["etag"]})
        assert changed.status_code == 200
        assert len(changed.json()["items"]) == 2

    async def test_is_paged(self, world: World) -> None:
        for _ in range(2):
            await world.add_institution()
        client = world.client()
        page = (await client.get(path(world), params={"limit": 2})).json()
        rest = (await client.get(path(world), params={"limit": 2, "cursor": page["next_cursor"]})).json()
        assert [each["code"] for each in (*page["items"], *rest["items"])] == ["I1", "I2", "I3"]
        assert rest["next_cursor"] is None

    async def test_an_unknown_region_is_not_found(self, world: World) -> None:
        answer = await world.client().get("/public/regions/NOWHERE/institutions")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")

    @pytest.mark.parametrize(
        "query", [{"on": "2026-02-30"}, {"on": "0001-01-01"}, {"mode": "flying"}, {"district": "\0"}, {"cursor": "x"}]
    )
    async def test_malformed_questions_are_refused(self, world: World, query: dict[str, str]) -> None:
        assert (await world.client().get(path(world), params=query)).status_code == 422

    async def test_a_plain_care_institution_is_not_on_it(self, world: World) -> None:
        await world.add(
            Institution(
                region_id=world.region_id, id=uuid4(), code="CARE", name="养老院", kind="care_institution",
                district_id=world.district_id, address="朝阳街", lon=106.38, lat=39.02,
            )
        )  # fmt: skip
        assert await names(world) == ["I1"]
