"""What an order held is free again as soon as nothing will be billed against it: the next quote sees it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from service.accounts.rules import Role
from service.contracts import usecases as contracts
from service.contracts.rules import Claim, Source
from service.core.clock import local_date
from service.core.db.session import transaction
from service.core.principal import Fence
from service.visits import preparing
from tests.billing.day import Day
from tests.visits.conftest import Door, Doors
from tests.world import NOW, World

FAR = {"lon": 106.40, "lat": 39.02, "datum": "wgs84", "accuracy_metres": 5}


@pytest.fixture
async def doors(world: World) -> Doors:
    made = Doors(world)
    await made.prepare()
    day = await Day(world).start()
    await day.price("BP", "10")
    return made


@pytest.fixture
async def desk(world: World) -> AsyncClient:
    return await world.as_role(Role.dispatcher)


async def held(doors: Doors) -> Door:
    """Return a scheduled order that holds the only unit of its person's contract."""
    door = await doors.open([await doors.member()])
    day = await Day(doors.world).start()
    contract_id = await day.contract(door.person_id, {"BP": 1})
    fence = Fence(doors.world.region_id, (doors.world.institution_id,))
    async with transaction(doors.world.house.sessions, fence, NOW) as session:
        await contracts.reserve(
            session,
            region_id=doors.world.region_id,
            order_id=door.order_id,
            person_id=door.person_id,
            on=local_date(door.start),
            claims=[Claim(Source.contract, contract_id, "BP", "contract", 1)],
        )
    return door


async def quoted_fen(desk: AsyncClient, door: Door) -> int:
    """Return what the family would pay for the next visit."""
    asked = {
        "institution_id": str(door.world.institution_id),
        "person_id": str(door.person_id),
        "kind": "home_visit",
        "start_at": "2026-03-05T15:00:00+08:00",
        "items": [{"code": "BP", "quantity": 1}],
    }
    answer = await desk.post("/quotes", json=asked)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["patient_fen"])


async def entries(door: Door) -> list[tuple[str, int, int]]:
    """Return what the order did to the contract's unit: kind, used and reserved after it."""
    query = "select kind, used_after, reserved_after from entitlement_entries where order_id = :order order by seq"
    async with door.world.owner.connect() as connection:
        found = await connection.execute(text(query), {"order": door.order_id})
        return [tuple(row) for row in found]


async def refused_for_good(door: Door, desk: AsyncClient) -> None:
    visit = await door.until("complete", **FAR)
    path = f"/visits/{visit['id']}/exceptions/{visit['exceptions'][0]['id']}/decision"
    answer = await desk.post(path, json={"decision": "refused", "reason_code": "not_credible"})
    assert (answer.status_code, answer.json()["state"]) == (200, "refused"), answer.text


async def refused_without_an_end(door: Door, desk: AsyncClient) -> None:
    visit = await door.until("start")
    door.world.clock.shows = NOW.replace(day=3)
    await preparing.close_days(door.world.house)
    (doubt,) = (await desk.get(f"/visits/{visit['id']}")).json()["exceptions"]
    path = f"/visits/{visit['id']}/exceptions/{doubt['id']}/decision"
    answer = await desk.post(path, json={"decision": "refused", "reason_code": "not_credible"})
    assert (answer.status_code, answer.json()["state"]) == (200, "refused"), answer.text


async def nobody_at_home(door: Door, desk: AsyncClient) -> None:
    visit = await door.until("arrive")
    assert (await door.crew[0].phone.post(f"/visits/{visit['id']}/no-show")).status_code == 200


async def never_begun(door: Door, desk: AsyncClient) -> None:
    await door.until("depart")
    door.world.clock.shows = NOW.replace(day=3)
    await preparing.close_days(door.world.house)


async def cancelled(door: Door, desk: AsyncClient) -> None:
    answer = await desk.post(f"/orders/{door.order_id}/cancellation", json={"reason": "不需要了"})
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled"), answer.text


async def called_back(door: Door, desk: AsyncClient) -> None:
    await door.until("depart")
    await cancelled(door, desk)


async def rejected(door: Door, desk: AsyncClient) -> None:
    async with door.world.owner.begin() as connection:
        # its appointment was taken back
        await connection.execute(text("update orders set state = 'accepted' where id = :id"), {"id": door.order_id})
    answer = await desk.post(f"/orders/{door.order_id}/rejection", json={"reason": "无法安排"})
    assert (answer.status_code, answer.json()["state"]) == (200, "rejected"), answer.text


@pytest.mark.parametrize(
    "end",
    [refused_for_good, refused_without_an_end, nobody_at_home, never_begun, cancelled, called_back, rejected],
)
async def test_the_next_quote_sees_the_unit_again(
    doors: Doors, desk: AsyncClient, end: Callable[[Door, AsyncClient], Awaitable[None]]
) -> None:
    door = await held(doors)
    assert await quoted_fen(desk, door) == 1000
    await end(door, desk)
    assert await quoted_fen(desk, door) == 0
    assert await entries(door) == [("reserve", 0, 1), ("release", 0, 0)]


async def test_refused_twice_it_is_given_back_once(doors: Doors, desk: AsyncClient) -> None:
    door = await held(doors)
    visit: dict[str, Any] = await door.until("arrive", **FAR)
    await door.say("start", at=door.start)
    await door.perform(visit["id"])
    done = (await door.say("complete", at=door.start + timedelta(minutes=5))).json()
    assert {each["kind"] for each in done["exceptions"]} == {"out_of_fence", "too_short"}
    for doubt in done["exceptions"]:
        path = f"/visits/{UUID(visit['id'])}/exceptions/{doubt['id']}/decision"
        answer = await desk.post(path, json={"decision": "refused", "reason_code": "not_credible"})
        assert answer.status_code == 200, answer.text
    assert await entries(door) == [("reserve", 0, 1), ("release", 0, 0)]
