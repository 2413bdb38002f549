"""A day in small, from booking to bill: the money after each step.

An elder signed with a family doctor whose package pays one blood-pressure check. Her daughter books twice; the second
check is the family's. Nothing here reaches behind HTTP but the worker's own handlers.
"""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from service.accounts.rules import Role
from service.core.clock import at_local, parse_aware
from service.core.ids import new_id
from service.core.jobs.queue import Job
from service.patients.models import KeyGroupRow
from service.worker import handlers
from tests.billing.proof.proofs import prove
from tests.world import CENTRE, World

DAY = date(2026, 3, 3)
pytestmark = pytest.mark.database


async def told(answer: Any, status: int = 201) -> dict[str, Any]:
    """Return the body of an answer that must have a status."""
    assert answer.status_code == status, answer.text
    return dict(answer.json())


class Story:
    """The people of the story and what they do."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.institution = f"/institutions/{world.institution_id}"

    async def set_the_scene(self) -> None:
        """Catalogue, prices, tariff, a nurse on duty, an elder with a contract and a daughter."""
        world = self.world
        region, admin = await world.as_role(Role.region_admin), await world.as_role(Role.institution_admin)
        await told(
            await region.post(
                "/service-items",
                json={"code": "BP", "name": "血压测量", "duration_minutes": 20, "order_kinds": ["home_visit"]},
            )
        )
        dated = {"valid_from": "2026-01-01"}
        await told(await admin.post(f"{self.institution}/prices", json={"code": "BP", "unit_price": "5.00"} | dated))
        await told(
            await admin.post(
                f"{self.institution}/visit-fee-tariffs",
                json={
                    "unit": "visit",
                    "tiers": [{"up_to_km": "5", "price": "30.00"}],
                    "distance_base": "institution",
                    "distance_method": "great_circle",
                }
                | dated,
            )
        )
        package = await told(
            await admin.post(
                f"{self.institution}/packages",
                json={
                    "code": "BASIC",
                    "name": "基础包",
                    "items": [{"code": "BP", "quantity": 1, "counting": "quantity"}],
                }
                | dated,
            )
        )
        self.person_id = await world.add_patient()
        await world.add(
            KeyGroupRow(
                region_id=world.region_id, person_id=self.person_id, key_group="chronic", valid_from=date(2025, 1, 1)
            )
        )
        contract = await told(
            await admin.post(
                "/contracts",
                json={
                    "person_id": str(self.person_id),
                    "package_id": package["id"],
                    "signed_on": "2026-03-01",
                    "doctor_id": str(await world.add_practitioner(role="doctor")),
                    "valid_from": "2026-03-01",
                    "valid_to": "2027-02-28",
                },
            )
        )
        self.contract_id = contract["id"]
        area = await told(
            await region.post(
                "/dispatch-areas", json={"code": "A1", "name": "片区", "institution_ids": [str(world.institution_id)]}
            )
        )
        self.area_id = area["id"]
        daughter = await world.add_account(Role.family_proxy)
        await world.add_relation(self.person_id, daughter, kind="proxy", rights=["view", "book"])
        self.daughter = world.client(world.principal(Role.family_proxy, daughter))
        nurse = await world.add_account(Role.nurse, world.institution_id)
        self.nurse = world.client(world.principal(Role.nurse, nurse))
        practitioner_id = await world.add_practitioner(account_id=nurse)
        # she goes for lunch between the two visits, so they are two trips
        lunch = (self.at("11:00"), self.at("13:00"), 30)
        await world.add_shift(practitioner_id, self.at("08:00"), self.at("17:00"), lunch=lunch)
        self.dispatcher = await world.as_role(Role.dispatcher)
        self.finance = await world.as_role(Role.finance)

    def at(self, clock: str) -> datetime:
        """Return a moment of the day."""
        return at_local(DAY, datetime.strptime(clock, "%H:%M").time())  # noqa: DTZ007 - only its time is used

    async def book(self, first: str, last: str) -> dict[str, Any]:
        """The daughter books a blood-pressure check; the dispatcher accepts."""
        placed = await told(
            await self.daughter.post(
                "/orders",
                headers={"Idempotency-Key": new_id().hex},
                json={
                    "institution_id": str(self.world.institution_id),
                    "person_id": str(self.person_id),
                    "kind": "home_visit",
                    "wished_start": self.at(first).isoformat(),
                    "wished_end": self.at(last).isoformat(),
                    "items": [{"code": "BP", "quantity": 1}],
                    "mobility_reason": "偏瘫，无法自行下楼",
                },
            )
        )
        await told(await self.dispatcher.post(f"/orders/{placed['order']['id']}/acceptance"), 200)
        return placed

    async def plan(self) -> dict[str, Any]:
        """The dispatcher plans and publishes the day; the worker carries out what follows."""
        asked = {"area_id": self.area_id, "service_on": DAY.isoformat(), "seconds_limit": 1}
        plan = await told(await self.dispatcher.post("/plans", json=asked), 202)
        await self.work("plan.requested", plan["id"])
        await told(await self.dispatcher.post(f"/plans/{plan['id']}/publication"), 200)
        await self.work("plan.published", plan["id"])
        return await told(await self.dispatcher.get(f"/plans/{plan['id']}"), 200)

    async def work(self, news: str, subject_id: str) -> None:
        """Carry out a job as the worker would."""
        job = Job(
            region_id=self.world.region_id, institution_ids=(self.world.institution_id,), subject_id=UUID(subject_id)
        )
        await handlers(self.world.house)[news](job)

    async def visit(self, order_id: str) -> str:
        """The nurse goes there, measures, leaves; return the visit's id."""
        listed = await told(await self.nurse.get("/visits", params={"service_on": DAY.isoformat()}), 200)
        visit = next(each for each in listed["items"] if each["order_id"] == order_id)
        begins = parse_aware(visit["planned_start_at"])
        for kind, minutes in (("depart", -5), ("arrive", 0), ("start", 1), ("complete", 21), ("leave", 22)):
            at = begins + timedelta(minutes=minutes)
            self.world.clock.shows = at
            if kind == "complete":
                item = {"code": "BP", "quantity": 1}
                await told(await self.nurse.post(f"/visits/{visit['id']}/items", json=item))
            place = {"lon": CENTRE[0], "lat": CENTRE[1], "datum": "wgs84", "accuracy_metres": 5}
            body = {"order_id": order_id, "kind": kind, "happened_at": at.isoformat()} | place
            await told(await self.nurse.post("/visit-events", json=body))
        seen = await told(await self.dispatcher.get(f"/visits/{visit['id']}"), 200)
        assert seen["verified"], seen
        await self.work("visit.final", visit["id"])
        return str(visit["id"])

    async def bill(self, client: AsyncClient, visit_id: str) -> dict[str, Any]:
        """Return a visit's bill as somebody sees it."""
        return await told(await client.get(f"/visits/{visit_id}/settlement"), 200)

    async def left(self) -> tuple[int, int]:
        """Return (used, reserved) of the contract's blood-pressure checks."""
        contract = await told(await self.dispatcher.get(f"/contracts/{self.contract_id}"), 200)
        item = contract["items"][0]
        return item["used"], item["reserved"]


@pytest.mark.requirement("R039")
async def test_the_contract_pays_once_and_the_family_the_rest(world: World) -> None:
    story = Story(world)
    await story.set_the_scene()

    first = await story.book("08:30", "10:00")
    # the contract pays the check, and because it pays everything the visit fee is waived
    assert (first["quote"]["gross_fen"], first["quote"]["patient_fen"]) == (500, 0)
    assert await story.left() == (0, 1)

    second = await story.book("13:00", "15:00")
    # the one unit is reserved: 5.00 for the check and 30.00 for the way are the family's
    assert (second["quote"]["gross_fen"], second["quote"]["patient_fen"]) == (3500, 3500)
    assert await story.left() == (0, 1)

    plan = await story.plan()
    assert (plan["summary"]["orders"], plan["summary"]["planned"], plan["summary"]["unassigned"]) == (2, 2, 0)

    paid = await story.bill(story.daughter, await story.visit(first["order"]["id"]))
    assert paid["status"] == "settled", paid
    assert paid["settlement"]["patient_fen"] == 0
    assert [each["source"] for each in paid["settlement"]["payers"]] == ["contract"]
    assert await story.left() == (1, 0)

    own = await story.bill(story.daughter, await story.visit(second["order"]["id"]))
    assert (own["settlement"]["gross_fen"], own["settlement"]["patient_fen"]) == (3500, 3500)
    assert (own["settlement"]["services_fen"], own["settlement"]["visit_fee_fen"]) == (500, 3000)

    settlement_id = paid["settlement"]["id"]
    reversal = {"reason": "签约包登记有误"}
    await told(await story.finance.post(f"/settlements/{settlement_id}/reversal", json=reversal))
    assert await story.left() == (0, 0)
    again = await told(await story.finance.post(f"/visits/{paid['visit_id']}/settlement"))
    assert again["patient_fen"] == 0
    assert await story.left() == (1, 0)

    for bill in (paid["settlement"], again, own["settlement"]):
        told_of_it = await prove(story.finance, bill)
        assert told_of_it["evidence"]["quote"]["gross_fen"] == bill["gross_fen"]
        assert [each["kind"] for each in told_of_it["evidence"]["visit"]["events"]][-1] == "leave"

    report = {"from": DAY.isoformat(), "to": DAY.isoformat()}
    totals = await told(await story.finance.get("/reports/settlement-totals", params=report), 200)
    assert totals["gross_fen"] == totals["lines_fen"] == totals["paid_fen"] == 4000
    assert (totals["patient_fen"], totals["prevented_fen"]) == (3500, 500)
