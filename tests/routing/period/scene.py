"""A station with people who are to be seen again and again; periods asked for, solved as the worker does, accepted."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

from service.accounts.rules import Role
from service.beds.models import Bed
from service.core.jobs import queue
from service.routing.period import working
from tests.booking.scene import Scene as Booking
from tests.booking.scene import make_scene
from tests.routing.scene import at
from tests.world import World

TUESDAY = date(2026, 3, 3)
"""Tomorrow: the first day of the periods asked for here."""


@dataclass
class Rounds:
    """The world's institution, its dispatcher, and what stands below a booking."""

    world: World
    booking: Booking
    dispatcher: AsyncClient

    @classmethod
    async def set_up(cls, world: World) -> "Rounds":
        """List and price services, and log the dispatcher in."""
        return cls(world, await make_scene(world), await world.as_role(Role.dispatcher))

    async def nurse(self, *days: int, shift: tuple[str, str] = ("08:00", "12:00"), role: str = "nurse") -> UUID:
        """Add a nurse on duty on some days of March."""
        this = await self.world.add_practitioner(role=role)
        for each in days:
            on = date(2026, 3, each)
            await self.world.add_shift(this, at(shift[0], on), at(shift[1], on))
        return this

    async def elder(self, *, bed_since: date | None = None) -> UUID:
        """Add an elder who may be served at home, with an open home bed if wanted."""
        person_id = await self.booking.add_elder("disabled")
        if bed_since is not None:
            await self.world.add(
                Bed(
                    region_id=self.world.region_id, institution_id=self.world.institution_id,
                    bed_no=f"JC2026-{self.world.number():04d}", person_id=person_id,
                    doctor_id=await self.world.add_practitioner(role="doctor"), opened_on=bed_since,
                )
            )  # fmt: skip
        return person_id

    def plan_of(self, elder: UUID, /, **changes: Any) -> dict[str, Any]:
        """Return a round plan: half an hour of rehabilitation at home, weekly from Tuesday on."""
        return {
            "institution_id": str(self.world.institution_id), "person_id": str(elder), "kind": "home_visit",
            "items": [{"code": "REHAB", "quantity": 1}], "every_days": 7, "minimum_days": 5,
            "mobility_reason": "偏瘫，无法自行下楼", "valid_from": TUESDAY.isoformat(),
        } | changes  # fmt: skip

    async def add_plan(self, elder: UUID, /, **changes: Any) -> str:
        """Write a round plan down over HTTP; return its id."""
        made = await self.dispatcher.post("/round-plans", json=self.plan_of(elder, **changes))
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def request(self, **changes: Any) -> Response:
        """Ask for a period of a week from Tuesday."""
        body = {
            "institution_id": str(self.world.institution_id), "from": "2026-03-03", "to": "2026-03-09",
            "travel_minutes": 0,
        }  # fmt: skip
        return await self.dispatcher.post("/period-plans", json=body | changes)

    async def period(self, **changes: Any) -> dict[str, Any]:
        """Ask for a period, have it solved, and read it."""
        asked = await self.request(**changes)
        assert asked.status_code == 202, asked.text
        period_id = asked.json()["id"]
        await working.distribute(self.world.house, self.job(asked.json()))
        return await self.read(period_id)

    def job(self, asked: dict[str, Any]) -> queue.Job:
        """Return the worker's job of a period that was asked for."""
        return queue.Job(
            region_id=self.world.region_id,
            institution_ids=tuple(UUID(each) for each in asked["institution_ids"]),
            subject_id=UUID(asked["id"]),
        )

    async def cancel(self, asked: dict[str, Any]) -> Response:
        """Cancel a period over HTTP."""
        return await self.dispatcher.post(f"/period-plans/{asked['id']}/cancellation")

    async def read(self, period_id: str) -> dict[str, Any]:
        """Read a period over HTTP."""
        answer = await self.dispatcher.get(f"/period-plans/{period_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def accept(self, period: dict[str, Any]) -> dict[str, Any]:
        """Accept a period over HTTP."""
        answer = await self.dispatcher.post(f"/period-plans/{period['id']}/acceptance")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def days(period: dict[str, Any]) -> list[str | None]:
    """Return the planned day of each due round, by the day it is due."""
    return [each["planned_on"] for each in period["rounds"]]
