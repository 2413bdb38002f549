"""Two institutions of one dispatch area that may help each other out: the world's gives, a neighbour helps."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

from service.accounts.rules import Role
from tests.routing.scene import Scene, visits
from tests.world import World


@dataclass
class Neighbours:
    """The scene of both; the region's administration records what they sign."""

    world: World
    scene: Scene
    helping_id: UUID
    region: AsyncClient
    others: list[UUID] = field(default_factory=list)

    @classmethod
    async def set_up(cls, world: World, *, others: int = 0) -> "Neighbours":
        """Make the two (and more of the same area, by `others`), plan them together, list one service."""
        helping_id, more = await world.add_institution(), [await world.add_institution() for _ in range(others)]
        scene = await Scene.set_up(world, world.institution_id, helping_id, *more)
        await scene.item("BP", 20)
        return cls(world, scene, helping_id, await world.as_role(Role.region_admin), more)

    async def ask(self, **more: Any) -> Response:
        """Ask the region to record an agreement; other terms by `more`."""
        terms = {
            "giving_institution_id": str(self.world.institution_id),
            "helping_institution_id": str(self.helping_id),
            "valid_from": "2026-01-01",
        }
        return await self.region.post("/overflow-agreements", json=terms | more)

    async def agree(self, **more: Any) -> str:
        """Have an agreement recorded; return its id."""
        answer = await self.ask(**more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def end(self, agreement_id: str, on: date) -> None:
        """Let an agreement end on a day."""
        ended = await self.region.patch(f"/overflow-agreements/{agreement_id}", json={"valid_to": on.isoformat()})
        assert ended.status_code == 200, ended.text

    async def helper(self, east_km: float = 0.0, **more: Any) -> UUID:
        """Put a nurse of the neighbour's on duty."""
        return await self.scene.staff(east_km, institution_id=self.helping_id, **more)

    async def went(self, plan: dict[str, Any], order_id: UUID) -> list[UUID]:
        """Return who goes to an order by a plan."""
        return [UUID(who) for who, _, _ in visits(plan).get(str(order_id), [])]


def reasons(plan: dict[str, Any]) -> dict[str, str]:
    """Return order → why a plan leaves it out."""
    return {each["order_id"]: each["reason"] for each in plan["unassigned"]}


def stop_of(plan: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """Return the stop of an order that one person is sent to."""
    [found] = [each for route in plan["routes"] for each in route["stops"] if each["order_id"] == str(order_id)]
    return dict(found)
