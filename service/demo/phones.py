"""The day: each practitioner's phone is a task that reads its day and reports from door to door."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from service.demo import journey, pace
from service.demo.client import Api, Json, Refused
from service.demo.figures import INSTITUTIONS, SERVICE_ON
from service.demo.journey import Where
from service.demo.processes import DemoFailed
from service.demo.town import Practitioner, Town

STRAY_METRES: Final = 640
_AGAIN_SECONDS: Final = 0.15
_TRIES: Final = 200
_WAIT_AT_THE_DOOR: Final = timedelta(minutes=10)
_LEAVE: Final = timedelta(minutes=1)
_NOT_YET: Final = frozenset({"clock-ahead", "crew-not-there", "crew-too-soon", "crew-elsewhere", "key-in-flight"})
"""What a phone says again a moment later: the clocks differ, or a colleague is not there yet."""


class Meeting:
    """Colleagues who serve one elder together, once: they begin, or end, at one time, the latest of theirs."""

    def __init__(self, parties: int) -> None:
        self._barrier = asyncio.Barrier(parties)
        self._named: list[datetime] = []

    async def agree(self, mine: datetime) -> datetime:
        """Return the latest moment of everybody's, once everybody has named his.

        Raises: nothing.
        """
        self._named.append(mine)
        await self._barrier.wait()
        return max(self._named)


@dataclass
class Day:
    """What the phones share."""

    town: Town
    pulse: pace.Pulse
    step: Callable[[], None]
    stories: dict[str, str]
    meetings: dict[tuple[str, str], Meeting] = field(default_factory=dict)
    doors: dict[str, asyncio.Lock] = field(default_factory=dict)
    visits: dict[str, Json] = field(default_factory=dict)

    def door(self, stop: Json) -> asyncio.Lock:
        """Return the door of a stop: one of a crew at a time reports there."""
        return self.doors.setdefault(stop["order_id"], asyncio.Lock())

    async def agree(self, stop: Json, what: str, mine: datetime) -> datetime:
        """Return the moment that the crew of a stop agrees on for `what`; one who is alone agrees with himself."""
        meeting = self.meetings.setdefault((stop["order_id"], what), Meeting(len(stop["crew"])))
        return await meeting.agree(mine)


async def walk_day(town: Town, pulse: pace.Pulse) -> dict[str, Json]:
    """Let all phones report their day; return each order's visit as it was last answered.

    Raises:
        Refused: the server did not take a report.
        DemoFailed: the day of a phone is not what was published.
    """
    stops = {
        each.id: (await each.api.get("/my/day", on=SERVICE_ON.isoformat()))["stops"] for each in town.staff.values()
    }
    expected = town.told["publication"]["appointments"]
    total = sum(len(each) for each in stops.values())
    if total != expected:
        raise DemoFailed(f"手机上共 {total} 个预约，发布的是 {expected} 个。")
    step = town.tell.begin("上门：出发、到达、开始、项目、完成、离开", total)
    day = Day(town, pulse, step, {each.order_id: each.wish.story for each in town.placed if each.wish.story})
    await _together([Phone(day, each).walk(stops[each.id]) for each in town.staff.values()])
    return day.visits


async def _together(phones: list[Awaitable[None]]) -> None:
    """Run all phones; the first that fails ends the others."""
    tasks = [asyncio.ensure_future(phone) for phone in phones]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Phone:
    """One practitioner's phone: where he is, and from when on he is free."""

    def __init__(self, day: Day, owner: Practitioner) -> None:
        station = next(each for each in INSTITUTIONS if each.code == owner.worker.institution)
        self._day, self._owner, self._api = day, owner, owner.api
        self._draw = random.Random(owner.worker.no)
        self._here = Where(station.lon, station.lat)
        self._free = pace.at(SERVICE_ON, owner.worker.start)

    async def walk(self, stops: list[Json]) -> None:
        """Go from door to door."""
        for stop in stops:
            await self._visit(stop)
            self._day.step()

    async def _visit(self, stop: Json) -> None:
        door = Where(stop["lon"], stop["lat"])
        planned, ends = (datetime.fromisoformat(stop[name]) for name in ("start_at", "end_at"))
        mode = self._owner.worker.travel_mode
        way = journey.leg(self._draw, self._here, door, mode, free=self._free, planned=planned)
        story = self._day.stories.get(stop["order_id"])
        stray = STRAY_METRES if story == "out_of_fence" else 0.0
        await self._report(stop, "depart", way.departs)
        await self._arrive(stop, way.arrives, journey.position(self._draw, door, stray=stray))
        if story == "noshow":
            left = await self._find_nobody(stop, way.arrives)
        else:
            start = await self._begin(stop, way.arrives, planned)
            left = await self._serve(stop, start, journey.service(self._draw, ends - planned))
        self._here, self._free = door, left

    async def _arrive(self, stop: Json, arrived: datetime, where: Json) -> None:
        """Arrive; the first of two tries to begin at once, and hears that his colleague is not there yet."""
        is_first = stop["order_id"] not in self._day.doors
        async with self._day.door(stop):
            await self._report(stop, "arrive", arrived, where)
            if is_first and len(stop["crew"]) > 1:
                try:
                    await self._say(stop, "start", arrived)
                except Refused as refused:
                    if refused.code not in _NOT_YET:
                        raise

    async def _begin(self, stop: Json, arrived: datetime, planned: datetime) -> datetime:
        """Begin the service, with the colleague where there is one; return when."""
        start = await self._day.agree(stop, "start", journey.begins(arrived, planned))
        await self._report(stop, "start", start)
        return start

    async def _serve(self, stop: Json, start: datetime, lasts: timedelta) -> datetime:
        """Record what was done, complete and leave; return when one has left."""
        if min(stop["crew"]) == self._owner.worker.name:
            await self._perform(stop)
        end = await self._day.agree(stop, "end", start + lasts)
        await self._report(stop, "complete", end)
        await self._report(stop, "leave", end + _LEAVE)
        return end + _LEAVE

    async def _perform(self, stop: Json) -> None:
        visit = self._day.visits[stop["order_id"]]
        for item in stop["items"]:
            await self._api.post(f"/visits/{visit['id']}/items", {"code": item["code"], "quantity": item["quantity"]})

    async def _find_nobody(self, stop: Json, arrived: datetime) -> datetime:
        gone = arrived + _WAIT_AT_THE_DOOR
        await self._day.pulse.until(gone)
        visit = self._day.visits[stop["order_id"]]
        self._day.visits[stop["order_id"]] = await self._api.post(f"/visits/{visit['id']}/no-show")
        await self._report(stop, "leave", gone)
        return gone

    async def _report(self, stop: Json, kind: str, happened: datetime, where: Json | None = None) -> None:
        """Report a step when its time has come, again where the server says not yet."""
        await self._day.pulse.until(happened)
        for _ in range(_TRIES):
            try:
                return await self._say(stop, kind, happened, where)
            except Refused as refused:
                if refused.code not in _NOT_YET:
                    raise
            await asyncio.sleep(_AGAIN_SECONDS)
        raise DemoFailed(f"订单 {stop['order_no']} 的“{kind}”一直没有被接受。")

    async def _say(self, stop: Json, kind: str, happened: datetime, where: Json | None = None) -> None:
        event = {"order_id": stop["order_id"], "kind": kind, "happened_at": happened.isoformat(), **(where or {})}
        self._day.visits[stop["order_id"]] = await _post(self._api, event)


async def _post(api: Api, event: Json) -> Json:
    return await api.post("/visit-events", event)
