"""What the database holds about a plan's stops, whoever writes them."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from service.core.db.session import transaction
from service.routing.models import PlanStop
from tests.routing.scene import Scene, at


async def write(scene: Scene, plan_id: str, seq: int, **stop: Any) -> None:
    """Write a stop as the application's role, past every check of the application."""
    fence = scene.job(plan_id).fence
    async with transaction(scene.world.house.sessions, fence, scene.world.clock.now()) as session:
        session.add(
            PlanStop(
                region_id=scene.world.region_id, plan_id=UUID(plan_id), practitioner_id=UUID(int=1), seq=seq,
                start_at=at("09:00"), end_at=at("09:30"), travel_seconds=0, travel_metres=0, **stop,
            )
        )  # fmt: skip
        await session.flush()


async def test_only_a_visit_is_of_an_order_and_only_a_delivery_is_of_a_specimen(scene: Scene) -> None:
    plan_id = (await scene.request()).json()["id"]
    await scene.item("REHAB")
    order = await scene.order(0, "08:30", "16:00", "REHAB")
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("ck_plan_stops_kind", {"kind": "tea"}),
        ("ck_plan_stops_order", {"kind": "visit"}),
        ("ck_plan_stops_order", {"kind": "lunch", "order_id": order}),
        ("ck_plan_stops_order", {"kind": "delivery", "order_id": order}),
        ("ck_plan_stops_specimen_of", {"kind": "visit", "order_id": order, "specimen_of": order}),
        ("ck_plan_stops_specimen_of", {"kind": "lunch", "specimen_of": order}),
        ("fk_plan_stops_region_id_specimen_of", {"kind": "delivery", "specimen_of": UUID(int=1)}),
    ]
    for name, stop in wrong:
        with pytest.raises((IntegrityError, DBAPIError), match=name):
            await write(scene, plan_id, 1, **stop)
    right: list[dict[str, Any]] = [
        {"kind": "visit", "order_id": order}, {"kind": "lunch"}, {"kind": "delivery", "specimen_of": order},
    ]  # fmt: skip
    for seq, stop in enumerate(right, 1):
        await write(scene, plan_id, seq, **stop)
