"""Services added at the door: what could have been ordered may be added, said to be so; nothing else may."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from service.catalog.models import PriceRow
from tests.visits.conftest import Door, Doors


async def offer(doors: Doors, code: str, *, priced: bool = True, **more: Any) -> None:
    world = doors.world
    await world.add_service_item(code, **more)
    if priced:
        await world.add(
            PriceRow(
                region_id=world.region_id, institution_id=world.institution_id, code=code, name=code,
                unit_price=Decimal(20), valid_from=date(2026, 1, 1),
            )
        )  # fmt: skip


async def in_service(doors: Doors) -> tuple[Door, str]:
    door = await doors.open([await doors.member()])
    return door, (await door.until("start"))["id"]


async def add(door: Door, visit_id: str, code: str, **more: Any) -> Any:
    body = {"code": code, "quantity": 1, "added": True} | more
    return await door.crew[0].phone.post(f"/visits/{visit_id}/items", json=body)


class TestAddedItems:
    async def test_a_priced_home_service_is_added_when_it_is_said_to_be(self, doors: Doors) -> None:
        await offer(doors, "WOUND")
        door, visit_id = await in_service(doors)
        plain = await add(door, visit_id, "WOUND", added=False)
        assert (plain.status_code, plain.json()["code"]) == (409, "item-not-ordered")
        made = await add(door, visit_id, "WOUND")
        assert made.status_code == 201, made.text
        assert {each["code"]: each["added"] for each in made.json()["items"]} == {"BP": False, "WOUND": True}

    async def test_what_was_ordered_is_not_added_whatever_the_phone_says(self, doors: Doors) -> None:
        await offer(doors, "WOUND")
        door = await doors.open([await doors.member()])
        for kind in ("depart", "arrive", "start"):
            visit = (await door.say(kind)).json()
        made = await add(door, visit["id"], "BP")
        assert [each["added"] for each in made.json()["items"]] == [False]

    @pytest.mark.parametrize(
        ("more", "reason"),
        [
            ({"refusal_note": "静脉输液请到机构就诊"}, "静脉输液请到机构就诊"),
            ({"kinds": ("institution_round",)}, "这类上门不提供该项目"),
            ({"staff_count": 2}, "需要 2 名人员"),
            ({"priced": False}, "当日没有价格"),
        ],
    )
    async def test_what_could_not_have_been_ordered_is_not_added(
        self, doors: Doors, more: dict[str, Any], reason: str
    ) -> None:
        await offer(doors, "WOUND", **more)
        door, visit_id = await in_service(doors)
        told = (await add(door, visit_id, "WOUND")).json()
        assert (told["code"], told["reason"]) == ("item-not-addable", reason)

    async def test_what_is_in_no_list_is_not_added(self, doors: Doors) -> None:
        door, visit_id = await in_service(doors)
        told = (await add(door, visit_id, "NEVER")).json()
        assert (told["code"], told["reason"]) == ("item-not-addable", "目录中没有这个项目")
