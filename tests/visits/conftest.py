"""A scheduled order with its crew, ready to be visited."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from service.accounts.rules import Role
from service.catalog.models import ServiceItem
from service.core.clock import local_date
from service.core.dates import moments
from service.core.ids import new_id
from service.orders.models import Order, OrderItem
from service.routing.models import Appointment, DispatchArea, Plan
from tests.world import CENTRE, World

START = timedelta(hours=1)


@dataclass
class Member:
    """A member of the crew and his phone."""

    practitioner_id: UUID
    phone: AsyncClient


@dataclass
class Door:
    """One order at one door: what its crew's phones say, and when."""

    world: World
    order_id: UUID
    person_id: UUID
    home_id: UUID
    start: datetime
    crew: list[Member] = field(default_factory=list)

    async def say(
        self,
        kind: str,
        *,
        member: int = 0,
        at: datetime | None = None,
        key: str | None = None,
        part: int | None = None,
        **place: Any,
    ) -> Any:
        """Report a step; from the home's own place and at the hour planned unless told otherwise."""
        minutes = {"depart": -10, "arrive": 0, "start": 2, "complete": 30, "leave": 32}.get(kind, 0)
        happened = at or self.start + timedelta(minutes=minutes)
        self.world.clock.shows = max(self.world.clock.shows, happened)
        body = {"order_id": str(self.order_id), "kind": kind, "happened_at": happened.isoformat()}
        body |= {"part": part} if part else {}
        body |= place or {"lon": CENTRE[0], "lat": CENTRE[1], "datum": "wgs84", "accuracy_metres": 10}
        headers = {"Idempotency-Key": key} if key else {}
        return await self.crew[member].phone.post("/visit-events", json=body, headers=headers)

    async def perform(self, visit_id: str, code: str = "BP", quantity: int = 1, member: int = 0) -> Any:
        """Record a service."""
        return await self.crew[member].phone.post(
            f"/visits/{visit_id}/items", json={"code": code, "quantity": quantity}
        )

    async def until(self, last: str, **place: Any) -> dict[str, Any]:
        """Report the steps up to `last` for the whole crew, with one service; return the visit."""
        answer: Any = None
        for kind in ("depart", "arrive", "start", "complete", "leave"):
            for member in range(len(self.crew)):
                answer = await self.say(kind, member=member, **(place if kind == "arrive" else {}))
                assert answer.status_code == 201, answer.text
            if kind == "start":
                answer = await self.perform(answer.json()["id"])
                assert answer.status_code == 201, answer.text
            if kind == last:
                break
        return dict(answer.json())


@dataclass
class Doors:
    """Makes doors in one world."""

    world: World
    area_id: UUID = field(default_factory=new_id)
    plan_id: UUID = field(default_factory=new_id)

    async def prepare(self) -> None:
        """Put in the catalogue and an (empty) published plan."""
        world = self.world
        await world.add(
            ServiceItem(
                region_id=world.region_id, code="BP", name="血压测量", duration_minutes=20, order_kinds=["home_visit"]
            ),
            DispatchArea(
                region_id=world.region_id,
                id=self.area_id,
                code="A1",
                name="片区",
                institution_ids=[world.institution_id],
            ),
            Plan(
                region_id=world.region_id,
                id=self.plan_id,
                area_id=self.area_id,
                service_on=local_date(world.clock.now()),
                institution_ids=[world.institution_id],
                state="published",
                seconds_limit=1,
                seed=1,
                requested_by_account_id=new_id(),
                requested_at=world.clock.now(),
            ),
        )

    async def member(self) -> Member:
        """Add a nurse with a phone."""
        account_id = await self.world.add_account(Role.nurse, self.world.institution_id)
        practitioner_id = await self.world.add_practitioner(account_id=account_id)
        return Member(practitioner_id, self.world.client(self.world.principal(Role.nurse, account_id)))

    async def open(
        self,
        crew: list[Member],
        *,
        home_id: UUID | None = None,
        start: datetime | None = None,
        trip_key: UUID | None = None,
        parts: Sequence[dict[str, int]] = (),
    ) -> Door:
        """Put in a scheduled order at a home, with an appointment for each of the crew, and for each further part that
        the service then has.
        """
        world = self.world
        if parts:
            sql = "update service_items set parts = cast(:parts as jsonb) where region_id = :region and code = 'BP'"
            async with world.owner.begin() as connection:
                await connection.execute(text(sql), {"parts": json.dumps(list(parts)), "region": world.region_id})
        person_id = await world.add_patient(home_id=home_id or await world.add_home())
        begins = start or world.clock.now() + START
        order_id, trip, home = new_id(), trip_key or new_id(), home_id
        async with world.owner.connect() as connection:
            found = await connection.execute(text("select home_id from patients where id = :id"), {"id": person_id})
            home = found.scalar_one()
        await world.add(
            Order(
                region_id=world.region_id,
                institution_id=world.institution_id,
                id=order_id,
                order_no=f"T-{world.number()}",
                kind="home_visit",
                person_id=person_id,
                home_id=home,
                state="scheduled",
                service_on=local_date(begins),
                wished=moments(begins, begins + timedelta(hours=2)),
                staff_count=len(crew),
                mobility_reason="偏瘫",
                placed_by_account_id=new_id(),
                placed_at=world.clock.now(),
            ),
            OrderItem(
                region_id=world.region_id, institution_id=world.institution_id, order_id=order_id, code="BP", quantity=1
            ),
            *(
                Appointment(
                    region_id=world.region_id,
                    institution_id=world.institution_id,
                    plan_id=self.plan_id,
                    order_id=order_id,
                    person_id=person_id,
                    practitioner_id=each.practitioner_id,
                    practitioner_name="护士",
                    trip_key=trip,
                    service_on=local_date(begins),
                    during=moments(
                        begins + number * timedelta(minutes=80), begins + timedelta(minutes=number * 80 + 30)
                    ),
                    part=number + 1,
                    parts=len(parts) + 1,
                )
                for each in crew
                for number in range(len(parts) + 1)
            ),
        )
        return Door(world, order_id, person_id, home, begins, crew)


@pytest.fixture
async def doors(world: World) -> Doors:
    """A world whose catalogue and plan stand."""
    made = Doors(world)
    await made.prepare()
    return made
