"""The load: a counter that registers, signs, books and cancels, and nurses whose phones report from the door."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.faults.storm.clients import Client
from tests.faults.storm.journal import Json
from tests.faults.storm.town import DAY, Town, contract, elder, home, order

COUNTERS = 20
_THINK_SECONDS = 0.1
_FIRST = datetime.fromisoformat(f"{DAY}T08:00:00+08:00")
_STEPS = (("depart", 0), ("arrive", 1), ("start", 2), ("complete", 12), ("leave", 13))
_APART = timedelta(minutes=14)


@dataclass
class Load:
    """Everybody who writes during the storm; it ends when each has been told of what he had begun."""

    town: Town
    counter: Client
    dispatcher: Client
    nurses: dict[str, Client]
    allowed: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    over: asyncio.Event = field(default_factory=asyncio.Event)
    people: int = 0

    @asynccontextmanager
    async def running(self, seed: int) -> AsyncIterator[None]:
        """Let everybody write for the block; then let them finish. Whoever fails ends the storm."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(COUNTERS):
                tasks.create_task(self._counter(random.Random(f"{seed}/{number}")))
            for each in self.nurses.values():
                tasks.create_task(self._phone(each))
            yield
            self.over.set()
            for _ in range(len(self.town.orders)):  # the visits that are left, and waiting nurses who have none
                self.allowed.release()

    async def _counter(self, draw: random.Random) -> None:
        while not self.over.is_set():
            await self._one_more_elder(draw)
            await asyncio.sleep(draw.uniform(0, 2 * _THINK_SECONDS))

    async def _one_more_elder(self, draw: random.Random) -> None:
        """Register an elder, sign for him, book for him twice, accept and cancel as it comes."""
        self.people += 1
        number = self.people
        counter, own = self.counter, self.town
        at = await counter.create("home", "/homes", home(own.institution_id, number), _id)
        person = await counter.create("patient", "/patients", elder(own.institution_id, number, at["id"]), _id)
        await counter.create("contract", "/contracts", contract(person["id"], own), _id)
        for hour in draw.sample(range(9, 16), 2):
            await self._book(draw, person["id"], hour)

    async def _book(self, draw: random.Random, person_id: str, hour: int) -> None:
        asked = order(self.town, person_id, self.town.tomorrow, (hour, hour + 2), draw.randint(1, 2))
        placed = await self.dispatcher.create("order", "/orders", asked, lambda told: str(told["order"]["id"]))
        id = str(placed["order"]["id"])
        if draw.random() < 0.75:
            await self.dispatcher.move("accept", f"/orders/{id}/acceptance", None, id, "accepted")
        if draw.random() < 0.4:
            await self.dispatcher.move("cancel", f"/orders/{id}/cancellation", {"reason": "临时住院"}, id, "cancelled")

    async def _phone(self, nurse: Client) -> None:
        """Go from door to door, as many as the storm allows so far."""
        stops = (await nurse.read("/my/day", on=DAY))["stops"]
        for number, stop in enumerate(stops):
            await self.allowed.acquire()
            await self._visit(nurse, stop, _FIRST + number * _APART)

    async def _visit(self, nurse: Client, stop: Json, sets_out: datetime) -> None:
        place = {"lon": stop["lon"], "lat": stop["lat"], "datum": "wgs84", "accuracy_metres": 10}
        for step, minutes in _STEPS:
            at = (sets_out + timedelta(minutes=minutes)).isoformat()
            event = {"order_id": stop["order_id"], "kind": step, "happened_at": at}
            visit = await nurse.create(step, "/visit-events", event | (place if step == "arrive" else {}), _id)
            if step == "start":
                for item in stop["items"]:
                    done = {"code": item["code"], "quantity": item["quantity"]}
                    await nurse.create("item", f"/visits/{visit['id']}/items", done, _id)


def _id(told: Json) -> str:
    return str(told["id"])
