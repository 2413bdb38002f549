"""The load: a counter that registers, signs, books and cancels, and nurses whose phones report from the door."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tests.faults.storm.clients import Client
from tests.faults.storm.journal import Json
from tests.faults.storm.town import DAY, Town, contract, elder, home, order

COUNTERS = 24
_THINK_SECONDS = (0.2, 1.2)
_DAYS_AHEAD = 12
_FIRST = datetime.fromisoformat(f"{DAY}T00:30:00+08:00")
_STEPS = (("depart", 0), ("arrive", 1), ("start", 2), ("complete", 7), ("leave", 8))
_APART = timedelta(minutes=8)


@dataclass
class Load:
    """Everybody who writes during the storm; it ends when each has been told of what he had begun."""

    town: Town
    counter: Client
    dispatcher: Client
    nurses: dict[str, Client]
    allowed: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    over: asyncio.Event = field(default_factory=asyncio.Event)
    # the desk has so many telephones: orders of one institution are numbered, and so written, one after the other
    telephones: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))
    people: int = 0
    sent: int = 0

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
            self.allow(1.0)

    def allow(self, share: float) -> None:
        """Let the nurses go to so much of the day's visits."""
        more = round(len(self.town.orders) * share) - self.sent
        self.sent += more
        for _ in range(more):
            self.allowed.release()

    async def _counter(self, draw: random.Random) -> None:
        while not self.over.is_set():
            await self._one_more_elder(draw)

    async def _one_more_elder(self, draw: random.Random) -> None:
        """Register an elder, sign for him, book for him twice, accept and cancel as it comes."""
        self.people += 1
        number = self.people
        counter, own = self.counter, self.town
        await _think(draw)
        at = await counter.create("home", "/homes", home(own.institution_id, number), _id)
        await _think(draw)
        person = await counter.create("patient", "/patients", elder(own.institution_id, number, at["id"]), _id)
        await _think(draw)
        await counter.create("contract", "/contracts", contract(person["id"], own), _id)
        for days in draw.sample(range(1, _DAYS_AHEAD), 2):
            await self._book(draw, person["id"], DAY + timedelta(days=days))

    async def _book(self, draw: random.Random, person_id: str, on: date) -> None:
        await _think(draw)
        asked = order(self.town, person_id, on, (9, 17), draw.randint(1, 2))
        async with self.telephones:
            placed = await self.dispatcher.create("order", "/orders", asked, lambda told: str(told["order"]["id"]))
        order_id = str(placed["order"]["id"])
        await _think(draw)
        if draw.random() < 0.75:
            await self.dispatcher.move("accept", f"/orders/{order_id}/acceptance", None, order_id, "accepted")
        if draw.random() < 0.4:
            reason = {"reason": "临时住院"}
            await self.dispatcher.move("cancel", f"/orders/{order_id}/cancellation", reason, order_id, "cancelled")

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


async def _think(draw: random.Random) -> None:
    await asyncio.sleep(draw.uniform(*_THINK_SECONDS))


def _id(told: Json) -> str:
    return str(told["id"])
