"""A neighbour helps out, from the agreement to the bill.

The one institution has no nurse on duty. The other one's goes there by agreement: prices, tariff and bill are those of
the institution that the order was placed with, and its own other visit stays unseen.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from service.accounts.rules import Role
from service.core.clock import parse_aware
from service.core.ids import new_id
from service.core.jobs.queue import Job
from service.patients.models import KeyGroupRow
from service.worker import handlers
from tests.routing.neighbours import Neighbours
from tests.routing.scene import DAY, at
from tests.scenarios.test_walking_day import told
from tests.world import CENTRE, World

pytestmark = pytest.mark.database

JPEG = b"\xff\xd8\xff\xe0" + b"0" * 64


class Story:
    """The two institutions, one visit given away, and one that is not."""

    def __init__(self, near: Neighbours) -> None:
        self.near, self.world = near, near.world

    async def set_the_scene(self) -> None:
        """Prices of both, a nurse of the neighbour's, an order that she serves and one that nobody has room for."""
        world, near = self.world, self.near
        for institution_id, price, fee in ((world.institution_id, "5.00", "30.00"), (near.helping_id, "7.00", "50.00")):
            admin = await world.as_role(Role.institution_admin, institution_id)
            path, dated = f"/institutions/{institution_id}", {"valid_from": "2026-01-01"}
            await told(await admin.post(f"{path}/prices", json={"code": "BP", "unit_price": price} | dated))
            tariff = {
                "unit": "visit", "tiers": [{"up_to_km": "5", "price": fee}], "distance_base": "institution",
                "distance_method": "great_circle",
            }  # fmt: skip
            await told(await admin.post(f"{path}/visit-fee-tariffs", json=tariff | dated))
        account = await world.add_account(Role.nurse, near.helping_id)
        self.nurse = world.client(world.principal(Role.nurse, account, (near.helping_id,)))
        self.nurse_id = await near.helper(account_id=account)
        self.agreement_id = await near.agree()
        self.order_id = await near.scene.order(0, "09:00", "12:00", "BP")
        self.other_id = await near.scene.order(0, "07:00", "07:45", "BP")
        self.finance = await world.as_role(Role.finance)
        self.dispatcher = await world.as_role(Role.dispatcher)

    async def work(self, news: str, subject_id: str, *institution_ids: UUID) -> None:
        """Carry out a job as the worker would."""
        ids = institution_ids or (self.world.institution_id,)
        job = Job(region_id=self.world.region_id, institution_ids=ids, subject_id=UUID(subject_id))
        await handlers(self.world.house)[news](job)

    async def publish(self, *, prepared: bool = True) -> None:
        """Plan, publish and, unless told otherwise, let the worker prepare the visits."""
        plan = await self.near.scene.plan()
        assert await self.near.went(plan, self.order_id) == [self.nurse_id]
        published = await told(await self.near.scene.publish(plan), 200)
        assert published["orders"] == 1
        if prepared:
            await self.work("plan.published", plan["id"], *self.near.scene.institution_ids)

    async def day(self) -> dict[str, Any]:
        """Return the nurse's own day."""
        return await told(await self.nurse.get("/my/day", params={"on": DAY.isoformat()}), 200)

    async def say(self, kinds: Iterable[str], status: int = 201) -> dict[str, Any]:
        """Report steps; return the visit as the last answer shows it."""
        begins, answer = at("09:00"), dict[str, Any]()
        for kind in kinds:
            minutes = {"depart": -5, "arrive": 0, "start": 1, "complete": 21, "leave": 22}[kind]
            self.world.clock.shows = begins + timedelta(minutes=minutes)
            place = {"lon": CENTRE[0], "lat": CENTRE[1], "datum": "wgs84", "accuracy_metres": 5}
            body = {"order_id": str(self.order_id), "kind": kind, "happened_at": self.world.clock.shows.isoformat()}
            answer = await told(await self.nurse.post("/visit-events", json=body | place), status)
        return answer

    async def queued(self, news: str, visit_id: str) -> list[dict[str, Any]]:
        """Return the jobs of a visit that wait."""
        query = text(
            "select convert_from(payload, 'UTF8')::jsonb as job from pgqueuer"
            " where entrypoint = :news and convert_from(payload, 'UTF8') like :id"
        )
        async with self.world.owner.connect() as connection:
            found = await connection.execute(query, {"news": news, "id": f"%{visit_id}%"})
            return [dict(row.job) for row in found]

    async def sign(self) -> str:
        """Let the elder of an order of her own hold one check by contract, and book it; return the contract's id."""
        world, path = self.world, f"/institutions/{self.world.institution_id}"
        admin, person = await world.as_role(Role.institution_admin), await world.add_patient()
        await world.add(KeyGroupRow(region_id=world.region_id, person_id=person, key_group="chronic", valid_from=DAY))
        items = [{"code": "BP", "quantity": 1, "counting": "quantity"}]
        package = {"code": "BASIC", "name": "基础包", "items": items, "valid_from": "2026-01-01"}
        offered = await told(await admin.post(f"{path}/packages", json=package))
        signed = {
            "person_id": str(person), "package_id": offered["id"],
            "signed_on": "2026-03-01", "doctor_id": str(await world.add_practitioner(role="doctor")),
            "valid_from": "2026-03-01", "valid_to": "2027-02-28",
        }  # fmt: skip
        contract = await told(await admin.post("/contracts", json=signed))
        asked = {
            "institution_id": str(world.institution_id), "person_id": str(person), "kind": "home_visit",
            "wished_start": at("09:00").isoformat(), "wished_end": at("12:00").isoformat(),
            "items": [{"code": "BP", "quantity": 1}], "mobility_reason": "偏瘫，无法自行下楼",
        }  # fmt: skip
        headers = {"Idempotency-Key": new_id().hex}
        placed = await told(await self.dispatcher.post("/orders", headers=headers, json=asked))
        await told(await self.dispatcher.post(f"/orders/{placed['order']['id']}/acceptance"), 200)
        self.order_id = UUID(placed["order"]["id"])
        return str(contract["id"])

    async def held(self, contract_id: str) -> int:
        """Return how many of the contract's checks are reserved."""
        contract = await told(await self.dispatcher.get(f"/contracts/{contract_id}"), 200)
        return int(contract["items"][0]["reserved"])

    async def code(self, client: AsyncClient, path: str) -> int:
        """Return the status of a reading."""
        return (await client.get(path)).status_code


@pytest.fixture
async def story(world: World) -> Story:
    made = Story(await Neighbours.set_up(world))
    await made.set_the_scene()
    return made


@pytest.mark.requirement("R146")
@pytest.mark.parametrize("prepared", [True, False])
async def test_the_neighbours_nurse_makes_the_visit_and_the_institution_of_the_order_bills_it(
    story: Story, prepared: bool
) -> None:
    await story.publish(prepared=prepared)
    [stop] = (await story.day())["stops"]
    assert (stop["order_id"], stop["items"][0]["code"], stop["order_state"]) == (str(story.order_id), "BP", "scheduled")
    assert stop["person_name"].startswith("居民")
    assert stop["address"]

    visit = await story.say(["depart", "arrive", "start"])
    visit_id = visit["id"]
    assert visit["institution_id"] == str(story.world.institution_id)
    item = {"code": "BP", "quantity": 1}
    await told(await story.nurse.post(f"/visits/{visit_id}/items", json=item))
    kept = await story.nurse.post("/files", content=JPEG, params={"institution_id": str(story.near.helping_id)})
    shown = {"kind": "arrival_photo", "file_id": (await told(kept, 200))["id"]}
    await told(await story.nurse.post(f"/visits/{visit_id}/evidence", json=shown))
    ended = await story.say(["complete", "leave"])
    assert (ended["state"], ended["verified"]) == ("completed", True)
    assert await story.code(story.dispatcher, f"/files/{shown['file_id']}") == 200

    [job] = await story.queued("visit.final", visit_id)
    assert job["institution_ids"] == [str(story.world.institution_id)]
    await story.work("visit.final", visit_id)
    bill = await told(await story.finance.get(f"/visits/{visit_id}/settlement"), 200)
    assert bill["status"] == "settled", bill
    settled = bill["settlement"]
    assert (settled["services_fen"], settled["visit_fee_fen"], settled["patient_fen"]) == (500, 3000, 3500)
    assert settled["institution_id"] == str(story.world.institution_id)
    theirs = await story.world.as_role(Role.finance, story.near.helping_id)
    assert await story.code(theirs, f"/visits/{visit_id}/settlement") == 404
    assert (await told(await theirs.get("/settlements"), 200))["items"] == []


async def test_she_sees_that_visit_and_nothing_else_of_the_institutions(story: Story) -> None:
    await story.publish()
    visit = await story.say(["depart"])
    listed = await told(await story.nurse.get("/visits"), 200)
    assert [each["id"] for each in listed["items"]] == [visit["id"]]
    person = visit["person_id"]
    visit_path = f"/visits/{visit['id']}"
    for path in (
        f"/patients/{person}",
        f"/patients/{person}/diagnoses",
        f"/orders/{story.order_id}",
        f"/orders/{story.other_id}",
        f"{visit_path}/consents",
    ):
        assert await story.code(story.nurse, path) == 404, path
    assert (await told(await story.nurse.get("/orders"), 200))["items"] == []
    boss = await story.world.as_role(Role.dispatcher, story.near.helping_id)
    for path in (f"/visits/{visit['id']}", f"/orders/{story.order_id}", f"/patients/{person}"):
        assert await story.code(boss, path) == 404, path
    for path in ("/visits", "/orders", "/patients"):
        assert (await told(await boss.get(path), 200))["items"] == [], path


async def test_prices_and_consents_are_the_institutions_own_affair(story: Story) -> None:
    await story.publish()
    visit = await story.say(["depart", "arrive"])
    path = f"/visits/{visit['id']}"
    quoted = await story.nurse.post(f"{path}/quotes", json={"items": [{"code": "BP", "quantity": 2}]})
    assert (quoted.status_code, quoted.json()["code"]) == (409, "ask-the-institution")
    agreed = await story.nurse.post(f"{path}/consents", json={"amount": "1.00"})
    assert (agreed.status_code, agreed.json()["code"]) == (409, "ask-the-institution")


async def test_what_the_order_held_is_given_back_where_nobody_was_at_home(story: Story) -> None:
    contract_id = await story.sign()
    plan = await story.near.scene.plan()
    await told(await story.near.scene.publish(plan), 200)
    visit = await story.say(["depart", "arrive"])
    missed = await told(await story.nurse.post(f"/visits/{visit['id']}/no-show"), 200)
    assert missed["state"] == "missed"
    [job] = await story.queued("visit.missed", visit["id"])
    assert job["institution_ids"] == [str(story.world.institution_id)]
    # behind her fence there was nothing to give back
    assert await story.held(contract_id) == 1
    await story.work("visit.missed", visit["id"])
    assert await story.held(contract_id) == 0
    await story.say(["leave"])


async def test_the_right_ends_with_the_booking_and_with_the_day_after(story: Story) -> None:
    await story.publish()
    visit = await story.say(["depart", "arrive"])
    assert await story.code(story.nurse, f"/visits/{visit['id']}") == 200
    story.world.clock.shows = parse_aware(f"{DAY + timedelta(days=1)}T23:00:00+08:00")
    assert await story.code(story.nurse, f"/visits/{visit['id']}") == 200
    story.world.clock.shows += timedelta(hours=2)
    assert await story.code(story.nurse, f"/visits/{visit['id']}") == 404


async def test_a_booking_that_is_taken_back_shows_nothing(story: Story) -> None:
    await story.publish()
    assert len((await story.day())["stops"]) == 1
    await story.near.scene.staff()
    own = await story.near.scene.plan()
    await told(await story.near.scene.publish(own), 200)
    assert (await story.day())["stops"] == []
    begun = {"order_id": str(story.order_id), "kind": "depart", "happened_at": at("08:50").isoformat()}
    story.world.clock.shows = at("08:50")
    refused = await story.nurse.post("/visit-events", json=begun)
    assert refused.status_code == 404
