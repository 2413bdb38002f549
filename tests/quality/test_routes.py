"""Ratios over HTTP: of the whole region, for whoever may read ratios, and never of a person."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from service.accounts.rules import ROLE_SCOPES, Role
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.visits.models import Visit
from tests.world import NOW, World

MARCH = {"month_from": "2026-03", "month_to": "2026-03"}


async def order(world: World, state: str, *, late: bool | None = None) -> None:
    """Add an order of today 10:00 to 11:00; `late` = whether its visit began after the window (None: no visit)."""
    home = await world.add_home()
    person = await world.add_patient(home_id=home)
    start, end = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    order_id = await world.add_order(person, home, start=start, end=end, state=state)
    if late is not None:
        began = end + timedelta(minutes=5) if late else start
        await world.add(
            Visit(
                region_id=world.region_id, institution_id=world.institution_id, order_id=order_id, person_id=person,
                home_id=home, mode="home_visit", service_on=start.date(), planned_start_at=start, planned_end_at=end,
                trip_key=new_id(), state="completed", started_at=began, ended_at=began + timedelta(minutes=30),
            )
        )  # fmt: skip


async def ratios(world: World, **query: Any) -> Any:
    async with await world.as_role(Role.civil_affairs_reader) as client:
        answer = await client.get("/reports/ratios", params=MARCH | query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def month(world: World) -> World:
    """Ten orders of a day that is over: eight planned, seven visited, six on time; and one that was cancelled."""
    for late in [False] * 6 + [True]:
        await order(world, "done", late=late)
    await order(world, "noshow")
    await order(world, "accepted")
    await order(world, "submitted")
    await order(world, "cancelled")
    world.clock.shows = NOW + timedelta(days=1)
    return world


class TestReadRatios:
    async def test_tells_the_shares_of_the_month(self, month: World) -> None:
        async with await month.as_role(Role.region_admin) as client:
            body = {"key": "reports.minimum_count", "value": 7, "valid_from": "2026-01-01"}
            assert (await client.post("/settings", json=body)).status_code == 201
        told = await ratios(month)
        assert told == {
            "minimum_count": 7,
            "items": [
                {
                    "month": "2026-03", "planned_ratio": "0.8000", "unassigned_ratio": "0.2000",
                    "visited_ratio": "0.7000", "on_time_ratio": "0.8571",
                }
            ],
        }  # fmt: skip

    async def test_who_is_seen_in_another_window_that_suits_is_seen_in_time(self, month: World) -> None:
        async with month.owner.begin() as connection:
            await connection.exec_driver_sql(
                "update orders set also_wished = tstzmultirange(tstzrange(upper(wished) + interval '1 minute',"
                " upper(wished) + interval '1 hour')) where region_id = $1",
                (month.region_id,),
            )
        async with await month.as_role(Role.region_admin) as client:
            body = {"key": "reports.minimum_count", "value": 7, "valid_from": "2026-01-01"}
            assert (await client.post("/settings", json=body)).status_code == 201
        [told] = (await ratios(month))["items"]
        assert told["on_time_ratio"] == "1.0000"

    async def test_a_share_of_too_few_is_not_told(self, month: World) -> None:
        [told] = (await ratios(month))["items"]
        assert (told["planned_ratio"], told["on_time_ratio"]) == ("0.8000", None)

    async def test_a_day_that_is_not_over_does_not_count(self, month: World) -> None:
        month.clock.shows = NOW
        assert (await ratios(month))["items"] == []

    async def test_another_region_s_are_not_in_it(self, month: World) -> None:
        other = World(month.owner, month.house, month.clock, month.app)
        await other.start()
        assert (await ratios(other))["items"] == []

    async def test_months_that_do_not_fit_are_refused(self, world: World) -> None:
        async with await world.as_role(Role.civil_affairs_reader) as client:
            for query in ({"month_to": "2026-04"}, {"month_from": "2020-01"}):
                answer = await client.get("/reports/ratios", params=MARCH | query)
                assert (answer.status_code, answer.json()["code"]) == (422, "months-do-not-fit")
            assert (await client.get("/reports/ratios", params=MARCH | {"month_to": "2026-13"})).status_code == 422

    @pytest.mark.parametrize("role", [each for each in Role if "reports:ratios" not in ROLE_SCOPES[each]])
    async def test_is_not_for_others(self, world: World, role: Role) -> None:
        async with await world.as_role(role) as client:
            assert (await client.get("/reports/ratios", params=MARCH)).status_code == 403

    async def test_the_database_tells_nobody_else_either(self, month: World) -> None:
        nurse = await month.add_account(Role.nurse, month.institution_id)
        reader = await month.add_account(Role.civil_affairs_reader)
        counts = text("select count(*) from quality_month_counts('2026-03-01', '2026-03-31')")
        for account, seen in ((nurse, 0), (reader, 1)):
            fence = Fence(month.region_id, (month.institution_id,), account)
            async with transaction(month.house.sessions, fence, month.clock.now()) as session:
                assert await session.scalar(counts) == seen

    async def test_a_civil_affairs_reader_reads_nothing_else(self, world: World) -> None:
        async with await world.as_role(Role.civil_affairs_reader) as client:
            for path in ("/patients", "/orders", "/visits", "/settlements", "/institutions", "/accounts", "/contracts"):
                assert (await client.get(path)).status_code == 403, path
