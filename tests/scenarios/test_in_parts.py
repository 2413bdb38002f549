"""A service in parts from the plan to the bill: somebody comes twice, and it is one visit, one fee, each item once.

At one home live three elders. The nurse begins with the one, sees the second, visits somebody else, comes back for the
second part and then sees the third. Whoever she saw before she left shares her first way there; the one
after the second part came on her second way, and pays for that one.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from service.accounts.rules import Role
from service.core.ids import new_id
from service.core.jobs.queue import Job
from service.visits import preparing
from service.worker import handlers
from tests.routing.scene import DAY, DEGREES_PER_KM, Scene, at
from tests.scenarios.test_walking_day import told
from tests.world import CENTRE, World

pytestmark = pytest.mark.database

FEE, SOAK, CHECK = 3000, 4000, 500


class Story:
    """One nurse, one home with three elders, another one, and the prices of the day."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.world = scene, scene.world
        self.order, self.visit = dict[str, UUID](), dict[str, str]()

    async def set_the_scene(self) -> None:
        world = self.world
        admin, path = await world.as_role(Role.institution_admin), f"/institutions/{world.institution_id}"
        await world.add_service_item("SOAK", minutes=20, parts=((10, 60, 60),))
        await world.add_service_item("BP", minutes=10)
        for code, price in (("SOAK", "40.00"), ("BP", "5.00")):
            await told(
                await admin.post(f"{path}/prices", json={"code": code, "unit_price": price, "valid_from": "2026-01-01"})
            )
        tariff = {
            "unit": "visit", "tiers": [{"up_to_km": "5", "price": "30.00"}], "distance_base": "institution",
            "distance_method": "great_circle", "valid_from": "2026-01-01",
        }  # fmt: skip
        await told(await admin.post(f"{path}/visit-fee-tariffs", json=tariff))
        account = await world.add_account(Role.nurse, world.institution_id)
        await self.scene.staff(account_id=account)
        self.nurse = world.client(world.principal(Role.nurse, account))
        home = await world.add_home(lon=CENTRE[0])
        for name, start, end, code in (
            ("soak", "09:00", "09:20", "SOAK"), ("beside", "09:20", "09:30", "BP"), ("after", "10:30", "10:40", "BP"),
        ):  # fmt: skip
            self.order[name] = await self.scene.order(0, start, end, code, home_id=home)
        self.order["away"] = await self.scene.order(0.5, "09:40", "09:50", "BP")
        self.finance = await world.as_role(Role.finance)

    async def publish(self) -> dict[str, Any]:
        """Plan and publish; return the nurse's own day."""
        plan = await self.scene.plan()
        published = await told(await self.scene.publish(plan), 200)
        assert (published["orders"], published["appointments"]) == (4, 5)
        return await told(await self.nurse.get("/my/day", params={"on": DAY.isoformat()}), 200)

    async def say(self, name: str, kind: str, clock: str, **part: int) -> dict[str, Any]:
        """Report a step of a visit from its home."""
        self.world.clock.shows = at(clock)
        east = 0.5 * DEGREES_PER_KM if name == "away" else 0.0
        body = {
            "order_id": str(self.order[name]), "kind": kind, "happened_at": at(clock).isoformat(),
            "lon": CENTRE[0] + east, "lat": CENTRE[1], "datum": "wgs84", "accuracy_metres": 5, **part,
        }  # fmt: skip
        answer = await told(await self.nurse.post("/visit-events", json=body), 201)
        self.visit[name] = answer["id"]
        return answer

    async def begin(self, name: str, clock: str, code: str = "BP") -> None:
        """Set out, arrive, begin and give a service."""
        for kind in ("depart", "arrive", "start"):
            await self.say(name, kind, clock)
        item = {"code": code, "quantity": 1}
        await told(await self.nurse.post(f"/visits/{self.visit[name]}/items", json=item))

    async def end(self, name: str, clock: str) -> dict[str, Any]:
        """Complete and leave."""
        ended = await self.say(name, "complete", clock)
        await self.say(name, "leave", clock)
        return ended

    async def bill(self, name: str) -> dict[str, Any]:
        """Let the worker settle a visit, and read its bill."""
        job = Job(
            region_id=self.world.region_id, institution_ids=(self.world.institution_id,),
            subject_id=UUID(self.visit[name]),
        )  # fmt: skip
        await handlers(self.world.house)["visit.final"](job)
        answer = await told(await self.finance.get(f"/visits/{self.visit[name]}/settlement"), 200)
        assert answer["status"] == "settled", answer
        return dict(answer["settlement"])


@pytest.fixture
async def story(world: World) -> Story:
    made = Story(await Scene.set_up(world))
    await made.set_the_scene()
    return made


async def test_is_one_visit_one_fee_and_each_item_once(story: Story) -> None:
    day = await story.publish()
    trips: dict[str, set[str]] = {}
    for stop in day["stops"]:
        name = next(name for name, order in story.order.items() if str(order) == stop["order_id"])
        trips.setdefault(name, set()).add(stop["trip_key"])
    assert trips["soak"] == trips["beside"]
    assert len(set.union(*trips.values())) == 3

    await story.begin("soak", "09:00", "SOAK")
    await story.say("soak", "step_out", "09:20", part=1)
    await story.begin("beside", "09:20")
    await story.end("beside", "09:30")
    await story.begin("away", "09:40")
    await story.end("away", "09:50")
    await story.say("soak", "come_back", "10:20", part=2)
    ended = await story.end("soak", "10:30")
    assert (ended["state"], ended["verified"], ended["exceptions"]) == ("completed", True, [])
    await story.begin("after", "10:30")
    await story.end("after", "10:40")

    bills = {name: await story.bill(name) for name in story.order}
    services = {name: bill["services_fen"] for name, bill in bills.items()}
    assert services == {"soak": SOAK, "beside": CHECK, "away": CHECK, "after": CHECK}
    lines = [each["code"] for each in bills["soak"]["lines"]]
    assert sorted(lines) == ["SOAK", "VISIT_FEE"]
    fees = {name: bill["visit_fee_fen"] for name, bill in bills.items()}
    assert fees["soak"] + fees["beside"] == FEE
    assert (fees["away"], fees["after"]) == (FEE, FEE)
    # news that is told again settles nothing again
    assert (await story.bill("soak"))["id"] == bills["soak"]["id"]
    async with story.world.owner.connect() as connection:
        found = await connection.execute(
            text("select count(*) from settlements where visit_id = :id"), {"id": story.visit["soak"]}
        )
        assert found.scalar_one() == 1


async def test_nobody_coming_back_is_not_billed_before_a_person_has_decided(story: Story) -> None:
    await story.publish()
    await story.begin("soak", "09:00", "SOAK")
    await story.say("soak", "step_out", "09:20", part=1)
    await story.begin("beside", "09:20")
    await story.end("beside", "09:30")
    story.world.clock.shows = at("08:00") + timedelta(days=1)
    await preparing.close_days(story.world.house)
    dispatcher = await story.world.as_role(Role.dispatcher)
    seen = await told(await dispatcher.get(f"/visits/{story.visit['soak']}"), 200)
    [missing] = seen["exceptions"]
    assert missing["kind"] == "part_missing"
    waiting = await story.finance.post(
        f"/visits/{story.visit['soak']}/settlement", headers={"Idempotency-Key": new_id().hex}
    )
    assert waiting.status_code == 409
    body = {"decision": "approved", "reason_code": "service_cut_short", "ended_at": at("09:20").isoformat()}
    decided = await told(
        await dispatcher.post(f"/visits/{seen['id']}/exceptions/{missing['id']}/decision", json=body), 200
    )
    assert decided["verified"] is True
    bills = [await story.bill(name) for name in ("soak", "beside")]
    assert sum(each["visit_fee_fen"] for each in bills) == FEE
