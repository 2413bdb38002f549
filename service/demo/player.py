"""The player: plays the evening before and the day on real processes, from a base URL and credentials alone."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx

from service.demo import (
    authorities,
    bookings,
    district,
    figures,
    ledger,
    pace,
    phones,
    planning,
    proving,
    report,
    residents,
    staffing,
)
from service.demo.client import AT_ONCE, Api, Json, Line
from service.demo.processes import ClockKnot, Processes
from service.demo.town import Tell, Town

_TIMEOUT: Final = httpx.Timeout(40)


@dataclass(frozen=True, slots=True)
class Size:
    """How large the demo is and how long it takes: its share of the district, solver and day in real seconds."""

    scale: float
    solver_seconds: int
    day_seconds: float


FULL: Final = Size(1.0, 12, 60.0)
FAST: Final = Size(0.1, 3, 15.0)


@dataclass
class Player:
    """Plays one demo; `username` is the region's first administrator's, `password` his and the dispatcher's."""

    processes: Processes
    size: Size
    username: str
    password: str
    tell: Tell
    seconds: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=time.monotonic)

    async def play(self) -> Json:
        """Play both days and return the report; the processes are left running on the day's clock.

        Raises:
            DemoFailed: something went otherwise than it must.
            Refused: the server refused what it must accept.
        """
        people = district.build(scale=self.size.scale)
        await self._start("启动服务与后台进程", pace.evening(figures.SERVICE_ON))
        async with self._line() as line:
            admin = await authorities.log_in(Api(line), self.username, self.password)
            town = Town(people, admin, self.tell)
            await self._evening(town)
        await self.processes.stop()
        await self._start("换到当天的时钟", pace.day(figures.SERVICE_ON, self.size.day_seconds))
        async with self._line(line) as line:
            town.move_to(line)
            return await self._day(town)

    async def _evening(self, town: Town) -> None:
        await authorities.found_region(town)
        await authorities.appoint(town, self.password)
        await authorities.equip(town)
        await staffing.employ(town)
        self._lap("机构与医护")
        await residents.move_in(town)
        await residents.give_accounts(town)
        self._lap("居民")
        await bookings.book_day(town)
        await bookings.meet_refusals(town)
        self._lap("预约")
        await planning.plan_day(town, self.size.solver_seconds)
        self._lap("排路")

    async def _day(self, town: Town) -> Json:
        line = town.region_admin.line
        async with pace.kept(line.http) as pulse:
            visits = await phones.walk_day(town, pulse)
        self._lap("上门")
        decided = await ledger.decide_doubts(town)
        await ledger.wait_for_bills(town)
        exhausted = await ledger.read_exhausted(town)
        taken_back = await ledger.take_back(town, visits)
        bills = await ledger.read_bills(town)
        on = figures.SERVICE_ON.isoformat()
        seen = report.Evidence(
            town=town,
            orders=await town.dispatcher.every("/orders", service_on=on),
            visits=await town.dispatcher.every("/visits", service_on=on),
            decided=decided,
            bills=bills,
            proven=await proving.prove_bills(town, bills, self.processes.data_dir / "proofs"),
            totals=await ledger.totals(town),
            taken_back=taken_back,
            exhausted=exhausted,
            statuses=line.statuses,
            refusals=line.refusals,
            seconds=self.seconds,
        )
        self._lap("结算与核对")
        return report.write(seen)

    async def _start(self, what: str, clock: tuple[ClockKnot, ...]) -> None:
        step = self.tell.begin(what, 1)
        await self.processes.start(clock)
        step()
        self._lap(what)

    def _lap(self, what: str) -> None:
        now = time.monotonic()
        self.seconds[what] = now - self._since
        self._since = now

    @asynccontextmanager
    async def _line(self, before: Line | None = None) -> AsyncIterator[Line]:
        """Open a line to the server; it goes on counting where the one before it ended."""
        limits = httpx.Limits(max_connections=2 * AT_ONCE)
        async with httpx.AsyncClient(base_url=self.processes.base_url, timeout=_TIMEOUT, limits=limits) as client:
            line = Line(client)
            if before is not None:
                line.statuses, line.refusals, line.keys = before.statuses, before.refusals, before.keys
            yield line
